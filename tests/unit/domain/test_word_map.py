"""Times of what was said, put on what is shown."""

from hypothesis import given, strategies

from tenuto.domain.narration import script_of
from tenuto.domain.reading_out import Reading
from tenuto.domain.transcripts import Word
from tenuto.domain.word_map import filled, matched, said_words, shown_words


def told(*words):
    return [Word(start, end, text) for start, end, text in words]


def times(words):
    return [(word.start_ms, word.end_ms, word.text) for word in words]


def test_a_short_form_has_the_time_of_all_its_words():
    readings = [Reading("$1.2M", "1.2 million dollars"), Reading("more.", "more.")]
    said = told((0, 300, "1.2"), (300, 700, "million"), (700, 1000, "dollars"), (1000, 1400, "more."))
    assert times(shown_words(readings, said)) == [(0, 1000, "$1.2M"), (1000, 1400, "more.")]


def test_words_of_one_reading_keep_their_own_times_where_there_are_as_many():
    said = told((0, 300, "Nu"), (300, 700, "Jork"))
    assert times(shown_words([Reading("New York", "Nu Jork")], said)) == [(0, 300, "New"), (300, 700, "York")]


def test_words_of_one_reading_share_its_time_where_there_are_more():
    found = shown_words([Reading("p. ej. no", "por ejemplo")], told((0, 300, "por"), (300, 600, "ejemplo")))
    assert [word.text for word in found] == ["p.", "ej.", "no"]
    assert all(word.guessed for word in found)
    assert (found[0].start_ms, found[-1].end_ms) == (0, 600)


def test_what_is_not_said_stands_with_the_word_before_it():
    readings = [Reading("—", "—"), Reading("Done", "Done"), Reading("🎉", ""), Reading("(!)", "")]
    assert times(shown_words(readings, told((5, 9, "Done")))) == [(5, 9, "— Done 🎉 (!)")]


def test_chinese_is_timed_by_letters_and_keeps_its_signs():
    readings = script_of("第一句，好。", language="zh").says[0].readings
    said = [Word(at * 100, at * 100 + 100, text) for at, text in enumerate(said_words("第一句，好。"))]
    assert [word.text for word in shown_words(readings, said)] == ["第", "一", "句，", "好。"]


def test_a_word_that_is_passed_over_shares_the_time_of_the_one_before_it():
    said = ["he", "said", "yes", "twice"]
    known = matched(said, told((0, 100, "he"), (100, 900, "said"), (900, 1200, "twice")))
    assert known[2] is None
    found = filled(said, known, 0, 1200)
    assert [word.text for word in found] == said
    assert 100 < found[2].start_ms < found[2].end_ms == 900
    assert [word.guessed for word in found] == [False, True, True, False]


def test_small_words_that_are_run_together_are_known_well_enough():
    found = filled(
        ["with", "the", "cat"], matched(["with", "the", "cat"], told((0, 200, "with"), (200, 600, "cat"))), 0, 600
    )
    assert not any(word.guessed for word in found)
    assert [word.text for word in found] == ["with", "the", "cat"]


def test_nothing_told_means_all_words_share_the_whole():
    found = filled(["one", "two"], [None, None], 100, 700)
    assert times(found) == [(100, 400, "one"), (400, 700, "two")]


WORDS = strategies.lists(
    strategies.sampled_from(["one", "$5", "Dr.", "—", "第一句。", "🎉", "x²", "and/or", "(yes)", "3x"])
)


@given(words=WORDS, gaps=strategies.lists(strategies.booleans()))
def test_every_letter_is_shown_once_and_times_never_step_back(words, gaps):
    for say in script_of(" ".join(words)).says:
        said = said_words(say.spoken)
        known = [
            Word(at * 100, at * 100 + 100, text) if at >= len(gaps) or gaps[at] else None
            for at, text in enumerate(said)
        ]
        shown = shown_words(say.readings, filled(said, known, 0, len(said) * 100))
        assert "".join("".join(word.text for word in shown).split()) == "".join(say.text.split())
        edges = [time for word in shown for time in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
