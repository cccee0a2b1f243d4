// One clip: the reference and the chosen methods side by side, under one transport.

const PRESELECTED = 6;
const player = {
  clip: -1,
  order: [], // clips in the order of the table when the player was opened
  slots: new Map(), // shown method -> colour; kept from clip to clip
  sound: REFERENCE,
  videos: new Map(), // reference or method -> its video element
};
const clock = makeClock(showFrame, showPlaying, (text) => (byId("trouble").textContent = text));

function openClip(clip, method) {
  const { section } = state;
  player.order = clipOrder();
  if (!player.order.includes(clip)) player.order = section.clips.map((_, k) => k);
  preselect(section);
  if (method !== undefined) choose(section.methods[method].name, true);
  if (!byId("player").open) byId("player").showModal();
  byId("chosen").open = section.methods.length <= 8;
  showClip(clip);
  byId("play").focus();
}

// Up to six methods of the chosen track; controls only where nothing else is there.
function preselect(section) {
  for (const name of player.slots.keys()) {
    if (!section.methodOf.has(name)) player.slots.delete(name);
  }
  if (player.slots.size) return;
  const methods = methodsShown().map((k) => section.methods[k]);
  const competing = methods.filter((method) => !method.control);
  (competing.length ? competing : methods).slice(0, PRESELECTED).forEach((method) => choose(method.name, true));
}

// Shows or hides a method. It takes the first free colour, so that those of the others stay.
function choose(name, shown) {
  if (!shown) return player.slots.delete(name);
  if (player.slots.has(name)) return;
  const used = new Set(player.slots.values());
  let slot = 0;
  while (used.has(slot)) slot += 1;
  player.slots.set(name, slot);
}

function shownNames() {
  const names = state.section.methods.map((method) => method.name);
  return [REFERENCE, ...names.filter((name) => player.slots.has(name))];
}

function showClip(clip) {
  const { section } = state;
  const again = clock.playing();
  unload();
  player.clip = clip;
  setAddress(section, clip);
  byId("trouble").textContent = "";
  byId("player-clip").textContent = section.clips[clip];
  const place = player.order.indexOf(clip);
  byId("player-about").textContent = `${section.people[clip]} · clip ${place + 1} of ${player.order.length}`;
  byId("clip-back").disabled = place <= 0;
  byId("clip-on").disabled = place >= player.order.length - 1;
  byId("seek").max = Math.max(0, section.frames[clip] - 1);
  renderChosen();
  renderStage(0);
  if (again) clock.play();
  offerCurves(section, null, "");
  loadCurves(section, clip).then((data) => {
    if (player.clip !== clip || state.section !== section) return;
    const there = section.curves.includes(clip);
    offerCurves(section, data, there ? "The values per frame cannot be read." : "This clip has no values per frame.");
    redraw();
  });
}

function renderChosen() {
  const { section } = state;
  byId("chosen-head").textContent = `Methods shown: ${player.slots.size} of ${section.methods.length}`;
  const boxes = section.methods.map((method, k) => {
    const checked = player.slots.has(method.name) ? " checked" : "";
    const label = method.control ? `<em>${safe(method.label)}</em>` : safe(method.label);
    return `<label><input type="checkbox" id="show-${k}" data-show="${k}"${checked}> ${label}</label>`;
  });
  fill(byId("chosen-list"), boxes.join(""));
}

// Makes the figures anew where the choice has changed; videos that stay are kept as they are.
function renderStage(at) {
  const { section } = state;
  const names = shownNames();
  if (!names.includes(player.sound)) player.sound = REFERENCE;
  for (const [name, video] of player.videos) {
    if (!names.includes(name)) drop(name, video);
  }
  const figures = names.map((name) => figureOf(section, name));
  byId("stage").replaceChildren(...figures);
  setSound();
  renderValues(section);
  redraw();
  clock.load(names.map((name) => player.videos.get(name)).filter(Boolean), section.frames[player.clip], at);
}

// Takes a video away and frees what it holds.
function drop(name, video) {
  player.videos.delete(name);
  video.pause();
  video.removeAttribute("src");
  video.load();
  video.remove();
}

function unload() {
  clock.load([], 1, 0);
  for (const [name, video] of player.videos) drop(name, video);
  byId("stage").replaceChildren();
}

// Sound comes from one video; the others are silent.
function setSound() {
  for (const [name, video] of player.videos) {
    video.muted = byId("mute").checked || name !== player.sound;
    video.preservesPitch = !video.muted; // to keep the pitch makes each change of speed late, and nobody hears it
  }
  for (const choice of byId("stage").querySelectorAll("[name=sound]")) choice.checked = choice.value === player.sound;
}

function redraw() {
  const { section } = state;
  if (player.clip < 0) return;
  const lines = shownNames().slice(1).map((name) => ({
    name,
    label: section.methods[section.methodOf.get(name)].label,
    slot: player.slots.get(name),
  }));
  drawCurves(section, lines, section.frames[player.clip]);
  moveCursor(clock.frame());
}

function showFrame(frame) {
  if (player.clip < 0) return;
  byId("seek").value = frame;
  const last = state.section.frames[player.clip] - 1;
  byId("frame").textContent = `frame ${frame} of 0–${last} · ${(frame / FPS).toFixed(2)} s`;
  moveCursor(frame);
}

function showPlaying(playing) {
  byId("play").textContent = playing ? "Pause" : "Play";
}

function changeClip(by) {
  const next = player.order[player.order.indexOf(player.clip) + by];
  if (next !== undefined) showClip(next);
}

function closePlayer() {
  if (byId("player").open) return; // another clip was opened before this was told
  clock.pause();
  unload();
  player.clip = -1;
  setAddress();
}

// The open clip stands in the address, so that it can be sent to somebody.
function setAddress(section, clip) {
  const place = section ? [section.dataset, section.clips[clip]].map(encodeURIComponent).join("/") : "";
  history.replaceState(null, "", place ? `#${place}` : location.pathname + location.search);
}

function openAddress() {
  const [dataset, name] = location.hash.slice(1).split("/");
  const section = DATA.sections.find((each) => encodeURIComponent(each.dataset) === dataset);
  const clip = section ? section.clips.findIndex((each) => encodeURIComponent(each) === name) : -1;
  if (clip < 0) return;
  if (section !== state.section) showSection(section);
  openClip(clip);
}

function startPlayer() {
  const actions = {
    play: clock.toggle,
    "frame-back": () => clock.step(-1),
    "frame-on": () => clock.step(1),
    "clip-back": () => changeClip(-1),
    "clip-on": () => changeClip(1),
    "player-close": () => byId("player").close(),
  };
  for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", () => action());
  byId("player").addEventListener("close", closePlayer);
  byId("seek").addEventListener("input", () => clock.seek(Number(byId("seek").value)));
  byId("speed").addEventListener("change", () => clock.setSpeed(Number(byId("speed").value)));
  byId("loop").addEventListener("change", () => clock.setLoop(byId("loop").checked));
  byId("mute").addEventListener("change", setSound);
  byId("curve-metric").addEventListener("change", () => {
    curves.metric = curves.wish = byId("curve-metric").value;
    redraw();
  });
  on(byId("stage"), "change", "[name=sound]", (choice) => {
    player.sound = choice.value;
    setSound();
  });
  on(byId("chosen-list"), "change", "[data-show]", (box) => {
    choose(state.section.methods[Number(box.dataset.show)].name, box.checked);
    byId("chosen-head").textContent = `Methods shown: ${player.slots.size} of ${state.section.methods.length}`;
    renderStage(clock.frame());
  });
  byId("plot").addEventListener("click", (event) => {
    const frame = frameAt(event);
    if (frame !== null) clock.seek(frame);
  });
  new ResizeObserver(() => redraw()).observe(byId("curve"));
}
