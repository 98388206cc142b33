"""Numbers, times and tables as people read them."""

import pytest

from tenuto.cli import show
from tenuto.cli.accuracy import word_error_rate


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (5 << 20, "5.0 MB"),
        (3 << 30, "3.0 GB"),
        (9 << 50, "9216.0 TB"),
    ],
)
def test_sizes(count, words):
    assert show.size(count) == words


@pytest.mark.parametrize(
    ("ms", "words"), [(0, "0:00"), (61_400, "1:01"), (3_600_000, "1:00:00"), (360_000_000, "100:00:00")]
)
def test_lengths(ms, words):
    assert show.length(ms) == words


def test_tables_are_aligned_and_clean(capsys):
    show.table(("name", "size"), [("long name", 1), ("\x1b[31mred", 22)])
    assert capsys.readouterr().out == "NAME       SIZE\nlong name  1\n [31mred   22\n"


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("one two three four", "one two three four", 0.0),
        ("One, two; three four!", "one two three four", 0.0),
        ("one two three four", "one too three", 0.5),
        ("one two", "one two three four", 1.0),
        ("one two", "", 1.0),
        ("", "", 0.0),
        ("don't stop", "dont stop", 0.5),
    ],
)
def test_word_error_rate(said, heard, rate):
    assert word_error_rate(said, heard) == rate
