"""Every folder of an external baseline: its description, its run.py, its patches."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from stages.method import Track

BASELINES = Path(__file__).parents[2] / "baselines"
METHODS = sorted(path.parent for path in BASELINES.glob("*/method.yaml"))
EXPECTED = (
    "aniportrait audio2head ditto eat echomimic float hallo joyvasa latentsync liveportrait makeittalk musetalk pc_avs"
    " sadtalker sonic video_retalking wav2lip"
)
NUMBER = (int, float)
NONE = type(None)
KEYS: dict[str, Any] = {
    "name": str,
    "label": str,
    "track": str,
    "repository": str,
    "commit": str,
    "licence": str,
    "environment": dict,
    "patches": list,
    "weights": list,
    "native": {"width": (int, NONE), "height": (int, NONE), "fps": (*NUMBER, NONE)},
    "seedable": bool,
    "needs": {"gpu_memory_gb": (*NUMBER, NONE), "other": str},
    "verified": {"run": bool, "reason": str},
    "remarks": str,
}
WEIGHT = {
    "file": str,
    "address": str,
    "sha256": (str, NONE),
    "bytes": (int, NONE),
    "licence": str,
    "non_commercial": bool,
}
SHARED = {"adapter", "upstream"}


def wrong(found: Any, expected: Any, where: str = "") -> list[str]:
    """Say what differs from the expected keys and types."""
    if not isinstance(expected, dict):
        return [] if isinstance(found, expected) else [f"{where}: {found!r}"]
    if set(found) != set(expected):
        return [f"{where}: keys {sorted(set(found) ^ set(expected))}"]
    return [said for key, kind in expected.items() for said in wrong(found[key], kind, f"{where}.{key}")]


def description(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "method.yaml").read_text(encoding="utf-8"))


def each_method(function: Any) -> Any:
    return pytest.mark.parametrize("folder", METHODS, ids=lambda path: path.name)(function)


def test_all_methods_are_there() -> None:
    assert " ".join(path.name for path in METHODS) == EXPECTED
    others = sorted(path.name for path in BASELINES.iterdir() if path.is_dir() and path not in METHODS)
    assert [name for name in others if name != "__pycache__"] == ["common"]


@each_method
def test_a_description_has_exactly_the_keys_and_types(folder: Path) -> None:
    found = description(folder)
    assert wrong(found, KEYS) == []
    assert set(found["environment"]) - {"index", "build"} == {"python", "requirements"}
    kinds = {"python": str, "requirements": list, "index": str, "build": list}
    assert wrong({"index": "", "build": []} | found["environment"], kinds) == []
    assert [said for entry in found["weights"] for said in wrong(entry, WEIGHT, entry["file"])] == []
    assert found["name"] == folder.name
    assert found["track"] in get_args(Track)


def test_a_wrong_key_or_type_is_noticed() -> None:
    found = description(METHODS[0])
    assert wrong(found | {"commit": 1986663}, KEYS) == [".commit: 1986663"]
    assert wrong(found | {"needs": {"gpu_memory_gb": "8", "other": ""}}, KEYS) == [".needs.gpu_memory_gb: '8'"]
    assert wrong({key: found[key] for key in found if key != "patches"}, KEYS) == [": keys ['patches']"]


@each_method
def test_pins_are_pins(folder: Path) -> None:
    """A commit is hexadecimal, and one that is not complete says so; every requirement names one version."""
    found = description(folder)
    assert re.fullmatch(r"[0-9a-f]{7,40}", found["commit"])
    assert ("first digits of the commit" in found["remarks"]) == (len(found["commit"]) < 40)
    assert [
        line
        for line in found["environment"]["requirements"]
        if not re.fullmatch(r"[\w-]+(==[\w.+]+| @ https://\S+)", line)
    ] == []
    assert found["repository"].startswith("https://github.com/")


@each_method
def test_weights_are_below_the_folder_and_each_named_once(folder: Path) -> None:
    entries = description(folder)["weights"]
    files = [entry["file"] for entry in entries]
    assert entries
    assert len(set(files)) == len(files)
    assert not [name for name in files if name.startswith("/") or ".." in Path(name).parts]
    assert all(entry["address"].startswith("https://") for entry in entries)
    assert all(re.fullmatch(r"[0-9a-f]{8,64}", entry["sha256"]) for entry in entries if entry["sha256"])
    assert all(
        entry["non_commercial"] for entry in entries if re.search(r"non-commercial|\bNC\b|-NC", entry["licence"])
    )


@each_method
def test_what_was_not_run_says_why(folder: Path) -> None:
    verified = description(folder)["verified"]
    assert bool(verified["reason"]) != verified["run"]


@each_method
def test_patches_are_unified_diffs(folder: Path) -> None:
    for name in description(folder)["patches"]:
        text = (folder / name).read_text(encoding="utf-8")
        assert re.search(r"^--- a/\S+\n\+\+\+ b/\S+\n@@ -\d+", text, re.MULTILINE), name


def python_files() -> list[Path]:
    return sorted(BASELINES.rglob("*.py"))


def oldest(path: Path) -> tuple[int, int]:
    """The Python that a file must be read by: its method's, or 3.6 for what all share."""
    if path.parent.name == "common":
        return 3, 6
    major, minor = description(path.parent)["environment"]["python"].split(".")[:2]
    return int(major), int(minor)


@pytest.mark.parametrize("path", python_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_is_read_by_its_own_python_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    tree = ast.parse(text, feature_version=oldest(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert (node.end_lineno or 0) - node.body[0].lineno < 60, f"{node.name} is over 60 lines"


def test_newer_syntax_would_be_noticed() -> None:
    for newer in ("def f(a, /): ...", "if (a := 1): ...", "print(f'{a=}')"):
        ast.parse(newer)
    with pytest.raises(SyntaxError):
        ast.parse("if (a := 1): ...", feature_version=(3, 6))


@pytest.mark.parametrize("path", python_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_imports_only_the_standard_library_at_its_top(path: Path) -> None:
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    shared = {"mp4", "upstream"} if path.parent.name == "common" else SHARED
    assert names - set(sys.stdlib_module_names) <= shared


@each_method
def test_run_py_answers_help(folder: Path, tmp_path: Path) -> None:
    """Without its environment: nothing of upstream is imported before a clip is to be made."""
    done = subprocess.run(
        [sys.executable, "-S", folder / "run.py", "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for option in ("--requests", "--out", "--weights", "--device", "--seed"):
        assert option in done.stdout
    assert list(tmp_path.iterdir()) == []


@each_method
def test_run_py_refuses_a_cpu_where_upstream_has_no_path_for_it(folder: Path, tmp_path: Path) -> None:
    """What run.py says and what method.yaml says agree."""
    words = ["--requests", "r.jsonl", "--out", "out", "--weights", "w", "--device", "cpu"]
    (tmp_path / "r.jsonl").touch()
    (tmp_path / "w").mkdir()
    done = subprocess.run(
        [sys.executable, "-S", folder / "run.py", *words], cwd=tmp_path, capture_output=True, text=True
    )
    refused = "no CPU path" in done.stderr
    assert done.returncode == (2 if refused else 0), done.stderr
    assert refused == ("CUDA GPU" in description(folder)["needs"]["other"])


@each_method
def test_the_docs_name_the_method(folder: Path) -> None:
    page = (BASELINES.parent / "docs" / "baselines.md").read_text(encoding="utf-8")
    found = description(folder)
    row = next(line for line in page.splitlines() if line.startswith(f"| `{folder.name}` |"))
    assert found["label"] in row
    assert found["track"] in row
    assert row.split("|")[-2].strip() == ("yes" if found["verified"]["run"] else "no")
    assert f"\n### {found['label']}\n" in page


def test_no_weights_and_no_upstream_code_are_here() -> None:
    kinds = {path.suffix for path in BASELINES.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds <= {".py", ".yaml", ".diff", ".md"}
