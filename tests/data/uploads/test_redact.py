"""Nothing that opens a door is shown: not of addresses, of messages, or of the user's cookies."""

from pathlib import Path

import pytest

from tavce.data.uploads.cookies import read_cookies
from tavce.data.uploads.redact import redacted
from tavce.errors import InputError

SECRET = "s3cr3tValue"  # noqa: S105
NETSCAPE = f"""# Netscape HTTP Cookie File

.example.org\tTRUE\t/\tTRUE\t0\tSID\t{SECRET}
#HttpOnly_.x.org\tTRUE\t/\tTRUE\t\tA\tother{SECRET}
"""


@pytest.mark.parametrize(
    "text",
    [
        f"https://host.example/a.mp4?token={SECRET}",
        f"https://host.example/a.mp4?x=1;Signature={SECRET}&Expires=1",
        f"https://me:{SECRET}@host.example/a.mp4",
        f"https://{SECRET}@host.example:8080/a.mp4?{SECRET}",
        f"https://host.example/a.mp4#access={SECRET}",
        f"https://r1---sn-x.googlevideo.com/videoplayback/expire/1/sig/{SECRET}/ip/{SECRET}",
        f"https://manifest.example/hls/sig/{SECRET}/playlist.m3u8",
        f"HTTP Error 403 for 'https://host.example/a?X-Amz-Signature={SECRET}': Forbidden",
        f"Cookie: SID={SECRET}; HSID={SECRET}",
        f"set-cookie: {SECRET}",
        f"headers {{'Authorization': 'Bearer {SECRET}'}}",
        f"po_token={SECRET}",
        f"visitor_data: {SECRET}",
        f"sessionid = {SECRET}",
        f"password%3D{SECRET}",
        f"https://host.example/?u=https%3A%2F%2Fother%2F%3Fsig%3D{SECRET}",
        f"tok\x1b[31men={SECRET}",
        f"https://[::1{SECRET}/",
    ],
)
def test_no_secret_is_left(text: str) -> None:
    assert SECRET in text
    assert SECRET not in redacted(text)


def test_what_helps_is_left() -> None:
    text = "ERROR: [youtube] -abc_DEF123: https://www.youtube.com/watch?v=-abc_DEF123&pp=xyz says: Sign in to confirm"
    assert redacted(text) == text.replace("pp=xyz", "pp=***")
    assert redacted("https://me:you@host.example:81/a/b.mp4") == "https://***@host.example:81/a/b.mp4"
    assert redacted("design: fine; aside = 2; insight: 3") == "design: fine; aside = 2; insight: 3"


def test_known_secrets_go_wherever_they_stand() -> None:
    assert SECRET not in redacted(f"odd words {SECRET} here, 50%+x{SECRET}", (SECRET,))
    assert redacted("a%2Fb%3Dc and a/b=c", ("a/b=c",)) == "*** and ***"
    assert redacted("1 en yes", ("1", "en", "yes")) == "1 en yes"  # too short to be a secret


def test_one_line_without_control_characters() -> None:
    assert redacted("a\r\nb\x1b[2J\x1b]0;title\x07c\u202ed\x00") == "a b ]0;title c d"


def test_cookies_are_read_and_hidden(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(NETSCAPE)
    cookies = read_cookies(str(path))
    assert cookies is not None
    assert cookies.secrets == (SECRET, f"other{SECRET}")
    assert SECRET not in repr(cookies)
    assert cookies.stream().read() == NETSCAPE
    assert read_cookies("") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        f'[{{"name": "SID", "value": "{SECRET}"}}]',
        f"SID={SECRET}\n",
        f"{NETSCAPE}.example.org\tTRUE\t/\tTRUE\tSID\t{SECRET}\n",
        f"{NETSCAPE}.example.org\tTRUE\t/\tTRUE\tsoon\tSID\t{SECRET}\n",
    ],
)
def test_other_files_are_refused_without_their_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_cookies(str(path))
    assert SECRET not in str(caught.value)


def test_absent_or_binary_cookies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_cookies(str(tmp_path / "absent"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_cookies(str(tmp_path / "binary"))
