"""Page -> index.html with everything inside it but videos and values per frame, and those as scripts beside it."""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from reports.page.data import Page, curve_data, page_data

HERE = Path(__file__).parent
STYLES = ("page.css", "player.css")
SCRIPTS = (
    "text.js",
    "state.js",
    "means.js",
    "tables.js",
    "clips.js",
    "account.js",
    "clock.js",
    "curves.js",
    "figures.js",
    "player.js",
    "keys.js",
)
CURVES = "curves"


def write_page(page: Page, folder: Path) -> None:
    """Write ``index.html`` and ``curves/<dataset>/<clip>.js`` into `folder`. The same page gives the same bytes.

    The page loads nothing from a network and its policy forbids it. A browser does not let a page that was opened from
    a folder fetch files, so values per frame are scripts, which it loads when a clip is opened.

    Args:
        page: what to show. Videos are not copied: they are expected below ``videos/``.
        folder: where to write; it exists.

    Raises:
        ValueError: no data set; rows of a method or metric that is not described; or a data set or clip with values per
            frame whose name cannot be that of a file.
    """
    (folder / "index.html").write_text(page_html(page), encoding="utf-8")
    for section in page.sections:
        _refuse_unsafe([section.dataset, *section.curves] if section.curves else [])
        for clip in sorted(section.curves):
            path = folder / CURVES / section.dataset / f"{clip}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"tavceCurve({_json(curve_data(section, clip))});\n", encoding="utf-8")


def page_html(page: Page) -> str:
    """Return ``index.html``.

    Raises:
        ValueError: see `write_page`.
    """
    style = "\n" + "\n".join(_read(name) for name in STYLES)
    body = "\n".join(_read(name) for name in SCRIPTS)
    script = f'\n"use strict";\n(() => {{\n{body}\nstart();\n}})();\n'
    return Template(_read("page.html")).substitute(
        policy=html.escape(_policy(style, script)),
        title=html.escape(page.title),
        style=style,
        data=_json(page_data(page)),
        script=script,
    )


def _policy(style: str, script: str) -> str:
    """Return the policy: the one style, the one script, files beside the page, and nothing else.

    ``'self'`` is the server's own address; ``file:`` stands for the same where the page is opened from a folder.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}' 'self' file:",
            f"style-src '{_hash(style)}'",
            "media-src 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(data: dict[str, Any]) -> str:
    """Return JSON in ASCII that can stand in a page: nothing in it can end or begin a tag or a comment."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _refuse_unsafe(names: Sequence[str]) -> None:
    for name in names:
        if not {"", ".", ".."}.isdisjoint(name.split("/")) or any(sign in name for sign in "\\\0"):
            raise ValueError(f"{name!r} cannot be the name of a file, so it can have no values per frame")
