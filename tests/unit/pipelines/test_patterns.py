"""Regular expressions of people: RE2 only, refused clearly, never endless."""

import time

import pytest

from tenuto import errors
from tenuto.domain.lexicons import Rule, correct
from tenuto.domain.sight import Sight
from tenuto.pipelines.patterns import compile_pattern, finders


def read(text, pattern, replacement, **more):
    return correct(text, finders([Rule(pattern, replacement, "regex", **more)])).text


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("12 euros, 7 Euros", r"(\d+) euros?", r"\1 €", "12 €, 7 €"),
        ("Жук 12 euros 😀 3 euro", r"(\d+) euros?", r"\1 €", "Жук 12 € 😀 3 €"),
        ("cafe\u0301 noir", "é", "e", "cafe noir"),
        ("e\u0301e", "e", "x", "e\u0301x"),
        ("a b", r"(a)|(z)", r"[\1\2\0\\]", "[aa\\] b"),
        ("ab", r"^|x*", "y", "ab"),
        ("\ud800 a", "a", "b", "\ud800 b"),
        ("straße ж ж", r"ж$", "з", "straße ж з"),
    ],
)
def test_matches_are_replaced(text, pattern, replacement, expected):
    assert read(text, pattern, replacement) == expected


MANY = "ab Жук λόγος नमस्ते سلام 東京ト ｆ"


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        (r"\S", "x", "xx Жук λόγος नमस्ते سلام 東京ト x"),
        (r"[^a-z ]+", "", "ab Жук λόγος नमस्ते سلام 東京ト "),
        (r"ab.*", "cd", MANY),
        (r"[а-яА-Я]\S+", "", "ab  λόγος नमस्ते سلام 東京ト ｆ"),
        (r"\x{416}\S+", "", "ab  λόγος नमस्ते سلام 東京ト ｆ"),
        (r"\p{Greek}\S+", "", "ab Жук  नमस्ते سلام 東京ト ｆ"),
        (r"東\S+", "", "ab Жук λόγος नमस्ते سلام  ｆ"),
        (r"\p{Arabic}+|न\S*", "", "ab Жук λόγος   東京ト ｆ"),
        (r"\p{L}\pM?", "x", "xx xxx xxxxx xxxx xxxx xxx x"),
        (r"(?i)(?P<name>\S)", "-", "-- --- ----- --स्ते ---- --- -"),
        (r"[^\x00-\x7f]+", "", "ab      "),
        (r"\P{Latin}+", " ", "ab ｆ"),
    ],
)
def test_letters_of_scripts_that_the_rule_does_not_name_stay(pattern, replacement, expected):
    assert read(MANY, pattern, replacement) == expected


def test_case_counts_when_asked():
    assert read("Ab ab", "ab", "x", match_case=True) == "Ab x"


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        ("(", "", "^pattern: RE2"),
        ("(?=a)", "", "^pattern: RE2"),
        (r"(a)\1", "", "^pattern: RE2"),
        ("(?:(?:a{1000}){1000})", "", "^pattern: RE2"),
        ("(?i:\\pL{1,900})", "", "^pattern: RE2"),
        ("a", r"\1", r"^replacement: \\1 means nothing"),
        ("(a)", r"\x", r"^replacement"),
        ("(a)", "b\\", r"^replacement"),
        ("(a)", r"\1" * 21, "^replacement: it refers"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_column(pattern, replacement, reason):
    with pytest.raises(errors.ValidationError, match=reason):
        compile_pattern(Rule(pattern, replacement, "regex"))


# Each of these keeps Python's `re` busy for longer than anybody waits.
@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)+$", r"(a|a?)+$", r"(.*a){20}$", r"(\w+\s?)*$", r"^(a?){40}a{40}$"]
)
def test_no_pattern_runs_away(pattern):
    started = time.monotonic()
    read("a" * 5000 + "!", pattern, "x")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("kind", ["regex", "word"])
def test_patience_ends(kind):
    some = finders([Rule("a", "b", kind)], patience_seconds=-1)
    with pytest.raises(errors.EngineError, match=r"too long.* rule 1, 'a'"):
        correct("a a", some)
    with pytest.raises(errors.EngineError, match="too long"):
        list(some[0].places(Sight("a a")) or some[0].matches(Sight("a a")))


def test_thousands_of_rules_that_match_everywhere_end_in_time():
    some = finders([Rule("a", "b", "part")] * 5000, patience_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(errors.EngineError, match="too long"):
        correct("a" * 10_000, some)
    assert time.monotonic() - started < 5


def test_inactive_rules_are_left_out():
    assert not finders([Rule("(", "b", "regex", is_active=False), Rule("a", "b", is_active=False)])


def test_without_the_package_the_message_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "re2", None)
    with pytest.raises(errors.EngineMissing, match="google-re2"):
        compile_pattern(Rule("a", "b", "regex"))
