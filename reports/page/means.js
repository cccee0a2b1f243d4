// Means over chosen clips, by the rules of the report: over the clips that every method with any value has scored,
// finite values only; infinite if all are.

// Returns one {value, identical, reason} per method, or null for a metric that has no values per clip.
function meansOver(section, metric, clips) {
  const table = section.values[metric];
  if (!table) return null;
  const able = table.filter((values) => clips.some((clip) => values[clip] !== null));
  const common = clips.filter((clip) => able.every((values) => values[clip] !== null));
  return table.map((values, method) => {
    if (!able.includes(values)) return { value: null, identical: 0, reason: whyNone(section, metric, method, clips) };
    if (!common.length) return { value: null, identical: 0, reason: "no clip was scored by every method" };
    const found = common.map((clip) => values[clip]);
    const finite = found.filter(Number.isFinite);
    const value = finite.length ? finite.reduce((sum, each) => sum + each, 0) / finite.length : Infinity;
    return { value, identical: found.length - finite.length, reason: "" };
  });
}

function whyNone(section, metric, method, clips) {
  if (!clips.length) return "no clip is shown";
  const counts = new Map();
  for (const clip of clips) {
    const reason = reasonOf(section, metric, method, clip);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${reason} (${count})`).join("; ");
}

// Least and most clips with a value over the metrics, of those that are chosen.
function scoredOver(section, metrics, method, clips) {
  const counts = metrics
    .filter((key) => section.values[key])
    .map((key) => clips.filter((clip) => valueOf(section, key, method, clip) !== null).length);
  if (!counts.length) return NONE;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? least : `${least}-${most}`}/${clips.length}`;
}

// Best and second by the printed number among methods that compete, as in the report; of values whose better one is
// the nearer to 0, and of a single value, none is the best.
function rank(cells, metric, competing) {
  const part = cells.filter((cell, k) => competing[k] && cell.value !== null);
  if (part.length < 2 || metric.better === "zero") return;
  const sorted = part.toSorted((a, b) => goodness(b.value, metric) - goodness(a.value, metric) || 0);
  const prints = [...new Set(sorted.map((cell) => cell.number))];
  for (const cell of part) cell.mark = { 0: "best", 1: "second" }[prints.indexOf(cell.number)] ?? "";
}

const UNKNOWN = { value: null, identical: 0, reason: "not a mean over clips: known for all clips only" };

// One table of the report with its means over the chosen clips: no intervals, no ties.
function tableOver(section, table, clips) {
  const names = table.lines.map((line) => section.methodOf.get(line.method));
  const competing = names.map((method) => !section.methods[method].control);
  const columns = table.metrics.map((key) => {
    const metric = section.metricOf.get(key);
    const means = meansOver(section, key, clips);
    const cells = names.map((method) => {
      const mean = means?.[method] ?? UNKNOWN;
      return { ...mean, number: Number.isFinite(mean.value) ? printed(mean.value, metric.decimals) : "" };
    });
    rank(cells, metric, competing);
    return cells;
  });
  const lines = table.lines.map((line, k) => ({
    method: line.method,
    clips: scoredOver(section, table.metrics, names[k], clips),
    cells: columns.map((cells) => cells[k]),
  }));
  return { ...table, lines };
}
