// Values per frame: loaded as a script when a clip is opened, drawn as lines with a cursor.

const PLOT = { height: 190, left: 52, right: 12, top: 10, bottom: 34 };
const COLOURS = 7; // see page.css; further methods get the same colours with another dash
const curves = { data: null, metric: "", wish: "", view: null }; // the wish is kept from clip to clip

window.tavceCurve = (data) => {
  curves.data = data;
};

// Loads the values of a clip; null where there are none. A page that was opened from a folder cannot fetch.
function loadCurves(section, clip) {
  curves.data = null;
  if (!section.curves.includes(clip)) return Promise.resolve(null);
  const path = address("curves", section.dataset, `${section.clips[clip]}.js`);
  return new Promise((resolve) => {
    const script = document.createElement("script");
    const end = () => {
      script.remove();
      resolve(curves.data);
    };
    script.addEventListener("load", end);
    script.addEventListener("error", end);
    script.src = path;
    document.head.append(script);
  });
}

function offerCurves(section, data, missing) {
  const keys = data ? Object.keys(data.metrics) : [];
  curves.metric = keys.includes(curves.wish) ? curves.wish : (keys[0] ?? "");
  byId("curve-field").hidden = keys.length < 2;
  byId("curve-metric").innerHTML = options(keys.map((key) => [key, curveName(section, key)]), curves.metric);
  byId("curve-note").textContent = keys.length ? "" : missing;
}

function curveName(section, key) {
  const metric = section.metricOf.get(key);
  return metric ? `${metricName(metric)} ${ARROWS[metric.better]}` : section.curveLabels[key] ?? key;
}

// Draws the lines of `lines`: [{name, label, slot}], over `frames` frames.
function drawCurves(section, lines, frames) {
  const values = curves.data?.metrics[curves.metric] ?? {};
  const seen = lines.filter((line) => values[line.name]);
  byId("legend").innerHTML = seen.map(legendLine).join("");
  const finite = seen.flatMap((line) => values[line.name][1]).filter((value) => value !== null);
  curves.view = null;
  byId("plot").replaceChildren();
  if (!finite.length) {
    if (curves.metric) byId("curve-note").textContent = "None of the methods shown has values per frame.";
    return;
  }
  byId("curve-note").textContent = "";
  const width = Math.max(280, byId("plot").clientWidth);
  const scale = plotScale(width, frames, Math.min(...finite), Math.max(...finite));
  const path = (line) => `<path class="line ${colour(line.slot)}" d="${curvePath(values[line.name], scale)}"/>`;
  const cursor = `<line id="cursor" class="cursor" y1="${PLOT.top}" y2="${PLOT.height - PLOT.bottom}"/>`;
  const size = `width="${width}" height="${PLOT.height}" viewBox="0 0 ${width} ${PLOT.height}"`;
  const name = `role="img" aria-label="${safe(curveName(section, curves.metric))} by frame"`;
  const drawn = axes(scale, frames) + seen.map(path).join("") + cursor;
  byId("plot").innerHTML = `<svg ${size} ${name}>${drawn}</svg>`;
  curves.view = { scale, values, section, frames };
}

function legendLine(line) {
  const swatch = `<i class="swatch ${colour(line.slot)}"></i>`;
  return `<li>${swatch}<span>${safe(line.label)}</span> <b data-value="${safe(line.name)}"></b></li>`;
}

const colour = (slot) => `c${slot % COLOURS} d${Math.floor(slot / COLOURS) % 3}`;

function plotScale(width, frames, low, high) {
  const steps = ticks(low, high, 4);
  const bottom = Math.min(low, steps[0]);
  const top = Math.max(high, steps.at(-1));
  const [across, down] = [width - PLOT.left - PLOT.right, PLOT.height - PLOT.top - PLOT.bottom];
  return {
    steps,
    width,
    x: (frame) => PLOT.left + (across * frame) / Math.max(1, frames - 1),
    y: (value) => PLOT.top + down * (1 - (value - bottom) / (top - bottom)),
    frame: (x) => Math.round(((x - PLOT.left) / across) * (frames - 1)),
  };
}

// About `count` round numbers that reach from the lowest to the highest value.
function ticks(low, high, count) {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((each) => each >= rough);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(10)));
}

function axes(scale, frames) {
  const right = scale.width - PLOT.right;
  const floor = PLOT.height - PLOT.bottom;
  const rows = scale.steps.map((value) => {
    const y = scale.y(value).toFixed(1);
    const line = `<line class="grid" x1="${PLOT.left}" x2="${right}" y1="${y}" y2="${y}"/>`;
    return `${line}<text class="tick end" x="${PLOT.left - 8}" y="${y}" dy="4">${value}</text>`;
  });
  const marks = ticks(0, Math.max(1, frames - 1), Math.max(2, Math.floor(scale.width / 110))).map(Math.round);
  const columns = [...new Set(marks)]
    .filter((frame) => frame < Math.max(2, frames))
    .map((frame) => `<text class="tick middle" x="${scale.x(frame)}" y="${floor + 16}">${frame}</text>`);
  const name = `<text class="tick middle" x="${(PLOT.left + right) / 2}" y="${PLOT.height - 4}">frame</text>`;
  return rows.join("") + columns.join("") + name;
}

function curvePath([first, values], scale) {
  let pen = "M";
  let path = "";
  values.forEach((value, k) => {
    if (value === null) pen = "M";
    else {
      // A value between two gaps is a line without length, whose round ends are seen as a dot.
      const alone = pen === "M" && (values[k + 1] ?? null) === null ? "h0" : "";
      path += `${pen}${scale.x(first + k).toFixed(1)} ${scale.y(value).toFixed(1)}${alone}`;
      pen = "L";
    }
  });
  return path;
}

function moveCursor(frame) {
  if (!curves.view) return;
  const { scale, values, section } = curves.view;
  const x = scale.x(frame).toFixed(1);
  byId("cursor").setAttribute("x1", x);
  byId("cursor").setAttribute("x2", x);
  const decimals = section.metricOf.get(curves.metric)?.decimals ?? 3;
  for (const place of byId("legend").querySelectorAll("[data-value]")) {
    const [first, found] = values[place.dataset.value];
    place.textContent = printed(found[frame - first] ?? null, decimals);
  }
}

// The frame below a click on the plot.
function frameAt(event) {
  if (!curves.view) return null;
  const box = byId("plot").querySelector("svg").getBoundingClientRect();
  const frame = curves.view.scale.frame(event.clientX - box.left);
  return Math.min(curves.view.frames - 1, Math.max(0, frame));
}
