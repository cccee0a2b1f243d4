"""Which of a site's formats to take: the wanted height, H.264 with AAC if there is, and always with its own sound."""

from collections.abc import Sequence
from typing import Any

Format = dict[str, Any]  # of yt-dlp's info dict
PROTOCOLS = ("http", "https", "http_dash_segments", "m3u8_native")  # those that yt-dlp fetches by itself


def chosen_formats(formats: Sequence[Format], *, height: int, max_height: int) -> list[Format]:
    """Return the formats to fetch: one that has pictures and sound, or one of pictures and one of sound.

    Order of preference for pictures: with sound to go with them; not upscaled or damaged at the site; the wanted
    height, else the nearest above, else the nearest below; fetched in one piece; H.264, VP9, AV1, others; in a file of
    their own, which comes with the better sound; the higher bit rate. For sound: the original language, before all
    else; not compressed in dynamics; AAC, Opus, others; the higher bit rate.

    Args:
        formats: as yt-dlp extracts them.
        height: wanted, in pixels; 0 means the highest.
        max_height: never more than this if there is less.

    Returns:
        [] if nothing can be fetched.
    """
    usable = [each for each in formats if _usable(each)]
    sounds = [each for each in usable if _codec(each, "vcodec") == "none" and _codec(each, "acodec") != "none"]
    pictures = [each for each in usable if _codec(each, "vcodec") != "none"]
    if not pictures:
        return []
    best = min(pictures, key=lambda each: _picture_rank(each, bool(sounds), height, max_height))
    if _codec(best, "acodec") != "none" or not sounds:
        return [best]
    return [best, min(sounds, key=_sound_rank)]


def _usable(each: Format) -> bool:
    address = each.get("url") or ""
    protocol = each.get("protocol") or address.partition(":")[0]
    return address.startswith(("http://", "https://")) and protocol in PROTOCOLS and not each.get("has_drm")


def _codec(each: Format, key: str) -> str:
    return each.get(key) or ""  # "none" is a word of yt-dlp: there is no such stream


def _picture_rank(each: Format, sounds: bool, height: int, max_height: int) -> tuple[Any, ...]:
    joined = _codec(each, "acodec") != "none"
    return (
        not joined and not sounds,
        -(each.get("language_preference") or 0) if joined else 0,
        "AI-upscaled" in (each.get("format_note") or "") or (each.get("preference") or 0) < 0,
        _height_rank(each.get("height") or 0, height, max_height),
        (each.get("dynamic_range") or "SDR") != "SDR",
        each.get("protocol") not in (None, "http", "https"),
        _rank(_codec(each, "vcodec"), (("avc1", "h264"), ("vp9", "vp09"), ("av01", "av1"))),
        joined,
        -(each.get("tbr") or 0.0),
        str(each.get("format_id")),
    )


def _height_rank(height: int, wanted: int, highest: int) -> tuple[int, int]:
    if not height:
        return (4, 0)
    if height > highest:
        return (3, height)
    if not wanted:
        return (0, -height)
    return (int(height != wanted), height) if height >= wanted else (2, -height)


def _sound_rank(each: Format) -> tuple[Any, ...]:
    return (
        -(each.get("language_preference") or 0),
        str(each.get("format_id")).endswith("-drc") or "DRC" in (each.get("format_note") or ""),
        each.get("protocol") not in (None, "http", "https"),
        _rank(_codec(each, "acodec"), (("mp4a", "aac"), ("opus",))),
        -(each.get("abr") or each.get("tbr") or 0.0),
        str(each.get("format_id")),
    )


def _rank(codec: str, families: Sequence[tuple[str, ...]]) -> int:
    return next((rank for rank, family in enumerate(families) if codec.startswith(family)), len(families))
