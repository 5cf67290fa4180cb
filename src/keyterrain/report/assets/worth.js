/* Colours by worth, light to dark: one hue, so that lightness alone tells them apart (after Harrower and Brewer 2003). */
const WORTH_RAMP = ["#7fb2d9", "#5a9fd0", "#3182bd", "#08519c", "#08306b"];
const STANDS_OUT = "#D55E00";
const WORTH_PIXELS = { least: 5, most: 30 };
const NAMED = 20;
const AREAS_FIRST = 3;

function rampColour(share) {
  const at = Math.min(Math.max(share, 0), 1) * (WORTH_RAMP.length - 1), low = Math.min(Math.floor(at), WORTH_RAMP.length - 2);
  const parts = [1, 3, 5].map((from) => [WORTH_RAMP[low], WORTH_RAMP[low + 1]].map((each) => parseInt(each.slice(from, from + 2), 16)));
  return "rgb(" + parts.map(([one, other]) => Math.round(one + (other - one) * (at - low))).join(",") + ")";
}

function twoDigits(value) {
  return value === null ? "–" : Number(value.toPrecision(2)).toString();
}

class WorthMap extends GroundMap {
  constructor(decisive, ground) {
    super(document.getElementById("worth-figure"), ground);
    this.decisive = decisive;
    this.places = [...decisive.places].sort((one, other) => (other.worth ?? -1) - (one.worth ?? -1));
    this.largest = Math.max(1e-9, ...this.places.map((place) => place.worth ?? 0));
    this.outlined = "first";
    this.labelsAt = 5;
  }

  async draw() {
    await this.plot([...this.areaTraces(), this.trace("none counts"), this.trace("places"), this.labelTrace()]);
  }

  size(place) {
    const narrow = Math.min(1, Math.max(0.6, this.frame.clientWidth / 760));
    return narrow * (WORTH_PIXELS.least + (WORTH_PIXELS.most - WORTH_PIXELS.least) * Math.sqrt((place.worth ?? 0) / this.largest));
  }

  areas() {
    const ranked = this.decisive.areas.filter((area) => area.worth !== null && area.outline);
    if (this.outlined === "all") return ranked;
    if (this.outlined === "none") return [];
    const out = ranked.filter((area) => area.stands_out);
    return out.length ? out : ranked.slice(0, AREAS_FIRST);
  }

  areaTraces() {
    const kinds = [
      { name: "areas that do not stand out", of: false, line: { color: "#222", width: 1 } },
      { name: "areas of which it cannot be told", of: null, line: { color: "#222", width: 1.8, dash: "6px,4px" } },
      { name: "areas that stand out", of: true, line: { color: STANDS_OUT, width: 2.6 } },
    ];
    return kinds.map(({ name, of, line }) => {
      const x = [], y = [];
      for (const area of this.areas().filter((each) => each.stands_out === of)) {
        x.push(...area.outline.lon, null);
        y.push(...area.outline.lat, null);
      }
      return { type: "scatter", mode: "lines", name, x, y, line, hoverinfo: "skip" };
    });
  }

  /* Marks are filled where it can be told whether a place stands out, ringed where it does, hollow where it cannot be told. */
  trace(name) {
    const some = this.places.filter((place) => (place.worth === null) === (name === "none counts"));
    const colours = some.map((place) => rampColour((place.worth ?? 0) / this.largest));
    const ground = some.map((place) => this.ground.places[place.at]);
    const isPlain = name === "none counts";
    return {
      type: "scatter", mode: "markers", name,
      x: ground.map((place) => place.lon), y: ground.map((place) => place.lat),
      customdata: some.map((place) => [place.key, place.worth, place.stands_out]),
      text: some.map((place) => this.hover(place)), hovertemplate: "%{text}<extra></extra>",
      marker: {
        opacity: 1,
        symbol: some.map((place) => (isPlain ? "x-thin-open" : place.stands_out === null ? "circle-open" : "circle")),
        size: some.map((place) => (isPlain ? 5 : this.size(place))),
        color: isPlain ? "#7a7a7a" : colours,
        line: {
          color: some.map((place, index) => (isPlain ? "#7a7a7a" : place.stands_out ? STANDS_OUT : place.stands_out === null ? colours[index] : "#222")),
          width: some.map((place) => (isPlain ? 1.2 : place.stands_out ? 3 : place.stands_out === null ? 2.6 : 0.8)),
        },
      },
    };
  }

  hover(place) {
    const heading = "<b>" + label(this.ground.places[place.at].name) + "</b> " + label(this.ground.places[place.at].kind);
    if (place.worth === null) return heading + "<br>no outcome counts: it cannot be ranked";
    const standing = place.stands_out === null ? "cannot tell whether it stands out" : place.stands_out ? "stands out" : "does not stand out";
    return heading + "<br>worth " + twoDigits(place.worth) + " [" + twoDigits(place.low) + ", " + twoDigits(place.high) + "], rank " +
      place.rank + " (" + place.rank_low + "–" + place.rank_high + ")<br>" + standing;
  }

  labelled() {
    const areas = this.areas().map((area) => {
      const top = area.outline.lat.indexOf(Math.max(...area.outline.lat));
      return { name: area.name, lon: area.outline.lon[top], lat: area.outline.lat[top], rank: 3, people: area.worth, radius: 3, isArea: true };
    });
    const places = this.places.filter((place) => place.worth !== null).map((place) => {
      const rank = place.stands_out ? 4 : place.rank <= NAMED ? 3 : 1;
      return { ...this.ground.places[place.at], rank, people: place.worth, worth: place.worth, radius: this.size(place) / 2 + 1, isBold: place.stands_out };
    });
    return [...areas, ...places.filter((place) => place.rank > 1 || this.isNear())];
  }

  /* Zoomed in, all places are named. */
  isNear() {
    const range = this.frame._fullLayout.xaxis.range;
    return Math.abs(range[1] - range[0]) < 0.6 * (this.whole.east - this.whole.west);
  }

  labelText(chosen) {
    const text = label(chosen.text);
    return chosen.place.isArea ? "<i>" + text + "</i>" : chosen.place.isBold ? "<b>" + text + "</b>" : text;
  }

  labelRoom(place) {
    return 2 * place.radius;
  }

  async outline(which) {
    this.outlined = which;
    const traces = this.areaTraces();
    await Plotly.restyle(this.frame, { x: traces.map((each) => each.x), y: traces.map((each) => each.y) }, [0, 1, 2]);
    await this.furnish();
    this.frame.dataset.outlined = which;
  }
}

function circle(radius, attributes) {
  return ["circle", { cx: 17, cy: 17, r: radius, ...attributes }];
}

function worthSwatch(markup) {
  const drawn = swatch(markup);
  drawn.setAttribute("width", "34");
  drawn.setAttribute("height", "34");
  return drawn;
}

function worthLegend(map) {
  const frame = document.getElementById("worth-legend");
  frame.replaceChildren(element("div", { textContent: "Size and colour: worth, from 0, nothing, to 1, everything elsewhere" }));
  const row = element("div", { className: "sizes" });
  for (const share of [1, 0.5, 0.25, 0.05]) {
    const worth = share * map.largest, radius = map.size({ worth }) / 2;
    row.append(element("span", {}, [worthSwatch([circle(radius, { fill: rampColour(share), stroke: "#222", "stroke-width": 0.8 })]), twoDigits(worth)]));
  }
  const middle = rampColour(0.5);
  const line = (attributes) => swatch([["line", { x1: 0, x2: 26, y1: 7, y2: 7, ...attributes }]]);
  const mark = (attributes) => swatch([["circle", { cx: 13, cy: 7, r: 5, ...attributes }]]);
  frame.append(row,
    element("div", {}, [mark({ fill: middle, stroke: STANDS_OUT, "stroke-width": 2.6 }), "stands out: worth is surely above " + twoDigits(map.decisive.bar_places)]),
    element("div", {}, [mark({ fill: middle, stroke: "#222", "stroke-width": 0.8 }), "surely does not"]),
    element("div", {}, [mark({ fill: "none", stroke: middle, "stroke-width": 2.6 }), "hollow: cannot tell"]),
    element("div", {}, [swatch([["path", { d: "M10 4L16 10M16 4L10 10", stroke: "#7a7a7a", "stroke-width": 1.4 }]]), "no outcome counts"]),
    element("div", {}, [line({ stroke: STANDS_OUT, "stroke-width": 2.6 }), "area that stands out"]),
    element("div", {}, [line({ stroke: "#222", "stroke-width": 1.8, "stroke-dasharray": "6,4" }), "area of which it cannot be told"]),
    element("div", {}, [line({ stroke: "#222", "stroke-width": 1 }), "area that does not"]));
}

async function drawWorth(data, ground) {
  if (!data.decisive) return;
  const { west, east, south, north } = ground.relief;
  const aspect = ((east - west) * Math.cos(((south + north) / 2) * Math.PI / 180)) / (north - south);
  document.getElementById("worth-grid").style.setProperty("--aspect", aspect.toFixed(4));
  const map = new WorthMap(data.decisive, ground);
  await map.draw();
  worthLegend(map);
  const out = data.decisive.areas.some((area) => area.stands_out);
  const options = [["first", out ? "that stand out" : "the first " + AREAS_FIRST], ["all", "all"], ["none", "none"]];
  choices(document.getElementById("worth-areas"), "outlined", options, "first", (value) => map.outline(value));
  const view = document.getElementById("worth-view");
  view.append(new Option("whole theatre", "-1"), ...ground.views.map((each, index) => new Option(each.name, String(index))));
  view.addEventListener("change", () => (view.value === "-1" ? map.viewWhole() : map.view(ground.views[Number(view.value)])));
}
