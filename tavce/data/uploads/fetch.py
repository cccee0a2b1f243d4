"""The uploads of a data set into its store: politely, once each, going on where a kill or a full disk ended it."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tavce.data.clips import file_sha256
from tavce.data.uploads.contents import contents, join
from tavce.data.uploads.cookies import read_cookies
from tavce.data.uploads.disk import refuse_full_disk
from tavce.data.uploads.gate import Gate, checked_address
from tavce.data.uploads.ledger import Ledger, read_ledger
from tavce.data.uploads.names import WHOLE, file_of, whole_files, work_folder
from tavce.data.uploads.pace import Pacer, backoff_s
from tavce.data.uploads.redact import redacted
from tavce.data.uploads.upload import Obtained, Upload
from tavce.data.uploads.verdict import MissedError, Verdict
from tavce.data.uploads.youtube import Client, bring, opened_client
from tavce.errors import InputError

LOCK_NAME = ".fetch.lock"
KEPT = "run the command again: what is finished is kept, and the rest goes on"


@dataclass(frozen=True)
class FetchSettings:
    """How uploads are fetched.

    Attributes:
        pause_s: least time between two requests to one host, in seconds; up to half of it is added by chance.
        attempts: for one upload in one run, where a failure may pass.
        longest_wait_s: longest wait before another attempt, in seconds. A server that asks for more is left alone
            until the next run.
        cookies: a cookies file in Netscape form, "" for none.
        largest_bytes: a larger file is not kept.
        vanished_after: that many uploads in a row that fail because no server answers, or because the site wants no
            more requests, end the run.
        max_height: no format of more lines is taken if there is one of fewer.
    """

    pause_s: float
    attempts: int
    longest_wait_s: float
    cookies: str
    largest_bytes: int
    vanished_after: int
    max_height: int


@dataclass(frozen=True)
class _Run:
    store: Path
    ledger: Ledger
    settings: FetchSettings
    client: Client
    chance: random.Random


def fetch_uploads(
    uploads: Iterable[Upload],
    store: Path,
    settings: FetchSettings,
    *,
    report: Callable[[str], None] | None = None,
    again: bool = False,
) -> dict[str, Obtained]:
    """Fetch what of `uploads` is not in `store` yet, and return the last word on each of them, by id.

    One run at a time fetches into a store; a second one waits and then finds the work done. Uploads that are gone,
    private, restricted or unusable are asked for again only with `again`, those that failed in every run. An obtained
    file is not fetched twice, and one that a kill interrupted goes on at its last byte.

    Args:
        uploads: an id that comes twice is fetched once, at the greater height.
        store: folder; made if absent.
        settings: see there.
        report: takes one line per upload and per warning, safe to show.
        again: ask for final ones again.

    Raises:
        InputError: yt-dlp is not installed, the disk is full, the store cannot be written, its ledger is damaged,
            the cookies file is none, or the server has vanished. All that was finished is kept.
    """
    wanted: dict[str, Upload] = {}
    for upload in uploads:
        held = wanted.setdefault(upload.id, upload)
        wanted[upload.id] = replace(held, height=max(held.height, upload.height))
    say = report or (lambda line: None)
    try:
        store.mkdir(parents=True, exist_ok=True)
        with _alone(store, say):
            known = read_ledger(store)
            missing = [each for each in wanted.values() if not settled(known.get(each.id), store, again=again)]
            if missing:
                known |= _fetch_missing(missing, known, store, settings, say)
    except OSError as error:
        refuse_full_disk(error, store)
        raise InputError(store, f"cannot be written ({error.strerror})", "choose a store you may write to") from error
    return {name: known[name] for name in wanted}


def settled(row: Obtained | None, store: Path, *, again: bool = False) -> bool:
    """Whether nothing is to be fetched: the file is there, or (unless `again`) it is known not to come."""
    if row is None or row.status == "failed":
        return False
    return file_present(row, store) if row.usable else not again


def file_present(row: Obtained, store: Path) -> bool:
    """Whether the obtained file is in the store, with the recorded number of bytes."""
    path = store / row.file
    return path.is_file() and path.stat().st_size == row.bytes


@contextmanager
def _alone(store: Path, say: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(store / LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another run fetches into {store.name}: waiting for its end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_missing(
    missing: Sequence[Upload],
    known: Mapping[str, Obtained],
    store: Path,
    settings: FetchSettings,
    say: Callable[[str], None],
) -> dict[str, Obtained]:
    found: dict[str, Obtained] = {}
    in_a_row: list[Verdict] = []
    gate = Gate(Pacer(settings.pause_s), settings.largest_bytes)
    with opened_client(gate, read_cookies(settings.cookies), say) as client:
        run = _Run(store, Ledger(store), settings, client, random.Random(0))
        for number, upload in enumerate(missing, start=1):
            before = known[upload.id].attempts if upload.id in known else 0
            row, verdict = _fetched(run, upload, before)
            found[upload.id] = row
            say(f"{number}/{len(missing)} {redacted(upload.id, client.secrets)}: {_said(row)}")
            in_a_row = [*in_a_row, verdict] if verdict is not None and verdict.cause != "item" else []
            if len(in_a_row) >= settings.vanished_after:
                raise _vanished(upload, in_a_row)
    return found


def _fetched(run: _Run, upload: Upload, before: int) -> tuple[Obtained, Verdict | None]:
    """Fetch one upload, in several attempts where that may help, and record what became of it."""
    folder = work_folder(upload.id, run.store)
    folder.mkdir(parents=True, exist_ok=True)
    limit = run.settings.longest_wait_s
    for attempt in range(run.settings.attempts):
        try:
            return _attempted(run, upload, folder, before + attempt + 1), None
        except MissedError as error:
            verdict = error.verdict
        if not verdict.again or verdict.wait_s > limit or attempt + 1 == run.settings.attempts:
            break
        time.sleep(max(verdict.wait_s, backoff_s(attempt, run.settings.pause_s, limit, run.chance)))
    row = Obtained(
        id=upload.id,
        status=verdict.status,
        reason=verdict.reason,
        file="",
        bytes=0,
        sha256="",
        width=0,
        height=0,
        fps=0.0,
        seconds=0.0,
        video_codec="",
        audio_codec="",
        format="",
        attempts=before + attempt + 1,
        at=_now(),
    )
    run.ledger.append(row)
    if verdict.status != "failed" or not any(folder.iterdir()):
        shutil.rmtree(folder)
    return row, verdict


def _attempted(run: _Run, upload: Upload, folder: Path, attempts: int) -> Obtained:
    for whole in whole_files(folder):  # of a run that was killed before its record
        return _finished(run, upload, whole, attempts)
    settings = run.settings
    files, name = bring(run.client, upload.address, folder, height=upload.height, max_height=settings.max_height)
    whole = folder / f"{WHOLE}{name}"
    if len(files) == 1:
        files[0].replace(whole)
    else:
        joined = folder / "joined"
        with _removed_if_bad(*files, joined):
            join(files[0], files[1], joined)
        joined.replace(whole)
    return _finished(run, upload, whole, attempts)


def _finished(run: _Run, upload: Upload, whole: Path, attempts: int) -> Obtained:
    """Look into a whole file, record it, and only then give it its place: a kill in between loses nothing."""
    with _removed_if_bad(whole):
        held = contents(whole)
    with whole.open("rb") as file:
        os.fsync(file.fileno())
    row = Obtained(
        id=upload.id,
        status="obtained",
        reason="",
        file=file_of(upload.id, held.suffix),
        bytes=whole.stat().st_size,
        sha256=file_sha256(whole),
        width=held.width,
        height=held.height,
        fps=held.fps,
        seconds=held.seconds,
        video_codec=held.video_codec,
        audio_codec=held.audio_codec,
        format=whole.name.removeprefix(WHOLE),
        attempts=attempts,
        at=_now(),
    )
    run.ledger.append(row)
    place = run.store / row.file
    place.parent.mkdir(parents=True, exist_ok=True)
    whole.replace(place)
    shutil.rmtree(whole.parent)
    return row


@contextmanager
def _removed_if_bad(*files: Path) -> Iterator[None]:
    try:
        yield
    except MissedError:
        for each in files:
            each.unlink(missing_ok=True)
        raise


def _vanished(upload: Upload, verdicts: Sequence[Verdict]) -> InputError:
    host, count, last = checked_address(upload.address), len(verdicts), verdicts[-1]
    if last.cause == "connection":
        problem = f"{count} uploads in a row could not be fetched, no server answers ({last.reason})"
        return InputError(host, problem, f"check the network, then {KEPT}")
    problem = f"{count} uploads in a row were refused, the site wants no more requests ({last.reason})"
    return InputError(host, problem, f"wait some hours or raise `pause_s`, then {KEPT}")


def _said(row: Obtained) -> str:
    if not row.usable:
        return f"{row.status} ({row.reason})"
    return f"obtained, {row.height} lines, {row.seconds:.1f} s, {row.bytes / 1e6:.1f} MB"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
