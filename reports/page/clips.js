// One metric clip by clip: the table of all, and the worst and best of one method.

const LISTED = 5;
const SHADES = 6; // levels of the tint, see page.css

function chosenMetric() {
  return state.section.metricOf.get(state.metric);
}

// Numbers of the clips in the order of the table, which is also that of the player.
function clipOrder() {
  const { section } = state;
  const sort = state.sorts.get("clips");
  const clips = clipsShown();
  if (!sort) return clips;
  const metric = chosenMetric();
  const method = section.methodOf.get(sort.column.slice(1));
  const key = (clip) => {
    if (sort.column === ".clip") return section.clips[clip];
    if (sort.column === ".person") return section.people[clip];
    return sortValue(valueOf(section, metric.key, method, clip), metric);
  };
  return clips.toSorted((a, b) => compare(key(a), key(b), sort.down) || a - b);
}

function renderClips() {
  const { section } = state;
  const metric = chosenMetric();
  const target = byId("clips-body");
  if (!metric) return fill(target, '<p class="note">No metric has values per clip.</p>');
  const sort = state.sorts.get("clips");
  const methods = methodsShown();
  const clips = clipOrder();
  const shade = shades(section, metric, methods, clips);
  const heads = methods.map((k) => {
    const { name, label, control } = section.methods[k];
    const text = control ? `<em>${safe(label)}</em>` : safe(label);
    return sortHead(`sort-clips-m${k}`, `:${name}`, text, sort, ' class="number"');
  });
  const lines = clips.map((clip) => {
    const cells = methods.map((k) => clipCell(section, metric, k, clip, shade));
    const person = `<td>${safe(section.people[clip])}</td>`;
    return `<tr><th scope="row">${clipButton(section, clip)}</th>${person}${cells.join("")}</tr>`;
  });
  heads.unshift(sortHead("sort-clips-.person", ".person", "Identity", sort));
  heads.unshift(sortHead("sort-clips-.clip", ".clip", "Clip", sort));
  const body = `<table class="clips"><thead><tr>${heads.join("")}</tr></thead><tbody>${lines.join("")}</tbody></table>`;
  const note = `${WORDS[metric.better]}; the deeper the tint, the better. A clip's name opens its videos.`;
  const head = `<h3>${safe(metricName(metric))} of every clip</h3><p class="note">${note}</p>`;
  return fill(target, head + scrollBox("Table of clips", body));
}

function clipButton(section, clip) {
  return `<button type="button" class="clip" data-clip="${clip}">${safe(section.clips[clip])}</button>`;
}

function clipCell(section, metric, method, clip, shade) {
  const value = valueOf(section, metric.key, method, clip);
  if (value === null) {
    return `<td class="number none" title="${safe(reasonOf(section, metric.key, method, clip))}">${NONE}</td>`;
  }
  return `<td class="number s${shade(value)}">${printed(value, metric.decimals)}</td>`;
}

// Returns the tint of a value: its place among the competing methods' values, between the 5th and 95th of a hundred.
function shades(section, metric, methods, clips) {
  const competing = methods.filter((k) => !section.methods[k].control);
  const found = [];
  for (const k of competing.length ? competing : methods) {
    for (const clip of clips) {
      const good = goodness(valueOf(section, metric.key, k, clip), metric);
      if (Number.isFinite(good)) found.push(good); // neither null nor infinite
    }
  }
  found.sort((a, b) => a - b);
  const low = found[Math.floor(found.length * 0.05)];
  const high = found[Math.ceil(found.length * 0.95) - 1];
  return (value) => {
    if (!(high > low)) return 0;
    const place = (goodness(value, metric) - low) / (high - low);
    return Math.round(Math.min(1, Math.max(0, place)) * (SHADES - 1));
  };
}

function renderExtremes() {
  const { section } = state;
  const metric = chosenMetric();
  const method = section.methodOf.get(state.method);
  if (!metric || method === undefined) return fill(byId("extremes"), "");
  const good = (clip) => goodness(valueOf(section, metric.key, method, clip), metric);
  const scored = clipsShown().filter((clip) => good(clip) !== null);
  const ordered = scored.toSorted((a, b) => compare(good(a), good(b), false) || a - b);
  const list = (name, clips) => {
    const lines = clips.map((clip) => {
      const value = printed(valueOf(section, metric.key, method, clip), metric.decimals);
      const said = `<span>${safe(section.clips[clip])}</span><b>${value}</b>`;
      return `<li><button type="button" class="clip" data-clip="${clip}" data-method="${method}">${said}</button></li>`;
    });
    const body = lines.length ? `<ol>${lines.join("")}</ol>` : '<p class="note">No clip shown has a value.</p>';
    return `<div><h3>${name}</h3>${body}</div>`;
  };
  const ends = [list("Worst clips", ordered.slice(0, LISTED)), list("Best clips", ordered.slice(-LISTED).reverse())];
  return fill(byId("extremes"), ends.join(""));
}

function sortClips(button) {
  const { column } = button.dataset;
  const bestDown = column.startsWith(":") && chosenMetric().better === "higher";
  const next = nextSort(state.sorts.get("clips"), column, bestDown);
  if (next) state.sorts.set("clips", next);
  else state.sorts.delete("clips");
  renderClips();
}
