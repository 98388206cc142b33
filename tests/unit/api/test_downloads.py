"""Names of downloads, read as browsers read them."""

from email.message import Message
from urllib.parse import unquote

import pytest

from tenuto.api.downloads import disposition

NAMES = [
    "talk.wav",
    "täglich.wav",
    "会議.srt",
    'a"b.wav',
    "a\\b.wav",
    "a;b.wav",
    "a\r\nSet-Cookie: x=1.wav",
    "../../etc/passwd",
    "%2e%2e%2fx.wav",
    "\u202egnp.exe",
    "a" * 255,
    "é" * 127,
    "e\u0301.wav",
    "\ud800.wav",
    "-rf.wav",
    "$(id).wav",
    "a'b.wav",
]


@pytest.mark.parametrize("name", [*NAMES, "CON", "nul.wav", "Com1.srt", "a. . .", "x::$DATA", "...", "", "\x00\x1f"])
def test_a_name_is_one_safe_header(name):
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    parsed = Message()
    parsed["Content-Disposition"] = header
    plain = header.split('"')[1]
    full = unquote(header.partition("filename*=UTF-8''")[2])
    assert parsed.get_content_disposition() == "attachment"
    for shown in (plain, full):
        assert shown
        assert not set(shown) & set('<>:"/\\|?*\r\n\x00\u202e')
        assert shown == shown.strip(" .")
        assert shown.split(".")[0].lower() not in ("con", "nul", "com1")
    assert header.count(";") == 2 or ";" in name


def test_a_plain_name_stays():
    assert disposition("my talk (2).wav") == (
        "attachment; filename=\"my talk (2).wav\"; filename*=UTF-8''my%20talk%20%282%29.wav"
    )


def test_a_name_of_no_plain_letter_keeps_its_extension():
    assert 'filename="download.srt"' in disposition("会議.srt")
    assert "filename*=UTF-8''%E4%BC%9A%E8%AD%B0.srt" in disposition("会議.srt")
