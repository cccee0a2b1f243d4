"""The pool: the results of a plain loop, in order, whatever the number of workers; errors arrive, deaths are told."""

import os
import signal
import subprocess
import sys
import time
from math import sqrt
from pathlib import Path

import psutil
import pytest

from tavce.errors import InputError
from tavce.run.pool import Pool, run_all


def test_same_results_in_order_for_any_number_of_workers() -> None:
    items = [float(n) for n in range(20)]
    assert run_all(sqrt, items, workers=2, label="x") == run_all(sqrt, items, workers=1, label="x")


@pytest.mark.parametrize("workers", [1, 2])
def test_one_pool_serves_several_lists_of_work(workers: int) -> None:
    with Pool(workers) as pool:
        first = pool.start(sqrt, [1.0, 4.0], label="x")
        second = pool.start(abs, [-1, 2], label="y")
        assert second() == [1, 2]
        assert first() == [1.0, 2.0]


def test_an_error_in_a_worker_is_raised_here() -> None:
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        run_all(sqrt, [1.0, -1.0, 4.0], workers=2, label="x")


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(InputError, match=r"worker process died.*runtime\.workers"):
        run_all(signal.raise_signal, [signal.SIGKILL, signal.SIGKILL], workers=2, label="x")


def test_what_a_command_imports_is_imported_once_for_all_its_workers(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import os\nwith open('log', 'a') as log: log.write(f'{os.getpid()}\\n')\n"
        "import time\ndef work(item): time.sleep(0.5); return os.getpid()\n"
    )
    (tmp_path / "command.py").write_text(
        "from slow import work\nfrom tavce.run.pool import run_all\n"
        "if __name__ == '__main__': print(len(set(run_all(work, [1, 2, 3, 4], workers=2, label='x'))))\n"
    )
    done = subprocess.run([sys.executable, "command.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"  # processes at work
    assert len((tmp_path / "log").read_text().split()) == 2  # the command, and the server that workers are forked from


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    run_all(sqrt, [1.0, 2.0], workers=2, label="x")
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_workers_compute_on_one_thread(tmp_path: Path) -> None:
    """Also where the server began before the pool, as for a stage: two threads would sum in another order."""
    (tmp_path / "threads.py").write_text("import torch\ndef count(item): return torch.get_num_threads()\n")
    (tmp_path / "command.py").write_text(
        "from tavce.run.pool import prepare, run_all\nif __name__ == '__main__':\n    prepare('threads')\n"
        "    import threads\n    print(run_all(threads.count, [1, 2], workers=2, label='x'))\n"
    )
    asked = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "command.py"], cwd=tmp_path, capture_output=True, text=True, env=asked)
    assert (done.stdout, done.stderr) == ("[1, 1]\n", "")


def test_no_bar_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    run_all(sqrt, [1.0, 2.0], workers=1, label="x")
    assert capfd.readouterr().err == ""


def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import time\nfrom tavce.run.pool import run_all\n"
        "if __name__ == '__main__': run_all(time.sleep, [300, 300], workers=2, label='x')\n"
    )
    (tmp_path / "parent.py").write_text(code)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py")])
    workers: list[psutil.Process] = []
    limit = time.monotonic() + 60
    while len(workers) < 2 and time.monotonic() < limit:
        children = psutil.Process(parent.pid).children()
        servers = [child for child in children if "forkserver" in " ".join(child.cmdline())]
        workers = [worker for server in servers for worker in server.children()]
        time.sleep(0.05)
    time.sleep(1)  # until they are at work
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs([*servers, *workers], timeout=20)
    assert len(workers) == 2
    assert alive == []
