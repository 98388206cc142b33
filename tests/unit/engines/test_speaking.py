"""Texts cut for voices, and the languages their letters suggest."""

import unicodedata

import pytest
from hypothesis import given, strategies

from tenuto.engines.espeak import VARIANTS, voice_for, words_of
from tenuto.engines.speaking import OPENAI_VOICES, has_words, language_by_script, pieces, sayable


@given(strategies.text(max_size=400), strategies.integers(min_value=5, max_value=60))
def test_pieces_hold_every_letter_once_and_stay_short(text, most):
    found = list(pieces(text, most))
    assert all(0 < len(piece) <= most for piece in found)
    assert "".join("".join(found).split()) == "".join(sayable(text).split())


@given(strategies.text(alphabet=strategies.characters(categories=("Cc", "Cs", "Co", "L", "P")), max_size=100))
def test_no_sign_that_steers_an_engine_is_said(text):
    assert not [
        sign for sign in sayable(text) if unicodedata.category(sign) in ("Cc", "Cs", "Co") and sign not in "\n\t"
    ]


def test_sentences_stay_whole_where_they_can():
    assert list(pieces("One two. Three four! Five?", 16)) == ["One two.", "Three four!", "Five?"]
    assert list(pieces("One. Two. Three.", 100)) == ["One. Two. Three."]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello", None),
        ("Привет, world", "ru"),
        ("Καλημέρα", "el"),
        ("नमस्ते", "hi"),
        ("مرحبا", "ar"),
        ("你好", "cmn"),
        ("こんにちは世界", "ja"),
        ("안녕", "ko"),
        ("123 …", None),
        ("", None),
    ],
)
def test_letters_suggest_a_language(text, language):
    assert language_by_script(text) == language


@pytest.mark.parametrize(
    ("voice", "language", "text", "found"),
    [
        ("", None, "Hello", "en-us"),
        ("alloy", None, "Hello", "en-us"),
        ("nova", None, "Привет", "ru+f4"),
        ("nova", "de", "Hallo", "de+f4"),
        ("nova", "zh", "Hello", "cmn+f4"),
        ("en-gb+m3", "de", "Hallo", "en+m3"),
        ("", "de-AT", "Hallo", "de"),
        ("", "en-GB", "Hello", "en"),
        ("", "en-US", "Hello", "en-us"),
        ("", "pt-BR", "Olá", "pt-br"),
        ("", "es-MX", "Hola", "es-419"),
        ("", "zh-TW", "你好", "cmn"),
        ("nova", "zh-HK", "你好", "yue+f4"),
    ],
)
def test_a_voice_is_its_own_or_one_of_openai_in_the_texts_language(voice, language, text, found):
    assert voice_for(voice, language, text) == found


def test_each_name_of_openai_is_another_voice():
    assert len({VARIANTS[name] for name in OPENAI_VOICES}) == len(OPENAI_VOICES)


def test_marks_within_a_word_are_one_word():
    text = "don't 3.14 “q” end"
    found = words_of(text, [(0, 0), (6, 300), (7, 500), (7, 700), (12, 900), (15, 1200)])
    assert [(word.start_ms, word.text) for word in found] == [(0, "don't"), (300, "3.14"), (900, "“q”"), (1200, "end")]


@pytest.mark.parametrize(("text", "yes"), [("a", True), ("7", True), ("…—!", False), ("", False), ("字", True)])
def test_there_is_something_to_say(text, yes):
    assert has_words(text) is yes


def test_a_text_that_espeak_tells_nothing_of_has_no_words():
    assert words_of("\u0e50", []) == ()


def test_letters_of_a_script_without_spaces_are_words():
    found = words_of("第一句。", [(0, 0), (2, 500)])
    assert [(word.text, word.start_ms) for word in found] == [("第", 0), ("句", 500)]
