"""A workshop: all clips' files packed, whatever kills it on the way, and nothing made twice."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.clips import Clip, read_clips, write_clips
from tavce.data.packed import clip_files, is_packed
from tavce.data.workshop import Workshop, code_sha256, make_by_shards
from tavce.errors import InputError

CLIP = Clip("a", "set", "test", "who", "x.mp4", 0.0, 2.0, 50, None, None, "", "", "ok", "")
CLIPS = [replace(CLIP, id=f"clip-{number:02d}", source=f"{number}.mp4") for number in range(11)]


class Hands:
    """Work that writes a file per clip, notes what it made, and may be struck down at a clip."""

    def __init__(self, strike: str = "", error: BaseException | None = None) -> None:
        self.made: list[str] = []
        self.strike, self.error = strike, error

    def __call__(self, clips: list[Clip], folder: Path) -> list[Clip]:
        for clip in clips:
            if clip.id == self.strike and self.error is not None:
                raise self.error
            if clip.usable:
                (folder / f"{clip.id}.mkv").write_text(f"video of {clip.source}")
            self.made.append(clip.id)
        return [clip.unusable("no face") if clip.id == "clip-04" else replace(clip, frames=25) for clip in clips]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    write_clips(CLIPS, tmp_path / "table")
    return Workshop(tmp_path / "table", tmp_path / "home", "settings", size=3, most=4)


def check(out: Path) -> None:
    found = read_clips(out)
    assert [clip.id for clip in found] == [clip.id for clip in CLIPS]
    assert [clip.id for clip in found if not clip.usable] == ["clip-04"]
    assert is_packed(out)
    with clip_files(out, *(clip.id for clip in CLIPS)) as folder:
        assert len(list(folder.iterdir())) == len(CLIPS)
        assert (folder / "clip-10.mkv").read_text() == "video of 10.mp4"
    assert sorted(path.name for path in out.iterdir()) == [
        "clips",
        *(f"shard-{number:05d}.{kind}" for number in range(4) for kind in ("json", "tar")),
        "shards.json",
    ]


def test_all_is_made_once_and_put_in_place(workshop: Workshop, tmp_path: Path) -> None:
    hands = Hands()
    make_by_shards(workshop, hands, tmp_path / "out")
    assert hands.made == [clip.id for clip in CLIPS]
    check(tmp_path / "out")
    assert not workshop.home.exists()


def test_the_output_of_before_is_replaced_whole(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.mkv").touch()
    make_by_shards(workshop, Hands(), tmp_path / "out")
    check(tmp_path / "out")


@pytest.mark.parametrize("strike", ["clip-00", "clip-04", "clip-06", "clip-10"])
def test_after_a_kill_only_the_rest_is_made(workshop: Workshop, tmp_path: Path, strike: str) -> None:
    first, second = Hands(strike, KeyboardInterrupt()), Hands()
    with pytest.raises(KeyboardInterrupt):
        make_by_shards(workshop, first, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    make_by_shards(workshop, second, tmp_path / "out")
    begun = CLIPS.index(next(clip for clip in CLIPS if clip.id == strike)) // 3 * 3
    assert second.made == [clip.id for clip in CLIPS[begun:]]
    check(tmp_path / "out")


def test_a_full_disk_leaves_what_is_finished(workshop: Workshop, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(InputError, match="No space left on device"):
        make_by_shards(workshop, Hands("clip-07", full), tmp_path / "out")
    hands = Hands()
    make_by_shards(workshop, hands, tmp_path / "out")
    assert hands.made == [clip.id for clip in CLIPS[6:]]


def new_rows(workshop: Workshop) -> Workshop:
    write_clips([replace(CLIPS[0], end_s=3.0), *CLIPS[1:]], workshop.table)
    return workshop


def new_settings(workshop: Workshop) -> Workshop:
    return replace(workshop, made_of="other settings")


@pytest.mark.parametrize("change", [new_rows, new_settings])
def test_what_was_made_of_other_things_is_made_again(
    workshop: Workshop, tmp_path: Path, change: Callable[[Workshop], Workshop]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_by_shards(workshop, Hands("clip-07", KeyboardInterrupt()), tmp_path / "out")
    hands = Hands()
    make_by_shards(change(workshop), hands, tmp_path / "out")
    assert hands.made == [clip.id for clip in CLIPS]
    check(tmp_path / "out")
    assert not workshop.home.exists()


def test_a_shard_that_was_damaged_meanwhile_is_made_again(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_by_shards(workshop, Hands("clip-07", KeyboardInterrupt()), tmp_path / "out")
    (tar,) = workshop.home.rglob("shard-00000.tar")
    tar.write_bytes(b"cut")
    hands = Hands()
    make_by_shards(workshop, hands, tmp_path / "out")
    assert hands.made == [clip.id for clip in (*CLIPS[:3], *CLIPS[6:])]
    check(tmp_path / "out")


def test_a_kill_between_merging_and_moving_is_nothing(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_by_shards(workshop, Hands("clip-10", KeyboardInterrupt()), tmp_path / "out")
    (parts,) = workshop.home.rglob("parts")
    (parts / "shards.json").write_text("half")
    (parts / ".clips.part").mkdir()
    make_by_shards(workshop, Hands(), tmp_path / "out")
    check(tmp_path / "out")


def test_rows_that_are_not_those_of_the_clips_stop_it(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not those of its clips"):
        make_by_shards(workshop, lambda clips, _: clips[::-1], tmp_path / "out")


def test_an_output_of_tables_alone(workshop: Workshop, tmp_path: Path) -> None:
    make_by_shards(replace(workshop, files=False), lambda clips, _: clips, tmp_path / "out")
    assert read_clips(tmp_path / "out") == CLIPS
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clips"]


def test_code_counts(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = code_sha256(tmp_path)
    (tmp_path / "b.txt").write_text("no code\n")
    assert code_sha256(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2\n")
    assert code_sha256(tmp_path) != before
