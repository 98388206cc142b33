"""What rules match, what they leave alone, and what stands there afterwards."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.lexicons import (
    MAX_PATTERN,
    MAX_REPLACEMENT,
    Lexicon,
    LiteralFinder,
    Rule,
    apply,
    check_rule,
    correct,
    in_case_of,
)
from tenuto.domain.sight import Sight, continues, is_word, view


def corrected(text, *rules):
    return correct(text, [LiteralFinder(number, rule) for number, rule in enumerate(rules)])


def read(text, pattern, replacement, kind="word", **more):
    return corrected(text, Rule(pattern, replacement, kind, **more)).text


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("say teh word", "teh", "the", "say the word"),
        ("tehran, teh-teh ateh", "teh", "the", "tehran, the-the ateh"),
        ("teh", "teh", "the", "the"),
        ("kovalski's car", "kovalski", "Kowalski", "Kowalski's car"),
        ("new   york\nand new\u00a0york", "new york", "New York", "New York\nand New York"),
        ("newyork", "new york", "New York", "newyork"),
        ("c++ and c++x", "c++", "C++", "C++ and c++x"),
        ("on .net, asp.net", ".net", ".NET", "on .NET, asp.net"),
        ("snake_case snake", "snake", "cobra", "snake_case cobra"),
        ("so um yes", "um", "", "so yes"),
        ("um, yes", "um,", "", "yes"),
        ("yes um", "um", "", "yes"),
        ("um", "um", "", ""),
    ],
)
def test_a_word_is_whole(text, pattern, replacement, expected):
    assert read(text, pattern, replacement) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("tenutoo", "tenuto"), ("Tenutoo is", "Tenuto is"), ("TENUTOO", "TENUTO"), ("tENUTOO", "tenuto")],
)
def test_a_replacement_takes_the_case_of_what_it_replaces(text, expected):
    assert expected in read(text, "tenutoo", "tenuto")


@pytest.mark.parametrize(("old", "expected"), [("123", "abc"), ("I", "Abc"), ("ǅ", "Abc"), ("ΑΒ", "ABC"), ("", "abc")])
def test_what_has_no_case_gives_none(old, expected):
    assert in_case_of(old, "abc") == expected


@pytest.mark.parametrize("text", ["open ai", "Open AI", "OPEN AI"])
def test_a_replacement_with_capitals_of_its_own_is_used_as_it_is(text):
    assert read(text, "open ai", "OpenAI") == "OpenAI"


def test_case_counts_when_asked():
    assert read("Polish polish POLISH", "Polish", "polonais", match_case=True) == "polonais polish POLISH"


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("скажи теневто и тенетвоз", "теневто", "тенуто", "скажи тенуто и тенетвоз"),
        ("ΤΕΝΟΥΤΟ, τενουτος", "τενουτο", "τενούτο", "ΤΕΝΟΎΤΟ, τενουτος"),
        ("ὈΔΥΣΣΕΎΣ ὀδυσσεύς", "ὀδυσσεύσ", "Οδυσσέας", "Οδυσσέας Οδυσσέας"),
        ("मैं दिल्लि में दिल्लिवासी", "दिल्लि", "दिल्ली", "मैं दिल्ली में दिल्लिवासी"),
        ("कि की", "कि", "के", "के की"),
        ("قال محمد للمحمدين", "محمد", "أحمد", "قال أحمد للمحمدين"),
        ("می\u200cخواهم می", "می", "نمی", "می\u200cخواهم نمی"),
        ("東京と東京都", "東京", "京都", "東京と東京都"),
        ("東京 大阪", "東京", "京都", "京都 大阪"),
        ("私はtenutooを使う", "tenutoo", "tenuto", "私はtenutoを使う"),
        ("tenutoo를 씁니다", "tenutoo", "tenuto", "tenuto를 씁니다"),
        ("тtenuto tenutoт", "tenuto", "X", "тtenuto tenutoт"),
        ("сор cop", "cop", "police", "сор police"),
        ("straße STRASSE", "strasse", "Weg", "Weg Weg"),
    ],
)
def test_words_are_whole_in_every_script(text, pattern, replacement, expected):
    assert read(text, pattern, replacement) == expected


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("other", ["NFC", "NFD"])
def test_composed_and_decomposed_letters_are_the_same(form, other):
    text = unicodedata.normalize(form, "le café d'Étienne, 한국")
    assert read(text, unicodedata.normalize(other, "café"), "bistro").startswith("le bistro d")
    assert read(text, unicodedata.normalize(other, "한국"), "X").endswith(" X")


@pytest.mark.parametrize("text", ["cafe\u0301s", "caf\u00e9", "cafe\u0301"])
def test_a_letter_is_never_parted_from_its_marks(text):
    assert read(text, "cafe", "x", "part") == text


def test_places_are_those_of_whole_letters():
    finder = LiteralFinder(0, Rule("cafe", "x", "part"))
    assert list(finder.places(Sight("cafe\u0301 cafe"))) == [6]
    assert list(LiteralFinder(0, Rule("a a", "x")).places(Sight("a a a"))) == [0, 2]


def test_a_part_stands_anywhere():
    assert read("Grossschreibung, gross", "gross", "groß", "part") == "Großschreibung, groß"
    assert read("東京都", "東京", "京都", "part") == "京都都"
    assert read("ß", "s", "x", "part") == "ß"


def test_earlier_rules_go_first_and_nothing_is_corrected_twice():
    city, place = Rule("new york city", "NYC"), Rule("new york", "York")
    assert corrected("new york city", city, place).text == "NYC"
    assert corrected("new york city", place, city).text == "York city"
    assert corrected("a b", Rule("a", "b"), Rule("b", "a")).text == "b a"


def test_a_rule_can_keep_a_word_from_later_ones():
    rules = Rule("IT", "IT", match_case=True), Rule("it", "that")
    found = corrected("IT knows it", *rules)
    assert (found.text, len(found.changes)) == ("IT knows that", 1)


def test_each_change_says_where_and_by_which_rule():
    changes = corrected("one teh two um", Rule("um", ""), Rule("teh", "the")).changes
    assert [(change.start, change.old, change.new, change.rule) for change in changes] == [
        (4, "teh", "the", 1),
        (11, " um", "", 0),
    ]


def test_hot_words_are_what_active_rules_want_to_read():
    rules = (
        Rule("open ai", "Open  AI"),
        Rule("um", ""),
        Rule("x", "Open AI"),
        Rule("y", "Y", is_active=False),
        Rule("z", r"\0", "regex"),
    )
    assert Lexicon("names", rules).hot_words() == ["Open AI"]


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (Rule("a", "b", "glob"), "kind"),
        (Rule(" ", "b"), "pattern"),
        (Rule("x" * (MAX_PATTERN + 1), "b"), "pattern"),
        (Rule("x", "b" * (MAX_REPLACEMENT + 1)), "replacement"),
        (Rule("a\nb", "b"), "pattern"),
        (Rule("a", "\x00"), "replacement"),
        (Rule("a", "\ud800"), "replacement"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_its_column(rule, named):
    with pytest.raises(errors.ValidationError, match=f"^{named}:"):
        check_rule(rule)


letters = st.sampled_from("abAB éΣσςßİıжЖकि\u093fमु東京か한국가ẞﬁ\u0301\u0308\u200d,.-'_1٣\ud800😀\n\u00a0")
texts = st.text(letters, max_size=30) | st.text(max_size=30)
rules = st.builds(
    Rule,
    texts.filter(str.strip),
    texts,
    st.sampled_from(["word", "part"]),
    st.booleans(),
)


@given(texts, st.lists(rules, max_size=4))
def test_only_matched_stretches_change(text, some):
    found = corrected(text, *some)
    assert found.text == apply(text, found.changes)
    place = 0
    for change in found.changes:
        assert change.start >= place
        assert text[change.start : change.end] == change.old != change.new
        place = change.end
    if not found.changes:
        assert found.text == text


@given(texts, rules)
def test_a_matched_word_has_no_neighbour_of_its_script(text, rule):
    for match in LiteralFinder(0, rule).matches(Sight(text)):
        assert match.start < match.end
        if rule.kind == "word" and rule.replacement:
            around = text[max(0, match.start - 1) : match.start] + text[match.end : match.end + 1]
            latin = [sign for sign in around if is_word(sign) and sign.isascii()]
            assert not latin or not text[match.start : match.end].isascii()


@given(texts.filter(lambda text: text.strip() and not any(continues(word[0]) for word in text.split())))
def test_what_reads_the_same_is_found_in_either_form(text):
    for form in ("NFC", "NFD"):
        finder = LiteralFinder(0, Rule(text, "@", "part"))
        assert list(finder.places(Sight(unicodedata.normalize(form, text))))
        assert "@" in correct(unicodedata.normalize(form, text), [finder]).text


@given(texts, st.booleans())
def test_the_whole_is_traced_to_the_whole(text, fold):
    seen = view(text, fold=fold)
    assert seen.span(0, len(seen.text)) == (0, len(text))
