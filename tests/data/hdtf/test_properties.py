"""Whatever stands in HDTF's text files: no crash, no box outside of its picture, no end before its start."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.data.clips import SAFE_ID
from tavce.data.hdtf.lines import LineError, square
from tavce.data.hdtf.metadata import FILES, HdtfClip, read_metadata
from tavce.data.hdtf.plan import plan
from tavce.data.splits import SplitRow
from tavce.errors import InputError
from tests.data.hdtf.obtained import obtained
from tests.data.hdtf.texts import write_texts

NUMBERS = st.one_of(st.integers(-2000, 3000).map(str), st.sampled_from(["0", "-0", "1e3", "7.5", "nan", "9" * 5000]))
TIMES = st.builds("{}:{}-{}:{}".format, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
NAMES = st.sampled_from(["MikeEnzi", "MikeEnzi.mp4", "MikeEnzi_0.mp4", "MikeEnzi_1.mp4", "A", "A_0", "-", "../A", "é"])
ADDRESSES = st.sampled_from(["https://youtu.be/MikeEnzi000", "https://[", "MikeEnzi000", "https://youtu.be/A%00"])
FIELDS = st.lists(st.one_of(NUMBERS, TIMES, ADDRESSES, st.text(max_size=8)), max_size=6).map(" ".join)
LINES = st.one_of(st.builds("{} {}".format, NAMES, FIELDS), st.text(max_size=40))
BAD = st.one_of(st.lists(LINES, max_size=6).map("\n".join), st.binary(max_size=60))
SQUARES = st.builds("{0} {2} {1} {2}".format, *3 * [st.integers(-20, 500)])
BOXES = st.tuples(*3 * [st.one_of(SQUARES, SQUARES, FIELDS)])
HEIGHTS = st.one_of(st.sampled_from(["360", "714", "720", "1080"]), NUMBERS)
SIZES = st.one_of(
    st.sampled_from([(640, 360), (1280, 720), (1920, 1080), (608, 1080)]), st.tuples(*2 * [st.integers(2, 4000)])
)


def check(clip: HdtfClip) -> None:
    assert SAFE_ID.fullmatch(clip.id)
    assert clip.problem.isprintable()
    assert 0 <= clip.start_s < clip.end_s or clip.problem
    assert 0 == clip.start_s == clip.end_s or 0 <= clip.start_s < clip.end_s
    assert (clip.box is None) == bool(clip.problem)
    if clip.box is not None:
        assert clip.box.x >= 0
        assert clip.box.y >= 0
        assert clip.box.w == clip.box.h >= 1
        assert clip.box.y + clip.box.h <= clip.box.reference_height == clip.reference_height
        assert re.fullmatch(r"[\w-]{11}", clip.upload, re.ASCII)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(changes=st.dictionaries(st.sampled_from([name.removesuffix(".txt") for name in FILES]), BAD, max_size=4))
def test_no_text_makes_the_reader_crash(folder, changes):
    try:
        metadata = read_metadata(write_texts(folder, **_utf8(changes)))
    except InputError:
        return
    for clip in metadata.clips:
        check(clip)
    assert len({clip.id for clip in metadata.clips}) == len(metadata.clips)


def _utf8(changes: dict[str, str | bytes]) -> dict[str, bytes]:
    # Bytes that are no UTF-8 are among the examples, lone surrogates cannot be in a file.
    return {
        name: text if isinstance(text, bytes) else text.encode(errors="surrogatepass") for name, text in changes.items()
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(boxes=BOXES, height=HEIGHTS, size=SIZES)
def test_no_box_reaches_out_of_any_picture(folder, boxes, height, size):
    names = ("MikeEnzi_0", "MikeEnzi_1", "MikeEnzi_2", "Else_0")
    texts = {
        "WRA_crop_wh": "".join(f"{name}.mp4 {box}\n" for name, box in zip(names, (*boxes, "0 9 0 9"), strict=True)),
        "WRA_resolution": f"MikeEnzi.mp4 {height}\nElse.mp4 720\n",
        "WRA_annotion_time": "MikeEnzi.mp4 00:01-00:05 00:06-00:09 00:10-00:12\n",
    }
    metadata = read_metadata(write_texts(folder, **texts))
    mike = [clip for clip in metadata.clips if clip.name == "MikeEnzi"]
    assert len(mike) == 3
    for clip in mike:
        check(clip)
    width, tall = size
    ledger = {"MikeEnzi000": obtained("MikeEnzi000", width=width, height=tall)}
    splits = [SplitRow(clip.segment(None), "test") for clip in metadata.clips]
    for planned in plan(metadata, ledger, dataset="hdtf", splits=splits, first_seconds=None):
        assert planned.clip.usable == (planned.guide is not None)
        if planned.guide is not None:
            box = planned.guide.official
            assert 0 <= box.x * tall <= (box.x + box.w) * tall <= width * box.reference_height
            assert 0 <= box.y * tall <= (box.y + box.h) * tall <= tall * box.reference_height


@settings(max_examples=200, derandomize=True)
@given(x=st.integers(0, 1000), y=st.integers(0, 1000), side=st.integers(1, 1000))
def test_the_order_x_y_w_h_gives_the_same_box_only_where_y_is_the_side(x, y, side):
    try:
        misread = square([str(x), str(y), str(side), str(side)])
    except LineError:
        misread = None
    right = square([str(x), str(side), str(y), str(side)])
    assert (misread == right) == (y == side)


def test_the_properties_can_fail(folder):
    clip = next(clip for clip in read_metadata(write_texts(folder)).clips if clip.name == "MikeEnzi")
    check(clip)
    for change in ({"start_s": 400.0}, {"problem": "x"}, {"reference_height": 720}, {"id": "../x"}, {"upload": "x"}):
        with pytest.raises(AssertionError):
            check(HdtfClip(**{**vars(clip), **change}))
