"""One start of run.py: its output into a log, an eye on its progress, and an end to it where there is none."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tavce.methods.contract import MANIFEST
from tavce.methods.external.places import Places
from tavce.methods.external.process import POLL_S, ended, kept_environment, last_lines, started

BLOCK = 1 << 16
# No network while it runs, no writing elsewhere, the same order of sums and sets each time.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "DIFFUSERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "disabled",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "YOLO_OFFLINE": "true",
    "PIP_NO_INDEX": "1",
}
STEADY = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MPLBACKEND": "Agg",
}


@dataclass(frozen=True)
class Limits:
    """When a process is given up.

    Attributes:
        silence_s: nothing printed, no line in the manifest and no growth of a video for so long.
        clip_s: no clip finished for so long, whatever is printed.
        video_bytes: size of one video; also while it is written.
        log_bytes: of what it prints, so much is kept.
        futile_starts: so many starts in a row that answer for no clip end the run.
    """

    silence_s: float = 1800.0
    clip_s: float = 4 * 3600.0
    video_bytes: int = 2 << 30
    log_bytes: int = 64 << 20
    futile_starts: int = 3


@dataclass(frozen=True)
class End:
    """How a process ended.

    Attributes:
        problem: "" if it ended by itself with exit code 0, else what happened.
        last_lines: the end of what it printed, as one line.
    """

    problem: str
    last_lines: str


def run_session(
    command: Sequence[str | Path], where: Places, out: Path, log: Path, limits: Limits, *, lock: int
) -> End:
    """Run `command` in the clone to its end, or to the end of patience.

    Args:
        command: program and arguments.
        where: of the method.
        out: folder that the process writes its videos and its manifest to.
        log: what it prints is added here.
        limits: when to give it up.
        lock: descriptor of a lock that it holds too, so that no other run begins while it lives.
    """
    environment = kept_environment() | OFFLINE | STEADY
    environment["PYTHONPYCACHEPREFIX"] = str(where.top / "pycache")  # nothing is written beside run.py
    environment["PATH"] = os.pathsep.join([str(where.python.parent), environment.get("PATH", os.defpath)])
    with started(
        command, folder=where.clone, environment=environment, output=subprocess.PIPE, keep_open=(lock,)
    ) as process:
        printed = _Printed(log, limits.log_bytes)
        thread = threading.Thread(target=printed.take, args=(process,), daemon=True)
        thread.start()
        problem = _follow(process, printed, out, limits)
    thread.join(timeout=5)  # longer only if something left the group and still holds the pipe
    if not problem and process.returncode:
        code = process.returncode
        problem = f"run.py ended with exit code {code}" if code > 0 else f"run.py was ended by signal {-code}"
    return End(problem, last_lines(bytes(printed.tail)))


class _Printed:
    """What a process prints: its beginning in a file, its end in memory, and when something last came."""

    def __init__(self, log: Path, largest: int) -> None:
        self.tail = bytearray()
        self.count = 0
        self._log, self._largest = log, largest

    def take(self, process: "subprocess.Popen[bytes]") -> None:
        """Read until the last writer has closed the pipe."""
        assert process.stdout is not None
        with process.stdout as pipe, self._log.open("ab", buffering=0) as file:
            while block := os.read(pipe.fileno(), BLOCK):
                room = self._largest - file.tell()
                if room > 0:
                    file.write(block[:room])
                self.tail = (self.tail + block)[-BLOCK:]
                self.count += len(block)


def _follow(process: "subprocess.Popen[bytes]", printed: _Printed, out: Path, limits: Limits) -> str:
    """Wait until the process ends by itself, then return ""; or return why it must be ended."""
    now = time.monotonic()
    seen, sign_at = (-1, -1, -1), now
    finished, finished_at = 0, now
    while not ended(process):
        time.sleep(POLL_S)
        now = time.monotonic()
        try:
            manifest, largest, total = _sizes(out)
        except (FileNotFoundError, NotADirectoryError):
            return "run.py removed the folder for its videos"
        if largest > limits.video_bytes:
            return f"a video grew to {largest} bytes, more than the {limits.video_bytes} allowed"
        if manifest != finished:
            finished, finished_at = manifest, now
        if (manifest, total, printed.count) != seen:
            seen, sign_at = (manifest, total, printed.count), now
        if now - sign_at > limits.silence_s:
            return f"run.py gave no sign of life for {limits.silence_s:g} s"
        if now - finished_at > limits.clip_s:
            return f"run.py finished no clip within {limits.clip_s:g} s"
    return ""


def _sizes(out: Path) -> tuple[int, int, int]:
    """Return the bytes of the manifest, of the largest video, and of all videos; unfinished ones count."""
    manifest, videos = 0, [0]
    with os.scandir(out) as entries:
        for entry in entries:
            try:
                size = entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:  # renamed in between
                continue
            if entry.name == MANIFEST:
                manifest = size
            elif entry.name.endswith(".mp4"):
                videos.append(size)
    return manifest, max(videos), sum(videos)
