"""Preparing a method for real: git, uv, patches, model files; each step once, and again where something changed."""

import hashlib
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.download import Patience
from tavce.errors import InputError
from tavce.methods.external import clone
from tavce.methods.external import prepare as module
from tavce.methods.external.places import places, prepared_record, state
from tavce.methods.external.prepare import prepare
from tavce.methods.external.process import call
from tests.methods.external import toy
from tests.methods.external.toy import World

QUICK = Patience(attempts=2, wait_s=0.01, longest_wait_s=0.05, connect_s=2.0, silence_s=0.5)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The programs' subcommands that a preparation runs."""
    words: list[str] = []

    def watched(command: list[str | Path], **rest: object) -> None:
        line = [str(word) for word in command if not str(word).startswith("core.")]
        words.append(next(word for word in line[1:] if word[0] != "-" and "=" not in word))
        call(command, **rest)

    monkeypatch.setattr(module, "call", watched)
    monkeypatch.setattr(clone, "call", watched)
    return words


def test_page_is_short() -> None:
    """Both files of the method that all these tests run, blank lines counted."""
    assert sum(len(block.splitlines()) for block in toy.blocks()) < 40


def test_everything_is_where_the_record_says(world: World, ran: list[str]) -> None:
    spec = world.method()
    assert state(spec) == "no"
    with pytest.raises(InputError, match="toytalk: is not prepared; run: tavce baselines prepare toytalk"):
        prepared_record(spec)
    where = prepare(spec)
    assert clone.head(where.clone) == world.commit
    assert (where.clone / "toytalk" / "motion.py").read_text() == "# pixels per frame\nSTEP = 3\n"
    assert (where.weights / "models" / "talker.bin").read_bytes() == toy.WEIGHTS
    record = prepared_record(spec)
    assert record["wanted"]["clone"]["patches"] == [["patches/mouth.diff", sha(toy.PATCH.encode())]]
    assert record["found"]["weights"] == {"models/talker.bin": {"sha256": sha(toy.WEIGHTS), "bytes": 1}}
    assert record["found"]["environment"]["packages"] == list(toy.requirements())
    inside = subprocess.run([where.python, "-c", "import av, numpy, sys; print(sys.prefix)"], capture_output=True)
    assert Path(inside.stdout.decode().strip()) == where.environment
    assert ran == ["init", "fetch", "checkout", "reset", "clean", "apply", "apply", "venv", "pip", "pip"]
    asked = len(world.server.ranges)
    ran.clear()
    before = where.prepared.stat().st_mtime_ns
    assert prepare(spec) == where
    assert (ran, len(world.server.ranges), where.prepared.stat().st_mtime_ns) == ([], asked, before)


def test_a_changed_patch_restores_the_clone_alone(world: World, ran: list[str]) -> None:
    spec = world.method("patched")
    where = prepare(spec)
    (where.clone / "left.txt").touch()
    (spec.folder / "patches" / "mouth.diff").write_text(toy.PATCH.replace("+STEP = 3", "+STEP = 5"))
    assert state(spec) == "outdated"
    with pytest.raises(InputError, match="has changed since it was prepared"):
        prepared_record(spec)
    ran.clear()
    prepare(spec)
    assert ran == ["reset", "clean", "apply", "apply"]
    assert (where.clone / "toytalk" / "motion.py").read_text() == "# pixels per frame\nSTEP = 5\n"
    assert not (where.clone / "left.txt").exists()
    (where.clone / "toytalk" / "motion.py").write_text("STEP = 9\n")  # somebody tries something in the cache
    ran.clear()
    prepare(spec)
    assert ran == ["reset", "clean", "apply", "apply"]
    assert (where.clone / "toytalk" / "motion.py").read_text() == "# pixels per frame\nSTEP = 5\n"


def test_a_patch_that_does_not_apply(world: World) -> None:
    spec = world.method("unpatchable")
    (spec.folder / "patches" / "mouth.diff").write_text(toy.PATCH.replace("-STEP = 1", "-STEP = 2"))
    with pytest.raises(InputError, match=r"mouth.diff: does not apply to .* at .*patch failed: toytalk/motion.py"):
        prepare(spec)
    assert state(spec) == "no"


def test_steps_that_ended_are_not_repeated_after_an_interruption(
    world: World, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = world.method("interrupted")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for place, name in ((clone, "_apply"), (module, "_make_environment"), (module, "_bring")):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(place, name, interrupt)
            prepare(spec)
        assert state(spec) == "no"
    prepare(spec)
    assert state(spec) == "yes"
    first = ["init", "fetch", "checkout", "reset", "clean"]  # and then the patch is interrupted
    assert ran == [*first, "reset", "clean", "apply", "apply", "venv", "pip", "pip"]


def test_an_abbreviated_commit_is_found_and_recorded_whole(world: World) -> None:
    spec = world.method("short_commit", {world.commit: world.commit[:9]})
    where = prepare(spec)
    assert clone.head(where.clone) == world.commit
    assert prepared_record(spec)["found"]["clone"]["commit"] == world.commit
    with pytest.raises(InputError, match=r"toytalk: has no commit ffff.* on its branches and tags \(git ended with"):
        prepare(replace(spec, commit="f" * 40))


def test_a_repository_that_cannot_be_reached(world: World) -> None:
    nowhere = f"file://{world.folder}/nowhere"
    spec = replace(world.method("unreachable"), repository=nowhere)
    with pytest.raises(InputError) as caught:
        prepare(spec)
    assert str(caught.value).startswith(f"{nowhere}: cannot be fetched (git ended with exit code 128: fatal: ")
    assert "check address and network" in str(caught.value)
    assert " fetch " not in str(caught.value)  # what git was told stands in the log


def test_model_files_are_checked(world: World) -> None:
    pinned = {"sha256: null": f'sha256: "{sha(toy.WEIGHTS)}"'}
    prepare(world.method("pinned", pinned), patience=QUICK)
    with pytest.raises(InputError, match=r"serves bytes with sha256 .*, expected 0000"):
        prepare(world.method("pinned", {"sha256: null": f'sha256: "{"0" * 64}"'}), patience=QUICK)
    world.server.files["/talker.bin"] = b"\n<!DOCTYPE html><title>Virus scan warning"
    try:
        with pytest.raises(InputError, match="serves a page or a pointer, not the file"):
            prepare(world.method("pinned"), patience=QUICK)
        assert state(world.method("pinned")) == "outdated"
    finally:
        world.server.files["/talker.bin"] = toy.WEIGHTS
    prepare(world.method("pinned"), patience=QUICK)


def test_licences_must_be_accepted(world: World) -> None:
    for changes in ({"licence: MIT\nenv": "licence: CC BY-NC 4.0\nenv"}, {"commercial: false": "commercial: true"}):
        spec = world.method("restricted", changes)
        with pytest.raises(InputError, match=r"its licences restrict the use .*--accept-non-commercial"):
            prepare(spec)
        assert not places(spec).top.exists()
    prepare(spec, accept_non_commercial=True)
    assert state(spec) == "yes"


def test_uv_says_what_it_cannot_install(world: World) -> None:
    spec = world.method("uninstallable", {"numpy==2.3.0": "nosuchpackage==1.0"})
    with pytest.raises(
        InputError,
        match=r"its environment cannot be made \(uv ended with exit code 1: .*nosuch.*; all that .* is in .*log",
    ):
        prepare(spec)
    assert state(spec) == "no"
    json.loads((places(spec).top / "clone.json").read_text())


BACKEND = """
import zipfile
import helper  # what the package does not declare

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/needy-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in helper.about("needy").items():
            wheel.writestr(f"needy-1.0.dist-info/{name}", text)
    return "needy-1.0-py3-none-any.whl"
"""
HELPER = """
def about(name):
    files = {"METADATA": "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % name, "RECORD": ""}
    return {**files, "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
"""


def test_a_build_gets_what_its_package_does_not_declare(world: World, tmp_path: Path) -> None:
    write_source(tmp_path / "needy-1.0", world.folder / "wheels")
    named = "numpy==2.3.0, needy==1.0]"
    with pytest.raises(InputError, match=r"its environment cannot be made \(uv ended with exit code 1"):
        prepare(world.method("builds", {"numpy==2.3.0]": named}))
    spec = world.method("builds", {"numpy==2.3.0]": f"{named}, build: [{{package: needy, needs: [helper==1.0]}}]"})
    prepare(spec)
    packages = prepared_record(spec)["found"]["environment"]["packages"]
    assert packages == [*toy.requirements()[:1], "needy==1.0", *toy.requirements()[1:]]  # and no helper


def write_source(folder: Path, wheels: Path) -> None:
    """Write a package that has to be built, and the one that its build imports."""
    folder.mkdir()
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    about = "Metadata-Version: 2.2\nName: needy\nVersion: 1.0\n"
    for name, text in {"pyproject.toml": system, "PKG-INFO": about, "backend.py": BACKEND}.items():
        (folder / name).write_text(text)
    with tarfile.open(wheels / "needy-1.0.tar.gz", "w:gz") as archive:
        archive.add(folder, "needy-1.0")
    inside: dict[str, str] = {}
    exec(HELPER, inside)  # noqa: S102 - the text above
    with zipfile.ZipFile(wheels / "helper-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("helper.py", HELPER)
        for name, text in inside["about"]("helper").items():
            wheel.writestr(f"helper-1.0.dist-info/{name}", text)


@pytest.mark.parametrize("absent", ["git", "uv"])
def test_a_program_that_is_absent_is_named(world: World, tmp_path: Path, absent: str, monkeypatch: pytest.MonkeyPatch):
    from tavce.methods.external import process

    spec = world.method("without_programs")
    found = process.program
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(process.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(InputError, match=f"{absent}: this program is needed and is not on PATH; install"):
        found(absent)
    if absent == "git":
        with pytest.raises(InputError, match="git: this program is needed"):
            prepare(spec)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
