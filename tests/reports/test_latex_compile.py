"""Tables compile where a TeX is installed, whatever characters names hold."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from reports.aggregate import aggregate
from reports.latex import to_latex
from reports.tables import build_table

WICKED = r"a_b%c&d#e$f{g}~^\<|> ≈ ∞ ‡ → \input{x} <script>"
PREAMBLE = (
    "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs}\n"
    "\\begin{document}\n"
)
NEEDS_TEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here (texlive-latex-recommended)")


def compiles(text, folder):
    (folder / "table.tex").write_text(PREAMBLE + text + "\\end{document}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    return done.returncode == 0 and (folder / "table.pdf").is_file(), done.stdout[-1500:]


@pytest.fixture
def table(rows, expected, methods, metrics, provenance):
    named = {name: replace(info, label=f"{info.label} {WICKED}") for name, info in methods.items()}
    columns = [replace(metric, unit=WICKED) for metric in metrics]
    told = replace(provenance, judges=WICKED, code=WICKED)
    return build_table(aggregate(rows, expected), "talk", "own pose", named, columns, told, lambda *_: False)


@NEEDS_TEX
def test_a_table_with_every_special_character_compiles(table, tmp_path):
    fine, said = compiles(to_latex(table), tmp_path)
    assert fine, said


@NEEDS_TEX
def test_one_character_left_as_it_is_does_not(table, tmp_path):
    """The check above can fail: an ampersand too many breaks the table."""
    fine, _ = compiles(to_latex(table).replace(r"\&", "&", 1), tmp_path)
    assert not fine


def test_all_of_it_is_ascii(table):
    assert to_latex(table).isascii()
