"""What is read out of free text, and what is said to have changed nothing."""

import pytest
from hypothesis import given
from hypothesis import settings as property_settings
from hypothesis import strategies as st

from tenuto.engines.composer import prompt, vocabulary
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


@pytest.mark.parametrize(
    "said",
    [
        *("140 BPM", "140bpm", "at 140", "tempo of 140", "tempo: 140", "140 beats per minute", "bpm: 140", "140 tempo"),
        *("~140bpm", "slow 140 BPM", "in D at 140", "drill 140 in Cm", "130-150 bpm", "between 130 and 150 BPM", "140"),
    ],
)
def test_a_tempo_is_understood_however_it_is_said(said):
    assert read(f"techno, {said}").bpm == 140


@pytest.mark.parametrize("said", ["10 bpm", "999 bpm"])
def test_a_tempo_nobody_plays_is_ignored(said):
    brief = read(f"techno {said}")
    assert 100 < brief.bpm < 160
    assert said.split()[0] in brief.ignored


@pytest.mark.parametrize("said", ["at 90 seconds", "at 100 bars", "top 100", "at 120 Hz", "at 7"])
def test_a_number_of_something_else_is_no_tempo(said):
    assert "tempo" not in read(f"techno, {said}").understood


@pytest.mark.parametrize(
    ("said", "bpm"), [("largo", 50), ("andante", 88), ("allegro", 132), ("mid-tempo", 96), ("prestissimo", 200)]
)
def test_a_tempo_has_its_old_names(said, bpm):
    assert read(said).bpm == pytest.approx(bpm, rel=0.045)


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
        ("waltz in D at 96", "D major"),
        ("song in G with flute", "G major"),
        ("play me a song in A", "A major"),
        ("trap in Eb", "Eb minor"),
        ("pop in E flat", "Eb major"),
        ("house am 124", "A minor"),
        ("rock F#m 130 bpm", "F# minor"),
        ("techno Bbm 132bpm", "Bb minor"),
        ("C major scale", "C major"),
        ("fis-moll", "F# minor"),
        ("Es-Dur", "Eb major"),
        ("h-moll", "B minor"),
        ("la mineur", "A minor"),
        ("fa sostenido menor", "F# minor"),
        ("Si bémol majeur", "Bb major"),
        ("D dorian funk", "D dorian"),
        ("G mixolydian", "G mixolydian"),
    ],
)
def test_a_key_is_understood_however_it_is_said(said, meant):
    assert read(said).scale.name == meant


@pytest.mark.parametrize("said", ["I am sad", "fm synth pop", "at 7 am", "in a box", "a flat tyre", "in the dark"])
def test_what_only_looks_like_a_key_is_none(said):
    assert "key" not in read(said).understood


@pytest.mark.parametrize(
    ("said", "bpm", "key"),
    [
        ("house, 120-130 bpm, in D minor", 125, "D minor"),
        ("dnb 174", 174, None),
        ("slow jazz in a minor key", None, None),
        ("pop in G", None, "G"),
        ("D-moll", None, "D minor"),
        ("fis-Moll", None, "F# minor"),
        ("H-Moll", None, "B minor"),
        ("la mineur", None, "A minor"),
        ("do majeur", None, "C major"),
        ("re menor", None, "D minor"),
        ("si bemol mayor", None, "Bb major"),
        ("D dorian funk", None, "D minor"),
        ("tehcno at 130 in Am", 130, "A minor"),
    ],
)
def test_tempo_and_key_that_were_asked_for_are_told_in_numbers_and_names(said, bpm, key):
    brief = read(said)
    assert (brief.asked_bpm, brief.asked_key) == (bpm, key)
    assert brief.bpm == (bpm or brief.bpm)
    assert brief.scale.key.startswith(key or "")


@pytest.mark.parametrize("said", ["in a minor key", "minor key", "minor chords"])
def test_a_mode_may_be_said_without_a_note(said):
    assert {read(f"pop {said}", seed=seed).scale.mode for seed in range(6)} == {"minor"}
    assert len({read(f"pop {said}", seed=seed).scale.tonic for seed in range(12)}) > 1


def test_a_mood_decides_the_mode_unless_the_key_does():
    assert read("sad pop").scale.mode == "minor"
    assert read("happy techno").scale.mode == "major"
    against = read("sad pop in C major")
    assert (against.scale.name, against.ignored) == ("C major", ("sad",))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30 seconds", 30),
        ("45s", 45),
        ("2 minutes", 120),
        ("1.5 min", 90),
        ("a 20-second loop", 20),
        ("2:05", 125),
        ("half a minute", 30),
        ("two minutes long", 120),
        ("a minute and a half", 90),
        ("2m30s", 150),
        ("90s", 90),
        ("one and a half minutes", 90),
        ("2 min 30 sec", 150),
        ("one minute and ten seconds", 70),
        ("thirty seconds", 30),
    ],
)
def test_a_length_is_understood_however_it_is_said(said, seconds):
    assert read(f"ambient, {said}").seconds == seconds


@pytest.mark.parametrize("said", ["90s house", "music of the 80s", "late 90s trance"])
def test_a_decade_is_no_length(said):
    assert read(said).seconds == 16


def test_a_length_may_be_counted_in_bars():
    assert read("house at 120 bpm, 16 bars").seconds == 32
    assert read("waltz at 120 bpm, eight bars").seconds == 12


def test_a_length_that_would_fill_the_disk_is_ignored_and_an_option_counts_more():
    assert read("ambient, 900 minutes").seconds == 16
    assert "900" in read("ambient, 900 minutes").ignored
    assert read("ambient, 2 minutes", seconds=5.0).seconds == 5


def test_parts_that_are_not_wanted_do_not_play():
    brief = read("house without drums, no bass, no melody")
    assert not brief.drums
    assert set(brief.instruments) == {"chords"}
    assert read("ambient with drums").drums


def test_a_word_for_the_tempo_is_understood_where_the_number_agrees():
    assert read("slow soul at 64 BPM").ignored == ()
    assert read("fast bebop, 200 bpm").ignored == ()
    assert read("slow house at 140 BPM").ignored == ("slow",)


def test_an_instrument_that_is_not_wanted_is_stood_in_for():
    assert read("pop, no piano").instruments["chords"] == "organ"
    assert set(read("metal without guitars").instruments.values()) == {"piano", "electric bass", "synth lead"}
    assert "not" in read("pop, not too sad").ignored
    assert read("pop, not too sad").scale.mode == "major"


@pytest.mark.parametrize(
    ("said", "drums", "instruments"),
    [
        ("pop without drums and bass", "", {"chords": "piano", "lead": "synth lead"}),
        ("pop, no drums or bass", "", {"chords": "piano", "lead": "synth lead"}),
        ("pop without drums, bass and melody", "", {"chords": "piano"}),
        ("pop, no vocals or drums", "", {"bass": "electric bass", "chords": "piano", "lead": "synth lead"}),
        ("jazz without piano or saxophone", "jazz", {"bass": "upright bass", "chords": "organ", "lead": "vibraphone"}),
        ("pop, don’t use piano", "pop", {"bass": "electric bass", "chords": "organ", "lead": "synth lead"}),
        ("do not use drums, piano nor melody", "", {"bass": "electric bass", "chords": "organ"}),
        ("strings instead of piano", "pop", {"bass": "electric bass", "chords": "strings", "lead": "synth lead"}),
        ("pop, no piano, no organ", "pop", {"bass": "electric bass", "chords": "harpsichord", "lead": "synth lead"}),
        ("pop, no piano solo", "pop", {"bass": "electric bass", "chords": "organ", "lead": "synth lead"}),
        ("pop, no drums, piano", "", {"bass": "electric bass", "chords": "piano", "lead": "synth lead"}),
    ],
)
def test_a_denial_goes_on_over_all_that_it_names(said, drums, instruments):
    brief = read(said)
    assert (brief.drums, brief.instruments, brief.ignored) == (drums, instruments, ())


@pytest.mark.parametrize(
    ("said", "playing", "ignored"),
    [
        ("no drums no bass no melody no chords", {"chords"}, ("chords",)),
        ("ambient without drums, bass, chords or melody", {"lead"}, ("melody",)),
        ("ambient, no bass, no melody, no chords", {"drums"}, ()),
        ("ambient, drums only", {"drums"}, ()),
        ("drums only, no drums", {"drums"}, ("drums",)),
        ("unaccompanied violin, no violin", {"lead"}, ("violin",)),
    ],
)
def test_somebody_always_plays(said, playing, ignored):
    brief = read(said)
    assert {*brief.instruments, *(["drums"] if brief.drums else [])} == playing
    assert brief.ignored == ignored
    assert ", ".join(ignored) not in brief.understood.get("without", "") or not ignored


def test_who_plays_alone_is_not_accompanied():
    assert read("drums only").instruments == {}
    assert (read("drums only").drums, read("solo piano").drums) == ("pop", "")
    assert set(read("solo piano").instruments.values()) == {"piano"}
    assert read("unaccompanied violin").instruments == {"lead": "violin"}
    assert read("rock with guitar solo").drums
    assert read("string quartet").instruments == {"chords": "strings", "bass": "cello", "lead": "violin"}
    assert read("piano and cello duet").instruments == {"chords": "piano", "bass": "cello", "lead": "piano"}


def test_a_second_instrument_of_a_part_takes_the_melody():
    assert read("pop with piano and strings").instruments["lead"] == "strings"


@pytest.mark.parametrize(
    ("said", "metre"),
    [
        *(("waltz", "3/4"), ("six-eight", "6/8"), ("5/4 jazz", "5/4"), ("in seven", "7/8"), ("12/8 blues", "12/8")),
        *(("minuet", "3/4"), ("polka", "2/4"), ("irish jig", "6/8"), ("pop", "4/4")),
    ],
)
def test_a_metre_is_understood_however_it_is_said(said, metre):
    assert read(said).metre.name == metre


@pytest.mark.parametrize(
    ("slip", "style"), [("tehcno", "techno"), ("regae", "reggae"), ("dubsteep", "dubstep"), ("amibent", "ambient")]
)
def test_a_slip_of_the_pen_is_read_and_told(slip, style):
    brief = read(slip)
    assert brief.style.name == style
    assert brief.understood["spelling"] == f"{slip} as {style}"
    assert brief.ignored == ()


@pytest.mark.parametrize("word", ["horse", "mouse", "organic", "popcorn", "rocket", "mental"])
def test_another_word_is_not_taken_for_a_slip(word):
    assert read(f"song about a {word}").ignored == (word,)


def test_what_a_prompt_leaves_open_is_the_same_whatever_else_it_says():
    assert read("pop", seed=3).scale == read("pop at 99 bpm", seed=3).scale


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
    assert {name for names in prompt.STAND_INS.values() for name in names} <= set(INSTRUMENTS)


@property_settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_too_strange_to_be_read(text):
    brief = read(text)
    assert 30 < brief.bpm <= 220
    assert 1 <= brief.seconds <= 1200
