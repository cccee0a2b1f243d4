"""Code of the baselines, ours or upstream's, never comes into this suite's own process."""

import ast
import importlib.util
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASELINES = ROOT / "baselines"
PACKAGES = ("tavce", "metrics", "reports", "stages")
# Run apart: what these tests themselves load is no part of the suite.
IMPORT_ALL = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
found = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
print(json.dumps(found))
"""


def modules() -> dict[str, Path]:
    """The suite's modules and their files."""
    files = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imported(path: Path) -> set[str]:
    """The first words of all that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def upstream_names() -> set[str]:
    """What run.py files import that is neither Python's nor a package that this suite requires itself."""
    known = set(sys.stdlib_module_names) | set(metadata.packages_distributions())
    return {name for path in BASELINES.glob("*/run.py") for name in imported(path)} - known


def from_baselines(found: dict[str, str]) -> set[str]:
    """Modules whose file is below baselines/, or whose name is one of upstream's or of ours there."""
    ours = {path.stem for path in BASELINES.rglob("*.py")}
    inside = {name for name, file in found.items() if BASELINES in Path(file).parents}
    return inside | ({name.split(".")[0] for name in found} & (ours | upstream_names()))


def test_upstream_is_known_by_its_names() -> None:
    """Wav2Lip's script, FLOAT's, SadTalker's package; torch and numpy are the suite's own."""
    assert {"inference", "generate", "src", "sonic"} <= upstream_names()
    assert not {"torch", "numpy", "yaml"} & upstream_names()


@pytest.fixture(scope="module")
def loaded() -> dict[str, str]:
    """Every module of a process that imported the whole suite, and its file."""
    names = list(modules())
    absent = [name for name in ("ray", "submitit") if importlib.util.find_spec(name) is None]
    names = [name for name in names if not set(absent) & imported(modules()[name])]  # executors of a cluster
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps(names)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_no_module_of_the_suite_brings_code_of_a_baseline(loaded: dict[str, str]) -> None:
    assert len(set(loaded) & set(modules())) > 100
    assert from_baselines(loaded) == set()


@pytest.mark.parametrize(
    ("name", "file"),
    [("adapter", str(BASELINES / "common" / "adapter.py")), ("x", str(BASELINES / "x.py")), ("src.utils", "")],
)
def test_such_code_would_be_noticed(name: str, file: str) -> None:
    assert from_baselines({"os": "", "torch": "", name: file}) == {name.split(".")[0]}


def test_no_file_of_the_suite_names_such_code() -> None:
    """Also where it would be imported late, inside a function."""
    known = {path.stem for path in BASELINES.rglob("*.py")} | upstream_names() | {"baselines"}
    wrong = {name: found for name, path in modules().items() if (found := imported(path) & known)}
    assert wrong == {}
