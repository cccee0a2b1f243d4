"""params.yaml is read strictly: whatever is wrong is refused, by its name, with the way out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from stages.params import build, read_section, workers
from tavce.errors import InputError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Inner:
    size: int
    rate: float


@dataclass(frozen=True)
class Round:
    kind: Literal["round"]
    radius: float


@dataclass(frozen=True)
class Square:
    kind: Literal["square"]
    side: int

    def __post_init__(self) -> None:
        if self.side < 1:
            raise ValueError(f"side {self.side} must be at least 1")


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    shape: Round | Square
    limit: float | None
    tags: tuple[str, ...]
    flag: bool


GOOD: dict[str, Any] = {
    "name": "a",
    "inner": {"size": 3, "rate": 2},
    "shape": {"kind": "square", "side": 4},
    "limit": None,
    "tags": ["x"],
    "flag": True,
}


def read(**changes: Any) -> Any:
    return build(Outer, GOOD | changes, "outer", "params.yaml")


def test_a_good_section_becomes_its_dataclass() -> None:
    assert read() == Outer("a", Inner(3, 2.0), Square("square", 4), None, ("x",), True)
    assert read(limit=2, shape={"kind": "round", "radius": 1}).shape == Round("round", 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nmae": 1}, ["'outer'", "unknown ['nmae']", "did you mean ['name']"]),
        ({"inner": {"size": 3}}, ["'outer.inner'", "missing ['rate']", "allowed keys: ['size', 'rate']"]),
        ({"inner": {"size": 3.5, "rate": 1.0}}, ["'outer.inner.size' is 3.5", "int"]),
        ({"inner": {"size": True, "rate": 1.0}}, ["'outer.inner.size' is True"]),
        ({"inner": {"size": 3, "rate": float("nan")}}, ["'outer.inner.rate' is nan", "finite"]),
        ({"limit": float("inf")}, ["'outer.limit' is inf"]),
        ({"inner": [1]}, ["'outer.inner' is [1]", "'size', 'rate'"]),
        ({"shape": {"kind": "oval", "side": 1}}, ["'outer.shape'", "oval", "round", "square"]),
        ({"shape": {"kind": "square", "side": 0}}, ["side 0 must be at least 1"]),
        ({"shape": {"kind": "square", "radius": 1}}, ["unknown ['radius']", "missing ['side']"]),
        ({"tags": []}, ["'outer.tags' is []", "at least one"]),
        ({"tags": [1]}, ["'outer.tags[0]' is 1"]),
        ({"flag": 1}, ["'outer.flag' is 1"]),
        ({"name": None}, ["'outer.name' is None"]),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(**changes)
    message = str(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def write(folder: Path, content: object) -> Path:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_unknown_sections_and_names_are_refused(tmp_path: Path) -> None:
    good = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    assert workers(write(tmp_path, good)) == good["runtime"]["workers"]
    with pytest.raises(InputError, match=r"unknown \['runtimes'\]"):
        workers(write(tmp_path, good | {"runtimes": {}}))
    with pytest.raises(InputError, match=r"keys there: \['synthtalk'\]"):
        read_section(str, "datasets", "hdtf", "source", path=write(tmp_path, good))
    with pytest.raises(InputError, match="is no name"):
        bad = good | {"datasets": {"../x": good["datasets"]["synthtalk"]}}
        read_section(str, "datasets", "../x", "source", path=write(tmp_path, bad))
    with pytest.raises(InputError, match=r"missing \['crop'\]"):
        bad = good | {"datasets": {"a": {"source": "x", "corpus": {}}}}
        read_section(str, "datasets", "a", "source", path=write(tmp_path, bad))


def test_a_file_that_is_no_params(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        workers(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(InputError, match="is not valid YAML"):
        workers(tmp_path / "params.yaml")
    with pytest.raises(InputError, match="a section with the keys"):
        workers(write(tmp_path, [1, 2]))
