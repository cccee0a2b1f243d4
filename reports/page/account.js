// What is not in the tables: clips without a value, clips that cannot be used, and where the numbers come from.

const NAMED = 8;

// Groups of missing values: the same method, reason and clips are one line, with all metrics that they share.
function failureGroups(section, methods, clips) {
  const chosen = new Set(clips);
  const groups = new Map();
  for (const metric of clipMetrics(section)) {
    for (const method of methods) {
      const byReason = new Map();
      for (const clip of chosen) {
        if (valueOf(section, metric.key, method, clip) !== null) continue;
        const reason = reasonOf(section, metric.key, method, clip);
        if (!byReason.has(reason)) byReason.set(reason, []);
        byReason.get(reason).push(clip);
      }
      for (const [reason, lost] of byReason) {
        const key = JSON.stringify([method, reason, lost]);
        if (!groups.has(key)) groups.set(key, { method, reason, clips: lost, metrics: [] });
        groups.get(key).metrics.push(metric.label);
      }
    }
  }
  return [...groups.values()].sort((a, b) => a.method - b.method || b.clips.length - a.clips.length);
}

let failures = [];

function renderFailures() {
  const { section } = state;
  const clips = clipsShown();
  failures = failureGroups(section, methodsShown(), clips);
  const all = clipMetrics(section).length;
  const lines = failures.map((group, k) => {
    const metrics = group.metrics.length === all && all > 1 ? "all metrics" : group.metrics.join(", ");
    const more = group.clips.length - NAMED;
    const rest = more > 0 ? `<button type="button" class="more" data-more="${k}">and ${more} more</button>` : "";
    const said = [safe(metrics), safe(group.reason)].map((text) => `<td>${text}</td>`).join("");
    const which = `<td class="names">${clipButtons(section, group.clips.slice(0, NAMED))}${rest}</td>`;
    const label = safe(section.methods[group.method].label);
    return `<tr><th scope="row">${label}</th>${said}<td class="number">${group.clips.length}</td>${which}</tr>`;
  });
  const table = plainTable(["Method", "Metrics", "Reason", "#Clips", "Which"], lines, "account");
  const whole = '<p class="note">Every method has a value of every metric for every clip shown.</p>';
  const listed = lines.length ? scrollBox("Clips without a value", table) : whole;
  fill(byId("failures-body"), listed + excludedTable(section));
}

function clipButtons(section, clips) {
  return clips.map((clip) => clipButton(section, clip)).join(" ");
}

// Names the clips that a line left out.
function showMore(button) {
  const group = failures[Number(button.dataset.more)];
  button.parentElement.innerHTML = clipButtons(state.section, group.clips);
}

function excludedTable(section) {
  if (!section.excluded.length) return '<p class="note">No clip of the data set was left out.</p>';
  const line = ([clip, why]) => `<tr><th scope="row">${safe(clip)}</th><td>${safe(why)}</td></tr>`;
  const table = plainTable(["Clip", "Reason"], section.excluded.map(line), "account");
  const head = `<h3>Clips that cannot be used (${section.excluded.length})</h3>`;
  return `${head}<p class="note">They are expected of no method.</p>${scrollBox("Clips that cannot be used", table)}`;
}

function renderProvenance() {
  const { section } = state;
  const clips = counted(section.clips.length, "clip", "clips");
  const people = counted(new Set(section.people).size, "identity", "identities");
  const facts = [
    ["Data set", section.dataset],
    ["Judges", section.judges],
    ["Code", DATA.code],
    ["Clips", `${clips} of ${people}; ${section.excluded.length} cannot be used`],
    ["Methods", section.methods.map((method) => method.label).join(", ")],
  ];
  const list = facts.map(([name, text]) => `<dt>${name}</dt><dd>${safe(text)}</dd>`).join("");
  const lines = section.signatures.map(([text, code]) => {
    return `<tr><th scope="row">${safe(text.replace(/:$/, ""))}</th><td><code>${safe(code)}</code></td></tr>`;
  });
  const notes = section.tables.map((table) => {
    const said = table.notes.map((note) => `<li>${safe(note)}</li>`).join("");
    return `<h4>${safe(table.track)}: ${groupName(section, table).toLowerCase()}</h4><ul>${said}</ul>`;
  });
  const signatures = scrollBox("Signatures", plainTable(["Metric", "Signature"], lines, "account"));
  const said = `<details class="notes"><summary>Notes of all tables</summary>${notes.join("")}</details>`;
  fill(byId("provenance-body"), `<dl class="facts">${list}</dl><h3>Signatures</h3>${signatures}${said}`);
}
