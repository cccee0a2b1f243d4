"""What a fetch may have brought, for tests that fetch nothing."""

from dataclasses import replace

from tavce.data.uploads.upload import Obtained


def obtained(upload: str, **changes: object) -> Obtained:
    whole = Obtained(
        id=upload,
        status="obtained",
        reason="",
        file=f"uploads/{upload}.mp4",
        bytes=1000,
        sha256="0" * 64,
        width=1920,
        height=1080,
        fps=29.97,
        seconds=400.0,
        video_codec="h264",
        audio_codec="aac",
        format="137+140",
        attempts=1,
        at="2026-01-01T00:00:00Z",
    )
    return replace(whole, **changes)
