// What was measured, what is chosen, and which clips and methods that leaves.

const DATA = JSON.parse(byId("data").textContent);
const REFERENCE = "reference";
const state = {
  section: null, // the data set that is shown
  track: "", // "" stands for all
  person: "",
  search: "",
  metric: "",
  method: "",
  sorts: new Map(), // table -> {column, down}
};

// Makes one data set ready: infinite values are numbers again, and what is missing can be looked up.
function prepare(section) {
  if (section.ready) return section;
  for (const methods of Object.values(section.values)) {
    for (const values of methods) {
      values.forEach((value, k) => {
        if (value === "inf") values[k] = Infinity;
      });
    }
  }
  for (const table of section.tables) {
    for (const cell of table.lines.flatMap((line) => line.cells)) {
      if (cell.value === "inf") cell.value = Infinity;
    }
  }
  section.absent = new Map();
  for (const [metric, methods] of Object.entries(section.missing)) {
    for (const [method, pairs] of Object.entries(methods)) section.absent.set(`${method} ${metric}`, new Map(pairs));
  }
  section.metricOf = new Map(section.metrics.map((metric) => [metric.key, metric]));
  section.methodOf = new Map(section.methods.map((method, k) => [method.name, k]));
  section.playable = new Map(Object.entries(section.videos).map(([name, clips]) => [name, new Set(clips)]));
  section.ready = true;
  return section;
}

// Why a method has no value for a clip.
function reasonOf(section, metric, method, clip) {
  const reason = section.absent.get(`${method} ${metric}`)?.get(clip);
  return reason === undefined ? "no score row" : section.reasons[reason];
}

function valueOf(section, metric, method, clip) {
  return section.values[metric][method][clip];
}

// Numbers of the clips that the filters leave.
function clipsShown() {
  const { section, person, search } = state;
  const part = search.trim().toLowerCase();
  return section.clips
    .map((_, k) => k)
    .filter((k) => !person || section.people[k] === person)
    .filter((k) => !part || section.clips[k].toLowerCase().includes(part));
}

const isSelection = () => Boolean(state.person || state.search.trim());

// Numbers of the methods of the chosen track; controls belong to all tracks.
function methodsShown() {
  return state.section.methods
    .map((_, k) => k)
    .filter((k) => {
      const method = state.section.methods[k];
      return method.control || !state.track || method.track === state.track;
    });
}

const tracksOf = (section) => [...new Set(section.tables.map((table) => table.track))];

// Metrics with a value per clip; those of sets of clips stand in the summary only.
const clipMetrics = (section) => section.metrics.filter((metric) => metric.key in section.values);

// The larger the better, for every direction.
function goodness(value, metric) {
  if (value === null) return null;
  return { higher: value, lower: -value, zero: -Math.abs(value) }[metric.better];
}

// What is compared when a column is sorted: values near 0 come first where those are the better ones.
function sortValue(value, metric) {
  return value !== null && metric.better === "zero" ? Math.abs(value) : value;
}

const ARROWS = { higher: "↑", lower: "↓", zero: "→0" };
const WORDS = { higher: "higher is better", lower: "lower is better", zero: "the nearer to 0 the better" };

function metricName(metric) {
  return metric.unit ? `${metric.label} (${metric.unit})` : metric.label;
}

// The head of a metric's column: name, direction, unit.
function metricHead(metric, mark = "") {
  const unit = metric.unit ? ` <small>${safe(metric.unit)}</small>` : "";
  const arrow = `<span title="${WORDS[metric.better]}">${ARROWS[metric.better]}</span>`;
  return `<span>${safe(metric.label)}${mark}&nbsp;${arrow}</span>${unit}`;
}

function chooseSection(section) {
  state.section = prepare(section);
  if (!tracksOf(section).includes(state.track)) state.track = "";
  if (!section.people.includes(state.person)) state.person = "";
  const keys = clipMetrics(section);
  if (!keys.some((metric) => metric.key === state.metric)) {
    state.metric = (keys.find((metric) => metric.main) ?? keys[0])?.key ?? "";
  }
}

// Keeps the method of the lists of best and worst clips among those shown.
function keepMethod() {
  const { section } = state;
  const names = methodsShown();
  if (names.includes(section.methodOf.get(state.method))) return;
  const competing = names.filter((k) => !section.methods[k].control);
  const scored = competing.find((k) => section.values[state.metric]?.[k].some((value) => value !== null));
  const first = scored ?? competing[0] ?? names[0];
  state.method = first === undefined ? "" : section.methods[first].name;
}
