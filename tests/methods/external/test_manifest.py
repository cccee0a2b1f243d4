"""What a process says, read by somebody who does not believe it."""

import json
import os
from pathlib import Path

import pytest

from tavce.methods.external.manifest import Answer, end_torn_line, read_answers, video_of

GOOD = {
    "clip_id": "a",
    "status": "ok",
    "reason": "",
    "frames": 50,
    "fps": 25.0,
    "wall_s": 1.5,
    "peak_memory_mb": 812.0,
}
FAILED = {**GOOD, "status": "failed", "reason": "no face", "frames": 0, "fps": 0.0}


def write(folder: Path, *lines: object) -> None:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text)


def test_answers_are_those_of_the_last_lines(tmp_path: Path) -> None:
    write(tmp_path, FAILED, {**FAILED, "clip_id": "b"}, GOOD)
    said = read_answers(tmp_path, {"a", "b", "c"})
    assert said.answers == {
        "a": Answer("ok", "", 50, 25.0, 1.5, 812.0),
        "b": Answer("failed", "no face", 0, 0.0, 1.5, 812.0),
    }
    assert said.strange == ()
    first = len(json.dumps(FAILED)) + 1
    assert set(read_answers(tmp_path, {"a", "b"}, start=first).answers) == {"a", "b"}
    assert read_answers(tmp_path / "absent", {"a"}).answers == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "done"}, "has a status or a reason that is none"),
        ({"reason": None}, "has a status or a reason that is none"),
        ({"frames": "50"}, "says that '50' frames were made"),
        ({"frames": 50.0}, "says that 50.0 frames were made"),
        ({"frames": True}, "says that True frames were made"),
        ({"frames": 0}, "says that 0 frames were made"),
        ({"frames": 10**30}, "frames were made"),
        ({"fps": 0}, "says that they come at 0 per second"),
        ({"fps": "fast"}, "says that they come at 'fast' per second"),
        ({"file": "/etc/passwd"}, r"has unknown keys ['file'] and lacks []"),
    ],
)
def test_a_line_that_is_not_as_it_must_be_fails_its_clip(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write(tmp_path, {**GOOD, **changes})
    (answer,) = read_answers(tmp_path, {"a"}).answers.values()
    assert answer.status == "failed"
    assert said in answer.reason


def test_measures_that_are_none_are_no_failure(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "wall_s": "soon", "peak_memory_mb": -1})
    assert read_answers(tmp_path, {"a"}).answers["a"] == Answer("ok", "", 50, 25.0, None, None)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[1]",
        '{"clip_id": 3}',
        "[" * 15_000,
        json.dumps(GOOD).replace("50", "NaN"),
        json.dumps(GOOD).replace('"reason"', '"status": "ok", "reason"'),
        json.dumps({**GOOD, "reason": "x" * 30_000}),
        json.dumps({**GOOD, "clip_id": "../../outside"}),
        json.dumps({**GOOD, "clip_id": "/etc/passwd"}),
        json.dumps({**GOOD, "clip_id": "a/../a"}),
        json.dumps({**GOOD, "clip_id": "\ud800"}),
    ],
)
def test_other_lines_are_strange_and_harmless(tmp_path: Path, line: str) -> None:
    write(tmp_path, line, GOOD)
    said = read_answers(tmp_path, {"a"})
    assert said.answers["a"].status == "ok"
    (strange,) = said.strange
    assert strange.startswith("line 1 of the manifest: ")
    assert len(strange) < 300
    assert strange.isprintable()


def test_reasons_are_one_printable_line(tmp_path: Path) -> None:
    write(tmp_path, {**FAILED, "reason": "a\x1b[31m\nb\x00" + "c" * 1000}, {**FAILED, "clip_id": "b", "reason": " "})
    answers = read_answers(tmp_path, {"a", "b"}).answers
    assert answers["a"].reason.startswith("a [31m b c")
    assert len(answers["a"].reason) == 500
    assert answers["b"].reason == "run.py gave no reason"


def test_a_torn_line_says_nothing_and_is_ended(tmp_path: Path) -> None:
    assert end_torn_line(tmp_path) == 0
    path = tmp_path / "manifest.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "clip_id": "b"}))
    assert set(read_answers(tmp_path, {"a", "b"}).answers) == {"a"}
    size = end_torn_line(tmp_path)
    assert size == path.stat().st_size == end_torn_line(tmp_path)
    assert path.read_bytes().endswith(b"}\n")


def test_files_that_must_not_be_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"0123456789")
    out = tmp_path / "out"
    out.mkdir()
    (out / "good.mp4").write_bytes(b"0123456789")
    (out / "empty.mp4").touch()
    (out / "soft.mp4").symlink_to(secret)
    (out / "folder.mp4").mkdir()
    os.mkfifo(out / "pipe.mp4")
    os.link(secret, out / "hard.mp4")
    expected = {
        "good": "",
        "absent": "its video is not there",
        "empty": "its video is empty",
        "soft": "its video is a link",
        "hard": "its video is a link",
        "folder": "its video is no file",
        "pipe": "its video is no file",
    }
    assert {name: video_of(out, name, 10)[1] for name in expected} == expected
    assert video_of(out, "good", 9)[1] == "its video has 10 bytes, more than the 9 allowed"
    (out / "manifest.jsonl").symlink_to(secret)
    assert read_answers(out, {"a"}).strange == ("the manifest is a link",)
