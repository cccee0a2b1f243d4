// Videos side by side, in step: the one that is heard tells the time, and none runs ahead of another by a frame.
const FPS = 25, GENTLE = 0.006, FIRM = 0.02, MOST = 6;
const player = { videos: new Map(), chosen: null, sound: null, playing: false, rate: 1, frames: 1, timer: 0, wanted: 0 };

const hasVideo = (method, clip) => ((dataset().videos || {})[method] || []).includes(clip);
const master = () => player.videos.get(player.sound) || player.videos.values().next().value;

function openClip(clip) {
  closeVideos();
  state.clip = clip;
  const [name, identity] = dataset().clips[clip];
  find("player-section").hidden = false;
  find("clip-name").textContent = `${name}, identity ${identity}`;
  const possible = ["reference", ...shownMethods().filter((method) => method !== "ground_truth")];
  if (!player.chosen || !possible.some((each) => player.chosen.has(each))) {
    const competing = shownMethods().filter((method) => !track().lines[method].control);
    player.chosen = new Set(["reference", ...competing, ...possible].slice(0, Math.max(2, Math.min(MOST, competing.length + 1))));
  }
  drawChoices(possible);
  drawVideos(possible.filter((method) => player.chosen.has(method)));
  loadCurves(clip);
  for (const row of find("clips").querySelectorAll("tbody tr")) row.className = Number(row.dataset.clip) === clip ? "open" : "";
  find("player-section").scrollIntoView({ block: "start" });
  find("play").focus({ preventScroll: true });
}

const videoLabel = (method) => (method === "reference" ? "Reference" : labelOf(method));

function drawChoices(possible) {
  replaceWith(find("choices"), possible.map((method) => make("label", { class: "check" },
    make("input", { type: "checkbox", value: method, checked: player.chosen.has(method), onchange: (event) => {
      if (event.target.checked) player.chosen.add(method); else player.chosen.delete(method);
      const at = currentFrame();
      closeVideos();
      drawVideos(possible.filter((each) => player.chosen.has(each)));
      showFrame(at);
      drawCurve();
    } }), ` ${videoLabel(method)}`)));
}

function drawVideos(methods) {
  const clip = state.clip, figures = [];
  for (const method of methods) {
    let picture;
    if (hasVideo(method, clip)) {
      const source = clipPath("videos", [dataset().name, method, dataset().clips[clip][0]], ".mp4");
      picture = make("video", { src: source, preload: "auto", playsinline: true, "data-method": method });
      picture.muted = true;
      player.videos.set(method, picture);
    } else {
      picture = make("div", { class: "absent" }, absence(method, clip));
    }
    figures.push(make("figure", { "data-method": method }, picture, make("figcaption", {},
      make("strong", {}, make("i", { "data-colour": method }), videoLabel(method)), clipValues(method, clip))));
  }
  replaceWith(find("videos"), figures);
  for (const mark of find("videos").querySelectorAll("i")) mark.style.borderTopColor = colourOf(mark.dataset.colour);
  const heard = [...player.videos.keys()];
  replaceWith(find("sound"), [make("option", { value: "" }, "off"), ...heard.map((m) => make("option", { value: m }, videoLabel(m)))]);
  player.sound = player.sound !== null && (player.sound === "" || heard.includes(player.sound)) ? player.sound : heard[0] || "";
  setSound(player.sound);
  const first = master();
  if (!first) { setFrames(1); return; }
  const measured = () => setFrames(Math.max(1, Math.round(first.duration * FPS)));
  if (first.readyState >= 1) measured(); else first.addEventListener("loadedmetadata", measured, { once: true });
  for (const video of player.videos.values()) {
    video.addEventListener("ended", () => { if (player.playing && video === master()) ended(); });
  }
}

function absence(method, clip) {
  const name = dataset().clips[clip][0];
  if (method === "reference") return "The true video is not among those copied for this page.";
  const found = dataset().failures.find(([which, , , lost]) => which === method && lost.includes(name));
  return found ? found[2] : "This video is not among those copied for this page.";
}

function clipValues(method, clip) {
  if (method === "reference") return make("span", {}, "what all are compared with");
  const shown = dataset().metrics.filter((metric) => metric.clips && metric.main).slice(0, 5);
  return make("span", {}, shown.map((metric) => `${metric.label} ${printed(valuesOf(metric.key, method)[clip] ?? NaN, metric.decimals)}`).join(" · "));
}

function closeVideos() {
  pause();
  for (const video of player.videos.values()) { video.removeAttribute("src"); video.load(); }
  player.videos.clear();
}

function closeClip() {
  closeVideos();
  state.clip = null;
  find("player-section").hidden = true;
  for (const row of find("clips").querySelectorAll("tr.open")) row.className = "";
}

function setFrames(count) {
  player.frames = count;
  find("seek").max = count - 1;
  showTime();
}

// A frame is shown from its start to its end; the middle of it is aimed at, so that rounding moves no frame.
const currentFrame = () => (master() ? Math.min(player.frames - 1, Math.floor(master().currentTime * FPS + 1e-3)) : 0);

function showFrame(frame) {
  pause();
  player.wanted = Math.max(0, Math.min(player.frames - 1, frame));
  for (const video of player.videos.values()) video.currentTime = (player.wanted + 0.5) / FPS;
  showTime(player.wanted);
}

function showTime(frame) {
  const now = frame === undefined ? currentFrame() : frame;
  find("seek").value = now;
  find("frame").textContent = `frame ${now + 1} of ${player.frames}`;
  moveCursor(now);
}

async function play() {
  if (player.playing || !player.videos.size) return;
  if (currentFrame() >= player.frames - 1) for (const video of player.videos.values()) video.currentTime = 0;
  player.playing = true;
  find("play").textContent = "Pause";
  const videos = [...player.videos.values()];
  await Promise.all(videos.map(ready));
  if (!player.playing) return;
  const start = master().currentTime;
  for (const video of videos) { if (video !== master()) video.currentTime = start; video.playbackRate = player.rate; }
  await Promise.all(videos.map(ready));
  if (!player.playing) return;
  await Promise.all(videos.map((video) => video.play().catch(() => {}))); // a pause in between rejects play, and is no error
  player.timer = requestAnimationFrame(follow);
}

function ready(video) {
  if (video.readyState >= 3 && !video.seeking || video.error) return Promise.resolve();
  return new Promise((resolve) => {
    for (const name of ["canplay", "seeked", "error", "emptied"]) video.addEventListener(name, () => resolve(ready(video)), { once: true });
  });
}

// Whoever is ahead waits for the last one: a video that stalls holds all, and none is ever seeked while it plays.
function follow() {
  if (!player.playing) return;
  const running = [...player.videos.values()].filter((video) => !video.ended);
  const last = Math.min(...running.map((video) => video.currentTime));
  for (const video of running) {
    const ahead = video.currentTime - last;
    const rate = player.rate * (ahead > FIRM ? 0.5 : ahead > GENTLE ? 0.85 : 1); // few steps: each change costs a moment
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }
  showTime();
  player.timer = requestAnimationFrame(follow);
}

function pause() {
  player.playing = false;
  cancelAnimationFrame(player.timer);
  find("play").textContent = "Play";
  const clock = master();
  for (const video of player.videos.values()) {
    video.pause();
    video.playbackRate = player.rate;
    if (clock && video !== clock && video.readyState >= 1) video.currentTime = clock.currentTime;
  }
}

function ended() {
  if (!find("loop").checked) { pause(); showTime(player.frames - 1); return; }
  pause();
  for (const video of player.videos.values()) video.currentTime = 0;
  play();
}

function setSound(method) {
  player.sound = method;
  find("sound").value = method;
  for (const [name, video] of player.videos) video.muted = name !== method;
}
