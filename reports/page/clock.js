// Several videos in step. The first is the clock: it is never touched while it plays, and the others follow it.

const FPS = 25;
const CLOSE_S = 0.01; // nearer than this, a follower is left alone
const FAR_S = 0.06; // farther than this it jumps; in between it runs slower or faster for as long as that takes
const NUDGE = { silent: 0.4, heard: 0.1 }; // change of speed, as a part of it
const REST_MS = 150; // a change of speed shows in the time of a video this much later; until then nothing is decided
const LONGEST_LEAD_S = 0.3;

// `shown(frame)` is told the frame that is seen, `changed(playing)` whether they play, `failed(text)` why they cannot.
function makeClock(shown, changed, failed) {
  let videos = [];
  let frames = 1;
  let frame = 0;
  let speed = 1;
  let loop = true;
  let playing = false; // what is wished
  let rolling = false; // whether the videos run
  let settling = false;
  let turn = 0; // counts starts, so that one that was overtaken does nothing
  const nudged = new WeakMap(); // video -> until when its speed is left as it is
  const leads = new WeakMap(); // video -> how long its jumps take

  const middle = (k) => (k + 0.5) / FPS; // in the middle of a frame, rounding cannot show its neighbour
  const over = (video) => video.ended || video.currentTime >= video.duration - 0.5 / FPS;

  function once(video, types) {
    return new Promise((resolve) => {
      const done = () => {
        types.forEach((type) => video.removeEventListener(type, done));
        resolve();
      };
      types.forEach((type) => video.addEventListener(type, done));
    });
  }

  // Each of these also ends if the video is taken away or cannot be read.
  async function known(video) {
    if (video.readyState < 1 && !video.error && video.src) await once(video, ["loadedmetadata", "error", "emptied"]);
  }

  async function reach(video, k) {
    await known(video);
    if (video.readyState < 1) return;
    const sought = once(video, ["seeked", "error", "emptied"]);
    video.currentTime = Math.min(middle(k), video.duration);
    await sought;
  }

  async function able(video) {
    if (video.readyState >= 3 || video.error || !video.src || over(video)) return;
    await once(video, ["canplay", "error", "emptied"]);
  }

  function halt() {
    rolling = false;
    turn += 1;
    videos.forEach((video) => video.pause());
  }

  // Brings all videos to the wished frame, and on from there if they are to play. One call at a time does the work: it
  // takes up what was wished while it ran.
  async function settle() {
    halt();
    if (settling) return;
    settling = true;
    let done = null;
    while (!done || done.frame !== frame || done.videos !== videos) {
      done = { frame, videos };
      await Promise.all(videos.map((video) => reach(video, done.frame)));
    }
    settling = false;
    if (playing) await roll();
  }

  async function roll() {
    const mine = ++turn;
    await Promise.all(videos.map(able));
    if (mine !== turn || !videos.length) return;
    const started = await Promise.allSettled(
      videos.map((video) => {
        video.playbackRate = speed;
        leave(video);
        return over(video) ? null : video.play();
      }),
    );
    if (mine !== turn) return; // a pause that came in between ends starts, too
    const refused = started.find((each) => each.status === "rejected");
    if (refused) {
      failed(`The browser does not play: ${refused.reason.message}`);
      return pause();
    }
    rolling = true;
    watch(videos[0], mine);
    requestAnimationFrame(() => tick(mine));
  }

  // Tells the frame that the clock really shows, where the browser says so.
  function watch(video, mine) {
    video.requestVideoFrameCallback?.((_, about) => {
      if (mine !== turn) return;
      tell(Math.round(about.mediaTime * FPS));
      watch(video, mine);
    });
  }

  function tell(k) {
    const next = Math.min(frames - 1, Math.max(0, k));
    if (next === frame) return;
    frame = next;
    shown(frame);
  }

  function tick(mine) {
    if (mine !== turn) return;
    const [clock, ...followers] = videos;
    if (over(clock) || clock.currentTime >= frames / FPS) return finish();
    if (!clock.requestVideoFrameCallback) tell(Math.floor(clock.currentTime * FPS));
    followers.forEach((video) => follow(video, clock.currentTime));
    requestAnimationFrame(() => tick(mine));
  }

  function leave(video) {
    nudged.set(video, performance.now() + REST_MS);
  }

  function follow(video, now) {
    if (video.seeking || over(video) || now >= video.duration) return;
    const at = performance.now();
    if (at < (nudged.get(video) ?? 0)) return;
    if (video.playbackRate !== speed) {
      video.playbackRate = speed;
      return leave(video);
    }
    const ahead = video.currentTime - now;
    if (Math.abs(ahead) > FAR_S) return jump(video, now);
    if (Math.abs(ahead) <= CLOSE_S) return;
    const nudge = speed * (video.muted ? NUDGE.silent : NUDGE.heard);
    video.playbackRate = speed - Math.sign(ahead) * nudge;
    nudged.set(video, at + (Math.abs(ahead) / nudge) * 1000);
  }

  // A jump takes time in which the clock runs on, so it aims ahead by as long as the last one took.
  function jump(video, now) {
    const begun = performance.now();
    video.addEventListener(
      "seeked",
      () => {
        leads.set(video, Math.min(LONGEST_LEAD_S, ((performance.now() - begun) / 1000) * speed));
        leave(video);
      },
      { once: true },
    );
    video.currentTime = Math.min(now + (leads.get(video) ?? 0), video.duration);
  }

  function finish() {
    tell(frames - 1);
    if (!loop) return pause();
    return seek(0);
  }

  function pause() {
    playing = false;
    changed(false);
    return settle(); // all on the frame that the clock showed
  }

  function play() {
    if (!videos.length) return;
    playing = true;
    changed(true);
    if (frame >= frames - 1) frame = 0;
    shown(frame);
    return settle();
  }

  function seek(k) {
    frame = Math.min(frames - 1, Math.max(0, k));
    shown(frame);
    return settle();
  }

  // One that has to wait for data lets all wait.
  function stalled(event) {
    const video = event.target;
    if (rolling && !video.seeking && !over(video)) settle();
  }

  function load(list, count, at) {
    halt();
    videos.forEach((video) => video.removeEventListener("waiting", stalled));
    videos = list;
    frames = Math.max(1, count);
    videos.forEach((video) => video.addEventListener("waiting", stalled));
    if (!videos.length && playing) {
      playing = false;
      changed(false);
    }
    return seek(at ?? frame);
  }

  return {
    load,
    play,
    pause,
    seek,
    step: (by) => {
      if (playing) {
        playing = false;
        changed(false);
      }
      return seek(frame + by);
    },
    toggle: () => (playing ? pause() : play()),
    frame: () => frame,
    playing: () => playing,
    setLoop: (wish) => (loop = wish),
    setSpeed: (wish) => {
      speed = wish;
      videos.forEach((video) => {
        video.playbackRate = speed;
        leave(video);
      });
    },
  };
}
