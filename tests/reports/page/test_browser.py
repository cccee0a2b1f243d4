"""The page in a real browser, opened from a folder: what a visitor sees, hears and can reach by keys alone."""

import io
import re
import shutil
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from reports.aggregate import aggregate
from reports.page.write import write_page

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
if shutil.which(CHROMIUM) is None:
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]
FRAME_S = 1 / 25
NONE = "\N{EN DASH}"  # where there is no value
DRIFT = """async (seconds) => {
  const videos = [...document.querySelectorAll("#stage video")];
  const apart = [];
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    await new Promise(requestAnimationFrame);
    if (videos.some((video) => video.paused || video.seeking)) continue;
    const times = videos.map((video) => video.currentTime);
    apart.push(Math.max(...times) - Math.min(...times));
  }
  return apart;
}"""


@dataclass
class Visit:
    """A page that is open, where it lies, and all that the browser complained of or asked for."""

    page: object
    folder: object
    troubles: list = field(default_factory=list)
    requests: list = field(default_factory=list)

    def column(self, selector, number):
        """The texts of one column of the first table that fits."""
        return self.page.evaluate(
            """([selector, number]) => [...document.querySelector(selector).tBodies[0].rows].map(
              (row) => row.cells[number].innerText.replace("no value: why?", "").trim())""",
            [selector, number],
        )

    def texts(self, selector):
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def open(self, clip):
        self.page.click(f'.clips [data-clip="{clip}"]')
        self.ready()

    def ready(self):
        """Wait until all videos stand still on the frame that is told.

        A video says that it no longer seeks a moment before the page hears of it and sends it on to a later wish: so
        its time must be that of the frame, too.
        """
        self.page.wait_for_function(
            """() => {
              const frame = Number(document.getElementById("frame").textContent.match(/frame (\\d+)/)[1]);
              return [...document.querySelectorAll("#stage video")].every((v) => v.readyState >= 2 && !v.seeking
                && Math.abs(v.currentTime - Math.min((frame + 0.5) / 25, v.duration)) < 0.002);
            }"""
        )

    def frame(self):
        return int(re.search(r"frame (\d+)", self.page.inner_text("#frame"))[1])

    def shows(self, frame):
        self.page.wait_for_function(f"() => document.getElementById('frame').textContent.includes('frame {frame} of')")
        self.ready()


@pytest.fixture(scope="session")
def browser():
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(small, write_videos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_page(small, folder)
    write_videos(small.sections[0], folder)
    return folder


@pytest.fixture
def visit(browser, site):
    """A fresh visit; at its end nothing may have gone wrong, and nothing outside the folder been asked for."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    made = Visit(page, site)
    page.on("console", lambda message: made.troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: made.troubles.append(str(error)))
    page.on("request", lambda request: made.requests.append(request.url))
    page.set_default_timeout(10_000)
    page.goto((site / "index.html").as_uri())
    yield made
    injected = page.evaluate("window.injected")
    page.close()
    assert made.troubles == []
    assert [url for url in made.requests if not url.startswith(f"{site.as_uri()}/")] == []
    assert injected is None


def test_names_that_try_to_be_code_are_shown_as_they_are(visit):
    assert visit.page.inner_text("h1") == "Talking heads </script><script>window.injected = 1</script>"
    assert visit.page.inner_text("#code") == "tavce 0.1 (0fedcba)"
    assert any(text.startswith('Own B <img src="x"') for text in visit.column(".summary", 0))
    assert any("window.injected" in text for text in visit.texts("#failures-body td"))
    assert any("clip_x <img" in text for text in visit.texts("#failures-body th"))
    visit.open(3)
    assert any("No video: video has 0 frames </script>" in text for text in visit.texts(".screen"))
    assert visit.page.locator("img, main script").count() == 0


def test_the_policy_blocks_what_is_not_the_pages_own(visit):
    """The check of `injected` must be able to fail: code that runs is noticed, and code that is put in does not run."""
    visit.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.injected = 1\">')")
    visit.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'injected = 1'}))")
    visit.page.evaluate("fetch('https://example.org/').catch(() => 0)")
    visit.page.wait_for_timeout(100)
    blocked = [text for text in visit.troubles if "Content Security Policy" in text]
    assert len(blocked) >= 3
    visit.troubles.clear()
    visit.requests[:] = [url for url in visit.requests if "example.org" not in url]


def test_tables_hold_what_the_report_holds(visit, small):
    table = small.sections[0].tables[0]
    assert visit.column(".summary", 0) == [line.label for line in table.lines]
    for k, line in enumerate(table.lines):
        for n, cell in enumerate(line.cells):
            text = visit.column(".summary", n + 1)[k]
            assert text.startswith(cell.number or ("∞" if cell.value is not None else NONE))
            assert (NONE in text) == (cell.low is not None or cell.value is None)
    assert visit.texts(".summary >> nth=0 >> strong") == [
        cell.number for line in table.lines for cell in line.cells if cell.mark == "best"
    ]
    visit.page.click(".summary .none summary >> nth=0")
    assert "no face found (8)" in visit.page.inner_text(".summary .none p >> nth=0")


def test_sorting_puts_the_best_on_top_and_leaves_controls_there(visit):
    head = visit.page.locator(".summary >> nth=0 >> thead th >> nth=1")
    first = visit.column(".summary", 0)
    orders = []
    for state in ("descending", "ascending", "none"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == state
        assert visit.page.evaluate("document.activeElement.dataset.column") == "psnr"  # the focus is not lost
        orders.append(visit.column(".summary", 0))
    assert [name.split()[0] for name in orders[0]] == ["Ground", "Still", "Own", "Own", "Broken"]
    assert orders[0][2] == "Own A"
    assert [name.split()[0] for name in orders[1]] == ["Still", "Ground", "Own", "Own", "Broken"]
    assert orders[1][3] == "Own A"
    assert orders[2] == first
    visit.page.locator(".summary >> nth=0 >> thead th >> nth=2 >> button").click()  # lower is better
    lmd = [float(text.split()[0]) for text in visit.column(".summary", 2)[2:4]]
    assert lmd == sorted(lmd)


def test_the_clip_table_sorts_and_missing_values_come_last(visit):
    assert visit.column(".clips", 0) == [f"clip_{k}" for k in range(8)]
    button = visit.page.locator(".clips thead button", has_text="Own B")
    (column,) = [k for k, text in enumerate(visit.texts(".clips thead th")) if text.startswith("Own B")]
    for down in (True, False):
        button.click()
        *values, last = visit.column(".clips", column)
        assert last == NONE
        assert [float(value) for value in values] == sorted(map(float, values), reverse=down)
    assert visit.column(".clips", 0)[-1] == "clip_3"


def test_filters_recompute_the_means_as_the_report_would(visit, small):
    visit.page.select_option("#person", "person 1")  # clip_2 and clip_3; own_b has no value for clip_3
    assert visit.page.inner_text("#shown") == "2 of 8 clips"
    assert "Intervals and ties are known for all clips only" in visit.page.inner_text("#summary-note")
    assert visit.page.locator(".interval").count() == 0
    rows = small.sections[0].rows
    means = aggregate(rows[rows["clip"].isin(["clip_2", "clip_3"])], {"talk": ["clip_2", "clip_3"]})
    table = small.sections[0].tables[0]
    for n, metric in enumerate(table.metrics):
        of = means[means["metric"] == metric.key].set_index("method")["mean"]
        shown = visit.column(".summary", n + 1)
        for line, text in zip(table.lines, shown, strict=True):
            mean = of[line.method]
            plain = NONE if np.isnan(mean) else "∞" if np.isinf(mean) else f"{mean:.{metric.decimals}f}"
            assert text == plain
    own_a = rows[(rows["method"] == "own_a") & rows["clip"].isin(["clip_2", "clip_3"]) & (rows["metric"] == "psnr")]
    assert f"{own_a['value'].mean():.2f}" not in visit.column(".summary", 1)  # over clips that not all have scored
    assert visit.column(".summary", 3)[2] == "2/2"
    assert visit.column(".clips", 0) == ["clip_2", "clip_3"]
    visit.page.click("#reset")
    assert visit.page.locator(".interval").count() > 0


def test_search_track_and_data_set(visit):
    visit.page.fill("#search", "CLIP_0")
    assert visit.column(".clips", 0) == ["clip_0"]
    visit.page.fill("#search", "nothing of this name")
    assert visit.column(".clips", 0) == []
    assert set(visit.column(".summary", 1)) == {NONE}
    visit.page.click("#reset")
    visit.page.select_option("#track", "in-painting")
    assert visit.texts("#summary-body h3") == ["in-painting"]
    assert [text.split("\n")[0] for text in visit.texts(".clips thead th")][2:] == [
        "Ground truth",
        "Still frame",
        "Paint",
    ]
    assert visit.page.inner_text("#extremes li >> nth=0").split()[0] == "clip_5"  # 33.00 is the worst of Paint
    visit.page.select_option("#dataset", "other")
    assert visit.column(".clips", 0) == ["clip_0"]
    visit.open(0)
    assert set(visit.texts(".screen")) == {"There is no copy of this video beside the page."}


def test_worst_and_best_open_the_player_which_loads_videos_only_then(visit):
    visit.page.select_option("#method", "own_a")
    worst, best = (visit.texts(f"#extremes > div >> nth={k} >> li") for k in (0, 1))
    assert [text.split()[0] for text in worst] == ["clip_0", "clip_5", "clip_2", "clip_7", "clip_4"]
    assert [text.split()[0] for text in best] == ["clip_3", "clip_6", "clip_1", "clip_4", "clip_7"]
    visit.page.select_option("#metric", "lmd")
    assert visit.texts("#extremes > div >> nth=0 >> li")[0].split() == ["clip_3", "7.5"]  # lower is better
    assert not [url for url in visit.requests if url.endswith((".mp4", "clip_3.js"))]
    visit.page.click("#extremes [data-clip] >> nth=0")
    visit.ready()
    assert visit.page.inner_text("#player-clip") == "clip_3"
    assert len({url for url in visit.requests if "/videos/" in url}) == 3  # reference, own_a, paint; own_b has none
    assert visit.page.evaluate("location.hash") == "#talk/clip_3"
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_selector("video", state="detached")


def test_a_clip_opens_from_its_address(browser, site, visit):
    visit.page.goto(f"{(site / 'index.html').as_uri()}#talk/clip_2")
    visit.page.reload()
    visit.ready()
    assert visit.page.inner_text("#player-clip") == "clip_2"


def test_videos_play_in_step(visit):
    visit.open(1)
    visit.page.click("#play")
    visit.page.wait_for_function("() => document.querySelector('#stage video').currentTime > 0.5")
    assert visit.page.locator("#stage video").count() == 4
    plays = []
    while len(plays) < 5 and not (plays and plays[-1] < FRAME_S):  # other work may hold one video up for a while
        apart = visit.page.evaluate(DRIFT, 1.8)
        assert len(apart) > 20
        plays.append(np.quantile(apart, 0.9))
    assert plays[-1] < FRAME_S
    assert np.median(apart) < FRAME_S / 2


def test_one_that_is_out_of_step_finds_it_again(visit):
    visit.open(1)
    visit.page.click("#play")
    visit.page.wait_for_function("() => document.querySelector('#stage video').currentTime > 0.2")
    seen = visit.page.evaluate("""async () => {
      const [clock, other] = document.querySelectorAll("#stage video");
      other.currentTime = clock.currentTime + 0.3;
      return Math.abs(clock.currentTime - other.currentTime);
    }""")
    assert seen > FRAME_S  # without the page's help it would stay so: the check above can fail
    visit.page.wait_for_timeout(800)
    assert np.median(visit.page.evaluate(DRIFT, 0.4)) < FRAME_S


def test_loop_speed_and_the_end(visit):
    visit.open(0)
    visit.page.uncheck("#loop")
    visit.page.evaluate("() => { const s = document.getElementById('seek'); s.value = 65; "
                        "s.dispatchEvent(new Event('input', {bubbles: true})); }")  # fmt: skip
    visit.shows(65)
    visit.page.click("#play")
    visit.page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    visit.shows(74)
    visit.page.check("#loop")
    visit.page.select_option("#speed", "0.5")
    visit.page.click("#play")
    visit.page.wait_for_function("() => document.querySelector('#stage video').currentTime > 0.2")
    first = visit.page.evaluate("document.querySelector('#stage video').playbackRate")
    assert first == 0.5
    assert visit.frame() < 30


def grey(visit, number):
    """Brightness in the middle of one video, as it is seen."""
    picture = visit.page.locator("#stage video").nth(number).screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=float)
    height, width = pixels.shape
    return pixels[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].mean()


def seen_as(visit, frame, seconds=5):
    """Check that all four videos show `frame` once they have come to rest: a neighbour would be off by 1.

    How long a picture takes to the screen depends on what else the machine does, so it may take its time; a wrong
    picture stays wrong.
    """
    for _ in range(round(seconds / 0.1)):
        visit.page.wait_for_timeout(100)
        seen = [(grey(visit, k) - 15) / 3 for k in range(4)]
        if seen == pytest.approx([frame] * 4, abs=0.45):
            return
    assert seen == pytest.approx([frame] * 4, abs=0.45)


def test_a_step_shows_exactly_the_next_frame_in_every_video(visit):
    visit.open(2)
    visit.page.keyboard.press("ArrowRight")
    visit.shows(1)
    frames = [1]
    for key, count in (("ArrowRight", 4), ("ArrowLeft", 2)):
        for _ in range(count):
            visit.page.keyboard.press(key)
        frames.append(frames[-1] + (count if key == "ArrowRight" else -count))
        visit.shows(frames[-1])
        seen_as(visit, frames[-1])
    assert frames == [1, 5, 3]


def test_the_frame_that_is_told_is_the_frame_that_is_seen(visit):
    visit.open(2)
    visit.page.keyboard.press("Space")  # on the button that has the focus
    visit.page.wait_for_function("() => document.querySelector('#stage video').currentTime > 0.5")
    visit.page.keyboard.press("Space")
    visit.page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    visit.ready()
    assert visit.frame() > 8
    seen_as(visit, visit.frame())


def test_the_cursor_follows_and_a_click_seeks(visit):
    visit.open(0)
    visit.page.wait_for_selector("#cursor", state="attached")
    assert visit.texts("#legend li") == [f"Own A {NONE}", visit.texts("#legend li")[1]]  # no value at frame 0
    box = visit.page.locator("#plot svg").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    visit.ready()
    frame = visit.frame()
    assert 30 < frame < 45
    assert float(visit.texts("#legend b")[0]) == pytest.approx(np.sin(frame / 6), abs=0.006)
    place = float(visit.page.get_attribute("#cursor", "x1"))
    visit.page.keyboard.press("ArrowRight")
    visit.shows(frame + 1)
    assert float(visit.page.get_attribute("#cursor", "x1")) > place
    visit.page.select_option("#curve-metric", "lmd")
    assert len(visit.texts("#legend li")) == 1
    visit.page.keyboard.press("ArrowDown")
    visit.page.wait_for_selector("#cursor", state="attached")
    assert visit.page.input_value("#curve-metric") == "lmd"
    visit.page.keyboard.press("Escape")
    visit.open(6)
    assert visit.page.inner_text("#curve-note") == "This clip has no values per frame."


def test_methods_can_be_chosen_and_sound_comes_from_one(visit):
    visit.open(0)
    assert visit.texts("#stage .name")[:2] == ["Reference", "Own A"]
    visit.page.check("#show-1")  # Still frame
    visit.ready()
    assert "Still frame" in visit.texts("#stage .name")
    visit.page.check('[name=sound][value="own_a"]')
    loud = "[...document.querySelectorAll('#stage video')].filter((v) => !v.muted).map((v) => v.ariaLabel)"
    assert visit.page.evaluate(loud) == ["Own A"]
    visit.page.uncheck("#show-2")  # Own A: sound goes back to the reference
    visit.ready()
    assert visit.page.evaluate(loud) == ["Reference"]
    visit.page.keyboard.press("m")
    assert visit.page.evaluate(loud) == []


def test_a_file_that_cannot_be_played_says_so(visit, site):
    broken = site / "videos" / "talk" / "paint" / "clip_5.mp4"
    kept = broken.read_bytes()
    broken.write_bytes(b"this is no video")
    try:
        visit.open(5)
        visit.page.wait_for_selector("text=The file videos/talk/paint/clip_5.mp4 cannot be played.")
        visit.page.click("#play")
        visit.page.wait_for_function("() => document.querySelector('#stage video').currentTime > 0.1")
    finally:
        broken.write_bytes(kept)


def test_everything_by_keys(visit):
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("?")
    assert page.locator("#help").get_attribute("open") is not None
    page.keyboard.press("Escape")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.clips .clip')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    visit.ready()
    assert page.inner_text("#player-clip") == "clip_0"
    page.keyboard.press("ArrowDown")
    visit.ready()
    assert page.inner_text("#player-clip") == "clip_1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # there is none before the first
    visit.ready()
    assert page.inner_text("#player-clip") == "clip_0"
    page.focus("#player-clip")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('play').textContent === 'Pause'")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#play") == "Play"
    page.keyboard.press("Escape")
    assert page.locator("#player").get_attribute("open") is None
    assert page.evaluate("document.activeElement.matches('.clips .clip')")


def test_light_and_dark(visit):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(ground)
    visit.page.emulate_media(color_scheme="dark")
    dark = visit.page.evaluate(ground)
    assert light != dark
    visit.page.click("#theme")
    assert visit.page.evaluate(ground) == light
    visit.page.emulate_media(color_scheme="light")
    visit.page.click("#theme")
    assert visit.page.evaluate(ground) == dark


@pytest.mark.parametrize("width", [360, 1300])
def test_the_page_never_scrolls_sideways(visit, width):
    visit.page.set_viewport_size({"width": width, "height": 740})
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    visit.open(0)
    assert visit.page.evaluate("document.getElementById('player').scrollWidth") <= width


def test_the_largest_page_opens(browser, large_text, tmp_path):
    (tmp_path / "index.html").write_text(large_text, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    assert page.locator(".clips tbody tr").count() == 200
    assert page.locator(".clips tbody td.number").count() == 200 * 20
    page.close()
