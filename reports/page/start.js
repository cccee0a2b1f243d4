// Filters, keys, theme: what joins the parts.
function drawFilters() {
  replaceWith(find("dataset"), data.datasets.map((each, number) => make("option", { value: number }, each.name)));
  find("dataset").value = state.dataset;
  replaceWith(find("track"), dataset().tracks.map((each, number) => make("option", { value: number }, each.name)));
  find("track").value = state.track;
  const people = [...new Set(dataset().clips.map((clip) => clip[1]))].sort();
  replaceWith(find("identity"), [make("option", { value: "" }, `all ${people.length}`), ...people.map((name) => make("option", { value: name }, name))]);
  find("identity").value = state.identity;
  find("judges").textContent = dataset().judges;
}

function drawValues() {
  drawSummary();
  drawMetricChoices();
  drawExtremes();
  drawClips();
}

function drawAll() {
  drawFilters();
  drawValues();
  drawFailures();
  drawProvenance();
}

function change(changes) {
  Object.assign(state, changes);
  closeClip();
  drawAll();
}

find("dataset").addEventListener("change", (event) => {
  player.chosen = null;
  change({ dataset: Number(event.target.value), track: 0, identity: "", sort: null, clipSort: null });
});
find("track").addEventListener("change", (event) => {
  player.chosen = null;
  change({ track: Number(event.target.value), sort: null, clipSort: null });
});
find("identity").addEventListener("change", (event) => { state.identity = event.target.value; drawValues(); });
find("search").addEventListener("input", (event) => { state.search = event.target.value; drawValues(); });
find("filters").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["further", "intervals"]) find(id).addEventListener("change", drawSummary);
find("metric").addEventListener("change", () => { state.clipSort = null; drawExtremes(); drawClips(); });
find("method").addEventListener("change", drawExtremes);
find("play").addEventListener("click", () => (player.playing ? pause() : play()));
find("back").addEventListener("click", () => showFrame(currentFrame() - 1));
find("forward").addEventListener("click", () => showFrame(currentFrame() + 1));
find("seek").addEventListener("input", (event) => showFrame(Number(event.target.value)));
find("speed").addEventListener("change", (event) => {
  player.rate = Number(event.target.value);
  for (const video of player.videos.values()) video.playbackRate = player.rate;
});
find("sound").addEventListener("change", (event) => setSound(event.target.value));
find("curve").addEventListener("change", drawCurve);
find("previous").addEventListener("click", () => step(-1));
find("next").addEventListener("click", () => step(1));
find("close").addEventListener("click", closeClip);
find("help-button").addEventListener("click", () => find("help").showModal());
window.addEventListener("resize", () => { if (state.clip !== null) drawCurve(); });

// The next clip is the next line of the table of clips, as it is sorted and filtered.
function step(by) {
  const order = [...find("clips").querySelectorAll("tbody tr")].map((row) => Number(row.dataset.clip));
  const place = order.indexOf(state.clip);
  if (order.length) openClip(order[(place + by + order.length) % order.length]);
}

const keys = {
  " ": () => (player.playing ? pause() : play()),
  ArrowLeft: () => showFrame(currentFrame() - 1),
  ArrowRight: () => showFrame(currentFrame() + 1),
  ArrowUp: () => step(-1),
  ArrowDown: () => step(1),
  m: () => setSound(player.sound ? "" : [...player.videos.keys()][0] || ""),
  Escape: closeClip,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?" && !typing) { find("help").showModal(); return; }
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const own = event.target.closest("button, [type=checkbox], summary, [role=region]") && event.target.id !== "play";
  if (state.clip === null || typing || !act || (event.key === " " && own) || (event.key.startsWith("Arrow") && event.target.closest("[role=region]"))) return;
  event.preventDefault();
  act();
});

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  find("theme").setAttribute("aria-pressed", String(dark));
}
find("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
const system = window.matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", (event) => setTheme(event.matches));
setTheme(system.matches);

find("title").textContent = data.title;
if (data.datasets.length) drawAll();
