const CONFIG = { displaylogo: false, responsive: true, displayModeBar: false };

function block(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/* Labels of figures read a few tags and entities: no name may be taken for one. */
function label(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function longDate(iso) {
  return new Date(iso + "T00:00:00Z").toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

async function unpackPlotly() {
  const packed = document.getElementById("plotly-packed");
  const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = element("script", { textContent: await new Response(stream).text() });
  document.head.append(script);
  packed.remove();
}

/* Figures are drawn when they come near the screen: a long page opens as fast as a short one. */
function drawFiguresWhenSeen() {
  const figures = block("keyterrain-figures");
  const draw = (target) => {
    const { data, layout } = figures[target.dataset.figure];
    for (const image of layout.images ?? []) if (image.source === "relief") image.source = block("keyterrain-map").relief.source;
    if (target.clientWidth < 300) layout.xaxis.nticks = 4;
    if (target.clientWidth < 480 && layout.meta?.short) layout.yaxis.ticktext = layout.meta.short;
    Plotly.newPlot(target, data, layout, CONFIG).then(() => { target.dataset.drawn = "yes"; });
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      watcher.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px" });
  const targets = document.querySelectorAll("[data-figure]");
  targets.forEach((target) => watcher.observe(target));
  window.addEventListener("beforeprint", () => targets.forEach((target) => { if (!target.dataset.drawn) draw(target); }));
}
