"""The user's cookies file, read once and never written, with the values that no message may show."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from tavce.errors import InputError

HEADERS = ("# Netscape HTTP Cookie File", "# HTTP Cookie File")
COLUMNS = 7  # domain, subdomains, path, secure, expires, name, value
REMEDY = "export it from the browser again, as a Netscape cookies file"


@dataclass(frozen=True)
class Cookies:
    """Cookies as text in Netscape form, and their values. Neither is shown when this is printed."""

    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def stream(self) -> io.StringIO:
        """Return a stream of its own over the text.

        yt-dlp writes cookies back to where they came from; this keeps the user's file as it is.
        """
        return io.StringIO(self.text)


def read_cookies(name: str) -> Cookies | None:
    """Return the cookies in the file `name`, None for "".

    Every line is checked here: yt-dlp prints a line that it cannot read, with its secret.

    Raises:
        InputError: no such file, or not one in Netscape form. The message has the number of the line, not the line.
    """
    if not name:
        return None
    path = Path(name)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the setting `cookies`") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "is no cookies file (not UTF-8)", REMEDY) from error
    if not lines or not lines[0].startswith(HEADERS):
        raise InputError(path, f"is no cookies file: its first line is not {HEADERS[0]!r}", REMEDY)
    secrets = []
    for number, line in enumerate(lines, start=1):
        cookie = line.removeprefix("#HttpOnly_")
        if not cookie.strip() or cookie.startswith("#"):
            continue
        columns = cookie.split("\t")
        if len(columns) != COLUMNS or (columns[4] and not columns[4].replace(".", "", 1).isdecimal()):
            raise InputError(path, f"line {number} is no cookie", REMEDY)
        secrets.append(columns[6])
    return Cookies("\n".join(lines) + "\n", tuple(secrets))
