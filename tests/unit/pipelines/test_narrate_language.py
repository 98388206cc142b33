"""The language a slide is spoken in: wanted, declared, or plain from its letters."""

import pytest

from tenuto.domain.presentations import PresentedSlide
from tenuto.pipelines.narrate_language import common_language, spoken_language


@pytest.mark.parametrize(
    ("wanted", "declared", "common", "said", "language"),
    [
        ("pt-BR", "de-DE", "de-DE", "Olá.", "pt-br"),
        ("", "de-DE", "en-US", "Guten Tag.", "de-de"),
        ("", "", "de-DE", "Guten Tag.", "de-de"),
        ("", "", "", "Hello.", ""),
        ("", "", "", "Привет.", "ru"),
        ("", "en-US", "en-US", "مرحبا بكم في العرض.", "ar"),
        ("", "en-US", "en-US", "欢迎来到 Tenuto 的演示。", "cmn"),
        ("", "en-US", "en-US", "ようこそ。これは三番目です。", "ja"),
        ("", "en-US", "en-US", "Добрый день, это Tenuto.", "ru"),
        ("", "en-US", "en-US", "שלום לכולם", "he"),
        ("", "uk-UA", "en-US", "Добрий день.", "uk-ua"),
        ("", "fa-IR", "fa-IR", "سلام", "fa-ir"),
        ("", "zh-TW", "zh-TW", "歡迎", "zh-tw"),
        ("", "sr-Latn-RS", "sr-Latn-RS", "Dobar dan.", "sr-latn-rs"),
        ("", "ru-RU", "de-DE", "Guten Tag.", "de-de"),
        ("", "ru-RU", "ru-RU", "Good morning.", "en"),
        ("", "ru-RU", "ru-RU", "2026", "ru-ru"),
        ("ru", "ru-RU", "ru-RU", "Tenuto.", "ru"),
    ],
)
def test_letters_settle_the_language_where_a_deck_is_wrong(wanted, declared, common, said, language):
    assert spoken_language(wanted, PresentedSlide(1, language=declared), common, said) == language


def test_the_common_language_is_that_of_most_letters():
    slides = [PresentedSlide(1, notes="Hi.", language="en-US"), PresentedSlide(2, notes="Guten Tag.", language="de-DE")]
    assert common_language(slides) == "de-DE"
    assert common_language([PresentedSlide(1, notes="Hi.")]) == ""
