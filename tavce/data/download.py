"""One file over HTTP into a neighbour's name: resumed after a break, retried, bounded, and left there if it fails.

Why `requests` and not `pooch`: pooch starts every attempt from the first byte, and half of a file of 500 MB over a
broken line is worth keeping. What is added here to requests is the range, the bounds and the patience.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

BLOCK = 1 << 18
LARGEST = 2 << 30  # bytes; no model here comes near, and an address that serves without end must not fill the disk
AGAIN = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        attempts: per address.
        wait_s: before the second attempt; doubled for each one after it.
        longest_wait_s: bound of a single wait, whatever the server asks for.
        connect_s: until a connection stands.
        silence_s: between two pieces of data.
    """

    attempts: int = 5
    wait_s: float = 1.0
    longest_wait_s: float = 60.0
    connect_s: float = 10.0
    silence_s: float = 30.0


class TryAgainError(Exception):
    """A failure that may pass: what happened, and how long the server asks to wait (seconds, 0 if it does not)."""

    def __init__(self, problem: str, wait_s: float = 0.0) -> None:
        self.problem, self.wait_s = problem, wait_s
        super().__init__(problem)


class AddressError(Exception):
    """A failure that will not pass at this address."""


def download(address: str, part: Path, *, size: int | None, resume: bool, patience: Patience, progress: bool) -> None:
    """Write what `address` serves into `part`, going on behind the bytes that it already holds.

    Args:
        address: http or https; a redirect away from https is refused.
        part: the unfinished file.
        size: number of bytes expected, or None.
        resume: whether bytes of an earlier attempt may be kept. Only if a hash is known that can tell afterwards
            whether the two pieces belong together.
        patience: attempts and times.
        progress: whether to draw a bar on stderr.

    Raises:
        AddressError: the address does not give the file; `part` keeps what came where it can be of use.
        OSError: the file cannot be written.
    """
    for attempt in range(patience.attempts):
        try:
            if not resume:
                part.unlink(missing_ok=True)
            _transfer(address, part, size, patience, progress)
        except TryAgainError as error:
            if attempt + 1 == patience.attempts:
                raise AddressError(f"{error.problem}, {patience.attempts} times tried") from error
            time.sleep(min(patience.longest_wait_s, max(error.wait_s, patience.wait_s * 2**attempt)))
        else:
            return


def _transfer(address: str, part: Path, size: int | None, patience: Patience, progress: bool) -> None:
    held = part.stat().st_size if part.is_file() else 0
    if size is not None and held == size:
        return
    # identity: a compressed answer would count other bytes than the range and the size do
    headers = {"Accept-Encoding": "identity", "User-Agent": "tavce-bench"}
    if held:
        headers["Range"] = f"bytes={held}-"
    try:
        times = (patience.connect_s, patience.silence_s)
        with requests.get(address, headers=headers, stream=True, timeout=times) as answer:
            if answer.headers.get("Content-Range") == f"bytes */{held}":
                return  # nothing is left to send
            start, total = _read_head(answer, address, held, part)
            if size is not None and total is not None and total != size:
                raise AddressError(f"serves {total} bytes, expected {size}")
            _write_body(answer, part, start, total, size, progress)
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.TooManyRedirects) as error:
        raise AddressError(f"cannot be opened ({type(error).__name__})") from error
    except requests.Timeout as error:
        raise TryAgainError("no answer in time") from error
    except requests.RequestException as error:
        raise TryAgainError(f"the connection broke ({type(error).__name__})") from error


def _read_head(answer: requests.Response, address: str, held: int, part: Path) -> tuple[int, int | None]:
    """Return at which byte the answer begins and how long the whole file is, None if it does not say."""
    if address.startswith("https:") and not answer.url.startswith("https:"):
        raise AddressError(f"leads away from https, to {answer.url}")
    status = answer.status_code
    if status in AGAIN:
        asked = answer.headers.get("Retry-After", "")
        raise TryAgainError(f"answers {status}", float(asked) if asked.isdecimal() else 0.0)
    if status == requests.codes.requested_range_not_satisfiable:
        part.unlink(missing_ok=True)  # the file there is shorter than what is here: they are not the same file
        raise TryAgainError("has fewer bytes than an earlier attempt left")
    if status == requests.codes.partial_content:
        unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
        span, _, total = rest.partition("/")
        if unit != "bytes" or span.partition("-")[0] != str(held):
            part.unlink(missing_ok=True)
            raise TryAgainError(f"sends another range than asked for ({unit} {rest})")
        return held, int(total) if total.isdecimal() else None
    if status != requests.codes.ok:
        raise AddressError(f"answers {status}")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise AddressError("serves a web page in place of the file")  # as Google Drive does beyond its quota
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _write_body(
    answer: requests.Response, part: Path, start: int, total: int | None, size: int | None, progress: bool
) -> None:
    done, bound = start, LARGEST if size is None else size
    bar = tqdm(
        total=size or total, initial=start, unit="B", unit_scale=True, desc=part.name.strip("."), disable=not progress
    )
    with bar, part.open("ab" if start else "wb") as file:
        for block in answer.iter_content(BLOCK):
            done += len(block)
            if done > bound:
                break
            file.write(block)
            bar.update(len(block))
    if done > bound:
        part.unlink()
        raise AddressError(f"serves more than {bound} bytes")
    expected = total if total is not None else size
    if expected is not None and done < expected:
        raise TryAgainError(f"the connection ended after {done} of {expected} bytes")
