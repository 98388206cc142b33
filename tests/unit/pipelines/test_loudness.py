"""What a job that measures loudness may be asked, and what it writes a file as."""

import pytest

from tenuto import errors
from tenuto.domain.media import MediaInfo
from tenuto.domain.music import Heard, Loudness, Outlook
from tenuto.pipelines import loudness

CHECK = loudness.PIPELINE.check_options


def test_without_a_word_it_goes_to_the_usual_target():
    assert CHECK({}) == {
        "target": -16.0,
        "peak": -1.0,
        "format": "auto",
        "normalise": True,
        "fade_in": 0.0,
        "fade_out": 0.0,
        "trim": False,
    }


def test_the_text_of_a_form_means_the_same():
    found = CHECK({"target": "-23", "peak": "-2.5", "normalise": "true", "fade_out": "3", "trim": "true"})
    assert (found["target"], found["peak"], found["normalise"]) == (-23.0, -2.5, True)
    assert (found["fade_out"], found["trim"]) == (3.0, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", -4),
        ("target", -36.5),
        ("target", "nan"),
        ("peak", 0.1),
        ("peak", -9.5),
        ("format", "wma"),
        ("normalise", "perhaps"),
        ("fade_in", -1),
        ("fade_out", 31),
        ("trim", 2),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(errors.ValidationError) as refused:
        CHECK({name: value})
    assert refused.value.details["field"] == name


def test_only_a_new_file_can_be_faded():
    assert CHECK({"normalise": False})["normalise"] is False
    with pytest.raises(errors.ValidationError, match="fade_in changes the sound"):
        CHECK({"normalise": False, "fade_in": 1})


def heard(container, codec, *, bits=0, channels=2):
    info = MediaInfo(container, codec, "audio/x", 1000, 44_100, channels)
    return Heard(Loudness(-20, -3, 5), Outlook(4, 3, -16), info, "stereo", bits, {}, has_cover=False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (heard("wav", "pcm_s16le", bits=16), "wav"),
        (heard("wav", "pcm_s24le", bits=24), "wav24"),
        (heard("wav", "pcm_f32le", bits=32), "wav32f"),
        (heard("wav", "pcm_mulaw"), "wav"),
        (heard("aiff", "pcm_s16be", bits=16), "flac"),
        (heard("flac", "flac", bits=24), "flac24"),
        (heard("aiff", "pcm_f32be", bits=32), "flac24"),
        (heard("mp3", "mp3float"), "mp3"),
        (heard("mov", "aac"), "m4a"),
        (heard("ogg", "opus"), "opus"),
        (heard("ogg", "vorbis"), "opus"),
        (heard("mov", "alac", bits=16), "flac"),
        (heard("matroska", "ac3", channels=6), "flac"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.info.codec,
)
def test_a_file_stays_what_it_is_or_becomes_flac(source, expected):
    assert loudness.format_for(source, "auto") == expected


def test_mp3_is_refused_for_more_channels_than_it_has():
    assert loudness.format_for(heard("wav", "pcm_s16le", bits=16), "mp3") == "mp3"
    with pytest.raises(errors.ValidationError, match="this recording has 6"):
        loudness.format_for(heard("wav", "pcm_s16le", bits=16, channels=6), "mp3")


def said(lufs, reached, *, milliseconds=1000):
    info = MediaInfo("wav", "pcm_s16le", "audio/wav", milliseconds, 44_100, 2)
    found = Heard(Loudness(lufs, -3, None), Outlook(4, 3, reached), info, "stereo", 16, {}, has_cover=False)
    return loudness.warnings_of(found, CHECK({"target": -10, "peak": -3}))


def test_what_cannot_be_measured_or_met_is_said():
    assert said(-20, -10.2) == ()
    assert "-10 LUFS cannot be met with true peaks of at most -3 dBTP: -12.3 LUFS" in said(-20, -12.3)[0]
    assert "no part of it is louder than -70 LUFS" in said(None, None)[0]
    assert "0.2 s long, and loudness is measured over 0.4 s or more" in said(None, None, milliseconds=200)[0]
