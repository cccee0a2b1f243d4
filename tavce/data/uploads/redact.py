"""Messages and addresses as they may be shown: without cookies, tokens, signatures and passwords."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

HIDDEN = "***"
SHOWN_PARAMETERS = ("v",)  # of an address: which video; any other value may be a key
LEAST_SECRET = 4  # characters; shorter values are words like "en" or "1"

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>`]+", re.IGNORECASE)
_HEADER = re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(['\"]?\s*[:=]\s*).+")
_KEY = (
    r"token|secret|passw(?:or)?d|passwd|signature|sig|api[_-]?key|session[_-]?id|session|sid|credentials?"
    r"|visitor[_-]?data"
)
_FIELD = re.compile(rf"(?i)((?<![a-z])[\w-]*(?<![a-z])(?:{_KEY})['\"]?(?:\s*[=:]\s*|%3D)['\"]?)[^\s'\"&,;)]+")
_IN_PATH = re.compile(rf"(?i)/((?:l?sig|{_KEY}))/[^/]+")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` on one line, safe to show and to keep.

    Of addresses the user, the password, the fragment and the values of all parameters but `v` are hidden, and the whole
    path of media servers that carry their signature in it. So are values that follow a word like "token", what follows
    "Cookie:" or "Authorization:", and the `secrets` given. Control characters, which could write over a terminal, go.

    Args:
        text: any.
        secrets: values to hide wherever they stand, such as those of a cookies file.
    """
    text = _CONTROL.sub(" ", _ESCAPE.sub("", text))
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= LEAST_SECRET:
            for form in (secret, quote(secret, safe="")):
                text = text.replace(form, HIDDEN)
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _ADDRESS.sub(lambda match: _shown_address(match.group()), text)
    return " ".join(_FIELD.sub(rf"\1{HIDDEN}", text).split())


def _shown_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return f"{address.partition(':')[0]}://{HIDDEN}"
    path = (
        f"/{HIDDEN}"
        if host.partition(":")[0].endswith("googlevideo.com")
        else _IN_PATH.sub(rf"/\1/{HIDDEN}", parts.path)
    )
    shown = f"{parts.scheme}://{HIDDEN + '@' if '@' in parts.netloc else ''}{host}{path}"
    if parts.query:
        shown += "?" + "&".join(_shown_parameter(each) for each in re.split("[&;]", parts.query))
    return shown + (f"#{HIDDEN}" if parts.fragment else "")


def _shown_parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if name in SHOWN_PARAMETERS:
        return pair
    return f"{name}={HIDDEN}" if equals else HIDDEN
