// Values per frame below the videos. They come by a script element: a page opened as a file may load nothing else.
const curves = { loaded: new Map(), plot: null };
const clipKey = (set, clip) => `${set}\n${clip}`;

window.tavceCurve = (found) => {
  curves.loaded.set(clipKey(found.dataset, found.clip), found.curves);
  if (state.clip !== null && dataset().name === found.dataset && dataset().clips[state.clip][0] === found.clip) drawCurveChoices();
};

function loadCurves(clip) {
  const name = dataset().clips[clip][0];
  if (curves.loaded.has(clipKey(dataset().name, name)) || !(dataset().curved || []).includes(clip)) { drawCurveChoices(); return; }
  find("plot").replaceChildren();
  document.head.append(make("script", { src: clipPath("curves", [dataset().name, name], ".js"), onerror: () =>
    replaceWith(find("plot"), [make("p", { class: "note" }, "The values per frame of this clip are not beside the page.")]) }));
}

const curvesOfClip = () => (state.clip === null ? {} : curves.loaded.get(clipKey(dataset().name, dataset().clips[state.clip][0])) || {});

function drawCurveChoices() {
  const kept = find("curve").value, names = Object.keys(curvesOfClip());
  replaceWith(find("curve"), names.map((key) => make("option", { value: key }, (dataset().curves || {})[key] || key)));
  find("curve").value = names.includes(kept) ? kept : names.includes("sync_confidence") ? "sync_confidence" : names[0] || "";
  drawCurve();
}

function lookOf(method) {
  const place = Math.max(0, shownMethods().indexOf(method));
  return { colour: COLOURS[place % COLOURS.length], dash: DASHES[Math.floor(place / COLOURS.length) % DASHES.length] };
}

const colourOf = (method) => (method === "reference" ? "transparent" : lookOf(method).colour);

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function drawCurve() {
  const found = curvesOfClip()[find("curve").value] || {};
  const shown = Object.keys(found).filter((method) => player.chosen && player.chosen.has(method));
  const values = shown.flatMap((method) => found[method].map(numberOf)).filter(Number.isFinite);
  curves.plot = null;
  find("cursor-values").textContent = "";
  if (!values.length) {
    replaceWith(find("plot"), [make("p", { class: "note" }, "No values per frame for the videos shown.")]);
    return;
  }
  const width = Math.max(300, find("plot").clientWidth || 900), height = 190, left = 52, right = 8, top = 8, bottom = 24;
  const count = Math.max(...shown.map((method) => found[method].length)), low = Math.min(...values), high = Math.max(...values);
  const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
  const x = (frame) => left + (width - left - right) * (count > 1 ? frame / (count - 1) : 0.5);
  const y = (value) => top + (height - top - bottom) * (1 - (value - low + pad) / (high - low + 2 * pad));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": "values per frame" });
  for (const part of [0, 0.5, 1]) {
    const value = low + (high - low) * part;
    picture.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(3)));
  }
  for (let second = 0; second * FPS < count; second += Math.max(1, Math.ceil(count / FPS / 12))) {
    picture.append(svg("text", { x: x(second * FPS), y: height - 6, "text-anchor": "middle" }, `${second} s`));
  }
  for (const method of shown) picture.append(...strokes(found[method].map(numberOf), x, y, lookOf(method)));
  const cursor = svg("line", { class: "cursor", y1: top, y2: height - bottom, x1: x(0), x2: x(0) });
  picture.append(cursor);
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * width;
    showFrame(Math.round(((across - left) / (width - left - right)) * (count - 1)));
  });
  replaceWith(find("plot"), [picture]);
  curves.plot = { cursor, x, found, shown, count };
  moveCursor(currentFrame());
}

// A gap in the values is a gap in the line.
function strokes(values, x, y, look) {
  const parts = [];
  let points = [];
  for (let frame = 0; frame <= values.length; frame += 1) {
    if (frame < values.length && Number.isFinite(values[frame])) points.push(`${x(frame).toFixed(1)},${y(values[frame]).toFixed(1)}`);
    else if (points.length) {
      parts.push(svg("polyline", { points: points.join(" "), fill: "none", stroke: look.colour, "stroke-width": 1.8,
        "stroke-dasharray": look.dash, "vector-effect": "non-scaling-stroke" }));
      points = [];
    }
  }
  return parts;
}

function moveCursor(frame) {
  if (!curves.plot) return;
  const { cursor, x, found, shown, count } = curves.plot;
  const at = Math.min(frame, count - 1);
  cursor.setAttribute("x1", x(at));
  cursor.setAttribute("x2", x(at));
  find("cursor-values").textContent = shown.map((method) => {
    const value = numberOf(found[method][at]);
    return `${labelOf(method)} ${Number.isFinite(value) ? value.toPrecision(4) : printed(value, 0)}`;
  }).join(" · ");
}
