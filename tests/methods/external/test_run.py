"""Clips through the page's method, as a process: what goes well, what fails, and what it must not be able to do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tavce.errors import InputError
from tavce.media.audio import read_wav, write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_video
from tavce.methods.contract import Outcome, Request, read_manifest, write_manifest
from tavce.methods.external.generate import Wanted, generate_external, make_external, read_details
from tavce.methods.external.places import places
from tavce.methods.external.prepare import prepare
from tavce.methods.external.run import Asked
from tavce.methods.external.session import Limits
from tavce.methods.external.spec import Spec
from tests.methods.external import toy
from tests.methods.external.toy import World

FRAMES, SIDE = 12, 64
QUICK = Limits(silence_s=5.0, video_bytes=1 << 20)
Make = Callable[..., dict[str, Outcome]]


@pytest.fixture
def spec(world: World) -> Spec:
    """The page's method, prepared."""
    found = world.method()
    prepare(found)
    return found


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., list[Wanted]]:
    """``ask("short", "ok")``: clips whose portraits are called so, and have a bright column each."""

    def make(*words: str) -> list[Wanted]:
        wanted = []
        for number, word in enumerate(words):
            picture = np.full((SIDE, SIDE, 3), 60, np.uint8)
            picture[:, 20:28] = 200
            picture[0, 0] = number + 1  # so that no two clips are the same
            image, audio = tmp_path / f"{word}-{number}.png", tmp_path / f"{word}-{number}.wav"
            Image.fromarray(picture).save(image)
            write_wav(audio, np.full(FRAMES * 640, number + 1, np.int16), 16_000)
            asked = Asked(f"{number}_{word}", image, audio, None, FRAMES, number)
            wanted.append(Wanted(asked, (SIDE, SIDE)))
        return wanted

    return make


@pytest.fixture
def make(spec: Spec, tmp_path: Path) -> Make:
    """Make clips into ``tmp_path/made`` and return the outcomes by clip."""

    def run(wanted: list[Wanted], limits: Limits = QUICK, seed: int = 0, of: Spec = spec) -> dict[str, Outcome]:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        outcomes = make_external(of, wanted, folder, device="cpu", seed=seed, limits=limits)
        assert [outcome.clip for outcome in outcomes] == [each.asked.clip for each in wanted]
        write_manifest(outcomes, folder)
        assert read_manifest(folder) == {outcome.clip: outcome for outcome in outcomes}
        return {outcome.clip: outcome for outcome in outcomes}

    return run


def columns(video: Path) -> list[int]:
    """Return where the left edge of the bright column is in each frame."""
    light = read_video(video)[:, 10, :, 1].astype(int)
    return [int(np.argmax((row > 150) & (np.roll(row, 1) < 150))) for row in light]


def runs(spec: Spec) -> set[Path]:
    return set(places(spec).runs.glob("*"))


def test_frames_are_those_of_the_patched_code(spec: Spec, make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path):
    wanted = ask("fine", "raises", "fine")
    outcomes = make(wanted)
    assert [outcomes[each.asked.clip].status for each in wanted] == ["ok", "failed", "ok"]
    assert outcomes["1_raises"].reason == "RuntimeError: no face in this picture"
    made = tmp_path / "made"
    seen = columns(made / "0_fine.mkv")
    steps = np.diff(seen) % SIDE
    assert set(steps) == {3}  # 1 without the patch
    frame = read_video(made / "0_fine.mkv")[0].astype(int)
    assert abs(int(np.median(frame)) - 100) <= 2  # 60 of the portrait and 40 of the model file
    assert read_wav(made / "0_fine.wav").tolist() == [1] * (FRAMES * 640)
    assert not list(made.glob("1_raises*"))
    assert columns(made / "2_fine.mkv") != seen  # another seed
    details = read_details(made)
    assert details["0_fine"]["made"] == details["0_fine"]["asked"] == FRAMES
    assert (details["0_fine"]["repeated"], details["0_fine"]["cut"], details["0_fine"]["resized_from"]) == (0, 0, None)
    assert details["0_fine"]["wall_s"] > 0
    assert details["0_fine"]["peak_memory_mb"] > 1
    log = max(runs(spec), key=lambda each: each.stat().st_mtime) / "log.txt"
    assert log.read_text().count("loaded\n") == 1  # one model for all clips
    assert not list(spec.folder.glob("__pycache__"))


def test_same_inputs_same_bytes_and_nothing_made_twice(make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path):
    first = make(ask("same", "raises"), seed=5)
    files = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir() if path.suffix != ".jsonl"}
    wall = read_details(tmp_path / "made")["0_same"]["wall_s"]
    manifest = (tmp_path / "made" / "manifest.jsonl").read_bytes()
    assert make(ask("same", "raises"), seed=5) == first
    assert {name: (tmp_path / "made" / name).read_bytes() for name in files} == files
    assert (tmp_path / "made" / "manifest.jsonl").read_bytes() == manifest
    assert read_details(tmp_path / "made")["0_same"]["wall_s"] == wall  # the measured time is that of the first run
    make(ask("same"), seed=6)
    assert (tmp_path / "made" / "0_same.mkv").read_bytes() != files["0_same.mkv"]


def test_counts_rates_and_sizes_are_brought_to_those_asked(
    make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path
):
    outcomes = make(ask("short", "long", "large", "fast", "endless"), Limits())
    made, details = tmp_path / "made", read_details(tmp_path / "made")
    for clip in ("0_short", "1_long", "2_large", "3_fast"):
        assert outcomes[clip] == Outcome(clip, "ok", "", FRAMES)
        assert read_video(made / f"{clip}.mkv").shape == (FRAMES, SIDE, SIDE, 3)
    assert (details["0_short"]["made"], details["0_short"]["repeated"]) == (FRAMES - 4, 4)
    short = read_video(made / "0_short.mkv")
    assert all(np.array_equal(short[-5], frame) for frame in short[-4:])
    assert not np.array_equal(short[-6], short[-5])
    assert (details["1_long"]["made"], details["1_long"]["cut"]) == (FRAMES + 7, 7)
    assert details["2_large"]["resized_from"] == [96, 96]
    assert (details["3_fast"]["fps"], details["3_fast"]["made"], details["3_fast"]["repeated"]) == (50, FRAMES // 2, 6)
    assert outcomes["4_endless"].status == "failed"
    assert outcomes["4_endless"].reason == "what the method made has over 370 frames, asked for were 12"
    assert not list(made.glob("4_endless*"))


def test_a_crash_costs_one_clip(spec: Spec, make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path):
    wanted = ask("before", "crashes", "after", "raises")
    before = runs(spec)
    outcomes = make(wanted, seed=1)
    assert [outcomes[each.asked.clip].status for each in wanted] == ["ok", "failed", "ok", "failed"]
    crash = outcomes["1_crashes"].reason
    assert crash == "run.py ended with exit code 3: animating before | animating crashes | out of memory"
    (folder,) = runs(spec) - before
    assert (folder / "log.txt").read_text().count("loaded\n") == 2
    assert not list((folder / "videos").glob("*.part*"))
    again = make(wanted[:1] + wanted[2:3], seed=1)  # taken from the cache: nothing starts
    assert all(outcome.status == "ok" for outcome in again.values())
    assert (folder / "log.txt").read_text().count("loaded\n") == 2


def test_crashes_in_a_row_end_the_run(make: Make, ask: Callable[..., list[Wanted]]):
    limits = replace(QUICK, futile_starts=2)
    outcomes = make(ask("fine", *["crashes"] * 5), limits, seed=2)
    reasons = [outcomes[clip].reason for clip in sorted(outcomes)]
    assert reasons[0] == ""  # the first start answered for a clip, so it does not count
    assert all(reason.startswith("run.py ended with exit code 3") for reason in reasons[1:4])
    assert reasons[4:] == ["not tried: 2 clips before it ended run.py"] * 2
    with pytest.raises(InputError, match=r"log.txt: run.py was started 2 times and made no clip .*out of memory"):
        make(ask(*["crashes"] * 5), limits, seed=3)
    with pytest.raises(InputError, match=r"log.txt: run.py was started once and made no clip .*out of memory"):
        make(ask("crashes"), limits, seed=3)  # no clip is left to start it with, and it never answered


def test_a_hang_and_a_video_without_end_are_ended(make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path):
    wanted = ask("hangs", "fine", "grows", "fine")
    outcomes = make(wanted, seed=4)
    assert [outcomes[each.asked.clip].status for each in wanted] == ["failed", "ok", "failed", "ok"]
    assert outcomes["0_hangs"].reason == "run.py gave no sign of life for 5 s: loaded | animating hangs"
    assert "a video grew to" in outcomes["2_grows"].reason


def test_a_name_that_leaves_the_folder_is_noted_and_not_followed(
    spec: Spec, make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path
):
    outside = places(spec).top.parents[1] / "outside.mp4"
    outside.write_bytes(b"not to be read")
    outcomes = make(ask("forges"), seed=7)
    assert outcomes["0_forges"].status == "ok"
    lines = [json.loads(line) for line in (tmp_path / "made" / "details.jsonl").read_text().splitlines()]
    strange = [line["strange"] for line in lines if line["clip"] is None]
    assert strange[0] == "line 1 of the manifest: clip '../../../outside', which was not asked for"
    assert strange[1].startswith("line 2 of the manifest: not JSON as it should be")
    assert {path.stem for path in (tmp_path / "made").iterdir()} == {"0_forges", "details", "manifest"}


def test_an_interrupted_run_ends_what_it_started_and_goes_on(
    world: World, spec: Spec, make: Make, ask: Callable[..., list[Wanted]], tmp_path: Path
):
    wanted = ask("fine", "hangs")
    before = runs(spec)
    code = (
        "import pickle, sys; from tavce.methods.external.generate import make_external;"
        "spec, wanted, limits, folder = pickle.load(open(sys.argv[1], 'rb'));"
        "make_external(spec, wanted, folder, device='cpu', seed=8, limits=limits)"
    )
    import pickle

    (tmp_path / "call").write_bytes(pickle.dumps((spec, wanted, Limits(), tmp_path)))
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path / "call"], cwd=toy.ROOT, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not (hung := [path for path in runs(spec) - before if "animating hangs" in said(path)]):
        assert time.monotonic() < until
        time.sleep(0.05)
    with pytest.raises(InputError, match="another run makes the same; wait for it, or end it"):
        make(wanted, seed=8)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate()[1]
    assert not alive(hung[0])
    wanted[1].asked.image.rename(tmp_path / "fine-1.png")
    mended = replace(wanted[1], asked=replace(wanted[1].asked, image=tmp_path / "fine-1.png"))
    outcomes = make([wanted[0], mended], seed=8)
    assert all(outcome.status == "ok" for outcome in outcomes.values())
    assert said(hung[0]).count("animating fine") == 2  # of which one before the interruption


def said(folder: Path) -> str:
    log = folder / "log.txt"
    return log.read_text() if log.is_file() else ""


def alive(folder: Path) -> list[str]:
    """Return the processes whose command line names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(os.fsencode(folder)) for word in words):
            found.append(path.parent.name)
    return found


def test_clips_of_a_split(spec: Spec, tmp_path: Path):
    rng = np.random.default_rng(0)
    video, audio = tmp_path / "clip.mkv", tmp_path / "clip.wav"
    write_video(video, rng.integers(0, 200, (FRAMES, 48, 48, 3), dtype=np.uint8))
    write_wav(audio, np.zeros(FRAMES * 640, np.int16), 16_000)
    folder = tmp_path / "made"
    folder.mkdir()
    request = Request("clip", video, audio, None, FRAMES)
    (outcome,) = generate_external(spec.folder, [request], folder, device="cpu", seed=0)
    assert outcome == Outcome("clip", "ok", "", FRAMES)
    assert read_video(folder / "clip.mkv").shape == (FRAMES, 48, 48, 3)
    assert read_details(folder)["clip"]["resized_from"] == [64, 64]
    line = json.loads(max(places(spec).runs.glob("*/requests.jsonl"), key=os.path.getmtime).read_text())
    assert line["video"] is None  # its track does not see it
    with pytest.raises(InputError, match="device: 'gpu' is none"):
        generate_external(spec.folder, [request], folder, device="gpu", seed=0)


def test_what_is_not_prepared_is_said_before_any_work(world: World, tmp_path: Path):
    request = Request("clip", tmp_path / "absent.mkv", tmp_path / "absent.wav", None, FRAMES)
    fresh = world.method("fresh")
    with pytest.raises(InputError, match="fresh: is not prepared; run: tavce baselines prepare fresh"):
        generate_external(fresh.folder, [request], tmp_path, device="cpu", seed=0)
    assert not places(fresh).top.parent.exists()
    assert not list(tmp_path.iterdir())


def test_a_clone_that_was_touched_is_refused(spec: Spec, ask: Callable[..., list[Wanted]], make: Make):
    motion = places(spec).clone / "toytalk" / "motion.py"
    motion.write_text("STEP = 2\n")
    with pytest.raises(InputError, match="its files are not as they were prepared; run: tavce baselines prepare toy"):
        make(ask("fine"), seed=9)
    prepare(spec)
    assert make(ask("fine"), seed=9)["0_fine"].status == "ok"


def test_what_another_run_py_made_is_not_taken(spec: Spec, ask: Callable[..., list[Wanted]], make: Make):
    code, before = spec.folder / "run.py", runs(spec)
    text = code.read_text()
    code.write_text(text.replace("seed=clip.seed", "seed=0"))
    try:
        make(ask("fine"), seed=0)
    finally:
        code.write_text(text)
    assert len(runs(spec) - before) == 1
