"""Which formats are taken of the lists that YouTube gives."""

import pytest

from tavce.data.uploads.formats import chosen_formats


def picture(name: str, height: int | None, codec: str = "avc1.64001f", **more: object) -> dict[str, object]:
    return {
        "format_id": name,
        "url": f"https://h.example/{name}",
        "protocol": "https",
        "height": height,
        "vcodec": codec,
        "acodec": "none",
        **more,
    }


def sound(name: str, codec: str = "mp4a.40.2", **more: object) -> dict[str, object]:
    return {**picture(name, None, "none"), "acodec": codec, **more}


def names(formats: list[dict[str, object]], height: int, max_height: int = 2160) -> list[object]:
    return [each["format_id"] for each in chosen_formats(formats, height=height, max_height=max_height)]


LADDER = [
    picture("135", 480),
    picture("136", 720),
    picture("247", 720, "vp9"),
    picture("398", 720, "av01.0.05M.08"),
    picture("137", 1080),
    picture("271", 1440, "vp9"),
    sound("140", abr=128),
    sound("139", abr=48),
    sound("251", "opus", abr=160),
    picture("18", 360, acodec="mp4a.40.2"),
]


@pytest.mark.parametrize(
    ("height", "max_height", "expected"),
    [
        (720, 2160, ["136", "140"]),  # as wanted, H.264
        (1080, 2160, ["137", "140"]),
        (700, 2160, ["136", "140"]),  # the nearest above
        (1200, 2160, ["271", "140"]),  # above, though only VP9
        (2160, 2160, ["271", "140"]),  # none above: the best below
        (0, 2160, ["271", "140"]),  # unknown: the highest
        (0, 1080, ["137", "140"]),  # bounded
        (1440, 1080, ["137", "140"]),
        (720, 100, ["18"]),  # all are above the bound: the lowest
        (360, 2160, ["18"]),
    ],
)
def test_heights(height: int, max_height: int, expected: list[str]) -> None:
    assert names(LADDER, height, max_height) == expected
    assert names(LADDER[::-1], height, max_height) == expected


def test_codecs_in_order() -> None:
    left = list(LADDER)
    for expected in ("136", "247", "398"):
        assert names(left, 720)[0] == expected
        left = [each for each in left if each["format_id"] != expected]
    assert names(left, 720)[0] == "137"
    assert names([each for each in LADDER if each["format_id"] not in ("140", "139")], 720) == ["136", "251"]


def test_sound_is_always_there() -> None:
    silent = [each for each in LADDER if each["vcodec"] != "none"]
    assert names(silent, 720) == ["18"]  # at another height, but it speaks
    assert names([picture("136", 720)], 720) == ["136"]  # nothing speaks: its record will say so


def test_original_language_before_all_else() -> None:
    tracks = [
        sound("140-0", abr=320, language="de", language_preference=-1),
        sound("140-1", abr=64, language="en", language_preference=10),
        sound("140-drc", abr=999, language="en", language_preference=10),
    ]
    assert names([picture("136", 720), *tracks], 720) == ["136", "140-1"]
    dubbed = picture("d", 720, acodec="mp4a.40.2", language_preference=-1)
    spoken = picture("o", 360, acodec="mp4a.40.2", language_preference=10)
    assert names([dubbed, spoken], 720) == ["o"]


def test_drawn_up_damaged_and_bright_ones_come_last() -> None:
    upscaled = picture("399-sr", 1080, format_note="1080p, AI-upscaled")
    damaged = picture("137", 1080, preference=-10)
    assert names([upscaled, damaged, picture("136", 720), sound("140")], 1080) == ["136", "140"]
    bright = picture("1", 720, dynamic_range="HDR10")
    assert names([bright, picture("2", 720, "vp9"), sound("140")], 720) == ["2", "140"]


@pytest.mark.parametrize(
    "change",
    [
        {"url": "file:///etc/passwd"},
        {"url": "ftp://h.example/x", "protocol": "ftp"},
        {"url": "data:video/mp4;base64,AAAA", "protocol": "data"},
        {"url": "rtmp://h.example/x", "protocol": "rtmp"},
        {"protocol": "mhtml"},
        {"protocol": "m3u8"},  # this one yt-dlp hands to a program
        {"protocol": "websocket_frag"},
        {"has_drm": True},
        {"url": None},
    ],
)
def test_what_cannot_be_fetched_here_is_not_chosen(change: dict[str, object]) -> None:
    bad = picture("bad", 720, acodec="mp4a.40.2") | change
    assert names([bad], 720) == []
    assert names([bad, picture("18", 360, acodec="mp4a.40.2")], 720) == ["18"]


def test_pieces_only_where_there_is_no_whole() -> None:
    hls = picture("hls", 720, acodec="mp4a.40.2", protocol="m3u8_native")
    assert names([hls, picture("247", 720, "vp9"), sound("140")], 720) == ["247", "140"]
    assert names([hls, picture("135", 480), sound("140")], 720) == ["hls"]


def test_unknown_codecs_are_taken_as_both() -> None:
    assert names([{"format_id": "0", "url": "http://h.example/a"}], 720) == ["0"]
    assert names([], 720) == []
