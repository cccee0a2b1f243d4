"""HDTF's plan: what must be fetched, and one row per segment whatever became of its upload."""

from dataclasses import replace
from pathlib import Path

import pytest

from tavce.data.clips import read_clips, write_clips
from tavce.data.crop.policies import OfficialBox, crop_box
from tavce.data.hdtf.metadata import NO_BOX, Metadata, read_metadata
from tavce.data.hdtf.plan import NO_SOUND, NOT_FETCHED, NOT_LISTED, chosen, plan, uploads
from tavce.data.planned import Planned
from tavce.data.splits import SplitRow
from tavce.data.uploads.upload import Obtained, Upload
from tavce.errors import InputError
from tests.data.hdtf.obtained import obtained
from tests.data.hdtf.test_metadata import TWO_NAMES
from tests.data.hdtf.texts import write_texts

ALL = ("Katie_Hill0", "Lucille-RA_", "MikeEnzi000", "radio_00001", "radio_00002")


@pytest.fixture
def metadata(tmp_path: Path) -> Metadata:
    return read_metadata(write_texts(tmp_path))


def listed(metadata: Metadata, first_seconds: float | None = None) -> list[SplitRow]:
    return [SplitRow(part, "test") for part in {part for _, part in chosen(metadata, first_seconds)}]


def planned(
    metadata: Metadata, ledger: dict[str, Obtained], first_seconds: float | None = None, **changes: object
) -> dict[str, Planned]:
    settings = {"dataset": "hdtf", "splits": listed(metadata, first_seconds), "first_seconds": first_seconds, **changes}
    return {each.clip.id: each for each in plan(metadata, ledger, **settings)}


def test_uploads_are_unique_and_those_of_no_use_are_left_out(tmp_path):
    twice = read_metadata(write_texts(tmp_path, **TWO_NAMES, RD_crop_wh="Radio2_0.mp4 10 400 20 400\n"))
    assert uploads(twice, "http://127.0.0.1/{id}.mp4") == [
        Upload("Katie_Hill0", "http://127.0.0.1/Katie_Hill0.mp4", 720),
        Upload("Lucille-RA_", "http://127.0.0.1/Lucille-RA_.mp4", 1080),
        Upload("eKqPmFleCy0", "http://127.0.0.1/eKqPmFleCy0.mp4", 1080),
        Upload("gh3YqnvNdi0", "http://127.0.0.1/gh3YqnvNdi0.mp4", 1080),
        Upload("gh3YqnvNdio", "http://127.0.0.1/gh3YqnvNdio.mp4", 1080),
        Upload("radio_00002", "http://127.0.0.1/radio_00002.mp4", 720),
    ]
    assert uploads(twice)[0].address == "https://www.youtube.com/watch?v=Katie_Hill0"


def test_an_upload_under_two_names_is_wanted_at_the_larger_height(tmp_path):
    heights = {"WhipJim": 1080, "James1": 900, "James": 900, "Jameson": 900}
    texts = TWO_NAMES | {"WRA_resolution": "".join(f"{name}.mp4 {tall}\n" for name, tall in heights.items())}
    wanted = {upload.id: upload.height for upload in uploads(read_metadata(write_texts(tmp_path, **texts)))}
    assert (wanted["gh3YqnvNdio"], wanted["eKqPmFleCy0"]) == (1080, 900)


def test_a_template_without_a_place_for_the_id(metadata):
    with pytest.raises(InputError, match=r"has no \{id\} in it"):
        uploads(metadata, "http://127.0.0.1/")


def test_a_clip_that_is_here(metadata):
    rows = planned(metadata, {name: obtained(name) for name in ALL})
    second = rows["WDA_LucilleRoybal-Allard_001"]
    assert (second.clip.source, second.clip.start_s, second.clip.end_s) == ("uploads/Lucille-RA_.mp4", 60.0, 125.0)
    assert (second.clip.frames, second.clip.identity, second.clip.split) == (65 * 25, "LucilleRoybal-Allard", "test")
    assert second.guide.official == OfficialBox(x=600.0, w=800.0, y=30.0, h=800.0, reference_height=1080.0)
    assert list(rows) == sorted(rows)
    assert all(row.clip.usable for row in rows.values())


def test_nothing_is_here_yet(metadata, tmp_path):
    rows = planned(metadata, {})
    assert {row.clip.reason for row in rows.values()} == {NOT_FETCHED}
    assert {row.guide for row in rows.values()} == {None}
    write_clips([row.clip for row in rows.values()], tmp_path)
    assert read_clips(tmp_path) == [row.clip for row in rows.values()]


def test_the_same_in_any_order_of_the_ledger(metadata):
    ledger = {name: obtained(name) for name in ALL}
    assert planned(metadata, ledger) == planned(metadata, dict(reversed(ledger.items())))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "gone", "reason": "Video unavailable"}, "its upload is gone: Video unavailable"),
        ({"status": "failed", "reason": "no answer in time"}, "its upload is failed: no answer in time"),
        ({"audio_codec": ""}, NO_SOUND),
        ({"seconds": 353.9}, "it ends at 355 s, and its upload at 353.90 s"),
        (
            {"width": 608},
            "its crop box reaches to x 1365 in a picture of 608x1080, which is not the one that was annotated",
        ),
        ({"width": 1364}, "its crop box reaches to x 1365 in a picture of 1364x1080"),
        ({"width": 1365}, ""),
        ({"width": 640, "height": 360}, ""),
        ({"width": 455, "height": 360}, ""),
        ({"width": 454, "height": 360}, "its crop box reaches to x 455 in a picture of 454x360"),
        ({"width": 3840, "height": 2160}, ""),
        ({"width": 640, "height": 1080}, "its crop box reaches to x 1365 in a picture of 640x1080"),
        ({"width": 640, "height": 480}, ""),
    ],
)
def test_what_became_of_an_upload(metadata, changes, reason):
    ledger = {name: obtained(name) for name in ALL} | {"MikeEnzi000": obtained("MikeEnzi000", **changes)}
    rows = planned(metadata, ledger)
    assert rows["WRA_MikeEnzi_000"].clip.reason.startswith(reason)
    assert rows["WRA_MikeEnzi_000"].clip.usable == (not reason)
    assert rows["WDA_KatieHill_000"].clip.usable


def test_the_box_scales_with_the_height_that_came(metadata):
    row = planned(metadata, {"MikeEnzi000": obtained("MikeEnzi000", width=1280, height=720)})["WRA_MikeEnzi_000"]
    official = row.guide.official
    crop = crop_box("hdtf_official", None, (1280, 720), 256, official=official, min_iou=0.25, max_outside=0.0)
    expected = [614 * 2 / 3 - 0.5, -0.5, (614 + 751) * 2 / 3 - 0.5, 751 * 2 / 3 - 0.5]
    assert crop.box == pytest.approx(expected)
    misread = OfficialBox(x=614.0, w=0.0, y=751.0, h=751.0, reference_height=1080.0)  # 614 751 0 751 as x y w h
    unlike = crop_box("hdtf_official", None, (1280, 720), 256, official=misread, min_iou=0.25, max_outside=1.0)
    assert unlike.box != pytest.approx(expected, abs=100)


def test_an_upload_that_ends_within_its_last_second_shortens_the_clip(metadata):
    row = planned(metadata, {"MikeEnzi000": obtained("MikeEnzi000", seconds=354.2)})["WRA_MikeEnzi_000"]
    assert (row.clip.end_s, row.clip.frames) == (354.2, int(353.2 * 25 + 1e-6))


def test_a_clip_that_begins_where_its_upload_ends(tmp_path):
    metadata = read_metadata(write_texts(tmp_path, WRA_annotion_time="MikeEnzi.mp4 00:10-00:11\n"))
    row = planned(metadata, {"MikeEnzi000": obtained("MikeEnzi000", seconds=10.0)})["WRA_MikeEnzi_000"]
    assert row.clip.reason == "it ends at 11 s, and its upload at 10.00 s"


def test_the_first_eight_seconds(metadata):
    ledger = {name: obtained(name, seconds=20.0) for name in ALL}  # the rest of the segments is not there
    rows = planned(metadata, ledger, first_seconds=8.0)
    assert {name: (row.clip.start_s, row.clip.end_s) for name, row in rows.items()} == {
        "RD_Radio1_000": (20.0, 28.0),
        "RD_Radio2_000": (0.0, 8.0),
        "WDA_KatieHill_000": (5.0, 13.0),
        "WDA_LucilleRoybal-Allard_000": (10.0, 16.0),  # a segment of six seconds
        "WRA_MikeEnzi_000": (1.0, 9.0),
    }
    assert [name for name, row in rows.items() if not row.clip.usable] == ["RD_Radio1_000"]


def test_a_defect_of_the_metadata_goes_before_what_became_of_the_upload(tmp_path):
    metadata = read_metadata(write_texts(tmp_path, WRA_crop_wh="Else_0.mp4 0 9 0 9\n"))
    assert planned(metadata, {})["WRA_MikeEnzi_000"].clip.reason == NO_BOX


def test_a_clip_that_the_list_does_not_name(metadata):
    fewer = [row for row in listed(metadata) if row.segment.source != "MikeEnzi000"]
    rows = planned(metadata, {name: obtained(name) for name in ALL}, splits=fewer)
    assert (rows["WRA_MikeEnzi_000"].clip.split, rows["WRA_MikeEnzi_000"].clip.reason) == ("none", NOT_LISTED)
    assert rows["WDA_KatieHill_000"].clip.usable


def test_a_list_of_other_parts_is_refused(metadata):
    with pytest.raises(InputError, match=r"names Katie_Hill0 5-13 s, which the metadata do not have"):
        planned(metadata, {}, splits=listed(metadata, 8.0))
    strange = [replace(row, segment=replace(row.segment, source="another")) for row in listed(metadata)[:1]]
    with pytest.raises(InputError, match="names another"):
        planned(metadata, {}, splits=strange)
