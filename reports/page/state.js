// What is shown: the data, the filters, and small helpers. Nothing here draws.
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const state = { dataset: 0, track: 0, identity: "", search: "", sort: null, clipSort: null, clip: null };
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a8f96", "#b5a800"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

const dataset = () => data.datasets[state.dataset];
const track = () => dataset().tracks[state.track];
const metricOf = (key) => dataset().metrics.find((each) => each.key === key);
const labelOf = (method) => (dataset().methods[method] || { label: method }).label;
const shownMethods = () => Object.keys(track().lines);

// Text goes into the page through this alone: names are data, never markup.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

function replaceWith(parent, children) {
  const part = document.createDocumentFragment();
  for (const child of children) part.append(child);
  parent.replaceChildren(part);
}

function numberOf(value) {
  if (value === null || value === undefined) return NaN;
  if (value === "inf") return Infinity;
  return value === "-inf" ? -Infinity : value;
}

function printed(value, decimals) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

function clipPath(folder, parts, suffix) {
  return [folder, ...parts.flatMap((part) => String(part).split("/"))].map(encodeURIComponent).join("/") + suffix;
}

// Clips that the filters leave, by number.
function shownClips() {
  const wanted = state.search.trim().toLowerCase();
  return dataset().clips.flatMap(([name, identity], number) =>
    (!state.identity || identity === state.identity) && (!wanted || name.toLowerCase().includes(wanted)) ? [number] : []);
}

const filtered = () => Boolean(state.identity || state.search.trim());

function valuesOf(metric, method) {
  return ((dataset().values[metric] || {})[method] || []).map(numberOf);
}

// The mean as in the tables: over the finite values of clips that every method with any value has; ∞ if all are.
function meansOver(metric, methods, clips) {
  const all = new Map(methods.map((method) => [method, valuesOf(metric, method)]));
  const every = Object.keys((dataset().values[metric]) || {}).map((method) => valuesOf(metric, method));
  const able = every.filter((values) => values.some((value) => !Number.isNaN(value)));
  const common = clips.filter((clip) => able.every((values) => !Number.isNaN(values[clip])));
  const means = new Map();
  for (const [method, values] of all) {
    const own = values.some((value) => !Number.isNaN(value)) ? common.map((clip) => values[clip]) : [];
    const finite = own.filter(Number.isFinite);
    if (finite.length) means.set(method, finite.reduce((sum, value) => sum + value, 0) / finite.length);
    else means.set(method, own.length ? Infinity : NaN);
  }
  return means;
}

// Sorting puts what has no value last, whichever the direction.
function compare(a, b, descending) {
  if (typeof a === "string") return descending ? b.localeCompare(a) : a.localeCompare(b);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return a === b ? 0 : (a < b ? -1 : 1) * (descending ? -1 : 1);
}

function nextSort(sort, key, better) {
  if (!sort || sort.key !== key) return { key, descending: better === "higher" };
  return { key, descending: !sort.descending };
}

function sortable(label, key, sort, better, act) {
  const active = sort && sort.key === key;
  const order = active ? (sort.descending ? "descending" : "ascending") : "none";
  const button = make("button", { type: "button", "data-key": key, onclick: () => act(nextSort(sort, key, better)) }, label);
  return make("th", { scope: "col", "aria-sort": order }, button);
}
