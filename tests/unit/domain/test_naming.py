"""Names of files that every system keeps."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.domain.naming import dated_folder, file_name, slug

# What Windows takes for a device, whatever the ending.
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def test_a_name_is_made_of_words_and_seed():
    assert file_name("Slow jazz in D minor", "flac", seed=1234) == "slow-jazz-in-d-minor-1234.flac"
    assert file_name("Slow jazz", "wav", seed=0, part="drums") == "slow-jazz-0-drums.wav"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café crème à l'Œuvre", "cafe-creme-a-loeuvre"),
        ("Straße ÜBER Łódź", "strasse-uber-lodz"),
        ("../../etc/passwd", "etc-passwd"),
        ("120 BPM; ½ time™", "120-bpm-12-timetm"),
        ("музыка", ""),
        ("a prompt that goes on and on about the mood of a long winter evening", "a-prompt-that-goes-on-and-on-about-the-mood-of-a-long-winter"),
        ("x" * 99, "x" * 60),
    ],
)  # fmt: skip
def test_words_become_plain_ones(text, expected):
    assert slug(text) == expected


def test_what_has_no_letters_of_ours_still_has_a_name():
    assert file_name("音楽", "mp3", seed=7) == "music-7.mp3"
    assert file_name("...", "mp3") == "music.mp3"


@given(st.text(), st.one_of(st.none(), st.integers(0, 2**32 - 1)), st.sampled_from(["", "drums", "lead"]))
def test_every_system_keeps_every_name(title, seed, part):
    name = file_name(title, "flac", seed=seed, part=part)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.flac", name)
    assert len(name) <= 90
    assert name.partition(".")[0] not in DEVICES


@given(st.sampled_from(sorted(DEVICES)), st.sampled_from(["", " ", "."]))
def test_no_name_is_a_device(device, more):
    assert file_name(device.upper() + more, "wav").partition(".")[0] not in DEVICES


@given(st.text(), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_other_seeds_have_other_names(title, one, other):
    assert (file_name(title, "wav", seed=one) == file_name(title, "wav", seed=other)) == (one == other)


@given(st.text())
def test_a_slug_of_a_slug_is_the_same(text):
    assert slug(slug(text)) == slug(text)


@given(st.dates())
def test_folders_of_days_sort_as_the_days_do(day):
    assert re.fullmatch(r"\d{4}/\d{2}/\d{2}", str(dated_folder(day)))
    assert str(dated_folder(date(day.year, day.month, 1))) <= str(dated_folder(day))
