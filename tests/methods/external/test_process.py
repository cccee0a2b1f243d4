"""Programs in groups of their own: what they start ends with them, and what they say is kept within bounds."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tavce.errors import InputError
from tavce.methods.external import process
from tavce.methods.external.places import Places
from tavce.methods.external.process import call, ended, kept_environment, last_lines, started
from tavce.methods.external.session import Limits, run_session

# Ignores the polite signal and starts a child that does so too.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
print(os.getpid() if child else "", flush=True)
time.sleep(600)
"""


def here(folder: Path) -> tuple[Places, Path]:
    """Return places below `folder`, and a folder for videos."""
    for name in ("clone", "videos"):
        (folder / name).mkdir()
    names = ("", "clone", "environment", "weights", "files", "runs")
    return Places(*(folder / name for name in names)), folder / "videos"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are looked up in /proc, which is not here")
def test_a_group_ends_as_a_whole_though_it_does_not_want_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.2)
    command, children = [sys.executable, "-c", STUBBORN], list[str]()

    def interrupted() -> None:
        with started(command, folder=tmp_path, environment=dict(os.environ), output=subprocess.PIPE) as stubborn:
            assert stubborn.stdout is not None
            with stubborn.stdout as said:
                said.readline()
            children.extend(Path(f"/proc/{stubborn.pid}/task/{stubborn.pid}/children").read_text().split())
            assert not ended(stubborn)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (child,) = children
    until = time.monotonic() + 20
    while not gone(int(child)):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys; print('first'); print('\\x1b[1mlast\\rof all', file=sys.stderr); sys.exit(7)"
    with pytest.raises(InputError, match=r"ended with exit code 7: .*last \| of all; all that it said is in .*log"):
        call([sys.executable, "-u", "-c", code], folder=tmp_path, environment=dict(os.environ), log=log)
    assert log.read_text().startswith(f"$ {sys.executable} -u -c ")
    with pytest.raises(InputError, match="nowhere: cannot be started"):
        call(["/nowhere"], folder=tmp_path, environment={}, log=log)


def test_the_last_lines_are_short_and_printable() -> None:
    assert last_lines(b"") == ""
    assert last_lines(b"a\n\nb\nc\x07d\ne") == "b | c d | e"
    assert last_lines(b" 10%|#\r 20%|##\r100%|##########\n") == "10%|# | 20%|## | 100%|##########"
    assert len(last_lines(b"\xff" * 100_000)) == 400


def test_passwords_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    kept = kept_environment()
    assert (kept["CUDA_VISIBLE_DEVICES"], "SOME_TOKEN" in kept, "PYTHONPATH" in kept) == ("1", False, False)


def test_a_chatterer_is_cut_off_in_its_log_and_ended_in_the_end(tmp_path: Path) -> None:
    """It prints for ever and finishes no clip: no silence, but no progress either."""
    where, out = here(tmp_path)
    code = "while True: print('x' * 99)"
    limits = Limits(clip_s=0.5, log_bytes=1000)
    with (tmp_path / "lock").open("w") as lock:
        end = run_session([sys.executable, "-c", code], where, out, tmp_path / "log", limits, lock=lock.fileno())
    assert end.problem == "run.py finished no clip within 0.5 s"
    assert end.last_lines.endswith("x" * 99)
    assert (tmp_path / "log").stat().st_size == 1000


def test_a_session_sees_no_network_and_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    where, out = here(tmp_path)
    code = "import os; print(sorted(os.environ)); print(os.environ['HF_HUB_OFFLINE'], os.getcwd())"
    before = threading.active_count()
    with (tmp_path / "lock").open("w") as lock:
        end = run_session([sys.executable, "-c", code], where, out, tmp_path / "log", Limits(), lock=lock.fileno())
    assert end.problem == ""
    said = (tmp_path / "log").read_text()
    assert "HF_TOKEN" not in said
    assert said.splitlines()[1] == f"1 {where.clone}"
    assert threading.active_count() == before


def test_a_process_that_removes_its_folder(tmp_path: Path) -> None:
    where, out = here(tmp_path)
    code = f"import os, time; os.rmdir({str(out)!r}); time.sleep(600)"
    with (tmp_path / "lock").open("w") as lock:
        end = run_session([sys.executable, "-c", code], where, out, tmp_path / "log", Limits(), lock=lock.fileno())
    assert end.problem == "run.py removed the folder for its videos"
