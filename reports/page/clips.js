// The table of clips for one metric, its worst and best.
function drawMetricChoices() {
  const measured = dataset().metrics.filter((metric) => metric.clips);
  const kept = find("metric").value;
  replaceWith(find("metric"), measured.map((metric) => make("option", { value: metric.key }, metric.label)));
  if (measured.some((metric) => metric.key === kept)) find("metric").value = kept;
  const before = find("method").value, methods = shownMethods();
  replaceWith(find("method"), methods.map((name) => make("option", { value: name }, labelOf(name))));
  const competing = methods.filter((name) => !track().lines[name].control);
  find("method").value = methods.includes(before) ? before : competing[0] || methods[0];
}

function badness(value, better) {
  if (better === "zero") return Math.abs(value);
  return better === "higher" ? -value : value;
}

function drawExtremes() {
  const metric = metricOf(find("metric").value), method = find("method").value;
  if (!metric) return;
  const values = valuesOf(metric.key, method);
  const ranked = shownClips().filter((clip) => !Number.isNaN(values[clip] ?? NaN))
    .sort((a, b) => badness(values[b], metric.better) - badness(values[a], metric.better) || a - b);
  const item = (clip) => make("li", {}, make("button", { type: "button", onclick: () => openClip(clip) }, dataset().clips[clip][0]),
    make("span", {}, printed(values[clip], metric.decimals)));
  const none = () => [make("li", {}, "no clip has a value")];
  replaceWith(find("worst"), ranked.length ? ranked.slice(0, 5).map(item) : none());
  replaceWith(find("best"), ranked.length ? ranked.slice(-5).reverse().map(item) : none());
}

function drawClips() {
  const metric = metricOf(find("metric").value), methods = shownMethods();
  if (!metric) { replaceWith(find("clips"), []); return; }
  const values = new Map(methods.map((method) => [method, valuesOf(metric.key, method)]));
  const act = (sort) => { state.clipSort = sort; drawClips(); focusOn("clips", sort.key); };
  const names = dataset().clips;
  const key = (clip) => {
    if (state.clipSort.key === "") return names[clip][0];
    if (state.clipSort.key === "identity") return names[clip][1];
    return (values.get(state.clipSort.key.slice(1)) || [])[clip] ?? NaN;
  };
  const clips = shownClips();
  if (state.clipSort) clips.sort((a, b) => compare(key(a), key(b), state.clipSort.descending) || a - b);
  const head = make("tr", {}, sortable("Clip", "", state.clipSort, "lower", act),
    sortable("Identity", "identity", state.clipSort, "lower", act),
    methods.map((method) => sortable(labelOf(method), `=${method}`, state.clipSort, metric.better, act)));
  const why = new Map();
  for (const [method, key_, reason, lost] of dataset().failures) {
    if (key_ === metric.key) for (const clip of lost) why.set(`${method}\n${clip}`, reason);
  }
  const body = clips.map((clip) => make("tr", { "data-clip": clip, class: clip === state.clip ? "open" : "" },
    make("th", { scope: "row" }, make("button", { type: "button", onclick: () => openClip(clip) }, names[clip][0])),
    make("td", {}, names[clip][1]), methods.map((method) => {
      const value = values.get(method)[clip] ?? NaN;
      if (!Number.isNaN(value)) return make("td", {}, printed(value, metric.decimals));
      const reason = why.get(`${method}\n${names[clip][0]}`) || "no score row";
      return make("td", {}, make("span", { class: "why", title: reason }, "–"));
    })));
  replaceWith(find("clips"), [make("thead", {}, head), make("tbody", {}, body)]);
}
