"""What run.py files need to call code that was written for one clip, one folder and one machine (Python 3.6 and newer).

Nothing here knows a method, a request or the manifest; adapter.py does.
"""

import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Iterable, Iterator  # noqa: UP035 - Python 3.6

from mp4 import Failed

LOSSLESS = ("-c:v", "libx264rgb", "-crf", "0", "-preset", "veryfast")


@contextmanager
def inside(folder: Path) -> "Iterator[Path]":
    """Make `folder` the working folder within the block."""
    before = Path.cwd()
    os.chdir(str(folder))
    try:
        yield folder
    finally:
        os.chdir(str(before))


def link_tree(source: Path, target: Path) -> None:
    """Link each file below `source` at the same place below `target`; files that are there already stay."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            if place.is_symlink():  # what it points to has gone
                place.unlink()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)


def mirror(clone: Path, folder: Path, own: "Iterable[str]" = (), real: "Iterable[str]" = ()) -> None:
    """Make `folder` look like the clone: links to all of it, but empty folders of its own where upstream writes.

    Args:
        clone: the folder to look like.
        folder: an empty folder.
        own: names of folders that start empty.
        real: names of folders that are no links though all that they hold are: scripts climb out of them with "..".
    """
    private = {Path(name) for name in own}
    parents = {parent for name in private for parent in name.parents}
    parents |= {place for name in real for place in (Path(name), *Path(name).parents)}

    def visit(place: Path) -> None:
        for path in sorted((clone / place).iterdir()):
            inner = place / path.name
            if inner in parents:
                (folder / inner).mkdir()
                visit(inner)
            elif inner not in private and path.name != ".git":
                (folder / inner).symlink_to(path)

    visit(Path())
    for name in private:
        (folder / name).mkdir(parents=True, exist_ok=True)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into `folder`, once: a mark is left when it is done."""
    mark = folder / (".unpacked-" + archive.name)
    if not mark.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(str(archive)) as file:
            file.extractall(str(folder))
        mark.touch()


def empty_module(name: str) -> None:
    """Put an empty module in the place of one that upstream imports and never uses."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        inner = ".".join(parts[:count])
        module = sys.modules.setdefault(inner, ModuleType(inner))
        if count > 1:
            setattr(sys.modules[".".join(parts[: count - 1])], parts[count - 1], module)


def script(path: str, *arguments: object) -> None:
    """Run a script of upstream in this process as a command line would, from the working folder.

    Raises:
        Failed: it asked for an exit code other than 0.
    """
    sys.argv = [path, *map(str, arguments)]
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as error:
        if error.code not in (None, 0):
            raise Failed(f"upstream's {path} ended with: {error.code}") from error


def python(path: str, *arguments: object, check: bool = True, **environment: str) -> None:
    """Run a script of upstream in a process of its own, from the working folder.

    Raises:
        Failed: it failed, and `check` is set.
    """
    command = [sys.executable, path, *map(str, arguments)]
    code = subprocess.call(command, env=dict(os.environ, **environment))  # noqa: S603 - a script of the pinned clone
    if code and check:
        raise Failed(f"upstream's {path} ended with exit code {code}")


def the_one(folder: Path, pattern: str) -> Path:
    """Return the one file that matches.

    Raises:
        Failed: there is none, or more than one.
    """
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise Failed(f"upstream left {len(found) or 'no'} files {pattern}, where one was expected")
    return found[0]


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg; it overwrites its output.

    Raises:
        Failed: there is none, or it failed; the reason is its last line.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise Failed("there is no ffmpeg on PATH and no imageio-ffmpeg in the environment")
    command = [program, "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")  # noqa: S603
    said = done.communicate()[1].strip().splitlines()
    if done.returncode:
        raise Failed("ffmpeg: " + (said[-1] if said else f"exit code {done.returncode}"))


def convert(source: Path, target: Path, filters: str) -> Path:
    """Write `source` anew through a filter graph, lossless and without sound."""
    ffmpeg("-i", source, "-map", "0:v:0", "-vf", filters, *LOSSLESS, "-an", target)
    return target


def as_mp4(source: Path, target: Path) -> Path:
    """Write any video as a lossless MP4, for upstream code that goes by the suffix."""
    return convert(source, target, "null")


def as_pictures(source: Path, folder: Path, filters: str = "null") -> int:
    """Write the frames of a video, or a picture, as 000000.png and so on; return their number."""
    folder.mkdir()
    ffmpeg("-i", source, "-vf", filters, "-start_number", 0, folder / "%06d.png")
    return len(list(folder.glob("*.png")))


def write_pictures(pictures: "Iterable[bytes]", size: "tuple[int, int]", target: Path) -> Path:
    """Write RGB pictures (height x width x 3 bytes each) of one size (width, height) as a lossless MP4 at 25 fps."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise Failed("there is no ffmpeg on PATH and no imageio-ffmpeg in the environment")
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{}x{}".format(*size), "-r", "25", "-i", "-")
    command = [program, "-v", "error", "-y", *given, *LOSSLESS, str(target)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - no shell
    if process.stdin is not None:
        for picture in pictures:
            process.stdin.write(picture)
        process.stdin.close()
    if process.wait():
        raise Failed(f"ffmpeg ended with exit code {process.returncode}")
    return target
