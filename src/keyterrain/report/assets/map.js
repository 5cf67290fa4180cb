const LIKELIEST = "likeliest";
const SNOW = 0, FIRST_ROUTE = 1;
const OPENNESS = [
  { least: 0.9, dash: "solid", colour: "#3b3b3b", name: "open on nine days in ten or more" },
  { least: 0.5, dash: "6px,3px", colour: "#3b3b3b", name: "open more often than not" },
  { least: 0.1, dash: "2px,3px", colour: "#555555", name: "mostly closed" },
  { least: -1, dash: "1px,6px", colour: "#8a8a8a", name: "closed on nine days in ten or more" },
];
const ROUTE_WIDTHS = { major: 2.4, minor: 1.1 };
const SNOW_COLOUR = "rgba(86,180,233,0.6)";
const SIZES = [6, 7, 9, 12, 12];
const PLACES = FIRST_ROUTE + 2 * OPENNESS.length;
const LABELS = PLACES + 1;

function mix(colour, share) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return "rgb(" + parts.map((part) => Math.round(255 - (255 - part) * share)).join(",") + ")";
}

function percent(p) {
  if (p > 0 && p < 0.005) return "<1%";
  if (p > 0.995 && p < 1) return ">99%";
  return Math.round(100 * p) + "%";
}

/* Ground, places and labels; what is drawn between them is said by maps that extend it. */
class GroundMap {
  constructor(frame, ground) {
    this.ground = ground;
    this.frame = frame;
    const { west, east, south, north } = ground.relief;
    this.stretch = 1 / Math.cos(((south + north) / 2) * Math.PI / 180);
    this.whole = this.cover({ west, east, south, north });
  }

  /* On a frame that is higher than the ground is wide, the sides are cut rather than the frame left empty. */
  cover(edges) {
    const shape = this.frame.clientWidth / Math.max(this.frame.clientHeight, 1);
    const width = Math.min(edges.east - edges.west, (edges.north - edges.south) * this.stretch * shape);
    const lons = this.ground.places.map((place) => place.lon).sort((one, other) => one - other);
    const middle = Math.min(Math.max(lons[Math.floor(lons.length / 2)], edges.west + width / 2), edges.east - width / 2);
    return { ...edges, west: middle - width / 2, east: middle + width / 2 };
  }

  async plot(traces) {
    await Plotly.newPlot(this.frame, traces, this.layout(), {
      ...CONFIG, scrollZoom: true, displayModeBar: "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"],
    });
    this.frame.on("plotly_relayout", (change) => { if (!this.furnishing && !("annotations" in change)) this.furnish(); });
    new ResizeObserver(() => { clearTimeout(this.waiting); this.waiting = setTimeout(() => this.furnish(), 200); }).observe(this.frame);
    await this.furnish();
  }

  labelTrace() {
    return {
      type: "scatter", mode: "markers+text", name: "labels", x: [], y: [], text: [], textposition: [], hoverinfo: "skip",
      marker: { size: [], opacity: 0 },
      textfont: { size: 12, color: "#1c1c1c" },
    };
  }

  layout() {
    const { source, west, east, south, north } = this.ground.relief;
    const axis = { zeroline: false, showgrid: false, ticks: "inside", tickcolor: "#555", nticks: 6, tickfont: { size: 10 }, ticksuffix: "°" };
    return {
      template: "none", showlegend: false, dragmode: "pan", hovermode: "closest", hoverdistance: 14,
      font: { family: getComputedStyle(document.body).getPropertyValue("--sans") || "sans-serif", size: 12 },
      margin: this.frame.clientWidth < 500 ? { l: 34, r: 2, t: 2, b: 30 } : { l: 44, r: 6, t: 6, b: 34 }, paper_bgcolor: "#ffffff", plot_bgcolor: "#e9ece6",
      xaxis: { ...axis, range: [this.whole.west, this.whole.east], title: { text: "degrees east", font: { size: 10 }, standoff: 2 } },
      yaxis: { ...axis, range: [south, north], scaleanchor: "x", scaleratio: this.stretch, title: { text: "degrees north", font: { size: 10 }, standoff: 2 } },
      images: [{ source, xref: "x", yref: "y", x: west, y: north, sizex: east - west, sizey: north - south, sizing: "stretch", layer: "below" }],
      hoverlabel: { bgcolor: "#fff", bordercolor: "#777", align: "left", font: { size: 12, color: "#222" } },
    };
  }

  /* What may be named, the weightiest by rank and people first; marks are as wide as their radius says. */
  labelled() {
    return this.ground.places;
  }

  labelText(chosen) {
    return label(chosen.text);
  }

  labelRoom(place) {
    return this.size(place) + 3;
  }

  /* What depends on the part of the map in view: labels that do not collide, scale, north. */
  async furnish() {
    const x = this.frame._fullLayout?.xaxis, y = this.frame._fullLayout?.yaxis;
    if (!x || !x._length) return;
    this.furnishing = true;
    const chosen = chooseLabels(this.labelled(), {
      left: Math.min(...x.range), right: Math.max(...x.range), bottom: Math.min(...y.range), top: Math.max(...y.range),
      width: x._length, height: y._length,
    });
    await Plotly.restyle(this.frame, {
      x: [chosen.map((each) => each.place.lon)], y: [chosen.map((each) => each.place.lat)],
      text: [chosen.map((each) => this.labelText(each))], textposition: [chosen.map((each) => each.position)],
      "marker.size": [chosen.map((each) => this.labelRoom(each.place))],
    }, [this.labelsAt]);
    await Plotly.relayout(this.frame, { annotations: scaleAndNorth(x, y), shapes: scaleBar(x, y) });
    this.furnishing = false;
  }

  view(edges) {
    const pad = Math.max(0.03, 0.12 * (edges.east - edges.west), 0.12 * (edges.north - edges.south));
    return Plotly.relayout(this.frame, {
      "xaxis.range": [edges.west - pad, edges.east + pad], "yaxis.range": [edges.south - pad, edges.north + pad],
    });
  }

  viewWhole() {
    const { west, east, south, north } = this.whole;
    return Plotly.relayout(this.frame, { "xaxis.range": [west, east], "yaxis.range": [south, north] });
  }
}

class CampaignMap extends GroundMap {
  constructor(data, ground) {
    super(document.getElementById("map-figure"), ground);
    this.data = data;
    this.labelsAt = LABELS;
    this.shown = LIKELIEST;
    this.mode = Object.keys(data.p_route_open)[0];
    this.day = 0;
    this.looks = Object.fromEntries(ground.looks.map((look) => [look.holder, look]));
    this.hovers = ground.places.map((place) => this.heading(place));
  }

  heading(place) {
    const others = place.alt_names.length ? "<br><i>" + label(place.alt_names.slice(0, 3).join(", ")) + "</i>" : "";
    return "<b>" + label(place.name) + "</b> " + label(place.kind) + others;
  }

  async draw() {
    await this.plot([this.snowTrace(), ...this.routeTraces(), this.placeTrace(), this.labelTrace()]);
    this.frame.on("plotly_click", (event) => {
      const point = event.points.find((each) => each.curveNumber === PLACES);
      if (point) this.showPlace(point.pointNumber);
    });
  }

  /* Probabilities of all holders at every place on the day shown: what the colours are made of. */
  probabilities(place) {
    return this.data.holders.map((holder) => this.data.p_control[holder][this.day][place]);
  }

  likeliest(place) {
    const shares = this.probabilities(place);
    return shares.indexOf(Math.max(...shares));
  }

  marks() {
    const marks = { colour: [], symbol: [], size: [], text: [], customdata: [] };
    this.ground.places.forEach((place, index) => {
      const shares = this.probabilities(index);
      const holder = this.shown === LIKELIEST ? this.data.holders[this.likeliest(index)] : this.shown;
      const p = shares[this.data.holders.indexOf(holder)];
      const strength = this.shown === LIKELIEST ? Math.max(0, (p - 1 / 3) / (2 / 3)) : p;
      marks.colour.push(mix(this.looks[holder].colour, this.shown === LIKELIEST ? 0.18 + 0.82 * strength : strength));
      marks.symbol.push(this.looks[this.data.holders[this.likeliest(index)]].symbol);
      marks.size.push(this.size(place) * (0.75 + 0.45 * strength));
      marks.text.push(this.hover(index, shares));
      marks.customdata.push(shares);
    });
    return marks;
  }

  /* Marks shrink with the map, so that a phone shows more than their overlap. */
  size(place) {
    return SIZES[place.rank] * Math.min(1.1, Math.max(0.6, this.frame.clientWidth / 760));
  }

  hover(index, shares) {
    const lines = this.data.holders
      .map((holder, row) => [shares[row], this.looks[holder].name])
      .filter(([p]) => p > 0)
      .sort((one, other) => other[0] - one[0])
      .map(([p, name]) => label(name) + " " + label(percent(p)));
    const start = this.looks[this.ground.places[index].start_holder].name;
    return this.hovers[index] + "<br>" + lines.join("<br>") + "<br>first evening: " + label(start);
  }

  placeTrace() {
    const marks = this.marks();
    return {
      type: "scatter", mode: "markers", name: "places",
      x: this.ground.places.map((place) => place.lon), y: this.ground.places.map((place) => place.lat),
      text: marks.text, customdata: marks.customdata, hovertemplate: "%{text}<extra></extra>",
      marker: { color: marks.colour, symbol: marks.symbol, size: marks.size, opacity: 1, line: { color: "#222", width: 0.9 } },
    };
  }

  snowTrace() {
    return { ...this.lines(), name: "snow", line: { color: SNOW_COLOUR, width: 6 }, ...this.coordinates(this.snowy()) };
  }

  routeTraces() {
    return ["minor", "major"].flatMap((size) => OPENNESS.map((openness, row) => ({
      ...this.lines(), name: openness.name, ...this.coordinates(this.routesOf(size, row)),
      line: { color: openness.colour, width: ROUTE_WIDTHS[size], dash: openness.dash },
    })));
  }

  lines() {
    return { type: "scatter", mode: "lines", hoverinfo: "skip" };
  }

  /* Weekly figures hold until the next. */
  week() {
    const today = this.data.dates[this.day];
    return Math.max(0, this.data.week_dates.findLastIndex((date) => date <= today));
  }

  snowy() {
    const snow = this.data.p_route_snow[this.week()];
    return this.ground.routes.filter((route, index) => snow[index] >= 0.5);
  }

  routesOf(size, row) {
    const open = this.data.p_route_open[this.mode][this.week()];
    const most = row === 0 ? 2 : OPENNESS[row - 1].least;
    return this.ground.routes.filter((route, index) =>
      route.major === (size === "major") && open[index] >= OPENNESS[row].least && open[index] < most);
  }

  coordinates(routes) {
    const x = [], y = [];
    for (const route of routes) {
      for (const end of [route.from, route.to]) {
        x.push(this.ground.places[end].lon);
        y.push(this.ground.places[end].lat);
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  }

  async setDay(day) {
    const before = this.week();
    this.day = day;
    document.getElementById("date").textContent = longDate(this.data.dates[day]);
    document.getElementById("day").setAttribute("aria-valuetext", longDate(this.data.dates[day]));
    await this.restylePlaces();
    if (this.week() !== before) await this.restyleRoutes();
    this.markDay();
  }

  async restylePlaces() {
    const marks = this.marks();
    await Plotly.restyle(this.frame, {
      "marker.color": [marks.colour], "marker.symbol": [marks.symbol], "marker.size": [marks.size],
      text: [marks.text], customdata: [marks.customdata],
    }, [PLACES]);
    this.frame.dataset.date = this.data.dates[this.day];
    this.frame.dataset.shown = this.shown;
  }

  async restyleRoutes() {
    const lines = [this.snowy(), ...["minor", "major"].flatMap((size) => OPENNESS.map((openness, row) => this.routesOf(size, row)))]
      .map((routes) => this.coordinates(routes));
    await Plotly.restyle(this.frame, { x: lines.map((line) => line.x), y: lines.map((line) => line.y) },
      lines.map((line, index) => SNOW + index));
  }

  async show(holder) {
    this.shown = holder;
    await this.restylePlaces();
  }

  async showMode(mode) {
    this.mode = mode;
    await this.restyleRoutes();
  }

  /* The days of one place: probability of each holder, with the day of the map marked. */
  async showPlace(index) {
    const place = this.ground.places[index];
    this.chosen = index;
    document.getElementById("place-name").textContent = place.name;
    document.getElementById("place-note").textContent = "control by day, colours as on the map; " +
      "standard error at most " + (100 * this.data.largest_standard_error).toFixed(1) + " points";
    const traces = this.data.holders.map((holder) => ({
      type: "scatter", mode: "lines", name: label(this.looks[holder].name), x: this.data.dates,
      y: this.data.p_control[holder].map((day) => 100 * day[index]), stackgroup: "holders",
      line: { color: this.looks[holder].colour, width: 0.6 }, fillcolor: mix(this.looks[holder].colour, 0.62), hovertemplate: "%{y:.0f}%",
    }));
    await Plotly.react("place-figure", traces.filter((trace) => trace.y.some((p) => p > 0)), {
      template: "none", margin: { l: 46, r: 10, t: 6, b: 44 }, hovermode: "x unified", paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)", font: { family: getComputedStyle(document.body).getPropertyValue("--sans"), size: 12, color: "#333" },
      xaxis: { type: "date", tickformat: "%-d %b", nticks: 5, showgrid: false },
      yaxis: { range: [0, 100], ticksuffix: "%", title: { text: "replicates" } },
      showlegend: false, shapes: this.dayLine(),
    }, CONFIG);
  }

  dayLine() {
    const today = this.data.dates[this.day];
    return [{ type: "line", x0: today, x1: today, y0: 0, y1: 1, yref: "paper", line: { color: "#222", width: 1.2, dash: "dot" } }];
  }

  markDay() {
    if (this.chosen !== undefined) Plotly.relayout("place-figure", { shapes: this.dayLine() });
  }
}

/* Greedy: the most important name first, at the first of eight sides where it meets neither a name nor a mark. */
function chooseLabels(places, view) {
  const perX = view.width / (view.right - view.left), perY = view.height / (view.top - view.bottom);
  const inView = places
    .filter((place) => place.lon > view.left && place.lon < view.right && place.lat > view.bottom && place.lat < view.top)
    .map((place) => ({ place, x: (place.lon - view.left) * perX, y: (view.top - place.lat) * perY }));
  const marks = inView.map(({ place, x, y }) => ({ left: x - (place.radius ?? 5), right: x + (place.radius ?? 5), top: y - (place.radius ?? 5), bottom: y + (place.radius ?? 5), place }));
  const taken = [{ left: 0, right: 130, top: view.height - 44, bottom: view.height }];
  const most = Math.round(12 + (view.width * view.height) / 14000);
  const chosen = [];
  const ordered = [...inView].sort((one, other) => other.place.rank - one.place.rank || other.place.people - one.place.people);
  for (const { place, x, y } of ordered) {
    if (chosen.length >= most) break;
    const text = place.name.length > 26 ? place.name.slice(0, 25) + "…" : place.name;
    const found = sides(x, y, text.length * 6.4 + 4, (place.radius ?? 5) + 2).find((side) =>
      side.left > 0 && side.right < view.width && side.top > 0 && side.bottom < view.height &&
      !taken.some((other) => overlap(side, other)) &&
      !marks.some((mark) => mark.place !== place && mark.place.rank >= Math.min(place.rank, 2) && overlap(side, mark)));
    if (!found) continue;
    taken.push(found);
    chosen.push({ place, text, position: found.position });
  }
  return chosen;
}

function sides(x, y, width, gap) {
  const high = 15;
  return [
    { position: "middle right", left: x + gap, right: x + gap + width, top: y - high / 2, bottom: y + high / 2 },
    { position: "middle left", left: x - gap - width, right: x - gap, top: y - high / 2, bottom: y + high / 2 },
    { position: "top center", left: x - width / 2, right: x + width / 2, top: y - gap - high, bottom: y - gap },
    { position: "bottom center", left: x - width / 2, right: x + width / 2, top: y + gap, bottom: y + gap + high },
    { position: "top right", left: x + gap - 2, right: x + gap + width, top: y - gap - high, bottom: y - gap },
    { position: "bottom right", left: x + gap - 2, right: x + gap + width, top: y + gap, bottom: y + gap + high },
    { position: "top left", left: x - gap - width, right: x - gap + 2, top: y - gap - high, bottom: y - gap },
    { position: "bottom left", left: x - gap - width, right: x - gap + 2, top: y + gap, bottom: y + gap + high },
  ];
}

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

const KM_PER_DEGREE = 111.2;

function scale(x, y) {
  const west = Math.min(...x.range), span = Math.max(...x.range) - west;
  const south = Math.min(...y.range), rise = Math.max(...y.range) - south;
  const kmPerDegree = KM_PER_DEGREE * Math.cos(((south + rise / 2) * Math.PI) / 180);
  const km = [1, 2, 5, 10, 20, 50, 100].filter((each) => each <= 0.22 * span * kmPerDegree).pop() || 1;
  return { km, x0: west + 0.025 * span, x1: west + 0.025 * span + km / kmPerDegree, y: south + (14 / y._length) * rise, rise, span, west, south };
}

function scaleBar(x, y) {
  const bar = scale(x, y), high = (4 / y._length) * bar.rise;
  const common = { type: "rect", xref: "x", yref: "y", y0: bar.y, y1: bar.y + high, line: { color: "#222", width: 1 } };
  const middle = (bar.x0 + bar.x1) / 2;
  return [{ ...common, x0: bar.x0, x1: middle, fillcolor: "#222" }, { ...common, x0: middle, x1: bar.x1, fillcolor: "#fff" }];
}

function scaleAndNorth(x, y) {
  const bar = scale(x, y);
  const common = { xref: "x", yref: "y", showarrow: false, font: { size: 11, color: "#222" }, bgcolor: "rgba(255,255,255,.7)", borderpad: 1 };
  return [
    { ...common, x: bar.x0, y: bar.y + (7 / y._length) * bar.rise, xanchor: "left", yanchor: "bottom", text: bar.km + " km" },
    { ...common, x: bar.west + 0.975 * bar.span, y: bar.south + bar.rise * 0.975, xanchor: "right", yanchor: "top", align: "center", text: "▲<br>N" },
  ];
}
