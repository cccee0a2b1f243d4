// The table of methods, failures, provenance.
function shownMetrics() {
  const all = dataset().metrics.filter((metric) => shownMethods().some((m) => track().lines[m].cells[metric.key]));
  const main = all.filter((metric) => metric.main);
  return find("further").checked || !main.length ? all : main;
}

function drawSummary() {
  const metrics = shownMetrics(), lines = track().lines, clips = shownClips(), again = filtered();
  const means = new Map(metrics.map((metric) => [metric.key, again && metric.clips
    ? meansOver(metric.key, shownMethods(), clips) : null]));
  const value = (method, key) => {
    if (key === "") return labelOf(method);
    return means.get(key) ? means.get(key).get(method) : again ? NaN : numberOf(lines[method].cells[key].value);
  };
  const act = (sort) => { state.sort = sort; drawSummary(); focusOn("summary", sort.key); };
  const head = make("tr", {}, sortable("Method", "", state.sort, "lower", act), metrics.map((metric) =>
    sortable(`${metric.label}${metric.unit ? ` (${metric.unit})` : ""} ${metric.arrow}${track().mixed.includes(metric.key) ? "‡" : ""}`,
      metric.key, state.sort, metric.better, act)), make("th", { scope: "col" }, "clips"));
  const groups = [true, false].map((control) => shownMethods().filter((method) => lines[method].control === control));
  if (state.sort) {
    for (const group of groups) {
      group.sort((a, b) => compare(value(a, state.sort.key), value(b, state.sort.key), state.sort.descending));
    }
  }
  const body = groups.flat().map((method) => {
    const last = method === groups[0].at(-1) && groups[1].length;
    const cells = metrics.map((metric) => summaryCell(lines[method].cells[metric.key], metric,
      means.get(metric.key) ? means.get(metric.key).get(method) : undefined, again));
    return make("tr", { class: `${lines[method].control ? "control" : ""} ${last ? "last-control" : ""}`, "data-method": method },
      make("th", { scope: "row" }, labelOf(method)), cells,
      make("td", {}, again ? String(clips.length) : lines[method].clips));
  });
  replaceWith(find("summary"), [make("thead", {}, head), make("tbody", {}, body)]);
  find("legend").textContent = again
    ? `Means over the ${clips.length} clips shown; metrics of sets of clips and intervals are of all clips, so they are not shown here.`
    : "Bold: best. Underlined: second. ≈: not told from the best, the 95 % interval of the paired difference holds 0. "
      + "Italic: controls, whose scores are known beforehand. Small: 95 % interval over people. A dotted – says why.";
  find("count").textContent = `${clips.length} of ${dataset().clips.length} clips`;
}

function summaryCell(cell, metric, mean, again) {
  if (again) return make("td", { "data-value": mean === undefined ? "" : mean }, printed(mean === undefined ? NaN : mean, metric.decimals));
  const value = numberOf(cell.value);
  if (Number.isNaN(value)) return make("td", {}, make("span", { class: "why", tabindex: 0, title: cell.reason || "" }, "–"));
  const parts = [make("b", {}, cell.number || "∞"), cell.tie ? "≈" : null];
  if (cell.identical && cell.number) parts.push(make("small", {}, `+${cell.identical} ∞`));
  if (find("intervals").checked && cell.low !== undefined) {
    parts.push(make("small", {}, `${printed(cell.low, metric.decimals)} … ${printed(cell.high, metric.decimals)}`));
  }
  return make("td", { class: cell.mark || "", "data-value": value }, parts);
}

function focusOn(table, key) {
  const button = [...find(table).querySelectorAll("thead button")].find((each) => each.dataset.key === key);
  if (button) button.focus();
}

function drawFailures() {
  const failures = dataset().failures, excluded = dataset().excluded;
  const list = (lines) => make("ul", {}, lines.map((line) => make("li", {}, line)));
  const byMethod = new Map();
  for (const [method, metric, reason, clips] of failures) {
    const text = `${(metricOf(metric) || { label: metric }).label}: `;
    const named = clips.slice(0, 12).join(", ") + (clips.length > 12 ? ` and ${clips.length - 12} more` : "");
    const line = make("span", {}, text, make("span", { class: "reason" }, reason), ` (${clips.length}: ${named})`);
    byMethod.set(method, [...(byMethod.get(method) || []), line]);
  }
  const parts = [...byMethod].map(([method, lines]) =>
    make("details", {}, make("summary", {}, `${labelOf(method)}: ${lines.length} kinds of clips without a value`), list(lines)));
  if (!parts.length) parts.push(make("p", {}, "Every method has a value for every clip and metric."));
  if (excluded.length) {
    parts.push(make("details", {}, make("summary", {}, `${excluded.length} clips cannot be used, and are expected of no method`),
      list(excluded.map(([clip, reason]) => make("span", {}, `${clip}: `, make("span", { class: "reason" }, reason))))));
  }
  replaceWith(find("failures"), parts);
}

function drawProvenance() {
  const signed = dataset().metrics.filter((metric) => metric.signatures.length).flatMap((metric) => [
    make("dt", {}, metric.label), ...metric.signatures.map((text) => make("dd", {}, make("code", {}, text)))]);
  const notes = track().notes.map((note) => make("li", {}, note));
  replaceWith(find("provenance"), [
    make("p", {}, `Code: ${data.code}. ${dataset().clips.length} clips of ${new Set(dataset().clips.map((clip) => clip[1])).size} identities.`),
    make("details", {}, make("summary", {}, "Signature of every metric: protocol, networks and their weights"), make("dl", {}, signed)),
    make("details", {}, make("summary", {}, "Notes of this track's tables"), make("ul", {}, notes))]);
}
