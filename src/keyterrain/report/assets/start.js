function choices(frame, name, options, chosen, choose) {
  for (const [value, text] of options) {
    const input = element("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    frame.append(element("label", {}, [input, text]));
  }
}

function swatch(markup) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  line.setAttribute("width", "26");
  line.setAttribute("height", "14");
  for (const [tag, attributes] of markup) {
    const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    line.append(part);
  }
  return line;
}

const MARKS = {
  circle: ["circle", { cx: 13, cy: 7, r: 5 }],
  diamond: ["path", { d: "M13 1L19 7L13 13L7 7Z" }],
  square: ["path", { d: "M8 2H18V12H8Z" }],
  "triangle-up": ["path", { d: "M13 1L19 12H7Z" }],
  pentagon: ["path", { d: "M13 1L19 6L17 13H9L7 6Z" }],
  hexagon: ["path", { d: "M13 1L18 4V10L13 13L8 10V4Z" }],
  star: ["path", { d: "M13 1L14.7 5L19 5.3L15.7 8L16.8 12.5L13 10L9.2 12.5L10.3 8L7 5.3L11.3 5Z" }],
};

function mark(look, share) {
  const [tag, attributes] = MARKS[look.symbol];
  return swatch([[tag, { ...attributes, fill: mix(look.colour, share), stroke: "#222", "stroke-width": 0.9 }]]);
}

function holderLegend(map) {
  const frame = document.getElementById("holder-legend");
  frame.replaceChildren();
  const looks = map.ground.looks;
  if (map.shown === LIKELIEST) {
    for (const look of looks) frame.append(element("div", {}, [mark(look, 1), mark(look, 0.4), look.name]));
    frame.append(element("div", { textContent: "Colour and mark: the likeliest holder. The paler and smaller, the less sure." }));
    return;
  }
  const look = map.looks[map.shown];
  const ramp = element("div", { className: "ramp" });
  ramp.style.background = "linear-gradient(to right, " + mix(look.colour, 0) + ", " + look.colour + ")";
  frame.append(element("div", { textContent: "Probability: " + look.name }), ramp,
    element("div", { className: "ramp-ends" }, [element("span", { textContent: "0%" }), element("span", { textContent: "50%" }), element("span", { textContent: "100%" })]),
    element("div", { textContent: "The mark is still that of the likeliest holder." }));
}

function routeLegend() {
  const frame = document.getElementById("route-legend");
  const line = (stroke, width, dash) => swatch([["line", { x1: 0, x2: 26, y1: 7, y2: 7, stroke, "stroke-width": width, "stroke-dasharray": dash }]]);
  for (const openness of OPENNESS) {
    frame.append(element("div", {}, [line(openness.colour, 2.2, openness.dash === "solid" ? "" : openness.dash), openness.name]));
  }
  frame.append(element("div", {}, [line(SNOW_COLOUR, 6, ""), "snow likelier than not at its highest point"]));
  frame.append(element("div", { textContent: "Thick: motorways and primary roads. Recorded weekly; open whoever holds it." }));
}

/* While one day is drawn, only the last of those asked for meanwhile waits: dragging never queues up. */
function latestOnly(draw) {
  let wanted = null, busy = false;
  return async (day) => {
    wanted = day;
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const next = wanted;
      wanted = null;
      await draw(next);
    }
    busy = false;
  };
}

function wire(map) {
  const slider = document.getElementById("day");
  slider.max = String(map.data.dates.length - 1);
  slider.value = "0";
  const moveTo = latestOnly((day) => map.setDay(day));
  slider.addEventListener("input", () => moveTo(Number(slider.value)));
  const named = map.ground.looks.map((look) => [look.holder, look.name]);
  choices(document.getElementById("shown"), "shown", [[LIKELIEST, "likeliest holder"], ...named], LIKELIEST, (value) => { map.show(value); holderLegend(map); });
  const modes = Object.keys(map.data.p_route_open).map((mode) => [mode, mode === "foot" ? "on foot" : "by " + mode]);
  choices(document.getElementById("mode"), "mode", modes, map.mode, (value) => map.showMode(value));
  holderLegend(map);
  routeLegend();
  const view = document.getElementById("view");
  view.append(new Option("whole theatre", "-1"), ...map.ground.views.map((each, index) => new Option(each.name, String(index))));
  view.addEventListener("change", () => (view.value === "-1" ? map.viewWhole() : map.view(map.ground.views[Number(view.value)])));
  wirePlay(moveTo, slider);
}

function wirePlay(moveTo, slider) {
  const play = document.getElementById("play");
  let running = null;
  const stop = () => { clearInterval(running); running = null; play.textContent = "Play"; };
  play.addEventListener("click", () => {
    if (running) return stop();
    if (Number(slider.value) >= Number(slider.max)) slider.value = "0";
    play.textContent = "Stop";
    running = setInterval(() => {
      slider.stepUp();
      moveTo(Number(slider.value));
      if (slider.value === slider.max) stop();
    }, 160);
  });
}

async function start() {
  document.querySelectorAll("[data-table]").forEach(prepareTable);
  await unpackPlotly();
  const map = new CampaignMap(block("keyterrain-data"), block("keyterrain-map"));
  await map.draw();
  wire(map);
  await map.setDay(0);
  await map.showPlace(map.ground.first_place);
  await drawWorth(block("keyterrain-data"), map.ground);
  drawFiguresWhenSeen();
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = "The map and the charts could not be drawn (" + error.message + "). The text and the tables are complete without them.";
  trouble.hidden = false;
  throw error;
});
