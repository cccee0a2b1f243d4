"""params.yaml -> frozen dataclasses without defaults; an unknown, missing or mistyped key stops the stage."""

import difflib
import math
import types
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from tavce.errors import InputError

PARAMS = Path("params.yaml")
SECTIONS = (
    "datasets",
    "features",
    "judges",
    "filter",
    "correlations",
    "animator",
    "ablations",
    "wav2lip",
    "methods",
    "evaluate",
    "score",
    "sensitivity",
    "report",
    "runtime",
)
DATASET_KEYS = ("source", "corpus", "crop")


@dataclass(frozen=True)
class Runtime:
    """What moves speed and no figure beyond rounding: no stage of dvc.yaml depends on it.

    Attributes:
        workers: processes.
        gpus: how many animators are trained on; 0 is the CPU. A GPU sums in another order, and by
            `animator.tuning.bfloat16` with fewer digits: arms of one table belong on one kind of device.
    """

    workers: int
    gpus: int

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers {self.workers} must be at least 1")
        if self.gpus < 0:
            raise ValueError(f"gpus {self.gpus} must be at least 0")


def workers(path: Path = PARAMS) -> int:
    """Return the number of worker processes."""
    runtime: Runtime = read_section(Runtime, "runtime", path=path)
    return runtime.workers


def read_section(kind: Any, *place: str, path: Path = PARAMS) -> Any:  # noqa: ANN401 - `kind` may be a union
    """Return the section of the file at `path` that `place` names, key by key, as an instance of `kind`.

    A stage reads its own sections only, so that another stage's parameters cannot reach it.

    Raises:
        InputError: the file is absent or no YAML mapping; a key is unknown, missing, of another type, NaN or infinite.
    """
    content = _load(path)
    _check_keys(content, SECTIONS, "", str(path))
    where, here = "", content
    for key in place:
        if where in ("datasets", "methods", "ablations"):
            names_only(here, where, str(path))
        if not isinstance(here, dict) or key not in here:
            known = list(here) if isinstance(here, dict) else []
            raise InputError(path, f"section '{where or 'top level'}' has no key {key!r}", f"keys there: {known}")
        where, here = f"{where}.{key}".strip("."), here[key]
        if where.count(".") == 1 and place[0] == "datasets":
            _check_keys(here, DATASET_KEYS, where, str(path))
    return build(kind, here, where, str(path))


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key given twice is an error: the plain loader takes the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.MarkedYAMLError(problem=f"keys given twice: {twice}", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _load(path: Path) -> Any:  # noqa: ANN401
    if not path.is_file():
        raise InputError(path, "there is no such file", "run from the folder of dvc.yaml, or: tavce profile use demo")
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not valid YAML ({error})", "mend it, or: tavce profile use demo --force") from error


@lru_cache(maxsize=4)  # a stage reads several sections of one file; nobody changes what is returned
def _parsed(text: str) -> Any:  # noqa: ANN401
    return yaml.load(text, _UniqueKeys)  # noqa: S506 - a SafeLoader


def build(kind: Any, value: Any, where: str, file: str) -> Any:  # noqa: ANN401 - types are data here
    """Return `value`, as YAML gave it, as an instance of the type `kind`; `where` is its dotted place in `file`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value, where, file)
    if origin in (Union, types.UnionType):
        return _union(arguments, value, where, file)
    if origin is Literal:
        if value not in arguments:
            raise _wrong(file, where, value, f"one of {list(arguments)}")
        return value
    if origin is tuple:
        if not isinstance(value, list) or not value:
            raise _wrong(file, where, value, "a list with at least one entry")
        return tuple(build(arguments[0], item, f"{where}[{i}]", file) for i, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict) or not value:
            raise _wrong(file, where, value, "a mapping with at least one entry")
        names_only(value, where, file)
        return {key: build(arguments[1], item, f"{where}.{key}", file) for key, item in value.items()}
    return _scalar(kind, value, where, file)


def _scalar(kind: Any, value: Any, where: str, file: str) -> Any:  # noqa: ANN401
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind is not float and type(value) is kind:  # `type`, not isinstance: True is no number of clips
        return value
    raise _wrong(file, where, value, "null" if kind is types.NoneType else f"a finite {kind.__name__}")


def _dataclass(kind: type, value: Any, where: str, file: str) -> Any:  # noqa: ANN401
    names = [field.name for field in fields(kind)]
    _check_keys(value, names, where, file)
    types_of = get_type_hints(kind)
    arguments = {name: build(types_of[name], value[name], f"{where}.{name}".strip("."), file) for name in names}
    try:
        return kind(**arguments)
    except InputError as error:
        raise InputError(file, f"section '{where}': {error.problem}", error.remedy) from error
    except ValueError as error:  # the dataclass's own check of what its values mean together
        raise InputError(file, f"section '{where}': {error}", "change the value named") from error


def _check_keys(value: Any, names: Sequence[str], where: str, file: str) -> None:  # noqa: ANN401
    if not isinstance(value, dict):
        raise _wrong(file, where or "top level", value, f"a section with the keys {list(names)}")
    unknown, missing = sorted(set(map(str, value)) - set(names)), [name for name in names if name not in value]
    if unknown or missing:
        near = [match for key in unknown for match in difflib.get_close_matches(key, names, 1)]
        problem = f"section '{where or 'top level'}': unknown {unknown}, missing {missing}"
        raise InputError(file, problem, f"did you mean {near}? " * bool(near) + f"allowed keys: {list(names)}")


def _union(members: tuple[Any, ...], value: Any, where: str, file: str) -> Any:  # noqa: ANN401
    """Choose the member by its Literal fields, as ``kind: folder`` does; scalars by the first type that fits."""
    sections = [member for member in members if is_dataclass(member)]
    if sections and isinstance(value, dict):
        for member in sections:
            tags = {
                name: get_args(hint) for name, hint in get_type_hints(member).items() if get_origin(hint) is Literal
            }
            if all(value.get(name) in allowed for name, allowed in tags.items()):
                return build(member, value, where, file)
        choices = [
            {name: get_args(hint)[0] for name, hint in get_type_hints(member).items() if get_origin(hint) is Literal}
            for member in sections
        ]
        raise _wrong(file, where, {key: value.get(key) for key in choices[0]}, f"one of {choices}")
    if value is None and types.NoneType in members:
        return None
    others = [member for member in members if member is not types.NoneType]
    return build(others[0], value, where, file)


def names_only(section: Any, where: str, file: str) -> None:  # noqa: ANN401
    """Check the keys of `section`: names of data sets and methods become names of folders and of DVC stages.

    Raises:
        InputError: a key has other characters than ASCII letters, digits and underscores.
    """
    for key in section if isinstance(section, dict) else ():
        if not isinstance(key, str) or not key.replace("_", "a").isalnum() or not key.isascii():
            raise InputError(file, f"section '{where}': {key!r} is no name", "use letters, digits and underscores")


def _wrong(file: str, where: str, value: Any, expected: str) -> InputError:  # noqa: ANN401
    return InputError(file, f"'{where}' is {value!r}", f"give it {expected}")
