"""Requests -> raw videos by a method's run.py: started again after a crash, gone on with after an interruption."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tavce.data.clips import file_sha256
from tavce.errors import InputError
from tavce.methods.external import clone
from tavce.methods.external.manifest import Answer, end_torn_line, read_answers, video_of
from tavce.methods.external.places import Places, code_digest, digest, places, prepared_record, write_record
from tavce.methods.external.session import End, Limits, run_session
from tavce.methods.external.spec import RUN, Spec
from tavce.run.atomic import atomic_file

FPS = 25
REQUESTS, LOG = "requests.jsonl", "log.txt"
MOST_STRANGE = 100


@dataclass(frozen=True)
class Asked:
    """One clip that a process is to make.

    Attributes:
        clip: id.
        image: portrait.
        audio: 16 kHz mono WAV.
        video: the true video, or None where the method must not see it.
        frames: to make, at 25 per second.
        seed: of this clip.
    """

    clip: str
    image: Path
    audio: Path
    video: Path | None
    frames: int
    seed: int


@dataclass(frozen=True)
class Raw:
    """What a process made of all clips.

    Attributes:
        answers: by clip; an "ok" has a video that may be opened.
        videos: by clip, of those that are ok.
        strange: what else its manifest says.
        folder: of requests, videos and log.
    """

    answers: dict[str, Answer]
    videos: dict[str, Path]
    strange: tuple[str, ...]
    folder: Path


def run_method(spec: Spec, asked: Sequence[Asked], *, device: str, seed: int, limits: Limits) -> Raw:
    """Let the method make all clips, but for those that it made before of the same inputs.

    Raw videos stay in a folder of the cache whose name says what made them: commit, patches, environment, model files,
    run.py, seed and kind of device; the name of each says of which inputs. So none is ever taken for another.

    Raises:
        InputError: the method is not prepared, or changed since; another run makes the same; or run.py ends
            again and again, or for every clip, before it answers for any.
    """
    where, record = places(spec), prepared_record(spec)
    if not clone.is_as_found(where.clone, record["found"]["clone"]):
        remedy = f"run: tavce baselines prepare {spec.name}"
        raise InputError(where.clone, "its files are not as they were prepared", remedy)
    made_by = {"prepared": record, "code": code_digest(spec), "seed": seed, "device": device.split(":")[0]}
    folder = where.runs / digest(made_by)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    write_record(folder / "made_by.json", made_by)
    named = {_name(each): each for each in asked}
    with _locked(folder) as lock:
        command = [where.python, (spec.folder / RUN).resolve(), "--requests", folder / REQUESTS]
        command += ["--out", folder / "videos", "--weights", where.weights, "--device", device, "--seed", seed]
        answers, strange = _all_answers(_Run(tuple(map(str, command)), where, folder, limits, lock), named)
    videos = {}
    for name, answer in answers.items():
        path, problem = video_of(folder / "videos", name, limits.video_bytes)
        if answer.status == "ok" and problem:
            answers[name] = Answer("failed", problem)
        elif answer.status == "ok":
            videos[named[name].clip] = path
    return Raw({named[name].clip: answer for name, answer in answers.items()}, videos, strange, folder)


@dataclass(frozen=True)
class _Run:
    """How run.py is started, where, and for how long."""

    command: tuple[str, ...]
    where: Places
    folder: Path
    limits: Limits
    lock: int

    @property
    def out(self) -> Path:
        """Folder of its videos and its manifest."""
        return self.folder / "videos"


def _all_answers(run: _Run, named: dict[str, Asked]) -> tuple[dict[str, Answer], tuple[str, ...]]:
    """Return an answer for every name; start run.py until there is one."""
    answers, strange, heard, futile = _finished(run, named), list[str](), False, 0
    heard = bool(answers)
    pending = [name for name in named if name not in answers]
    while pending:
        start = _make_ready(run, named, pending)
        end = run_session(run.command, run.where, run.out, run.folder / LOG, run.limits, lock=run.lock)
        said = read_answers(run.out, pending, start=start)
        answers |= said.answers
        strange += said.strange
        pending = [name for name in pending if name not in said.answers]
        heard, futile = heard or bool(said.answers), 0 if said.answers else futile + 1
        if pending and not end.problem:
            answers |= dict.fromkeys(pending, _failed("run.py ended and said nothing of this clip", end))
            break
        if pending:  # clips are made in the order of the requests: the first without an answer was being made
            answers[pending.pop(0)] = _failed(end.problem, end)
        if not heard and (not pending or futile >= run.limits.futile_starts):
            times = "once" if futile == 1 else f"{futile} times"
            problem = f"run.py was started {times} and made no clip ({_failed(end.problem, end).reason})"
            raise InputError(run.folder / LOG, problem, "the log has all that it said")
        if pending and futile >= run.limits.futile_starts:
            answers |= dict.fromkeys(pending, Answer("failed", f"not tried: {futile} clips before it ended run.py"))
            break
    return answers, tuple(strange[:MOST_STRANGE])


def _finished(run: _Run, named: dict[str, Asked]) -> dict[str, Answer]:
    """Return the answers of clips that an earlier run made."""
    run.out.mkdir(exist_ok=True)
    earlier = read_answers(run.out, named).answers
    sound = {name for name in earlier if not video_of(run.out, name, run.limits.video_bytes)[1]}
    return {name: answer for name, answer in earlier.items() if answer.status == "ok" and name in sound}


def _make_ready(run: _Run, named: dict[str, Asked], pending: Sequence[str]) -> int:
    """Write the requests, remove what is left of earlier attempts, and return the manifest's length."""
    run.out.mkdir(exist_ok=True)
    stale = {f"{name}.mp4" for name in pending}
    for path in run.out.glob("*.mp4"):
        if path.name in stale or path.name.endswith(".part.mp4") or path.lstat().st_size > run.limits.video_bytes:
            path.unlink()
    with atomic_file(run.folder / REQUESTS) as part:
        part.write_text("".join(_line(name, named[name]) for name in pending), encoding="utf-8")
    return end_torn_line(run.out)


def _line(name: str, asked: Asked) -> str:
    row = {
        "clip_id": name,
        "image": str(asked.image.resolve()),
        "audio": str(asked.audio.resolve()),
        "video": str(asked.video.resolve()) if asked.video else None,
        "frames": asked.frames,
        "fps": FPS,
        "seed": asked.seed,
    }
    return json.dumps(row) + "\n"


def _name(asked: Asked) -> str:
    """Return the clip's id with a hash of all inputs behind it."""
    files = [file_sha256(path) if path else "" for path in (asked.image, asked.audio, asked.video)]
    return f"{asked.clip}-{digest([*files, asked.frames, asked.seed])[:12]}"


def _failed(problem: str, end: End) -> Answer:
    return Answer("failed", f"{problem}: {end.last_lines}" if end.last_lines else problem)


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Yield a locked descriptor; run.py holds it too, so the lock outlives a parent that was killed.

    Raises:
        InputError: somebody else has it.
    """
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(folder, "another run makes the same", "wait for it, or end it") from error
        yield descriptor
    finally:
        os.close(descriptor)
