"""HDTF's text files: what they say, and every defect that is known of them."""

from pathlib import Path

import pytest

from tavce.data.clips import SAFE_ID
from tavce.data.crop.policies import OfficialBox
from tavce.data.hdtf.lines import LineError, Span, spans, square, upload_id
from tavce.data.hdtf.metadata import (
    FILES,
    NO_ADDRESS,
    NO_BOX,
    NO_HEIGHT,
    ZERO_HEIGHT,
    HdtfClip,
    read_metadata,
)
from tavce.errors import InputError
from tests.data.hdtf.texts import TEXTS, write_texts


def clips(folder: Path, **changes: str | bytes) -> dict[str, HdtfClip]:
    return {clip.id: clip for clip in read_metadata(write_texts(folder, **changes)).clips}


def test_a_clip_as_it_stands_in_the_files(tmp_path):
    assert clips(tmp_path)["WDA_KatieHill_000"] == HdtfClip(
        id="WDA_KatieHill_000",
        subset="WDA",
        name="KatieHill",
        number=0,
        upload="Katie_Hill0",  # behind a byte order mark, in front of another parameter
        start_s=5.0,
        end_s=200.0,
        reference_height=720,
        box=OfficialBox(x=384.0, w=549.0, y=0.0, h=549.0, reference_height=720.0),
        zoom=1.2,
        identity="KatieHill",
        problem="",
    )


def test_all_clips_sorted_and_without_a_warning(tmp_path):
    metadata = read_metadata(write_texts(tmp_path))
    assert [clip.id for clip in metadata.clips] == [
        "RD_Radio1_000",
        "RD_Radio2_000",
        "WDA_KatieHill_000",
        "WDA_LucilleRoybal-Allard_000",
        "WDA_LucilleRoybal-Allard_001",
        "WRA_MikeEnzi_000",
    ]
    assert all(not clip.problem and SAFE_ID.fullmatch(clip.id) for clip in metadata.clips)
    assert metadata.warnings == ()


def test_a_hyphen_in_a_name_and_blanks_at_the_end_are_no_times(tmp_path):
    second = clips(tmp_path)["WDA_LucilleRoybal-Allard_001"]
    assert (second.start_s, second.end_s, second.upload) == (60.0, 125.0, "Lucille-RA_")


@pytest.mark.parametrize(
    "ending", ["\r\n", "\r", "\n\n  \n", " \t\n"], ids=["windows", "old mac", "blank lines", "trailing blanks"]
)
def test_line_ends_and_blank_lines_do_not_matter(tmp_path, ending):
    plain = read_metadata(write_texts(tmp_path / "plain"))
    changes = {name.removesuffix(".txt"): text.replace("\n", ending) for name, text in TEXTS.items()}
    assert read_metadata(write_texts(tmp_path / "other", **changes)) == plain


def test_a_box_is_x_w_y_h():
    box = square(["100", "400", "7", "400"])
    assert (box.x, box.y, box.side) == (100, 7, 400)
    with pytest.raises(LineError, match="not square, as HDTF's are; its order must be x w y h"):
        square(["100", "7", "400", "400"])  # the same box in the order x y w h


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://www.youtube.com/watch?v=gh3YqnvNdio", "gh3YqnvNdio"),
        ("https://www.youtube.com/watch?v=gh3YqnvNdio&t=5s", "gh3YqnvNdio"),
        ("http://youtube.com/watch?t=5s&v=-3N2xOZ5gD_#top", "-3N2xOZ5gD_"),
        ("https://m.youtube.com/watch?v=gh3YqnvNdio", "gh3YqnvNdio"),
        ("https://youtu.be/gh3YqnvNdio?t=3", "gh3YqnvNdio"),
        ("https://www.youtube.com/embed/gh3YqnvNdio", "gh3YqnvNdio"),
        ("www.youtube.com/shorts/gh3YqnvNdio", "gh3YqnvNdio"),
    ],
)
def test_ids_in_addresses(address, found):
    assert upload_id([address]) == found


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/watch?v=gh3YqnvNdioX",
        "https://www.youtube.com/watch?list=gh3YqnvNdio",
        "https://evil.example/watch?v=gh3YqnvNdio",
        "https://youtube.com.evil.example/watch?v=gh3YqnvNdio",
        "file:///watch?v=gh3YqnvNdio",
        "https://[",
    ],
)
def test_addresses_that_are_no_video(address):
    with pytest.raises(LineError, match="is no address of a YouTube video"):
        upload_id([address])


def test_times():
    assert spans(["00:05-01:35", "10:00-15:00", "1:00:00-1:01:40", "75:00-100:59"]) == (
        Span(5.0, 95.0, ""),
        Span(600.0, 900.0, ""),
        Span(3600.0, 3700.0, ""),
        Span(4500.0, 6059.0, ""),
    )


@pytest.mark.parametrize("text", ["00:65-01:05", "5-10", "00:05", "1:75:00-1:76:00", "00:05-01:35-02:00", "a-b", "-"])
def test_times_that_cannot_be_read_keep_their_place(text):
    first, bad, last = spans(["00:05-01:35", text, "02:00-02:30"])
    assert bad == Span(0.0, 0.0, f"{text!r} is no range of times mm:ss-mm:ss")
    assert (first.start_s, last.start_s) == (5.0, 120.0)


def test_a_range_that_ends_before_it_starts(tmp_path):
    changed = clips(tmp_path, WRA_annotion_time="MikeEnzi.mp4 02:00-01:00 01:00-01:00 00:01-00:20\n")
    assert changed["WRA_MikeEnzi_000"].problem == "its times 02:00-01:00 end before they start"
    assert changed["WRA_MikeEnzi_001"].problem == "its times 01:00-01:00 end before they start"
    assert changed["WRA_MikeEnzi_002"].start_s == 1.0


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("WRA_video_url", "Another https://youtu.be/gh3YqnvNdio\n", NO_ADDRESS),
        ("WRA_resolution", "Another.mp4 720\n", NO_HEIGHT),
        ("WRA_resolution", "MikeEnzi.mp4 0\nAnother.mp4 720\n", ZERO_HEIGHT),
        ("WRA_crop_wh", "Another_0.mp4 1 100 1 100\n", NO_BOX),
        ("WRA_resolution", "MikeEnzi.mp4 720\n", "its crop box reaches down to pixel 751, and its picture is 720 high"),
        (
            "WRA_crop_wh",
            "MikeEnzi_0.mp4 -3 100 0 100\n",
            "its crop box begins at x -3, y 0, outside of the picture",
        ),
        (
            "WRA_video_url",
            "\nMikeEnzi https://vimeo.com/1\nA https://youtu.be/gh3YqnvNdio\n",
            "WRA_video_url.txt:2: 'https://vimeo.com/1' is no address of a YouTube video",
        ),
        (
            "WRA_video_url",
            "MikeEnzi https://youtu.be/ gh3YqnvNdio\nA https://youtu.be/gh3YqnvNdio\n",
            "WRA_video_url.txt:1: one address is expected, there are 2 fields",
        ),
        ("WRA_annotion_time", "A.mp4 00:01-00:02\nMikeEnzi.mp4\n", "WRA_annotion_time.txt:2: no times are given"),
        (
            "WRA_resolution",
            "A.mp4 720\nMikeEnzi.mp4 1080p\n",
            "WRA_resolution.txt:2: '1080p' is no height in pixels",
        ),
        (
            "WRA_crop_wh",
            "A_0.mp4 1 9 1 9\nMikeEnzi_0.mp4 614 751 0\n",
            "WRA_crop_wh.txt:2: '614 751 0' is no crop box x w y h in whole pixels",
        ),
        (
            "WRA_crop_wh",
            "A_0.mp4 1 9 1 9\nMikeEnzi_0.mp4 614 0 0 0\n",
            "WRA_crop_wh.txt:2: its crop box of 0x0 px is empty",
        ),
        (
            "WRA_crop_wh",
            "A_0.mp4 1 9 1 9\nMikeEnzi_0.mp4 614 0 751 751\n",  # x y w h
            "WRA_crop_wh.txt:2: its crop box of 0x751 px is empty",
        ),
        (
            "WRA_crop_wh",
            "A_0.mp4 1 9 1 9\nMikeEnzi_0.mp4 614 20 751 751\n",  # x y w h
            "WRA_crop_wh.txt:2: its crop box of 20x751 px is not square, as HDTF's are; its order must be x w y h",
        ),
    ],
)
def test_a_defect_excludes_its_clip_alone_and_says_why(tmp_path, file, text, reason):
    changed = clips(tmp_path, **{file: text})
    assert changed["WRA_MikeEnzi_000"].problem == reason
    assert changed["WRA_MikeEnzi_000"].box is None
    assert not changed["WDA_KatieHill_000"].problem


@pytest.mark.parametrize("height", [360, 700, 714, 2160])
def test_unusual_heights_are_heights(tmp_path, height):
    changed = clips(tmp_path, WRA_resolution=f"MikeEnzi.mp4 {height}\n", WRA_crop_wh="MikeEnzi_0.mp4 0 100 0 100\n")
    assert changed["WRA_MikeEnzi_000"].box.reference_height == height


def test_a_box_as_high_as_the_picture_is_inside(tmp_path):
    changed = clips(tmp_path, WRA_crop_wh="MikeEnzi_0.mp4 0 1080 0 1080\n")
    assert not changed["WRA_MikeEnzi_000"].problem


def test_a_missing_zoom_excludes_nothing(tmp_path):
    changed = clips(tmp_path, WRA_crop_ratio="Another_0.mp4 1.2\n")["WRA_MikeEnzi_000"]
    assert (changed.problem, changed.zoom) == ("", None)


def test_what_belongs_to_no_clip_is_a_warning(tmp_path):
    folder = write_texts(
        tmp_path,
        RD_video_url=TEXTS["RD_video_url.txt"] + "Radio24 https://youtu.be/cU0JPT3n9B4\n",
        RD_resolution=TEXTS["RD_resolution.txt"] + "Radio24.mp4 720\n",
        WRA_crop_wh=TEXTS["WRA_crop_wh.txt"] + "MikeEnzi_7.mp4 1 9 1 9\nMikeEnzi_0.mp4 1 9 1 9\n../x_0.mp4 1 9 1 9\n",
    )
    metadata = read_metadata(folder)
    assert metadata.warnings == (
        "RD: Radio24 has no times, and gives no clip",
        "WRA_crop_wh.txt:3: MikeEnzi_0 is listed before; the line is left out",
        "WRA_crop_wh.txt:4: '../x_0.mp4' is no name of a video; the line is left out",
        "WRA: MikeEnzi_7 has a crop box or a zoom, but no times",
    )
    assert {clip.name for clip in metadata.clips if clip.subset == "RD"} == {"Radio1", "Radio2"}
    assert next(clip for clip in metadata.clips if clip.name == "MikeEnzi").box.x == 614


TWO_NAMES = {
    "WRA_video_url": (
        "WhipJim https://youtu.be/gh3YqnvNdio\nJames1 https://www.youtube.com/watch?v=gh3YqnvNdio&t=5s\n"
        "James https://youtu.be/eKqPmFleCy0\nJameson https://youtu.be/gh3YqnvNdi0\n"
    ),
    "WRA_annotion_time": "".join(f"{name}.mp4 00:05-04:40\n" for name in ("WhipJim", "James1", "James", "Jameson")),
    "WRA_resolution": "".join(f"{name}.mp4 1080\n" for name in ("WhipJim", "James1", "James", "Jameson")),
    "WRA_crop_wh": "".join(f"{name}_0.mp4 9 800 0 800\n" for name in ("WhipJim", "James1", "James", "Jameson")),
}


def test_one_upload_under_two_names_is_one_identity_in_two_clips(tmp_path):
    changed = clips(tmp_path, **TWO_NAMES)
    who = {name: changed[f"WRA_{name}_000"].identity for name in ("WhipJim", "James1", "James", "Jameson")}
    assert who == {"WhipJim": "James", "James1": "James", "James": "James", "Jameson": "Jameson"}
    assert changed["WRA_WhipJim_000"].upload == changed["WRA_James1_000"].upload == "gh3YqnvNdio"


def test_names_without_an_upload_are_not_one_identity(tmp_path):
    changed = clips(tmp_path, **TWO_NAMES | {"WRA_video_url": "Jameson https://youtu.be/gh3YqnvNdi0\n"})
    assert {clip.identity for clip in changed.values() if clip.subset == "WRA"} == {"WhipJim", "James", "Jameson"}


def test_digits_number_the_videos_of_a_person_and_the_people_of_rd(tmp_path):
    changed = clips(tmp_path)
    assert changed["RD_Radio1_000"].identity == "Radio1"
    assert changed["RD_Radio2_000"].identity == "Radio2"


def test_a_missing_folder_and_a_missing_file_are_errors(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        read_metadata(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"lacks RD_video_url\.txt and 14 more of HDTF's text files"):
        read_metadata(tmp_path)
    write_texts(tmp_path)
    (tmp_path / "WDA_crop_wh.txt").unlink()
    with pytest.raises(InputError, match=r"lacks WDA_crop_wh\.txt; "):
        read_metadata(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no line of the form that HDTF's file has; it is empty"),
        (b"<!DOCTYPE html>\n<html>\n", "has no line of the form"),
        ("KatieHill https://youtu.be/Katie_Hill0".encode("utf-16"), "is no text in UTF-8"),
        (b"KatieHill \xff\n", "is no text in UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_an_error(tmp_path, content, problem):
    with pytest.raises(InputError, match=problem):
        read_metadata(write_texts(tmp_path, WDA_video_url=content))


def test_the_names_of_the_files():
    assert sorted(TEXTS) == sorted(FILES)
