"""method.yaml of a method's folder -> a frozen description; an unknown, missing or mistyped key is named."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml

from tavce.errors import InputError
from tavce.methods.contract import OWN_POSE, TRACKS, Track
from tavce.methods.external.fields import Section, text_of

SPEC, RUN, COMMON = "method.yaml", "run.py", "common"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
COMMIT = re.compile(r"[0-9a-f]{7,40}")
SHA256 = re.compile(r"[0-9a-f]{8,64}")
REPOSITORY = re.compile(r"(https://|ssh://|git@|file:///)\S+")
# How licences say that not every use is allowed; where none is stated, none is granted.
RESTRICTED = re.compile(r"\bNC\b|non-?commercial|research|personal|\bnone\b|no licen[cs]e", re.IGNORECASE)


@dataclass(frozen=True)
class Build:
    """What a package that is built from its source imports while it is built, and does not declare."""

    package: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """The method's own environment.

    Attributes:
        python: version, such as "3.10".
        requirements: one line each, as pip takes them.
        index: address of a further package index, or "".
        build: what builds need and do not declare.
    """

    python: str
    requirements: tuple[str, ...]
    index: str
    build: tuple[Build, ...]


@dataclass(frozen=True)
class WeightFile:
    """A model file.

    Attributes:
        file: its path below the folder that run.py gets.
        address: where it is published.
        sha256: of its contents in hex, its first digits, or None where nobody published it.
        bytes: its size, or None.
        licence: of the weights, not of the code.
        non_commercial: whether that licence forbids commercial use.
    """

    file: str
    address: str
    sha256: str | None
    bytes: int | None
    licence: str
    non_commercial: bool


@dataclass(frozen=True)
class Native:
    """What the method writes by itself: pixels and frames per second; None where that follows its input."""

    width: int | None
    height: int | None
    fps: float | None


@dataclass(frozen=True)
class Needs:
    """What it runs on: memory of the GPU in GB, None where it is not known or a CPU does; and what else, in words."""

    gpu_memory_gb: float | None
    other: str


@dataclass(frozen=True)
class Verified:
    """Whether the method was run by this suite's authors; if not, why."""

    run: bool
    reason: str


@dataclass(frozen=True)
class Spec:
    """A method that runs as a process; see docs/add-a-method.md for each key.

    Attributes:
        folder: that holds method.yaml, run.py and the patches.
        commit: its hex digits, 7 to 40; the preparation records all 40.
        patches: paths below `folder`, in the order in which they are applied.
    """

    folder: Path
    name: str
    label: str
    track: Track
    repository: str
    commit: str
    licence: str
    environment: Environment
    patches: tuple[str, ...]
    weights: tuple[WeightFile, ...]
    native: Native
    seedable: bool
    needs: Needs
    verified: Verified
    remarks: str

    @property
    def sees_video(self) -> bool:
        """Whether its track shows it the true video."""
        return self.track != OWN_POSE

    @property
    def restrictions(self) -> tuple[str, ...]:
        """What the user has to accept: licences of code and weights that forbid commercial use or grant nothing."""
        code = (f"code: {self.licence}",) if RESTRICTED.search(self.licence) else ()
        found = dict.fromkeys(f"weights: {each.licence}" for each in self.weights if each.non_commercial)
        return code + tuple(found)


def read_spec(folder: Path) -> Spec:
    """Return the description of the method in `folder`.

    Raises:
        InputError: there is no method.yaml or run.py, a key is unknown, missing or of another type, or a file that
            it names is not there.
    """
    path = folder / SPEC
    if not path.is_file():
        raise InputError(path, "there is no such file", "see docs/add-a-method.md")
    if not (folder / RUN).is_file():
        raise InputError(folder / RUN, "there is no such file", "see docs/add-a-method.md")
    top = Section(path, "", _load(path))
    spec = Spec(
        folder=folder,
        name=top.matching("name", NAME, "lower case letters, digits, hyphen and underscore"),
        label=top.text("label"),
        track=cast(Track, top.one_of("track", TRACKS)),
        repository=top.matching("repository", REPOSITORY, "an address that begins with https:// or file:///"),
        commit=top.matching("commit", COMMIT, "the hex digits of a commit in quotes, best all 40"),
        licence=top.text("licence"),
        environment=_environment(top.section("environment"), folder),
        patches=tuple(_inside(folder, name, path) for name in top.texts("patches")),
        weights=tuple(_weight(each) for each in top.sections("weights")),
        native=_native(top.section("native")),
        seedable=top.flag("seedable"),
        needs=_needs(top.section("needs")),
        verified=_verified(top.section("verified")),
        remarks=top.text("remarks", empty=True),
    )
    top.close()
    _check(spec, path)
    return spec


def method_folders(root: Path) -> list[Path]:
    """Return the folders below `root` that hold a method.yaml, sorted by name.

    Raises:
        InputError: there is no such folder.
    """
    if not root.is_dir():
        raise InputError(root, "there is no such folder", "run from the folder of dvc.yaml")
    return sorted(path.parent for path in root.glob(f"*/{SPEC}"))


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key given twice is an error: the plain loader takes the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.MarkedYAMLError(problem=f"keys given twice: {twice}", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _load(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not valid YAML ({error})", "mend it; see docs/add-a-method.md") from error


def _environment(section: Section, folder: Path) -> Environment:
    python = section.matching("python", re.compile(r"3\.\d+(\.\d+)?"), 'a version in quotes, such as "3.10"')
    given = section.take("requirements")
    if isinstance(given, str):  # the name of a file beside method.yaml
        lines = (folder / _inside(folder, given, section.file)).read_text(encoding="utf-8").splitlines()
    else:
        lines = [text_of(each, section.file, "environment.requirements") for each in _list(given, section)]
    bare = (line.strip() for line in lines)
    index = section.text("index") if "index" in section else ""
    builds = section.sections("build") if "build" in section else []
    build = tuple(each.closed(Build(each.text("package"), each.texts("needs"))) for each in builds)
    section.close()
    return Environment(python, tuple(line for line in bare if line and not line.startswith("#")), index, build)


def _list(given: object, section: Section) -> list[object]:
    if not isinstance(given, list):
        raise section.wrong("requirements", given, "a list of requirements, or the name of a file that has them")
    return given


def _inside(folder: Path, name: str, file: Path) -> str:
    """Return `name` if it is a file below `folder`."""
    _plain(name, file)
    if not (folder / name).is_file():
        raise InputError(file, f"names {name!r}, and there is no such file", f"put it into {folder}")
    return name


def _plain(name: str, file: Path) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in name or "\0" in name:
        raise InputError(file, f"names {name!r}, which leaves the folder", "give a path below it")
    return path.as_posix()


def _weight(section: Section) -> WeightFile:
    known = section.take("sha256")
    size = section.take("bytes")
    if known is not None and not (isinstance(known, str) and SHA256.fullmatch(known)):
        raise section.wrong("sha256", known, "8 to 64 hex digits in quotes, or null")
    if size is not None and (type(size) is not int or size < 1):
        raise section.wrong("bytes", size, "a whole number above 0, or null")
    weight = WeightFile(
        file=_plain(section.text("file"), section.file),
        address=section.matching("address", re.compile(r"https?://\S+"), "an address that begins with https://"),
        sha256=known,
        bytes=size,
        licence=section.text("licence"),
        non_commercial=section.flag("non_commercial"),
    )
    section.close()
    return weight


def _native(section: Section) -> Native:
    width, height = (section.whole_or_none(key) for key in ("width", "height"))
    return section.closed(Native(width, height, section.number_or_none("fps")))


def _needs(section: Section) -> Needs:
    return section.closed(Needs(section.number_or_none("gpu_memory_gb"), section.text("other", empty=True)))


def _verified(section: Section) -> Verified:
    return section.closed(Verified(section.flag("run"), section.text("reason", empty=True)))


def _check(spec: Spec, path: Path) -> None:
    """Refuse what no key shows alone."""
    if spec.name != spec.folder.resolve().name:
        raise InputError(path, f"'name' is {spec.name!r}", "give it the name of its folder")
    if not spec.verified.run and not spec.verified.reason:
        raise InputError(path, "'verified.run' is false without a reason", "say in verified.reason why it was not run")
    if len({each.file for each in spec.weights}) < len(spec.weights):
        raise InputError(path, "'weights' lists one file twice", "give each file its own place")
