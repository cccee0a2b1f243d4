// The summary: one table per track and group of metrics.

function renderSummary() {
  const { section, track } = state;
  const clips = clipsShown();
  const numbered = section.tables.map((table, k) => ({ table, k }));
  const tables = numbered.filter(({ table }) => !track || table.track === track);
  byId("summary-note").textContent = isSelection()
    ? `Means over the ${counted(clips.length, "clip", "clips")} chosen, as far as all methods have scored them. ` +
      "Intervals and ties are known for all clips only and are not shown."
    : "Small: 95 % interval of the mean over identities. Bold: best; underlined: second; ≈: cannot be told from " +
      "the best; italics: controls, which do not compete.";
  let heading = "";
  const parts = tables.map(({ table, k }) => {
    const head = table.track === heading ? "" : `<h3>${safe(table.track)}</h3>`;
    heading = table.track;
    return head + summaryTable(section, isSelection() ? tableOver(section, table, clips) : table, k);
  });
  fill(byId("summary-body"), parts.join(""));
}

function groupName(section, table) {
  return table.metrics.every((key) => section.metricOf.get(key).main) ? "Main metrics" : "Further metrics";
}

function summaryTable(section, table, k) {
  const sort = state.sorts.get(k);
  const heads = table.metrics.map((key) => {
    const mixed = table.mixed.includes(key);
    const mark = mixed ? '<span title="several signatures: its values do not compare">‡</span>' : "";
    return sortHead(`sort-${k}-${key}`, key, metricHead(section.metricOf.get(key), mark), sort, ' class="number"');
  });
  const lines = sortedLines(section, table, sort).map((line) => summaryLine(section, table, line));
  const name = groupName(section, table);
  const notes = table.notes.map((note) => `<li>${safe(note)}</li>`).join("");
  const first = sortHead(`sort-${k}-.method`, ".method", "Method", sort);
  const about = ' class="number" title="clips scored (worst metric to best) / expected"';
  const last = sortHead(`sort-${k}-.clips`, ".clips", "clips", sort, about);
  const top = `<thead><tr>${first}${heads.join("")}${last}</tr></thead>`;
  const body = `<table class="summary" data-table="${k}">${top}<tbody>${lines.join("")}</tbody></table>`;
  const said = `<details class="notes"><summary>Notes (${table.notes.length})</summary><ul>${notes}</ul></details>`;
  return `<h4>${name}</h4>${scrollBox(`${name}: ${table.track}`, body)}${isSelection() ? "" : said}`;
}

// Controls stay on top; below and above the line between them the order is the same.
function sortedLines(section, table, sort) {
  if (!sort) return table.lines;
  const at = table.metrics.indexOf(sort.column);
  const key = (line) => {
    if (sort.column === ".method") return section.methods[section.methodOf.get(line.method)].label;
    if (sort.column === ".clips") return line.clips === NONE ? null : Number.parseInt(line.clips, 10);
    return sortValue(line.cells[at].value, section.metricOf.get(sort.column));
  };
  const control = (line) => section.methods[section.methodOf.get(line.method)].control;
  return table.lines.toSorted((a, b) => control(b) - control(a) || compare(key(a), key(b), sort.down));
}

function summaryLine(section, table, line) {
  const method = section.methods[section.methodOf.get(line.method)];
  const cells = line.cells.map((cell, k) => summaryCell(cell, section.metricOf.get(table.metrics[k])));
  const ends = [`<th scope="row">${safe(method.label)}</th>`, `<td class="number">${safe(line.clips)}</td>`];
  return `<tr${method.control ? ' class="control"' : ""}>${ends[0]}${cells.join("")}${ends[1]}</tr>`;
}

function summaryCell(cell, metric) {
  if (cell.value === null) {
    const why = safe(cell.reason ?? "no reason is known");
    const sign = `<summary title="${why}">${NONE}<span class="hidden"> no value: why?</span></summary>`;
    return `<td class="number none"><details>${sign}<p>${why}</p></details></td>`;
  }
  const number = safe(cell.number || "∞");
  const shown = { best: `<strong>${number}</strong>`, second: `<u>${number}</u>` }[cell.mark] ?? number;
  const tie = cell.tie ? '<span title="cannot be told from the best">≈</span>' : "";
  const copies = cell.identical && cell.number
    ? `<small title="further clips equal their reference; they are not in the mean">+${cell.identical} ∞</small>`
    : "";
  const ends = cell.low === undefined ? [] : [cell.low, cell.high].map((end) => printed(end, metric.decimals));
  const interval = ends.length ? `<small class="interval">${ends.join(" – ")}</small>` : "";
  return `<td class="number">${shown}${tie}${copies}${interval}</td>`;
}

function sortSummary(button) {
  const k = Number(button.closest("table").dataset.table);
  const { column } = button.dataset;
  const metric = state.section.metricOf.get(column);
  const bestDown = metric ? metric.better === "higher" : column === ".clips";
  const next = nextSort(state.sorts.get(k), column, bestDown);
  if (next) state.sorts.set(k, next);
  else state.sorts.delete(k);
  renderSummary();
}
