"""How a stage or a command ends: bad input is one line on stderr and exit code 2, never a traceback."""

import signal
import sys
from collections.abc import Callable, Sequence

from tavce.errors import InputError

Main = Callable[[Sequence[str]], int | None]


def run(main: Main) -> None:
    """Call `main` with the command line's arguments and leave the process with its exit code."""
    # `kill` and Ctrl-C must both unwind, so that half-written outputs are removed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = main(sys.argv[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()  # `tavce clips FOLDER | head` is no error, and python would say so while it ends
        sys.exit(0)
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is left", file=sys.stderr)
        sys.exit(130)
    sys.exit(code or 0)


def one_argument(arguments: Sequence[str], *names: str) -> tuple[str, ...]:
    """Return the arguments, one per name.

    Raises:
        InputError: there are more or fewer.
    """
    if len(arguments) != len(names):
        usage = " ".join(name.upper() for name in names)
        raise InputError("command line", f"got {list(arguments)}", f"give {usage or 'no argument'}")
    return tuple(arguments)
