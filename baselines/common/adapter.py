"""What every run.py shares: requests in, one video per clip and a line of the manifest out.

Standard library only, Python 3.6 and newer: it runs inside each method's own environment. A method gives `run` one
function that loads the model and returns another, which makes one clip in a private folder and returns the file that
upstream wrote. Reading requests, resuming, part files, the manifest, time and memory are here; upstream.py beside it
holds what the functions themselves need.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from importlib import import_module, util
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional  # noqa: UP035 - Python 3.6

from mp4 import Failed, read_mp4
from upstream import link_tree

MANIFEST = "manifest.jsonl"
WORK = "work"


class Clip(NamedTuple):
    """One request: absolute paths; `frames` frames at `fps` are wanted; `video` is None where the method sees none."""

    clip_id: str
    image: Path
    audio: Path
    video: Optional[Path]  # noqa: UP045 - Python 3.6
    frames: int
    fps: int
    seed: int


class Options(NamedTuple):
    """The command line: absolute paths; `clone` is the working folder; `device` is "cuda" or "cpu"."""

    requests: Path
    out: Path
    weights: Path
    device: str
    seed: int
    clone: Path


Make = Callable[[Clip, Path], Any]
Load = Callable[[Options], Make]
Entry = Dict[str, Any]  # noqa: UP006 - Python 3.6


def run(load: Load, isolate: bool = False, needs_cuda: bool = True) -> None:
    """Make all clips that are asked for and not yet made, and end the process with exit code 0.

    Args:
        load: builds the model and returns the function that makes one clip: it gets the clip and an empty private
            folder, and returns the path of an MP4 file.
        isolate: call `load` anew for every clip, in a process of its own: for upstream code that is a script, that
            must not see what an earlier clip left, or that needs another working folder.
        needs_cuda: upstream has no CPU path; the device "cpu" is refused.
    """
    options = _read_options(load, needs_cuda)
    clips = _read_requests(options)
    done = _finished(options.out)
    _sweep(options.out)
    _set_environment(options)
    make = None
    for clip in clips:
        if clip.clip_id in done:
            continue
        if isolate:
            entry = _in_a_process(load, clip, options)
        else:
            make = make or load(options)
            entry = _attempt(make, clip, options)
        _append(options.out / MANIFEST, entry)
    _sweep(options.out)
    sys.exit(0)


def the_video_of(clip: Clip) -> Path:
    """Return the clip's true video.

    Raises:
        Failed: the request has none.
    """
    if clip.video is None:
        raise Failed("the method needs the true video, and the request has none")
    return clip.video


def _read_options(load: Load, needs_cuda: bool) -> Options:
    parser = argparse.ArgumentParser(description=sys.modules[load.__module__].__doc__)
    parser.add_argument("--requests", required=True, type=Path, help="JSON lines, one clip each")
    parser.add_argument("--out", required=True, type=Path, help="folder for the videos and " + MANIFEST)
    parser.add_argument(
        "--weights", required=True, type=Path, help="folder of model files, at their places in the clone"
    )
    parser.add_argument("--device", default="cuda:0", help="cpu or cuda:N")
    parser.add_argument("--seed", default=0, type=int, help="added to each clip's own seed")
    given = parser.parse_args()
    kind = given.device.split(":")[0]
    if kind not in ("cpu", "cuda"):
        parser.error("--device is cpu or cuda:N")
    if kind == "cpu" and needs_cuda:
        parser.error("upstream has no CPU path; give --device cuda:0")
    _show_one_device(given.device)
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    return Options(given.requests.resolve(), out, given.weights.resolve(), kind, given.seed, Path.cwd())


def _show_one_device(device: str) -> None:
    """Upstream code says "cuda", so the wanted device must be the only one that it sees."""
    seen = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    index = int(device.partition(":")[2] or 0)
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = seen[index] if index < len(seen) else str(index)


def _read_requests(options: Options) -> "list[Clip]":
    clips = []
    for number, line in enumerate(options.requests.read_text(encoding="utf-8").splitlines(), 1):
        wanted = json.loads(line)
        where = f"{options.requests}, line {number}: "
        lacking = set(Clip._fields) - set(wanted)
        if lacking:
            sys.exit(where + "it lacks " + ", ".join(sorted(lacking)))
        name = wanted["clip_id"]
        if name in ("", ".", "..") or name != Path(name).name:
            sys.exit(where + repr(name) + " is no file name")
        base = options.requests.parent
        video = base / wanted["video"] if wanted["video"] else None
        size = (wanted["frames"], wanted["fps"], wanted["seed"] + options.seed)
        clips.append(Clip(name, base / wanted["image"], base / wanted["audio"], video, *size))
    return clips


def _finished(out: Path) -> "set[str]":
    """Return the clips whose last line says "ok" and whose file is there; a torn line counts for nothing."""
    path = out / MANIFEST
    last = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        last[entry["clip_id"]] = entry["status"]
    return {name for name, status in last.items() if status == "ok" and (out / (name + ".mp4")).is_file()}


def _append(path: Path, entry: Entry) -> None:
    """Add one line and have it on disk; a line that a crash tore is ended first."""
    torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + json.dumps(entry, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _sweep(out: Path) -> None:
    """Remove private folders and part files; after a crash there are some."""
    shutil.rmtree(str(out / WORK), ignore_errors=True)
    for part in out.glob("*.part.mp4"):
        part.unlink()


def _set_environment(options: Options) -> None:
    """Upstream's modules, its weights where it looks for them, its Python as `python`, no network, an ffmpeg."""
    sys.path.insert(0, str(options.clone))
    link_tree(options.weights, options.clone)
    os.environ["TORCH_HOME"] = str(options.weights / "torch_home")
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1", MPLBACKEND="Agg")
    tools = options.out / WORK / "bin"
    tools.mkdir(parents=True)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), str(tools)])
    if shutil.which("ffmpeg") is None and util.find_spec("imageio_ffmpeg"):
        (tools / "ffmpeg").symlink_to(import_module("imageio_ffmpeg").get_ffmpeg_exe())


def _in_a_process(load: Load, clip: Clip, options: Options) -> Entry:
    """Attempt one clip in a forked process, so that not even a crash of the interpreter ends the run."""
    fork = multiprocessing.get_context("fork")
    receive, send = fork.Pipe(duplex=False)

    def attempt() -> None:
        receive.close()
        send.send(_attempt(lambda clip, folder: load(options)(clip, folder), clip, options))

    start = time.time()
    process = fork.Process(target=attempt)
    process.start()
    send.close()
    try:
        entry = receive.recv()
    except EOFError:
        entry = None
    process.join()
    return entry or _entry(clip, start, f"its process ended with exit code {process.exitcode}")


def _attempt(make: Make, clip: Clip, options: Options) -> Entry:
    """Make one clip: a private folder, the seed, the part file, its name when it is whole."""
    start = time.time()
    _forget_peak(options.device)
    folder = Path(tempfile.mkdtemp(dir=str(options.out / WORK)))
    part, whole = (options.out / (clip.clip_id + end) for end in (".part.mp4", ".mp4"))
    frames, fps, reason = 0, 0.0, ""
    try:
        set_seed(clip.seed)
        made = Path(folder, str(make(clip, folder)))
        if not made.is_file():
            raise Failed("upstream wrote no video")
        frames, fps = read_mp4(made)
        shutil.move(str(made), str(part))
        part.replace(whole)
    except Failed as error:
        reason = str(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - upstream raises anything, and exits; the clip has failed
        traceback.print_exc()
        reason = " ".join((type(error).__name__ + ": " + str(error)).split())[:500]
    os.chdir(str(options.clone))
    shutil.rmtree(str(folder), ignore_errors=True)
    return _entry(clip, start, reason, frames, fps, _peak_mb(options.device))


def _entry(clip: Clip, start: float, reason: str, frames: int = 0, fps: float = 0.0, peak: float = 0.0) -> Entry:
    return {
        "clip_id": clip.clip_id,
        "status": "failed" if reason else "ok",
        "reason": reason,
        "frames": frames,
        "fps": round(fps, 3),
        "wall_s": round(time.time() - start, 3),
        "peak_memory_mb": round(peak, 1),
    }


def set_seed(seed: int) -> None:
    """Seed Python, and numpy and torch where the environment has them, before upstream draws anything."""
    random.seed(seed)
    if util.find_spec("numpy"):
        import_module("numpy").random.seed(seed % 2**32)
    if util.find_spec("torch"):
        import_module("torch").manual_seed(seed)


def _forget_peak(device: str) -> None:
    torch = sys.modules.get("torch")
    if device == "cuda" and torch is not None:
        torch.cuda.reset_peak_memory_stats()
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak becomes what is resident now
    except OSError:
        return  # no Linux: peaks of resident size only rise


def _peak_mb(device: str) -> float:
    """Return MiB since `_forget_peak`: what torch reserved on the GPU, else what was resident.

    Of programs that the clip started the largest of all clips so far counts, too: no system forgets that.
    """
    torch = sys.modules.get("torch")
    if device == "cuda" and torch is not None:
        return float(torch.cuda.max_memory_reserved()) / 2**20
    return max(_resident_kb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _kb()) / 2**10


def _resident_kb() -> float:
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    peaks = [float(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _kb()


def _kb() -> int:
    """Return the units of ru_maxrss in a KiB: macOS counts bytes."""
    return 2**10 if sys.platform == "darwin" else 1
