/* Every table of many rows can be searched, and sorted by a click on a heading. */
function prepareTable(frame) {
  const table = frame.querySelector("table"), rows = [...table.tBodies[0].rows];
  const found = element("span", { textContent: rows.length + " rows" });
  const search = element("input", { type: "search", placeholder: "search" });
  search.setAttribute("aria-label", "Search in: " + table.caption.textContent);
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    found.textContent = shown + " of " + rows.length + " rows";
  });
  if (rows.length > 12) frame.before(element("label", { className: "search" }, [search, found]));
  table.querySelectorAll("thead th").forEach((heading, column) => heading.addEventListener("click", () => sortTable(table, heading, column)));
}

function sortTable(table, heading, column) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows];
  const keyed = rows.map((row) => [sortKey(row.cells[column]), row]);
  keyed.sort(([one], [other]) => (down ? -1 : 1) * compare(one, other));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

function sortKey(cell) {
  const key = cell.dataset.key ?? cell.textContent.trim();
  return key !== "" && !Number.isNaN(Number(key)) ? Number(key) : key;
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}
