"""Programs of others in process groups of their own, so that nothing they started is left when they end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tavce.errors import InputError

GRACE_S = 3.0  # between the polite signal and the one that cannot be refused
POLL_S = 0.05
LAST_LINES = 3
REASON_CHARACTERS = 400
# What a program of another project may know of this one's environment: where things are, not what this process runs.
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
KEPT_BEGINNINGS = ("LC_", "LD_", "CUDA", "NVIDIA_", "NCCL_", "ROCR_", "HIP_", "OMP_", "MKL_", "OPENBLAS_", "XDG_")


def program(name: str) -> str:
    """Return the path of a program: on PATH, else beside this Python.

    Raises:
        InputError: it is in neither place.
    """
    beside = Path(sys.executable).parent / name
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    if found is None:
        remedy = {"uv": "install it: pip install uv", "git": "install git with your system's package manager"}
        raise InputError(name, "this program is needed and is not on PATH", remedy.get(name, "install it"))
    return found


def kept_environment() -> dict[str, str]:
    """Return the variables that code of other projects gets from this process; no passwords, no settings of Python."""
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)}


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    output: int,
    keep_open: Sequence[int] = (),
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program in a process group of its own, and end the whole group when the block ends, however it ends.

    Args:
        command: program and arguments.
        folder: its working folder.
        environment: all its variables.
        output: file descriptor for what it prints, or ``subprocess.PIPE``; stderr goes there too.
        keep_open: further file descriptors that it inherits.

    Raises:
        InputError: it cannot be started.
    """
    if not hasattr(os, "waitid"):
        raise InputError("this system", "cannot run methods of others", "use Linux, or macOS with Python 3.13 or newer")
    words = [str(word) for word in command]
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell
            words,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
    except OSError as error:
        raise InputError(words[0], f"cannot be started ({error.strerror})", "prepare the method again") from error
    try:
        yield process
    finally:
        _end_group(process)


def ended(process: "subprocess.Popen[bytes]") -> bool:
    """Return whether the program has ended. Its number stays taken until the group is gone, so none else can get it."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def call(command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], log: Path) -> None:
    """Run a program to its end, with what it prints added to `log`.

    Raises:
        InputError: it fails; the message ends with its last lines.
    """
    with log.open("ab") as file:
        file.write(f"$ {' '.join(map(str, command))}\n".encode())
        file.flush()
        before = file.tell()
        with started(command, folder=folder, environment=environment, output=file.fileno()) as process:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if process.returncode:
        problem = f"ended with exit code {process.returncode}: {last_lines(log.read_bytes()[before:])}"
        raise InputError(Path(str(command[0])).name, problem, f"all that it said is in {log}")


def last_lines(said: bytes) -> str:
    """Return the last lines of a program's output as one line, without control characters; a bar counts as its end."""
    text = said[-20_000:].decode("utf-8", errors="replace").replace("\r", "\n")
    lines = [one_line(line) for line in text.split("\n")]
    return " | ".join([line for line in lines if line][-LAST_LINES:])[-REASON_CHARACTERS:]


def one_line(text: str) -> str:
    """Return `text` with every blank or unprintable character as a space, and spaces joined."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the group of a process that has not been waited for, politely first, and take its exit code."""
    alive = not ended(process)
    try:
        if alive:
            _signal_group(process.pid, signal.SIGTERM)
            until = time.monotonic() + GRACE_S
            while not ended(process) and time.monotonic() < until:
                time.sleep(POLL_S)
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
    except PermissionError:
        return  # macOS answers so for a group of which only the ended leader is left
