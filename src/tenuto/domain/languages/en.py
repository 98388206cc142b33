"""English read out."""

from __future__ import annotations

import re

from tenuto.domain.languages.base import Language

ONES = (
    "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
FRACTIONS = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
}  # fmt: skip
YEAR = r"(?:1[1-9]\d\d|20[1-9]\d)"
COUNTED = "people|users|customers|items|units|times|pages|words|lines|rows|files|hours|days|miles|meters|points"
DECADE, LAST_DAY = 10, 31


def two_digits(number: int) -> str:
    """21 as twenty-one."""
    if number < len(ONES):
        return ONES[number]
    return "-".join(part for part in (TENS[number // 10], ONES[number % 10]) if part)


def year_words(text: str) -> str:
    """1984 as nineteen eighty-four; the years from 2000 to 2009 are numbers like others."""
    first, last = divmod(int(text), 100)
    if last >= DECADE:
        return f"{two_digits(first)} {two_digits(last)}"
    return f"{two_digits(first)} {f'oh {ONES[last]}' if last else 'hundred'}"


def _date(found: re.Match[str]) -> str | None:
    year, month, day = found[1], int(found[2]), int(found[3])
    if not (1 <= month <= len(MONTHS) and 1 <= day <= LAST_DAY):
        return None
    said = year_words(year) if re.fullmatch(YEAR, year) else year
    return f"{MONTHS[month - 1]} {day}, {said}"


def _year(found: re.Match[str]) -> str:
    return year_words(found[1])


def _decade(found: re.Match[str]) -> str:
    return f"{two_digits(int(found[1]))} {TENS[int(found[2])][:-1]}ies"


def _fiscal(found: re.Match[str]) -> str:
    return f"fiscal year {year_words(found[1]) if re.fullmatch(YEAR, found[1]) else found[1]}"


def _years(found: re.Match[str]) -> str:
    return f"{year_words(found[1])} to {year_words(found[2])}"


ENGLISH = Language(
    short={
        "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Prof.": "Professor", "Jr.": "Junior",
        "Sr.": "Senior", "vs.": "versus", "vs": "versus", "e.g.": "for example", "i.e.": "that is",
        "etc.": "et cetera", "approx.": "approximately", "incl.": "including", "excl.": "excluding", "cf.": "compare",
        "dept.": "department", "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Mt.": "Mount",
        "a.k.a.": "also known as", "w/o": "without", "w/": "with", "n/a": "not applicable", "N/A": "not applicable",
        "24/7": "twenty-four seven", "a.m.": "A M", "p.m.": "P M", "C#": "C sharp", "F#": "F sharp",
        "C++": "C plus plus",
        "Jan.": "January", "Feb.": "February", "Aug.": "August", "Sept.": "September", "Oct.": "October",
        "Nov.": "November", "Dec.": "December", "R&D": "R and D", "Q&A": "Q and A", **FRACTIONS,
    },
    short_before_number={
        "No.": "number", "no.": "number", "Nos.": "numbers", "Fig.": "figure", "fig.": "figure", "p.": "page",
        "pp.": "pages", "Vol.": "volume", "vol.": "volume", "Ch.": "chapter", "ch.": "chapter", "Sec.": "section",
        "sec.": "section", "Eq.": "equation", "ca.": "about",
    },
    signs={
        "&": "and", "+": "plus", "=": "equals", "→": "to", "->": "to", "=>": "means", "⇒": "means",
        "←": "from", "↔": "and", "≈": "is about", "~": "about", "≥": "at least",
        "≤": "at most", ">": "greater than", "<": "less than", "±": "plus or minus",
        "×": "times", "÷": "divided by", "≠": "is not", "∞": "infinity", "@": "at", "§": "section", "№": "number",
        "↑": "up", "↓": "down", "%": "percent",
    },
    units={
        "%": ("percent", "percent"), "‰": ("per mille", "per mille"), "°C": ("degree Celsius", "degrees Celsius"),
        "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "°": ("degree", "degrees"),
        "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
        "m/s": ("meter per second", "meters per second"), "km²": ("square kilometer", "square kilometers"),
        "m²": ("square meter", "square meters"), "m³": ("cubic meter", "cubic meters"),
        "km": ("kilometer", "kilometers"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
        "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "ms": ("millisecond", "milliseconds"),
        "µs": ("microsecond", "microseconds"), "hrs": ("hour", "hours"), "hr": ("hour", "hours"),
        "min": ("minute", "minutes"), "kB": ("kilobyte", "kilobytes"), "KB": ("kilobyte", "kilobytes"),
        "MB": ("megabyte", "megabytes"), "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"),
        "PB": ("petabyte", "petabytes"), "Mbit/s": ("megabit per second", "megabits per second"),
        "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"),
        "kbit/s": ("kilobit per second", "kilobits per second"),
        "Gbit/s": ("gigabit per second", "gigabits per second"),
        "kB/s": ("kilobyte per second", "kilobytes per second"),
        "MB/s": ("megabyte per second", "megabytes per second"),
        "GB/s": ("gigabyte per second", "gigabytes per second"), "Hz": ("hertz", "hertz"),
        "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
        "kW": ("kilowatt", "kilowatts"), "MW": ("megawatt", "megawatts"), "kWh": ("kilowatt hour", "kilowatt hours"),
        "dB": ("decibel", "decibels"), "fps": ("frame per second", "frames per second"),
        "ft": ("foot", "feet"), "lbs": ("pound", "pounds"), "px": ("pixel", "pixels"),
        "USD": ("US dollar", "US dollars"), "EUR": ("euro", "euros"), "GBP": ("pound", "pounds"),
        "€": ("euro", "euros"), "pp": ("percentage point", "percentage points"),
        "bps": ("basis point", "basis points"),
    },
    scales={"k": "thousand", "K": "thousand", "M": "million", "mn": "million", "bn": "billion", "B": "billion",
            "tn": "trillion"},
    scales_of_money={"m": "million", "b": "billion"},
    money={"$": ("dollar", "dollars", "cent", "cents"), "€": ("euro", "euros", "cent", "cents"),
           "£": ("pound", "pounds", "penny", "pence"), "¥": ("yen", "yen"), "₹": ("rupee", "rupees"),
           "US$": ("US dollar", "US dollars", "cent", "cents")},
    to="to",
    times="times",
    by="by",
    number="number",
    version="version",
    minus="minus",
    powers={"²": "squared", "³": "cubed"},
    address={"@": "at", ".": "dot", "/": "slash", "-": "dash", "_": "underscore"},
    special=(
        (re.compile(r"(?<![\d.,-])(\d{4})-(\d\d)-(\d\d)(?![\d-])"), _date),
        (re.compile(rf"(?<![\d.,$€£#:/-])({YEAR})\s?[–-]\s?({YEAR})(?![\d%-])"), _years),
        (re.compile(r"(?<![\w.,-])(1[1-9]|20)([2-9])0'?s\b"), _decade),
        (re.compile(r"\bFY\s?'?(\d{2,4})\b"), _fiscal),
        # A number of four digits without a comma is a year, unless something that is counted follows at once.
        (re.compile(rf"(?<![\w.,$€£#:/–-])({YEAR})(?![\w%°€–-]|[.,:/]\d|\s(?:%|{COUNTED})\b)"), _year),
    ),
)  # fmt: skip
