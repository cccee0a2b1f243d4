// Filters, keys, light and dark: what the visitor does, and the start of the page.

function render() {
  const { section } = state;
  keepMethod();
  const clips = clipsShown();
  byId("judges").textContent = section.judges;
  byId("shown").textContent = `${clips.length} of ${counted(section.clips.length, "clip", "clips")}`;
  renderChoices();
  renderSummary();
  renderExtremes();
  renderClips();
  renderFailures();
}

function renderFilters() {
  const { section } = state;
  byId("dataset-field").hidden = DATA.sections.length < 2;
  byId("dataset").innerHTML = options(DATA.sections.map((each) => [each.dataset, each.dataset]), section.dataset);
  byId("track").innerHTML = options([["", "all"], ...tracksOf(section).map((track) => [track, track])], state.track);
  const people = [...new Set(section.people)].sort((a, b) => compare(a, b, false));
  byId("person").innerHTML = options([["", "all"], ...people.map((person) => [person, person])], state.person);
}

function renderChoices() {
  const { section } = state;
  const group = (name, metrics) => {
    const inside = options(metrics.map((metric) => [metric.key, metricName(metric)]), state.metric);
    return metrics.length ? `<optgroup label="${name}">${inside}</optgroup>` : "";
  };
  const metrics = clipMetrics(section);
  byId("metric").innerHTML =
    group("Main", metrics.filter((metric) => metric.main)) + group("Further", metrics.filter((metric) => !metric.main));
  const methods = methodsShown().map((k) => section.methods[k]);
  byId("method").innerHTML = options(methods.map((method) => [method.name, method.label]), state.method);
}

function showSection(section) {
  chooseSection(section);
  state.sorts.clear();
  player.slots.clear();
  renderFilters();
  render();
  renderProvenance();
}

function startFilters() {
  byId("dataset").addEventListener("change", () => {
    showSection(DATA.sections.find((section) => section.dataset === byId("dataset").value));
  });
  for (const name of ["track", "person", "search"]) {
    byId(name).addEventListener("input", () => {
      state[name] = byId(name).value;
      if (name === "track") player.slots.clear();
      render();
    });
  }
  for (const name of ["metric", "method"]) {
    byId(name).addEventListener("change", () => {
      state[name] = byId(name).value;
      renderExtremes();
      renderClips();
    });
  }
  byId("reset").addEventListener("click", () => {
    Object.assign(state, { track: "", person: "", search: "" });
    byId("search").value = "";
    renderFilters();
    render();
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const label = () => (byId("theme").textContent = dark() ? "Light" : "Dark");
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);
  label();
}

const PLAYER_KEYS = {
  " ": () => clock.toggle(),
  ArrowLeft: () => clock.step(-1),
  ArrowRight: () => clock.step(1),
  ArrowUp: () => changeClip(-1),
  ArrowDown: () => changeClip(1),
  m: () => {
    byId("mute").checked = !byId("mute").checked;
    setSound();
  },
};

// Whether the element needs this key itself.
function takes(element, key) {
  if (element.matches("input[type=search], select, textarea")) return true;
  if (key === " ") return element.matches("button, summary, input[type=checkbox], input[type=radio]");
  return key.startsWith("Arrow") && element.matches("input[type=radio]");
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || takes(event.target, event.key)) return;
  if (event.key === "?" && !byId("help").open) byId("help").showModal();
  else if (event.key in PLAYER_KEYS && byId("player").open && !byId("help").open) PLAYER_KEYS[event.key]();
  else return;
  event.preventDefault();
}

function start() {
  byId("title").textContent = DATA.title;
  byId("code").textContent = DATA.code;
  startFilters();
  startTheme();
  startPlayer();
  document.addEventListener("keydown", pressed);
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  byId("help-close").addEventListener("click", () => byId("help").close());
  on(byId("summary-body"), "click", "[data-column]", sortSummary);
  on(byId("clips-body"), "click", "[data-column]", sortClips);
  on(byId("failures-body"), "click", "[data-more]", showMore);
  on(document.querySelector("main"), "click", "[data-clip]", (button) => {
    const { clip, method } = button.dataset;
    openClip(Number(clip), method === undefined ? undefined : Number(method));
  });
  showSection(DATA.sections[0]);
  openAddress();
}
