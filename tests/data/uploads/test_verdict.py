"""What YouTube and yt-dlp say -> what it means. The words are YouTube's and those of yt-dlp's sources."""

import pytest

from tavce.data.uploads.verdict import reason_of, verdict_of_answer, verdict_of_message

VIDEO = "-abc_DEF123"
WORDS = [
    ("Video unavailable", "gone"),
    ("Video unavailable. This video has been removed by the uploader", "gone"),
    ("This video has been removed for violating YouTube's policy on hate speech.", "gone"),
    ("This video has been removed for violating YouTube's Terms of Service", "gone"),
    (
        "Video unavailable. This video is no longer available because the YouTube account associated with this video "
        "has been terminated.",
        "gone",
    ),
    ("Video unavailable. This video is no longer available due to a copyright claim by X", "gone"),
    ("This video isn\N{RIGHT SINGLE QUOTATION MARK}t available anymore", "gone"),
    ("This video does not exist.", "gone"),
    ("This live stream recording is not available.", "gone"),
    ("Private video. Sign in if you've been granted access to this video. Use --cookies-from-browser or", "private"),
    ("Video unavailable. This video is private", "private"),
    ("Sign in to confirm your age. This video may be inappropriate for some users.", "restricted"),
    (
        "Join this channel to get access to members-only content like this video, and other exclusive perks.",
        "restricted",
    ),
    ("This video is available to this channel's members on level: Gold (or any higher level).", "restricted"),
    ("This video requires payment to watch", "restricted"),
    ("This video is only available to Music Premium members", "restricted"),
    ("Video unavailable. The uploader has not made this video available in your country", "restricted"),
    (
        "Video unavailable. This video contains content from X, who has blocked it in your country on copyright "
        "grounds",
        "restricted",
    ),
    ("This video is not available from your location due to geo restriction", "restricted"),
    ("This video is only available for registered users", "restricted"),
    ("This video is DRM protected", "restricted"),
    ("Sign in to confirm you\N{RIGHT SINGLE QUOTATION MARK}re not a bot. This helps protect our community", "failed"),
    ("Sign in to confirm you're not a bot", "failed"),
    (
        "Video unavailable. This content isn't available, try again later. The current session has been rate-limited "
        "by YouTube for up to an hour.",
        "failed",
    ),
    ("Video unavailable. YouTube is requiring a captcha challenge before playback", "failed"),
    ("Unable to download API page: HTTP Error 429: Too Many Requests", "failed"),
    ("Video unavailable. Playback on other websites has been disabled by the video owner", "failed"),
    ("This video is not available", "failed"),
    ("Premieres in 3 hours", "failed"),
    ("This live event will begin in a few moments.", "failed"),
    ("We're processing this video. Check back later.", "failed"),
    ("Requested format is not available. Use --list-formats for a list of available formats", "failed"),
    ("No video formats found!", "failed"),
    ("Failed to extract any player response", "failed"),
    ("unable to download video data: HTTP Error 403: Forbidden", "failed"),
    ("Unable to download webpage: HTTP Error 503: Service Unavailable", "failed"),
    ("Unable to download webpage: <urlopen error timed out>", "failed"),
    ("Unable to download webpage: [Errno 111] Connection refused", "failed"),
    (
        "Unable to download webpage: Failed to resolve 'www.youtube.com' ([Errno -2] Name or service not known)",
        "failed",
    ),
    ("some words that nobody has seen before", "failed"),
]


@pytest.mark.parametrize(("words", "status"), WORDS)
def test_words(words: str, status: str) -> None:
    from yt_dlp.utils import ExtractorError

    message = f"ERROR: {ExtractorError(words, expected=True, video_id=VIDEO, ie='youtube')}"
    assert verdict_of_message(message, VIDEO).status == status
    assert verdict_of_message(f"ERROR: {ExtractorError(words, video_id=VIDEO, ie='youtube')}", VIDEO).status == status


def test_order_decides() -> None:
    """Reading "Video unavailable" first, as a shorter table would, calls what may come back gone for ever."""
    hidden = [words for words, status in WORDS if words.startswith("Video unavailable") and status != "gone"]
    assert len(hidden) == 6
    assert all(verdict_of_message(words).status != "gone" for words in hidden)


def test_who_is_asked_again() -> None:
    bot = verdict_of_message("Sign in to confirm you're not a bot")
    assert (bot.again, bot.cause) == (False, "refusal")  # each further request makes it worse
    down = verdict_of_message("[Errno 111] Connection refused")
    assert (down.again, down.cause) == (True, "connection")
    broken = verdict_of_message("Got error: 952 bytes read, 14904 more expected")
    assert (broken.again, broken.cause) == (True, "item")
    assert not verdict_of_message("Private video").again


@pytest.mark.parametrize(
    ("code", "status", "again", "cause"),
    [
        (404, "gone", False, "item"),
        (410, "gone", False, "item"),
        (401, "restricted", False, "item"),
        (403, "restricted", False, "item"),
        (451, "restricted", False, "item"),
        (429, "failed", True, "refusal"),
        (500, "failed", True, "item"),
        (503, "failed", True, "item"),
        (418, "failed", False, "item"),
    ],
)
def test_answers_of_a_direct_address(code: int, status: str, again: bool, cause: str) -> None:
    verdict = verdict_of_answer(code, 7.0)
    assert (verdict.status, verdict.again, verdict.cause) == (status, again, cause)
    assert str(code) in verdict.reason


def test_reason_is_one_plain_sentence() -> None:
    from yt_dlp.utils import ExtractorError

    words = "Unable to download webpage: HTTP Error 500: x"
    cause = OSError("https://h.example/?key=abcdef")
    message = f"\x1b[0;31mERROR:\x1b[0m {ExtractorError(words, cause=cause, video_id=VIDEO, ie='youtube')}"
    assert "please report this issue" in message
    assert reason_of(message, VIDEO) == words
    private = "ERROR: [youtube] x: Private video. Sign in if you've been granted access to this video. "
    hint = "Use --cookies-from-browser or --cookies for the authentication. See https://x/wiki for how"
    assert reason_of(private + hint, "x") == "Private video. Sign in if you've been granted access to this video"
    assert reason_of("ERROR: ") == "failed without a message"
    assert len(reason_of("word " * 1000)) <= 240
