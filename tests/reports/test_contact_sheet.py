"""Contact sheets: frames land where they belong, in their colours and shapes."""

import numpy as np
import pytest
from PIL import Image

from reports.contact_sheet import ABSENT, PAPER, contact_sheet, evenly_spaced, save_sheet


def plain(colour, height=32, width=32):
    return np.full((height, width, 3), colour, np.uint8)


def places(sheet, colour):
    """Bounding box y0, y1, x0, x1 of the pixels of one colour."""
    rows, columns = np.nonzero((sheet == np.array(colour)).all(axis=-1))
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


@pytest.mark.parametrize(
    ("frames", "columns", "expected"),
    [(75, 4, [0, 25, 49, 74]), (5, 5, [0, 1, 2, 3, 4]), (3, 8, [0, 1, 2]), (1, 4, [0]), (9, 1, [4]), (2, 2, [0, 1])],
)
def test_evenly_spaced(frames, columns, expected):
    assert evenly_spaced(frames, columns) == expected


@pytest.mark.parametrize(("frames", "columns"), [(0, 4), (4, 0)])
def test_nothing_to_space_is_an_error(frames, columns):
    with pytest.raises(ValueError, match="at least 1"):
        evenly_spaced(frames, columns)


def test_frames_keep_place_colour_and_order():
    red, green, blue = (200, 10, 10), (10, 200, 10), (10, 10, 200)
    sheet = contact_sheet([("one", [plain(red), plain(green)]), ("two", [plain(blue)])], cell=32)
    top, _, left, _ = places(sheet, red)
    assert places(sheet, red) == (top, top + 32, left, left + 32)
    assert places(sheet, green) == (top, top + 32, left + 34, left + 66)
    assert places(sheet, blue)[0] > top + 32
    assert places(sheet, blue)[2] == left


def test_groups_stand_closer_together():
    colours = [(200, 10, 10), (10, 200, 10), (10, 10, 200)]
    sheet = contact_sheet([(str(k), [plain(colour)]) for k, colour in enumerate(colours)], cell=32, group=2)
    first, second, third = (places(sheet, colour) for colour in colours)
    assert second[0] - first[1] < third[0] - second[1]


@pytest.mark.parametrize(("height", "width", "box"), [(64, 128, (16, 32)), (20, 10, (32, 16)), (200, 1, (32, 1))])
def test_other_shapes_are_fitted_not_squeezed(height, width, box):
    colour = (200, 10, 10)
    y0, y1, x0, x1 = places(contact_sheet([("a", [plain(colour, height, width)])], cell=32), colour)
    assert (y1 - y0, x1 - x0) == box


def test_missing_frames_are_seen_and_a_shorter_clip_ends():
    sheet = contact_sheet([("a", [plain(9), None]), ("b", [plain(9)]), ("c", [])], cell=32)
    _, _, x0, _ = places(sheet, (9, 9, 9))
    absent = (sheet == np.array(ABSENT)).all(axis=-1)
    tops = [8, 8 + 32 + 10, 8 + 2 * 42]
    seen = [[bool(absent[y : y + 32, x : x + 32].mean() > 0.5) for x in (x0, x0 + 34)] for y in tops]
    assert seen == [[False, True], [False, False], [True, True]]


def test_long_labels_do_not_widen_the_sheet_without_end():
    short = contact_sheet([("a" * 24, [plain(9)])], cell=64)
    assert contact_sheet([("a" * 120, [plain(9)])], cell=64).shape == short.shape


def test_labels_and_heads_are_drawn_and_stay_off_the_frames():
    frame = plain((200, 10, 10))
    bare = contact_sheet([("", [frame])], cell=32)
    full = contact_sheet([("länger\nzwei", [frame])], cell=32, heads=["0.00 s"], title="Titel")
    assert places(full, (200, 10, 10))[0] > places(bare, (200, 10, 10))[0]
    _, _, x0, _ = places(full, (200, 10, 10))
    assert (full[:, :x0] != np.array(PAPER)).any()
    assert (full == np.array([200, 10, 10])).all(axis=-1).sum() == 32 * 32


def test_the_same_sheet_gives_the_same_bytes_and_pixels(tmp_path):
    rng = np.random.default_rng(0)
    lines = [("a", [rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)])]
    for name in ("one.png", "two.png"):
        save_sheet(tmp_path / name, contact_sheet(lines, cell=40))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert np.array_equal(np.asarray(Image.open(tmp_path / "one.png")), contact_sheet(lines, cell=40))


@pytest.mark.parametrize("lines", [[], [("a", [])]])
def test_a_sheet_without_frames_is_an_error(lines):
    with pytest.raises(ValueError, match="at least one frame"):
        contact_sheet(lines)
