// The figures of the open clip: a video or why there is none, and its values.

function figureOf(section, name) {
  const { clip } = player;
  const method = section.methodOf.get(name);
  const about = section.methods[method];
  const figure = document.createElement("figure");
  const label = name === REFERENCE ? "Reference" : about.label;
  const swatch = `<i class="swatch ${about ? colour(player.slots.get(name)) : ""}"></i>`;
  const sound = `<label class="sound"><input type="radio" name="sound" value="${safe(name)}"> sound</label>`;
  const caption = `<figcaption><span class="name">${safe(label)}</span>${sound}</figcaption>`;
  figure.innerHTML = `${swatch}<div class="screen"></div>${caption}${about ? mainValues(section, method, clip) : ""}`;
  const screen = figure.querySelector(".screen");
  if (section.playable.get(name)?.has(clip)) {
    screen.append(player.videos.get(name) ?? makeVideo(section, name, label));
  } else {
    screen.textContent = whyNoVideo(section, method, clip);
    figure.querySelector(".sound").hidden = true;
  }
  return figure;
}

function makeVideo(section, name, label) {
  const video = document.createElement("video");
  Object.assign(video, { preload: "auto", playsInline: true, disablePictureInPicture: true, muted: true });
  video.setAttribute("aria-label", label);
  video.addEventListener("error", () => {
    if (player.videos.get(name) !== video) return;
    const screen = video.parentElement;
    drop(name, video);
    if (screen) screen.textContent = `The file ${path.join("/")} cannot be played.`;
    renderPlaylist();
  });
  const path = ["videos", section.dataset, name, `${section.clips[player.clip]}.mp4`];
  video.src = address(...path);
  player.videos.set(name, video);
  return video;
}

function renderPlaylist() {
  const videos = shownNames().map((name) => player.videos.get(name)).filter(Boolean);
  clock.load(videos, state.section.frames[player.clip], clock.frame());
}

function whyNoVideo(section, method, clip) {
  const none = "There is no copy of this video beside the page.";
  if (method === undefined) return none;
  const lost = clipMetrics(section).filter((metric) => valueOf(section, metric.key, method, clip) === null);
  const reasons = new Set(lost.map((metric) => reasonOf(section, metric.key, method, clip)));
  return reasons.size ? `No video: ${[...reasons].join("; ")}` : none;
}

function valueLine(section, metric, method, clip) {
  const value = valueOf(section, metric.key, method, clip);
  const why = value === null ? ` title="${safe(reasonOf(section, metric.key, method, clip))}"` : "";
  return `<span${why}>${printed(value, metric.decimals)}</span>`;
}

function mainValues(section, method, clip) {
  const metrics = clipMetrics(section).filter((metric) => metric.main || metric.key === state.metric);
  const lines = metrics.map((metric) => {
    const name = `<dt>${safe(metric.label)} ${ARROWS[metric.better]}</dt>`;
    return `<div>${name}<dd>${valueLine(section, metric, method, clip)}</dd></div>`;
  });
  return `<dl>${lines.join("")}</dl>`;
}

function renderValues(section) {
  const methods = shownNames().slice(1).map((name) => section.methodOf.get(name));
  const heads = methods.map((k) => `#${section.methods[k].label}`);
  const lines = clipMetrics(section).map((metric) => {
    const cells = methods.map((k) => `<td class="number">${valueLine(section, metric, k, player.clip)}</td>`);
    return `<tr><th scope="row">${safe(metricName(metric))} ${ARROWS[metric.better]}</th>${cells.join("")}</tr>`;
  });
  fill(byId("values-body"), scrollBox("All values of this clip", plainTable(["Metric", ...heads], lines)));
}

