"""The page as files: ``index.html`` with everything in it, and values per frame beside it, loaded when asked for."""

import json
from html import escape
from pathlib import Path
from typing import Any

from reports.page.data import Page, curve_data, page_data

HERE = Path(__file__).parent
SCRIPTS = ("state.js", "tables.js", "clips.js", "player.js", "curves.js", "start.js")
INDEX, CURVES = "index.html", "curves"
# What could end a script element or a line of JavaScript; as escapes they mean the same to JSON.
DANGEROUS = {letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def write_page(page: Page, folder: Path) -> None:
    """Write the page into `folder`; the same page gives the same bytes.

    Videos are the caller's: ``videos/<dataset>/<method>/<clip>.mp4``, the true ones under the method "reference".
    """
    (folder / INDEX).write_text(page_html(page), encoding="utf-8")
    for section in page.sections:
        for clip, curves in section.curves.items():
            path = folder / CURVES / section.dataset / f"{clip}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            call = f"tavceCurve({safe_json(curve_data(section.dataset, clip, curves))});\n"
            path.write_text(call, encoding="utf-8")


def page_html(page: Page) -> str:
    """Return ``index.html``: frame, style, data and scripts in one."""
    text = (HERE / "page.html").read_text(encoding="utf-8")
    scripts = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    parts = {
        "@TITLE@": escape(page.title),
        "@STYLE@": (HERE / "page.css").read_text(encoding="utf-8"),
        "@DATA@": safe_json(page_data(page)),
        "@SCRIPT@": scripts,
    }
    before, found = "", text
    for mark, part in parts.items():  # in the order in which they stand; what was put in is not looked at again
        head, _, found = found.partition(mark)
        before += head + part
    return before + found


def safe_json(data: dict[str, Any]) -> str:
    """Return JSON that may stand inside of a script element whatever its strings hold."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter, code in DANGEROUS.items():
        text = text.replace(letter, code)
    return text
