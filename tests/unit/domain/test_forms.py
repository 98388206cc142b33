"""What is written otherwise than it is read out, in the languages that are known."""

import time

import pytest
from hypothesis import given, strategies

from tenuto.domain.languages.known import LANGUAGES
from tenuto.domain.narration import script_of

READ_OUT = {
    "en": {
        "Dr. Smith vs. Mr. Jones": "Doctor Smith versus Mister Jones",
        "e.g. this, i.e. that, etc.": "for example this, that is that, et cetera.",
        "See No. 5 on pp. 3–7": "See number 5 on pages 3 to 7",
        "$1.2M, $3.50, €3bn, £1": "1.2 million dollars, 3 dollars 50 cents, 3 billion euros, 1 pound",
        "$5–10M and US$1,200": "5 to 10 million dollars and 1,200 US dollars",
        "10k users, 5M rows, a 4K screen": "10 thousand users, 5 million rows, a 4K screen",
        "10 °C, 1 km/h, 50%, 5–10 %": "10 degrees Celsius, 1 kilometer per hour, 50 percent, 5 to 10 percent",
        "A & B + C = D → E": "A and B plus C equals D to E",
        "x² and 5 m²": "x squared and 5 square meters",
        "#1, C#, C++, 24/7, w/ it": "number 1, C sharp, C plus plus, twenty-four seven, with it",
        "v2.0 and v1.2.3": "version 2.0 and version 1 dot 2 dot 3",
        "9:30 or 10:45": "9:30 or 10:45",
        "10-20 or 2019–2024": "10 to 20 or twenty nineteen to twenty twenty-four",
        "call 555-1234": "call 555-1234",
        "3x faster, 1920x1080": "3 times faster, 1920 by 1080",
        "AB-12 and UTF-8": "A B 12 and U T F 8",
        "https://www.example.com/a-b?c=d.": "example dot com slash a dash b.",
        "Mail a.b@example.com": "Mail a dot b at example dot com",
        "in 1984, 1905, 2005, 1990s": "in nineteen eighty-four, nineteen oh five, 2005, nineteen nineties",
        "1234 people, 1,999 or 1999.5": "1234 people, 1,999 or 1999.5",
        "on 2026-11-21": "on November 21, twenty twenty-six",
        "Q3 FY25": "Q3 fiscal year 25",
        "€5m, $1.2M–$3bn, 5 m": "5 million euros, 1.2 million dollars to 3 billion dollars, 5 m",
        "growth – $5": "growth – 5 dollars",
        "5 GB/s on Oct. 5, incl. VAT": "5 gigabytes per second on October 5, including VAT",
        "1/2 at -5": "one half at minus 5",
        "and/or TCP/IP": "and or TCP IP",
        "done 🎉 (really) *now*": "done really now",
    },
    "de": {
        "z.B. am 5. Mai, d.h. bald": "zum Beispiel am fünften Mai, das heißt bald",
        "der 3. Oktober, 21.11.2026": "der dritte Oktober, einundzwanzigster November 2026",
        "ca. 3,5 Mio. usw.": "circa 3,5 Millionen und so weiter.",
        "Nr. 5, 10–20 %, 100 km/h": "Nummer 5, 10 bis 20 Prozent, 100 Kilometer pro Stunde",
        "am 3. Okt. 1990, Meier & Co. KG": "am dritten Oktober neunzehnhundertneunzig, Meier und Co KG",
        "1999 und 1.999": "neunzehnhundertneunundneunzig und 1.999",
        "Hr. Dr. Meier & Co": "Herr Doktor Meier und Co",
    },
    "fr": {
        "M. Dupont, p. ex. n° 5": "monsieur Dupont, par exemple numéro 5",
        "10 %, 3 M€, 100 km/h, 3x": "10 pour cent, 3 millions d'euros, 100 kilomètres heure, 3 fois",
    },
    "es": {
        "El Sr. López, p. ej. nº 5": "El señor López, por ejemplo número 5",
        "10 %, EE.UU., 5–10 €": "10 por ciento, Estados Unidos, 5 a 10 euros",
    },
    "ru": {
        "т.е. 5 млн руб. и т.д.": "то есть 5 миллионов рублей и так далее.",
        "1 кг, 2 кг, 5 кг, 11 кг, 21 кг": "1 килограмм, 2 килограмма, 5 килограммов, 11 килограммов, 21 килограмм",
        "в 2024 г. в г. Москва, № 5": "в 2024 году в городе Москва, номер 5",
    },
    "pl": {"A & B, 5 km/h": "A & B, 5 km/h"},
}


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [(language, written, spoken) for language, table in READ_OUT.items() for written, spoken in table.items()],
)
def test_it_is_read_out_as_people_say_it(language, written, spoken):
    (say,) = script_of(written, language=language).says
    assert say.spoken == spoken
    assert say.text == written


def test_without_a_language_the_letters_tell():
    assert script_of("до 5 км").says[0].spoken == "до 5 километров"
    assert script_of("up to 5 km").says[0].spoken == "up to 5 kilometers"
    assert script_of("これは 5 km まで").says[0].spoken == "これは 5 km まで"


@pytest.mark.parametrize(
    ("written", "spoken"), [("10 km/h ", "10 kilometers per hour"), ("a-b.com/c" * 40, " dot com")]
)
def test_what_is_read_out_is_never_cut_in_two(written, spoken):
    found = script_of(written * 60, language="en").says
    count = written.count("km/h") * 60 or 40
    assert " ".join(say.spoken for say in found).count(spoken) in (count, 1)
    assert letters("".join(say.text for say in found)) == letters(written * 60)


SIGNS = strategies.text(alphabet="0123456789.,-–$€%km/hxX#&+=<>²@ aBév:'", max_size=40)


@given(text=SIGNS, language=strategies.sampled_from([*LANGUAGES, "pl"]))
def test_captions_show_what_was_written_whatever_is_read_out(text, language):
    shown = script_of(text, language=language).text
    assert letters(shown) in (letters(text), "")


def letters(text):
    return "".join(character for character in text if character.isalnum())


HOSTILE = ("1", "1.", "1-", "$1", "a@", "a@a.", "http://", "5 ", "am 5. ", "1/", "AB-", "a.", "#1", "&", "1999-", "FY")


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("language", ["en", "de"])
def test_time_grows_with_the_length_of_the_text(part, language):
    started = time.process_time()
    script_of((part * 50_000)[:50_000], language=language)
    assert time.process_time() - started < 6
