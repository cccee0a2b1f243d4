"""One upload by yt-dlp, as a library: formats chosen here, files named here, nothing run and nothing else written.

Only two parts of yt-dlp are used: the extractor for YouTube and the downloaders of HTTP, DASH and HLS. Its own process
after the extraction is never entered, so no post-processor, no external program and no template of a file name can be
reached from what a site sends; pictures and sound are joined by `contents.join`. An address of any other site must lead
to a video file. (To work out the addresses of YouTube's media, yt-dlp runs the site's script in Deno if it is there.)
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tavce.data.uploads.cookies import Cookies
from tavce.data.uploads.disk import refuse_full_disk
from tavce.data.uploads.formats import Format, chosen_formats
from tavce.data.uploads.gate import Gate, checked_address, gated, too_large
from tavce.data.uploads.redact import redacted
from tavce.data.uploads.verdict import MissedError, Verdict, verdict_of_answer, verdict_of_message
from tavce.errors import InputError

BLOCK = 1 << 14
SILENCE_S = 30.0  # without a byte, until a connection counts as broken
HOSTS = ("youtube.com", "youtube-nocookie.com", "youtu.be")
VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
NOTHING_LEFT = 416  # HTTP status: no byte is left behind the range
DIRECT = "direct"  # the format of an address that is a file
NO_FFMPEG = os.devnull + "/none"


@dataclass(frozen=True)
class Client:
    """yt-dlp, set up for one run. `downloader` is its YoutubeDL."""

    downloader: Any
    gate: Gate
    secrets: tuple[str, ...]


def youtube_id(address: str) -> str:
    """Return the id of the YouTube video at `address`, "" if it is no address of one."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    if host not in HOSTS:
        return ""
    pieces = parts.path.strip("/").split("/")
    if host == "youtu.be":
        found = pieces[0]
    elif pieces[0] in ("embed", "v", "shorts", "live") and len(pieces) > 1:
        found = pieces[1]
    else:
        found = parse_qs(parts.query).get("v", [""])[0]
    return found if VIDEO_ID.fullmatch(found) else ""


@contextmanager
def opened_client(gate: Gate, cookies: Cookies | None, say: Callable[[str], None]) -> Iterator[Client]:
    """Yield yt-dlp, without configuration files, plug-ins, cache, and without cookies unless some are given.

    Args:
        gate: through which every request goes.
        cookies: the user's, or None.
        say: takes each of yt-dlp's warnings, once, safe to show.

    Raises:
        InputError: yt-dlp is not installed.
    """
    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.extractor.youtube import YoutubeIE
    except ImportError as error:
        raise InputError("yt-dlp", "is not installed", 'pip install "tavce-bench[download]"') from error
    secrets = cookies.secrets if cookies else ()
    with _without_plugins():
        downloader = YoutubeDL(_parameters(gate, cookies, _Logger(say, secrets)), auto_init=False)
    downloader.add_info_extractor(YoutubeIE())
    downloader.urlopen = gated(downloader.urlopen, gate)
    with downloader:
        yield Client(downloader, gate, secrets)


def bring(client: Client, address: str, folder: Path, *, height: int, max_height: int) -> tuple[list[Path], str]:
    """Fetch what is at `address` into `folder`, going on with what an earlier attempt left there.

    Args:
        client: see `opened_client`.
        address: any text.
        folder: of this upload alone; it exists.
        height: wanted, in pixels, 0 for the highest.
        max_height: in pixels.

    Returns:
        The files: one that has all, or one of pictures and one of sound; and the site's name of the format.

    Raises:
        MissedError: it did not come.
        InputError: the disk is full, or cannot be written.
    """
    from yt_dlp.utils import YoutubeDLError

    checked_address(address)
    video = youtube_id(address)
    try:
        formats = [_direct(address)]
        if video:
            formats = chosen_formats(_extracted(client, video), height=height, max_height=max_height)
        if not formats:
            raise MissedError(Verdict("failed", "the site offers no format that can be fetched"))
        names = "+".join(str(each.get("format_id")) for each in formats)
        return [_fetched(client, each, folder) for each in formats], re.sub(r"[^\w.+-]", "_", names)[:60]
    except YoutubeDLError as error:
        refuse_full_disk(error, folder)
        raise MissedError(_verdict(client, error, video)) from None  # the chain has addresses with their keys in it
    except OSError as error:
        refuse_full_disk(error, folder)
        raise InputError(folder, f"cannot be written ({error.strerror})", "choose a store you may write to") from error
    finally:
        client.gate.close()


def _parameters(gate: Gate, cookies: Cookies | None, logger: "_Logger") -> dict[str, Any]:
    def bounded(progress: dict[str, Any]) -> None:
        if (progress.get("downloaded_bytes") or 0) > gate.largest_bytes:
            raise MissedError(too_large(gate.largest_bytes))

    return {
        "logger": logger,
        "noprogress": True,
        "color": "never",
        "cachedir": False,
        "noplaylist": True,
        "format": lambda context: context["formats"][:1],  # the choice is made in `chosen_formats`
        "geo_bypass": False,  # no invented sender to get around a country's border
        "socket_timeout": SILENCE_S,
        "updatetime": False,
        "buffersize": BLOCK,
        "noresizebuffer": True,  # a broken connection loses no more than a block
        "continuedl": True,
        "overwrites": None,
        "retries": 0,  # attempts are counted, and waits made, in one place: `fetch`
        "extractor_retries": 0,
        "fragment_retries": 0,
        "file_access_retries": 0,
        "skip_unavailable_fragments": False,
        "external_downloader": {"default": "native"},
        "ffmpeg_location": NO_FFMPEG,
        "fixup": "never",
        "postprocessors": [],
        "progress_hooks": [bounded],
        "cookiefile": cookies.stream() if cookies else None,
    }


def _direct(address: str) -> Format:
    return {"id": DIRECT, "title": DIRECT, "url": address, "ext": "mp4", "format_id": DIRECT, "extractor": DIRECT}


def _extracted(client: Client, video: str) -> list[Format]:
    client.gate.forget(media=False)
    address = f"https://www.youtube.com/watch?v={video}"
    info = client.downloader.extract_info(address, download=False, ie_key="Youtube")
    if not info or info.get("_type", "video") != "video":
        raise MissedError(Verdict("unusable", "the address leads to a list, not to one video"))
    if info.get("live_status") in ("is_live", "is_upcoming"):
        raise MissedError(Verdict("failed", "it is a live event that has not ended"))
    kept = {name: info[name] for name in ("id", "title", "extractor", "extractor_key", "http_headers") if name in info}
    return [kept | each for each in info.get("formats") or []]


def _fetched(client: Client, each: Format, folder: Path) -> Path:
    from yt_dlp.utils import YoutubeDLError

    path = folder / _part_name(each)
    part = path.with_name(path.name + ".part")
    client.gate.forget(media=True)
    try:
        done, _ = client.downloader.dl(str(path), each)
    except MissedError:
        part.unlink(missing_ok=True)
        raise
    except YoutubeDLError:
        if client.gate.code != NOTHING_LEFT:
            raise
        if part.stat().st_size != client.gate.total:
            part.unlink()
            reason = "what an earlier run left is longer than the file"
            raise MissedError(Verdict("failed", reason, again=True)) from None
        part.replace(path)  # a kill came between its last byte and its name
        done = True
    if not done:
        raise MissedError(Verdict("failed", "the download did not end", again=True))
    size, total = path.stat().st_size, client.gate.total
    if each.get("protocol") in (None, "http", "https") and total is not None and size != total:
        path.unlink()
        raise MissedError(Verdict("failed", f"{size} bytes came, {total} were promised", again=True))
    return path


def _part_name(each: Format) -> str:
    """Return a name that only the same bytes share, so that nobody goes on with half of another file.

    YouTube tells the length of a file, and in `lmt` when it was made.
    """
    parts = urlsplit(each["url"])
    made = parse_qs(parts.query).get("lmt", [""])[0]
    key = (each["url"],) if each["format_id"] == DIRECT else (each["format_id"], each.get("filesize"), made)
    return hashlib.sha256(repr(key).encode(errors="surrogatepass")).hexdigest()[:16]


def _verdict(client: Client, error: Exception, video: str) -> Verdict:
    """Return what yt-dlp's error means; of a direct address the server's answer tells it, of YouTube the words."""
    gate = client.gate
    if gate.code and not video:
        return verdict_of_answer(gate.code, gate.wait_s)
    verdict = verdict_of_message(str(error), video, client.secrets)
    if verdict.status != "failed":
        return verdict
    if gate.code == 429:
        return Verdict("failed", verdict.reason, True, "refusal", gate.wait_s)
    if gate.unreachable:
        return Verdict("failed", verdict.reason, True, "connection", 0.0)
    return Verdict("failed", verdict.reason, verdict.again, verdict.cause, gate.wait_s)


@contextmanager
def _without_plugins() -> Iterator[None]:
    """Keep yt-dlp from loading plug-ins while it is set up: it looks for them in folders of the user and of Python."""
    name = "YTDLP_NO_PLUGINS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})


class _Logger:
    """Takes yt-dlp's messages in place of the terminal: warnings are said once, errors come as exceptions."""

    def __init__(self, say: Callable[[str], None], secrets: tuple[str, ...]) -> None:
        self._say, self._secrets, self._said = say, secrets, set[str]()

    def debug(self, message: str) -> None:
        """Drop it: progress, and names of pages."""

    def warning(self, message: str) -> None:
        """Say it, once."""
        text = redacted(message, self._secrets)
        if text not in self._said and NO_FFMPEG not in text:
            self._said.add(text)
            self._say(f"yt-dlp: {text}")

    def error(self, message: str) -> None:
        """Drop it: it is raised as well."""
