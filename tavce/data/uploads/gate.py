"""The one way out to the net: http and https only, paced per host, with what the server said remembered."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from tavce.data.uploads.pace import Pacer
from tavce.data.uploads.verdict import MissedError, Verdict


@dataclass
class Gate:
    """What is known of the request made last.

    Attributes:
        pacer: keeps requests to one host apart.
        largest_bytes: a longer answer is not read.
        media: whether media is being asked for, so that a web page is the wrong answer.
        code: HTTP status if it was 400 or more, else 0.
        unreachable: whether no server answered.
        wait_s: how long the server asked to wait, in seconds.
        total: length of the whole file in bytes, None if the server does not say.
    """

    pacer: Pacer
    largest_bytes: int
    media: bool = False
    code: int = 0
    unreachable: bool = False
    wait_s: float = 0.0
    total: int | None = None
    _answers: list[Any] = field(default_factory=list, repr=False)

    def forget(self, *, media: bool) -> None:
        """Begin anew, for a request of media or of pages."""
        self.media, self.code, self.unreachable, self.wait_s, self.total = media, 0, False, 0.0, None

    def hold(self, answer: Any) -> None:  # noqa: ANN401 - yt-dlp's own types, which are not imported here
        """Remember an answer, to close its connection when the upload is done: yt-dlp leaves that to chance."""
        self._answers.append(answer)

    def close(self) -> None:
        """Close all connections of this upload."""
        while self._answers:
            self._answers.pop().close()


def checked_address(address: str) -> str:
    """Return the host of an http or https address.

    Raises:
        MissedError: any other address ("unusable"): of files here, of other protocols, or malformed.
    """
    if not re.match(r"https?://", address, re.IGNORECASE):
        raise MissedError(Verdict("unusable", "its address does not begin with http:// or https://"))
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # a port that is no number raises
    except ValueError:
        host = None
    if not host or re.search(r"[\x00-\x20\x7f]", address):
        raise MissedError(Verdict("unusable", "its address is malformed"))
    return host


def gated(send: Callable[[Any], Any], gate: Gate) -> Callable[[Any], Any]:
    """Return yt-dlp's function for requests, `send`, behind the gate."""
    from yt_dlp.networking.exceptions import HTTPError, TransportError

    def urlopen(request: Any) -> Any:  # noqa: ANN401 - yt-dlp's own types, which are not imported here
        address = request if isinstance(request, str) else request.url
        gate.pacer.wait(checked_address(address))
        gate.forget(media=gate.media)
        try:
            answer = send(request)
        except HTTPError as error:
            gate.hold(error)
            gate.total = _total(error.response.headers, error.status)
            gate.code, gate.wait_s = error.status, asked_wait_s(error.response.headers.get("Retry-After") or "")
            raise
        except TransportError:
            gate.unreachable = True
            raise
        gate.hold(answer)
        gate.total = _total(answer.headers, answer.status)
        refusal = _unwanted(gate, answer.headers) if gate.media else None
        if refusal is not None:
            raise MissedError(refusal)
        return answer

    return urlopen


def asked_wait_s(header: str) -> float:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; 0 if it says nothing."""
    asked = header.strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _total(headers: Message, status: int) -> int | None:
    span, _, total = (headers.get("Content-Range") or "").partition("/")
    length = total if span else (headers.get("Content-Length") or "") if status == 200 else ""
    return int(length) if length.isdecimal() and not headers.get("Content-Encoding") else None


def _unwanted(gate: Gate, headers: Message) -> Verdict | None:
    if (headers.get("Content-Type") or "").lower().startswith("text/html"):
        return Verdict("unusable", "the server sends a web page in place of a video")
    return too_large(gate.largest_bytes) if (gate.total or 0) > gate.largest_bytes else None


def too_large(largest_bytes: int) -> Verdict:
    """Return the verdict on a file of more than `largest_bytes`."""
    return Verdict("unusable", f"the file is larger than {largest_bytes} bytes, the setting `largest_bytes`")
