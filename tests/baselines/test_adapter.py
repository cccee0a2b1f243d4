"""adapter.py for real: a process with a small method, whose clips do what a plan says."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

COMMON = Path(__file__).parents[2] / "baselines" / "common"
RUN = '''
"""A method for tests."""
import json, os, random, shutil, signal, sys
from pathlib import Path
sys.path.insert(0, {common!r})
import adapter

def load(options):
    import of_the_clone
    plan = json.loads(Path("plan.json").read_text())
    with open(plan["log"], "a") as log:
        print("load", file=log)
    def make(clip, folder):
        what = plan.get(clip.clip_id, "ok")
        with open(plan["log"], "a") as log:
            print(clip.clip_id, clip.seed, random.random(), sorted(os.listdir(folder)), file=log)
        shutil.copy(clip.video, folder / "result.mp4")
        if what == "kill":
            (options.out / (clip.clip_id + ".part.mp4")).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "fail":
            raise adapter.Failed("no face")
        if what == "raise":
            raise ValueError("two\\nlines")
        if what == "exit":
            sys.exit("upstream gave up")
        if what == "much":
            b"x" * (200 << 20)
        if what == "half":
            (folder / "result.mp4").write_bytes(Path(clip.video).read_bytes()[:900])
        os.chdir(str(folder))
        return "nothing.mp4" if what == "nothing" else "result.mp4"
    return make

adapter.run(load, isolate={isolate!r}, needs_cuda=False)
'''


@dataclass
class Bench:
    """A method in a folder, a clone, weights, and requests."""

    root: Path
    video: Path
    isolate: bool = False

    @property
    def out(self) -> Path:
        return self.root / "out"

    def run(
        self, *extra: str, environment: dict[str, str] | None = None, **plan: str
    ) -> "subprocess.CompletedProcess[str]":
        (self.root / "weights" / "plan.json").write_text(json.dumps(plan | {"log": str(self.root / "log")}))
        (self.root / "run.py").write_text(RUN.format(common=str(COMMON), isolate=self.isolate))
        words = ["--requests", "../requests.jsonl", "--out", "../out", "--weights", "../weights", "--device", "cpu"]
        return subprocess.run(
            [
                sys.executable,
                "-S",
                self.root / "run.py",
                *words,
                *extra,
            ],  # without torch, which takes seconds to import
            cwd=self.root / "clone",
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
        )

    def ask(self, *names: str, **changes: Any) -> None:
        common = {"image": "i.png", "audio": "a.wav", "video": str(self.video), "frames": 7, "fps": 25, "seed": 3}
        text = "".join(json.dumps(common | {"clip_id": name} | changes) + "\n" for name in names)
        (self.root / "requests.jsonl").write_text(text)

    def manifest(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / "manifest.jsonl").read_text().splitlines()]

    def log(self) -> list[str]:
        return (self.root / "log").read_text().splitlines()

    def videos(self) -> list[str]:
        return sorted(path.name for path in self.out.iterdir() if path.name != "manifest.jsonl")


@pytest.fixture
def bench(tmp_path: Path, video: Path) -> Bench:
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "of_the_clone.py").write_text("")
    (tmp_path / "weights").mkdir()
    made = Bench(tmp_path, video)
    made.ask("a", "b", "c")
    return made


def test_every_clip_gets_its_video_and_its_line(bench: Bench) -> None:
    done = bench.run()
    assert done.returncode == 0, done.stderr
    assert bench.videos() == ["a.mp4", "b.mp4", "c.mp4"]
    assert (bench.out / "a.mp4").read_bytes() == bench.video.read_bytes()
    rows = bench.manifest()
    keys = {"clip_id", "status", "reason", "frames", "fps", "wall_s", "peak_memory_mb"}
    assert [set(row) for row in rows] == [keys] * 3
    assert [(row["clip_id"], row["status"], row["reason"], row["frames"], row["fps"]) for row in rows] == [
        (name, "ok", "", 7, 25.0) for name in "abc"
    ]
    assert all(0 <= row["wall_s"] < 60 and row["peak_memory_mb"] > 1 for row in rows)
    assert bench.log()[0] == "load"
    assert bench.log().count("load") == 1
    assert all(line.endswith("[]") for line in bench.log()[1:]), "a private folder begins empty"


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak of memory")
def test_the_peak_of_memory_is_each_clip_s_own(bench: Bench) -> None:
    bench.run(b="much")
    first, much, last = (row["peak_memory_mb"] for row in bench.manifest())
    assert 190 < much - first < 260
    assert abs(last - first) < 50, "what an earlier clip used is not counted again"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("fail", "no face"),
        ("raise", "ValueError: two lines"),
        ("exit", "SystemExit: upstream gave up"),
        ("half", "what upstream wrote is no complete MP4 with a video track"),
        ("nothing", "upstream wrote no video"),
    ],
)
@pytest.mark.parametrize("isolate", [False, True])
def test_a_failed_clip_gives_its_reason_and_does_not_stop_the_run(
    bench: Bench, what: str, reason: str, isolate: bool
) -> None:
    bench.isolate = isolate
    done = bench.run(b=what)
    assert done.returncode == 0, done.stderr
    assert bench.videos() == ["a.mp4", "c.mp4"]
    rows = {row["clip_id"]: row for row in bench.manifest()}
    assert [rows[name]["status"] for name in "abc"] == ["ok", "failed", "ok"]
    assert rows["b"]["reason"] == reason
    assert (rows["b"]["frames"], rows["b"]["fps"]) == (0, 0.0)


def test_a_second_run_makes_only_what_is_not_there(bench: Bench) -> None:
    bench.run(b="fail")
    (bench.root / "log").unlink()
    bench.run()
    assert [line.split()[0] for line in bench.log()] == ["load", "b"]
    assert [row["status"] for row in bench.manifest()] == ["ok", "failed", "ok", "ok"]
    (bench.out / "a.mp4").unlink()
    (bench.root / "log").unlink()
    bench.run()
    assert [line.split()[0] for line in bench.log()] == ["load", "a"], "ok in the manifest, but the file is gone"
    (bench.root / "log").unlink()
    bench.run()
    assert not (bench.root / "log").exists(), "with nothing to do the model is not even loaded"


def test_a_crash_leaves_no_half_file_and_the_next_run_goes_on(bench: Bench) -> None:
    assert bench.run(b="kill").returncode == -9
    assert "b.mp4" not in bench.videos()
    assert [row["clip_id"] for row in bench.manifest()] == ["a"]
    (bench.root / "log").unlink()
    assert bench.run().returncode == 0
    assert bench.videos() == ["a.mp4", "b.mp4", "c.mp4"], "part files and private folders are swept away"
    assert [line.split()[0] for line in bench.log()] == ["load", "b", "c"]


def test_a_crash_in_a_process_of_its_own_is_one_failed_clip(bench: Bench) -> None:
    bench.isolate = True
    assert bench.run(b="kill").returncode == 0
    rows = {row["clip_id"]: row for row in bench.manifest()}
    assert [rows[name]["status"] for name in "abc"] == ["ok", "failed", "ok"]
    assert rows["b"]["reason"] == "its process ended with exit code -9"
    assert bench.log().count("load") == 3
    bench.run()
    assert bench.videos() == ["a.mp4", "b.mp4", "c.mp4"]


def test_a_torn_line_of_the_manifest_counts_for_nothing(bench: Bench) -> None:
    bench.ask("a")
    bench.run()
    whole = (bench.out / "manifest.jsonl").read_text()
    (bench.out / "manifest.jsonl").write_text(whole + whole[:20])
    bench.ask("a", "b")
    bench.run()
    lines = (bench.out / "manifest.jsonl").read_text().splitlines()
    assert [len(lines), lines[1]] == [3, whole[:20]]
    assert json.loads(lines[2])["clip_id"] == "b"


def test_each_clip_is_seeded_by_itself(bench: Bench) -> None:
    def draws(*extra: str) -> dict[str, str]:
        shutil.rmtree(bench.out, ignore_errors=True)
        (bench.root / "log").unlink(missing_ok=True)
        bench.run(*extra)
        return {line.split()[0]: line.split()[2] for line in bench.log()[1:]}

    first = draws()
    assert len(set(first.values())) == 1, "one seed, one draw"
    bench.ask("c", "a")
    assert draws()["c"] == first["c"], "whatever came before"
    assert draws("--seed", "1")["c"] != first["c"]
    bench.ask("c", seed=4)
    assert draws()["c"] == draws("--seed", "0")["c"]


def test_numpy_and_torch_are_seeded_too(adapter: ModuleType) -> None:
    def draws(seed: int) -> tuple[float, float, float]:
        adapter.set_seed(seed)
        return random.random(), float(np.random.rand()), float(torch.rand(1))  # noqa: NPY002 - what upstream code draws from

    assert draws(3) == draws(3)
    assert all(one != other for one, other in zip(draws(3), draws(2**32 + 4), strict=True))


def test_weights_are_linked_into_the_clone_and_its_own_files_stay(bench: Bench) -> None:
    (bench.root / "weights" / "models").mkdir()
    (bench.root / "weights" / "models" / "net.pth").write_text("weights")
    (bench.root / "weights" / "models" / "README").write_text("weights")
    (bench.root / "clone" / "models").mkdir()
    (bench.root / "clone" / "models" / "README").write_text("clone")
    bench.run()
    assert (bench.root / "clone" / "models" / "net.pth").read_text() == "weights"
    assert (bench.root / "clone" / "models" / "README").read_text() == "clone"


@pytest.mark.parametrize("name", ["../out", "a/b", "..", "", "/a"])
def test_a_name_that_leaves_the_folder_is_refused(bench: Bench, name: str) -> None:
    bench.ask("a", name)
    done = bench.run()
    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert "is no file name" in done.stderr
    assert bench.videos() == []


def test_a_request_that_lacks_a_key_is_refused(bench: Bench) -> None:
    (bench.root / "requests.jsonl").write_text('{"clip_id": "a"}\n')
    done = bench.run()
    assert done.returncode == 1
    assert "line 1: it lacks audio, fps, frames, image, seed, video" in done.stderr


@pytest.mark.parametrize(
    ("device", "given", "seen"),
    [("cpu", "3", ""), ("cuda:0", "", "0"), ("cuda:1", "", "1"), ("cuda:1", "4,6", "6"), ("cuda", "4,6", "4")],
)
def test_upstream_sees_the_wanted_device_only(bench: Bench, device: str, given: str, seen: str) -> None:
    (bench.root / "clone" / "of_the_clone.py").write_text(
        "import os; open('seen', 'w').write(os.environ['CUDA_VISIBLE_DEVICES'])"
    )
    bench.ask("a")
    bench.run("--device", device, environment={"CUDA_VISIBLE_DEVICES": given})
    assert (bench.root / "clone" / "seen").read_text() == seen


def test_a_device_that_is_none_is_refused(bench: Bench) -> None:
    done = bench.run("--device", "tpu")
    assert done.returncode == 2
    assert "cpu or cuda:N" in done.stderr
