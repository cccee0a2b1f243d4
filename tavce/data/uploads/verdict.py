"""What a failure means: gone for good, closed to us, no video, or worth another try."""

import re
from dataclasses import dataclass
from typing import Literal

from tavce.data.uploads.redact import redacted
from tavce.data.uploads.upload import Status

Cause = Literal["item", "connection", "refusal"]
LONGEST_REASON = 240  # characters
AGAIN = (408, 425, 429, 500, 502, 503, 504)
REFUSED = (401, 403, 407, 451)


@dataclass(frozen=True)
class Verdict:
    """What became of an attempt.

    Attributes:
        status: never "obtained".
        reason: one sentence, safe to show.
        again: whether another attempt in this run may help.
        cause: "connection" if no server answered, "refusal" if it answers that we ask too much; many of either in a
            row end a run. "item" if it concerns this upload alone.
        wait_s: how long the server asks to wait, 0 if it does not.
    """

    status: Status
    reason: str
    again: bool = False
    cause: Cause = "item"
    wait_s: float = 0.0


class MissedError(Exception):
    """An upload did not come; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason)


# Words of YouTube and of yt-dlp, in the order in which they are looked for: the first that fits decides. Several stand
# in one message ("Video unavailable. This video is private"), so the more telling ones come first.
_PATTERNS: tuple[tuple[str, Status, bool, Cause], ...] = (
    (r"not a bot|captcha|rate.?limited|try again later|too many requests|http error 429", "failed", False, "refusal"),
    (r"private video|video is private|granted (you )?access", "private", False, "item"),
    (r"confirm your age|age.?(restricted|verification)|inappropriate for some", "restricted", False, "item"),
    (r"members.only|channel's members|join this channel|premium members", "restricted", False, "item"),
    (r"requires payment|to (rent|purchase) |rental", "restricted", False, "item"),
    (r"in your (country|region)|your (geographic )?location|geo.?restrict", "restricted", False, "item"),
    (r"registered users|drm protected|sign in to (view|watch)", "restricted", False, "item"),
    (r"playback on other (websites|apps)|this video is not available", "failed", False, "item"),
    (r"will begin in|premieres in|processing this video|check back later|is offline", "failed", False, "item"),
    (r"video (is )?unavailable|no longer available|isn't available anymore|does not exist", "gone", False, "item"),
    (r"been (removed|deleted|terminated|closed|suspended)|removed by the|copyright", "gone", False, "item"),
    (r"recording is not available|truncated id|http error (404|410).*(watch|page)", "gone", False, "item"),
    (r"refused|unreachable|name or service not known|name resolution|failed to resolve", "failed", True, "connection"),
    (r"timed out|timeout|connection (was )?(reset|aborted)|remote end closed", "failed", True, "connection"),
    (r"bytes read|more expected|content too short|did not get any data", "failed", True, "item"),
    (r"http error (403|408|425|5\d\d)|unable to download video data", "failed", True, "item"),
)

_PREFIX = re.compile(r"^\s*(error:\s*)?(\[[\w:+.-]{1,40}\]\s*)?(got error:\s*)?", re.IGNORECASE)
# What yt-dlp adds for its own users: how to report a bug, and how to hand over cookies.
_ADVICE = re.compile(
    r"; please report this issue.*|\.? *\(?caused by .*|\.? *use --(cookies|list-formats|username).*|\.? *see +http.*"
    r"|\.? *you might want to use a vpn.*|\.? *this helps protect our community.*"
    r"|\.? *for more information, refer to.*",
    re.IGNORECASE | re.DOTALL,
)


def reason_of(message: str, upload: str = "", secrets: tuple[str, ...] = ()) -> str:
    """Return a message of yt-dlp as one sentence without its prefix, its advice and its secrets."""
    text = _PREFIX.sub("", redacted(message, secrets)).removeprefix(f"{upload}: ")
    return _ADVICE.sub("", text)[:LONGEST_REASON].strip() or "failed without a message"


def verdict_of_message(message: str, upload: str = "", secrets: tuple[str, ...] = ()) -> Verdict:
    """Return what a message of yt-dlp means; one that is not known may pass another day, and is not repeated now.

    Args:
        message: as in its exceptions.
        upload: the site's id, which begins many messages.
        secrets: values to hide.
    """
    plain = message.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()
    for pattern, status, again, cause in _PATTERNS:
        if re.search(pattern, plain):
            return Verdict(status, reason_of(message, upload, secrets), again, cause)
    return Verdict("failed", reason_of(message, upload, secrets))


def verdict_of_answer(code: int, wait_s: float) -> Verdict:
    """Return what the HTTP status of a direct address means.

    Args:
        code: 400 or more.
        wait_s: of its Retry-After, in seconds, 0 if there is none.
    """
    reason = f"the server answers {code}"
    if code in (404, 410):
        return Verdict("gone", reason)
    if code in REFUSED:
        return Verdict("restricted", reason)
    cause: Cause = "refusal" if code == 429 else "item"
    return Verdict("failed", reason, code in AGAIN, cause, wait_s)
