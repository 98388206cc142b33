"""What is read out of free text, and what is said to have changed nothing."""

import pytest
from hypothesis import given
from hypothesis import settings as property_settings
from hypothesis import strategies as st

from tenuto.engines.composer import vocabulary
from tenuto.engines.composer.instruments import INSTRUMENTS
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.styles import STYLES


def test_everything_a_prompt_says_is_heard():
    brief = read("Dark trap beat in F# minor at 142 BPM, heavy 808s and flute, 1:30 long")
    assert (brief.style.name, brief.bpm, brief.scale.name) == ("trap", 142, "F# minor")
    assert (brief.seconds, brief.metre.name) == (90, "4/4")
    assert brief.instruments == {"chords": "bells", "bass": "808", "lead": "flute"}
    assert brief.energy > read("trap").energy
    assert brief.ignored == ()


def test_words_that_change_nothing_are_named_and_others_are_told_with_what_they_meant():
    brief = read("a purple jazz waltz with a walking bass, slowly")
    assert brief.ignored == ("purple",)
    assert brief.understood == {
        "metre": "waltz",
        "instruments": "walking bass",
        "style": "jazz",
        "tempo": "slowly",
    }


@pytest.mark.parametrize("said", ["140 BPM", "140bpm", "at 140", "tempo of 140", "tempo: 140", "140 beats per minute"])
def test_a_tempo_is_understood_however_it_is_said(said):
    assert read(f"techno, {said}").bpm == 140


@pytest.mark.parametrize("said", ["10 bpm", "999 bpm"])
def test_a_tempo_nobody_plays_is_ignored(said):
    brief = read(f"techno {said}")
    assert 100 < brief.bpm < 160
    assert said.split()[0] in brief.ignored


def test_slow_is_slower_and_fast_is_faster_than_the_style():
    slow, usual, fast = (read(f"{pace} house", seed=3).bpm for pace in ("slow", "", "fast"))
    assert slow < 0.9 * usual < usual < 0.9 * fast


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("in C# minor", "C# minor"),
        ("in B flat major", "Bb major"),
        ("Bb minor", "Bb minor"),
        ("key of D", "D major"),
        ("key: Am", "A minor"),
        ("in A♭ maj", "Ab major"),
        ("e-flat major", "Eb major"),
        ("cb major", "B major"),
        ("pop in G", "G major"),
    ],
)
def test_a_key_is_understood_however_it_is_said(said, meant):
    assert read(said).scale.name == meant


def test_a_mood_decides_the_mode_unless_the_key_does():
    assert read("sad pop").scale.mode == "minor"
    assert read("happy techno").scale.mode == "major"
    assert read("sad pop in C major").scale.name == "C major"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30 seconds", 30), ("45s", 45), ("2 minutes", 120), ("1.5 min", 90), ("a 20-second loop", 20), ("2:05", 125)],
)
def test_a_length_is_understood_however_it_is_said(said, seconds):
    assert read(f"ambient, {said}").seconds == seconds


def test_a_length_that_would_fill_the_disk_is_ignored_and_an_option_counts_more():
    assert read("ambient, 900 minutes").seconds == 16
    assert "900" in read("ambient, 900 minutes").ignored
    assert read("ambient, 2 minutes", seconds=5.0).seconds == 5


def test_parts_that_are_not_wanted_do_not_play():
    brief = read("house without drums, no bass, no melody")
    assert not brief.drums
    assert set(brief.instruments) == {"chords"}
    assert read("ambient with drums").drums


def test_the_same_prompt_has_the_same_seed_whatever_its_spaces_and_capitals():
    assert read("Lo-fi  beat").seed == read("lo-fi beat").seed != read("lo-fi beats").seed


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_found_by_its_name_and_can_be_played(style):
    brief = read(style)
    assert brief.style.name == style
    assert set(brief.instruments.values()) <= set(INSTRUMENTS)


def test_every_instrument_that_may_be_asked_for_is_there():
    assert {name for _, _, name in vocabulary.INSTRUMENT_WORDS} <= set(INSTRUMENTS)
    assert {name for _, name in vocabulary.STYLE_WORDS} == set(STYLES)


@property_settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_too_strange_to_be_read(text):
    brief = read(text)
    assert 30 < brief.bpm <= 220
    assert 1 <= brief.seconds <= 1200
