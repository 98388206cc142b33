"""Lexicons as tables: the round trip is exact, spreadsheets' own tables are read, and no cell is a formula."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.domain.lexicons import Rule, check_rule
from tenuto.services import lexicon_csv

traps = st.sampled_from(
    ["=1+1", "-5", "@x", "'=x", "''+", ";=1", '";@x', "; ;-", '"', "'", ",", ";", "\uff1d1", " =", "a"]
)
allowed = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
texts = st.text(allowed, max_size=20) | st.lists(traps, max_size=5).map("".join)
rules = st.builds(
    Rule,
    texts.filter(str.strip),
    texts,
    st.sampled_from(["word", "part", "regex"]),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(rules, max_size=6))
def test_what_is_written_is_read_back(some):
    for rule in some:
        check_rule(rule)
    assert lexicon_csv.read(lexicon_csv.write(some)) == some


@given(st.lists(rules, max_size=6))
def test_no_cell_is_a_formula(some):
    table = lexicon_csv.write(some).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(table, newline="")):
        for cell in row:
            for part in [cell, *cell.replace('"', ";").split(";")[1:]]:
                assert unicodedata.normalize("NFKC", part.lstrip())[:1] not in tuple("=+-@"), cell


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"teh,the\n", [Rule("teh", "the")]),
        (b"\xef\xbb\xbfteh;the\r\nadn;and\r\n", [Rule("teh", "the"), Rule("adn", "and")]),
        ("pattern\treplacement\n\u0436\t\u0437\n".encode("utf-16"), [Rule("ж", "з")]),
        (
            b"Replacement;Pattern;Match_Case\nthe;teh;TRUE\n;um;\n",
            [Rule("teh", "the", match_case=True), Rule("um", "")],
        ),
        (b"from,to\nteh,the\n\n,,\n", [Rule("teh", "the")]),
        (b'"a;b","c, d"\n', [Rule("a;b", "c, d")]),
        (b"a,b,regex,0,no\n", [Rule("a", "b", "regex", is_active=False)]),
        (b"pattern,replacement,,\nteh,the,,\n", [Rule("teh", "the")]),
        (b"'=x,'-y\n", [Rule("=x", "-y")]),
        (b"'s,is\n", [Rule("'s", "is")]),
    ],
)
def test_spreadsheets_tables_are_read(data, expected):
    assert lexicon_csv.read(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"teh\n", "^Line 1: replacement"),
        (b"a,b\n,b\n", "^Line 2: pattern"),
        (b"a,b\na,b,glob\n", "^Line 2: kind"),
        (b"a,b\na,b,word,maybe\n", "^Line 2: match_case"),
        (b'a,b\n"a\nc",b\n', "^Line 3: pattern"),
        (b"a,b,word,,,more\n", "^Line 1: it has 6 cells"),
        (b"pattern,pattern\n", "^Line 1"),
        (b"pattern,kind\n", "^Line 1: .*replacement"),
        (b"pattern,replacement,colour\n", "^Line 1: column 'colour'"),
        (b'a,"b\n', "^Line 1: this is not CSV"),
        ("naïve,x\n".encode("latin-1"), "UTF-8"),
        (b"\xff\xfea", "UTF-8"),
        (b"a,b\n" * 20_002, "lines"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(data, reason):
    with pytest.raises(errors.ValidationError, match=reason):
        lexicon_csv.read(data)
