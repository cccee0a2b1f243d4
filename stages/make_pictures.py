"""`make pictures`: screenshots of the HTML page and copies of the plots -> docs/pictures, for docs/report.md."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from stages.entry import one_argument, run
from stages.paths import RESULTS
from tavce.errors import InputError

PICTURES = Path("docs/pictures")
PLOTS = {
    "scores": "synthtalk-one-shot_with_the_true_pose.png",
    "pairs": "synthtalk-one-shot_with_the_true_pose-pairs.png",
    "offsets": "synthtalk-one-shot_with_the_true_pose-offsets.png",
    "radar": "synthtalk-one-shot_with_the_true_pose-radar.png",
    "speed": "synthtalk-one-shot_with_the_true_pose-speed.png",
    "sync": "synthtalk-one-shot_with_the_true_pose-sync.png",
    "sensitivity": "synthtalk-sensitivity.png",
    "training": "synthtalk-ablation-training.png",
}
WIDE, NARROW = (1280, 860), (390, 800)
SHOTS = (("page", WIDE, False), ("page-dark", WIDE, True), ("page-narrow", NARROW, False))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LOOKED_AT_S = 1.2


def main(arguments: Sequence[str]) -> None:
    """Write the pictures.

    Raises:
        InputError: there is no page, no Chromium, or no Playwright.
    """
    one_argument(arguments)
    page = RESULTS / "page" / "index.html"
    if not page.is_file():
        raise InputError(page, "there is no page", "run: make demo")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, plot in PLOTS.items():
        if (RESULTS / plot).is_file():
            shutil.copyfile(RESULTS / plot, PICTURES / f"plot-{name}.png")
        else:
            print(f"no {plot}, so no plot-{name}.png", file=sys.stderr)
    _shoot(page.resolve().as_uri())


def _shoot(address: str) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise InputError("pictures", "need Chromium", "on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # of the extra dev

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=ARGUMENTS)
        for name, (width, height), dark in SHOTS:
            page = chromium.new_page(viewport={"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.goto(address)
            page.screenshot(path=PICTURES / f"{name}.png")
            if name == "page":
                page.click('.clips [data-clip="0"]')
                page.wait_for_function("() => [...document.querySelectorAll('video')].every((v) => v.readyState >= 3)")
                page.click("#play")
                page.wait_for_function(f"() => document.querySelector('video').currentTime > {LOOKED_AT_S}")
                page.click("#play")
                page.screenshot(path=PICTURES / "page-player.png")
            page.close()
        chromium.close()


if __name__ == "__main__":
    run(main)
