"""Notes as they are read: cues obeyed, sentences found, every word spoken once and in its place."""

import time

import pytest
from hypothesis import given, strategies

from tenuto.domain.lexicons import LiteralFinder, Rule
from tenuto.domain.narration import Pause, Say, script_of

CUES = ("[pause]", "[Pause 2s]", "[slow]", "[/slow]", "[FAST]", "[/fast]", "[skip]", "[/skip]", "[say a as b]", "[sic]")
WORDS = (
    "word",
    "Dr.",
    "Smith",
    "z.B.",
    "3.5",
    "No.",
    "5",
    "naïve",
    "第一句。第二句！",
    "नमस्ते।",
    "مرحبا؟",
    "Ok?",
    "—",
    "🎉",
    "(x)",
)


def told(notes, **more):
    """A script in short: texts, and milliseconds of pauses."""
    return [piece.text if isinstance(piece, Say) else piece.ms for piece in script_of(notes, **more).pieces]


@pytest.mark.parametrize(
    ("cue", "ms"),
    [
        ("[pause]", 700),
        ("[pause 2s]", 2000),
        ("[pause 2]", 2000),
        ("[PAUSE: 2 sec]", 2000),
        ("[ pause 1.5 seconds ]", 1500),
        ("[pause 1,5 s]", 1500),
        ("[pause 500ms]", 500),
        ("[pause 1 second][pause 1s]", 2000),
        ("[\uff50\uff41\uff55\uff53\uff45]", 700),
    ],
)
def test_a_pause_is_as_long_as_it_says(cue, ms):
    assert told(f"One. {cue} Two.") == ["One.", ms, "Two."]
    assert script_of(f"One. {cue} Two.").warnings == ()


def test_pauses_have_a_limit_and_say_so():
    script = script_of("One. [pause 90s] Two." + "[pause 30s] x" * 20)
    assert script.pieces[1] == Pause(30_000)
    assert sum(piece.ms for piece in script.pieces if isinstance(piece, Pause)) == 300_000
    assert "30 s at most: [pause 90s]" in script.warnings[0]
    assert "300 s at most" in script.warnings[1]


def test_the_end_of_a_paragraph_is_a_pause_unless_one_is_asked_for():
    assert told("One.\n\nTwo.\nThree.\n[pause 2s]\nFour.\n") == ["One.", 600, "Two.", 600, "Three.", 2000, "Four."]


def test_lines_that_an_editor_wrapped_are_one_paragraph():
    assert told("This is a line of a text that somebody wrote\nin an editor.") == [
        "This is a line of a text that somebody wrote in an editor."
    ]


def test_bullets_are_neither_read_out_nor_shown():
    assert told("• Apples\n- pears\n– plums\n-5 degrees\n*nuts*") == [
        "Apples",
        600,
        "pears",
        600,
        "plums",
        600,
        "-5 degrees",
        600,
        "*nuts*",
    ]


def speeds(notes):
    return [(say.text, say.speed) for say in script_of(notes).says]


def test_slow_and_fast_last_until_they_are_closed_or_the_paragraph_ends():
    assert speeds("[slow]One two.[/slow] Three. [fast]Four.\nFive.") == [
        ("One two.", 0.8),
        ("Three.", 1.0),
        ("Four.", 1.25),
        ("Five.", 1.0),
    ]
    assert speeds("[Slow] One.\nTwo. [/SLOW] Three.") == [("One.", 0.8), ("Two.", 0.8), ("Three.", 1.0)]


def test_what_is_skipped_is_neither_spoken_nor_shown():
    assert told("One. [skip]Two. [pause]\n Three.[/skip] Four.") == ["One.", "Four."]
    script = script_of("One. [skip] Two.\nThree.")
    assert [say.text for say in script.says] == ["One.", "Three."]
    assert "not closed" in script.warnings[0]


@pytest.mark.parametrize("cue", ["[say tenuto as ten-oo-toh]", "[Say: tenuto as ten-oo-toh]"])
def test_notes_may_say_how_a_word_is_spoken(cue):
    (say,) = script_of(f"Welcome to {cue}, friends.").says
    assert (say.text, say.spoken) == ("Welcome to tenuto, friends.", "Welcome to ten-oo-toh, friends.")


def test_a_lexicon_changes_what_is_spoken_and_not_what_is_shown():
    finders = [LiteralFinder(0, Rule("Kubernetes", "koober-netties")), LiteralFinder(1, Rule("New York", "Nu Jork"))]
    (say,) = script_of("Kubernetes, in New York.", finders=finders).says
    assert say.text == "Kubernetes, in New York."
    assert say.spoken == "Koober-netties, in Nu Jork."
    assert [reading.shown for reading in say.readings] == ["Kubernetes,", "in", "New York."]


def test_other_brackets_are_read_out_and_reported():
    script = script_of("As he said [sic], see [1] and [1] and an [open bracket.")
    assert script.text == "As he said sic, see 1 and 1 and an [open bracket."
    assert script.warnings == ("These are no cues, and were read out without their brackets: [sic], [1].",)
    assert "[" not in script.says[0].spoken


def test_a_cue_that_ends_nothing_is_reported():
    assert script_of("One. [/slow] Two.").warnings == ("A cue ends what has not begun: [/slow].",)


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Dr. Smith met Mr. Jones vs. Mrs. Brown on No. 5. They won.", "en", 2),
        ("We use e.g. Linux, i.e. a kernel. It works.", "en", 2),
        ("Apples, pears, etc. The rest is fish.", "en", 2),
        ("J. K. Rowling wrote it. So did I. We know.", "en", 3),
        ("Pi is 3.14 or so. See https://example.com/a.b?c=d. Good.", "en", 3),
        ("Well... it works… really? Yes! no.", "en", 2),
        ('He said "Stop." Then he left. (Really.) Done.', "en", 4),
        ("No. That is wrong.", "en", 2),
        ("Wir nehmen z.B. Linux am 5. Mai. Dann ist usw. Schluss.", "de", 3),
        ("M. Dupont et Mme. Durand arrivent. Ils parlent.", "fr", 2),
        ("El Sr. López vive en la Av. Central. ¿Verdad? ¡Sí!", "es", 3),
        ("Это ул. Ленина, г. Москва. Да, т.е. нет. Всё!", "ru", 3),
        ("第一句。第二句！第三句？", "zh", 3),
        ("यह एक है। यह दो है।", "hi", 2),
        ("هل هذا جيد؟ نعم. شكرا.", "ar", 3),
    ],
)
def test_sentences_end_where_people_end_them(text, language, count):
    found = script_of(text, language=language).says
    assert len(found) == count, [say.text for say in found]


def test_a_long_sentence_is_cut_at_a_phrase():
    found = script_of("one two three four, " * 40 + "and five.").says
    assert all(len(say.text) <= 300 for say in found)
    assert all(say.text.endswith(",") for say in found[:-1])
    assert all(len(say.text) <= 300 for say in script_of("x" * 2000).says)


PARTS = strategies.lists(strategies.sampled_from([*CUES, *WORDS, "\n", "\n\n"]) | strategies.text(max_size=12))


@given(parts=PARTS, language=strategies.sampled_from(["en", "de", "ru", "zh", None]))
def test_nothing_is_lost_or_doubled_and_the_order_is_kept(parts, language):
    """The letters that captions show are those of the notes without their cues."""
    plain = [part for part in parts if "[" not in part and "]" not in part]
    found = script_of(" ".join(plain), language=language)
    assert letters(found.text) == letters(" ".join(plain)), found


@given(parts=PARTS)
def test_any_notes_give_a_script_whose_readings_are_its_text(parts):
    for say in script_of(" ".join(parts)).says:
        assert say.text == " ".join(say.text.split())
        assert any(character.isalnum() for character in say.spoken)
        assert not set("[]") & set(say.spoken)


def letters(text):
    return "".join(character for character in text if character.isalnum())


HOSTILE = (
    "[",
    "]",
    "[]",
    "[x]",
    "[pause]",
    "[skip]",
    "[/skip][skip]",
    "[say a as b]",
    " ",
    "a. ",
    ".",
    "a b\n",
    "«a.» ",
)


@pytest.mark.parametrize("part", HOSTILE)
def test_time_grows_with_the_length_of_the_notes(part):
    started = time.process_time()
    script_of((part * 50_000)[:50_000])
    assert time.process_time() - started < 2
