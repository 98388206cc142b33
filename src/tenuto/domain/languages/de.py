"""German read out."""

from __future__ import annotations

import re

from tenuto.domain.languages.base import Language

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
SHORT_MONTHS = {
    "Jan.": "Januar", "Feb.": "Februar", "Febr.": "Februar", "Aug.": "August", "Sept.": "September",
    "Okt.": "Oktober", "Nov.": "November", "Dez.": "Dezember",
}  # fmt: skip
MONTH = rf"(?:{'|'.join(MONTHS)})\b|(?:{'|'.join(map(re.escape, SHORT_MONTHS))})"
ORDINALS = (
    "erst", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt", "elft", "zwölft",
    "dreizehnt", "vierzehnt", "fünfzehnt", "sechzehnt", "siebzehnt", "achtzehnt", "neunzehnt", "zwanzigst",
    "einundzwanzigst", "zweiundzwanzigst", "dreiundzwanzigst", "vierundzwanzigst", "fünfundzwanzigst",
    "sechsundzwanzigst", "siebenundzwanzigst", "achtundzwanzigst", "neunundzwanzigst", "dreißigst",
    "einunddreißigst",
)  # fmt: skip
ONES = (
    "", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn",
    "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
ARTICLES = {"der": "e", "die": "e", "das": "e"}  # the others ask for "en", and none for "er"
PREPOSITIONS = r"(?:(am|vom|zum|bis|seit|dem|den|der|die|das|ab|im|beim|zur)\s)?"


def _ordinal(article: str | None, number: int) -> str | None:
    if not 1 <= number <= len(ORDINALS):
        return None
    ending = "er" if article is None else ARTICLES.get(article.lower(), "en")
    return ORDINALS[number - 1] + ending


def _day(found: re.Match[str]) -> str | None:
    said = _ordinal(found[1], int(found[2]))
    return said and " ".join(
        part for part in (found[1], said, SHORT_MONTHS.get(found[3].capitalize(), found[3])) if part
    )


def _date(found: re.Match[str]) -> str | None:
    said, month = _ordinal(found[1], int(found[2])), int(found[3])
    if not said or not 1 <= month <= len(MONTHS):
        return None
    return " ".join(part for part in (found[1], said, MONTHS[month - 1], found[4] or "") if part)


def _year(found: re.Match[str]) -> str:
    """1999 as neunzehnhundertneunundneunzig."""
    return f"{ONES[int(found[1])]}hundert{_two_digits(int(found[2]))}"


def _two_digits(number: int) -> str:
    if number < len(ONES):
        return "eins" if number == 1 else ONES[number]
    ones = ONES[number % 10]
    return f"{ones}und{TENS[number // 10]}" if ones else TENS[number // 10]


GERMAN = Language(
    short={
        "z.B.": "zum Beispiel", "z. B.": "zum Beispiel", "d.h.": "das heißt", "d. h.": "das heißt",
        "u.a.": "unter anderem", "u. a.": "unter anderem", "o.ä.": "oder ähnliches", "v.a.": "vor allem",
        "i.d.R.": "in der Regel", "i. d. R.": "in der Regel", "u.U.": "unter Umständen", "z.T.": "zum Teil",
        "z.Zt.": "zur Zeit", "s.o.": "siehe oben", "s.u.": "siehe unten", "usw.": "und so weiter",
        "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell", "ggf.": "gegebenenfalls",
        "inkl.": "inklusive", "exkl.": "exklusive", "zzgl.": "zuzüglich", "vgl.": "vergleiche", "etc.": "et cetera",
        "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau", "Mio.": "Millionen",
        "Mrd.": "Milliarden", "Tsd.": "Tausend", "vs.": "versus", "24/7": "vierundzwanzig sieben",
        "max.": "maximal", "Str.": "Straße", "Tel.": "Telefon", "F&E": "F und E",
        "& Co. KG": "und Co KG", **SHORT_MONTHS,
    },
    short_before_number={"Nr.": "Nummer", "Abb.": "Abbildung", "Abs.": "Absatz", "Art.": "Artikel", "S.": "Seite",
                         "Kap.": "Kapitel", "Bd.": "Band"},
    signs={
        "&": "und", "+": "plus", "=": "gleich", "→": "zu", "⇒": "also", "≈": "ungefähr", "~": "ungefähr",
        "≥": "mindestens", "≤": "höchstens", ">": "größer als", "<": "kleiner als", "±": "plus minus", "×": "mal",
        "÷": "geteilt durch", "≠": "ungleich", "@": "at", "§": "Paragraf", "№": "Nummer", "%": "Prozent",
    },
    units={
        "%": ("Prozent", "Prozent"), "‰": ("Promille", "Promille"), "°C": ("Grad Celsius", "Grad Celsius"),
        "°": ("Grad", "Grad"), "km/h": ("Kilometer pro Stunde", "Kilometer pro Stunde"),
        "m/s": ("Meter pro Sekunde", "Meter pro Sekunde"), "km²": ("Quadratkilometer", "Quadratkilometer"),
        "m²": ("Quadratmeter", "Quadratmeter"), "m³": ("Kubikmeter", "Kubikmeter"), "km": ("Kilometer", "Kilometer"),
        "cm": ("Zentimeter", "Zentimeter"), "mm": ("Millimeter", "Millimeter"), "kg": ("Kilogramm", "Kilogramm"),
        "ms": ("Millisekunde", "Millisekunden"), "Std.": ("Stunde", "Stunden"), "Min.": ("Minute", "Minuten"),
        "min": ("Minute", "Minuten"), "MB": ("Megabyte", "Megabyte"), "GB": ("Gigabyte", "Gigabyte"),
        "TB": ("Terabyte", "Terabyte"), "kW": ("Kilowatt", "Kilowatt"), "kWh": ("Kilowattstunde", "Kilowattstunden"),
        "Hz": ("Hertz", "Hertz"), "GHz": ("Gigahertz", "Gigahertz"), "dB": ("Dezibel", "Dezibel"),
        "MB/s": ("Megabyte pro Sekunde", "Megabyte pro Sekunde"),
        "GB/s": ("Gigabyte pro Sekunde", "Gigabyte pro Sekunde"),
        "Mbit/s": ("Megabit pro Sekunde", "Megabit pro Sekunde"),
        "Gbit/s": ("Gigabit pro Sekunde", "Gigabit pro Sekunde"),
        "€": ("Euro", "Euro"), "EUR": ("Euro", "Euro"), "USD": ("US-Dollar", "US-Dollar"), "$": ("Dollar", "Dollar"),
    },
    money={"€": ("Euro", "Euro"), "$": ("Dollar", "Dollar"), "£": ("Pfund", "Pfund")},
    to="bis",
    times="mal",
    by="mal",
    number="Nummer",
    version="Version",
    minus="minus",
    powers={"²": "hoch zwei", "³": "hoch drei"},
    address={"@": "at", ".": "Punkt", "/": "Schrägstrich", "-": "Bindestrich", "_": "Unterstrich"},
    special=(
        (re.compile(rf"\b{PREPOSITIONS}(\d\d?)\.\s?(\d\d?)\.(\s?\d{{4}})?(?!\d)", re.IGNORECASE), _date),
        (re.compile(rf"\b{PREPOSITIONS}(\d\d?)\.\s({MONTH})", re.IGNORECASE), _day),
        (re.compile(r"(?<![\w.,€$:/-])(1[1-9])(\d\d)(?![\w%°€]|[.,:/-]\d|\s(?:%|€|Euro|Stück|Leute|Kunden)\b)"), _year),
    ),
)  # fmt: skip
