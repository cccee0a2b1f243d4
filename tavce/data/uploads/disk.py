"""A full disk, found behind whatever a library makes of it, becomes one clean error."""

import errno
from pathlib import Path

from tavce.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refuse_full_disk(error: BaseException, place: Path) -> None:
    """Raise an InputError if `error`, or what lies behind it, is that of a full disk or quota.

    Args:
        error: also one that wraps another, as yt-dlp's do in `exc_info` and `cause`.
        place: what could not be written.

    Raises:
        InputError: it is.
    """
    pending, seen = [error], set[int]()
    while pending:
        each = pending.pop()
        seen.add(id(each))
        if getattr(each, "errno", None) in FULL:
            problem = f"the disk is full ({getattr(each, 'strerror', None) or each})"
            remedy = "free some space and run the command again: what is finished is kept, and the rest goes on"
            raise InputError(place, problem, remedy) from None
        wrapped = (getattr(each, "cause", None), *(getattr(each, "exc_info", None) or ()))
        behind = (each.__cause__, each.__context__, *wrapped)
        pending += [other for other in behind if isinstance(other, BaseException) and id(other) not in seen]
