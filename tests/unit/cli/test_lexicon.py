"""`tenuto lexicon`: made, shown, carried to a spreadsheet and back, used and removed."""

import pytest


@pytest.fixture
def names(ledger, cli):
    return cli("lexicon", "add", "Names", "--rule", "teh=the", "-r", "um=", "--description", "people", "--json").json


def test_a_lexicon_is_made_and_shown(cli, names):
    assert (names["name"], names["rule_count"]) == ("Names", 2)
    assert [item["id"] for item in cli("lexicon", "list", "--json").json["items"]] == [names["id"]]
    for wanted in ("Names", names["id"]):
        shown = cli("lexicon", "show", wanted, "--json").json
        assert [rule["pattern"] for rule in shown["rules"]] == ["teh", "um"]
    assert "teh" in cli("lexicon", "show", "Names").out


def test_rules_and_names_are_changed(cli, names):
    changed = cli("lexicon", "edit", "Names", "-r", r"(\d+) euro=\1 €", "--kind", "regex", "--rename", "All", "--json")
    assert (changed.json["name"], changed.json["rule_count"]) == ("All", 3)
    assert cli("lexicon", "try", "All", "um teh 7 euro").out == "the 7 €\n"


def test_a_table_goes_out_and_comes_back(cli, names, tmp_path):
    table = tmp_path / "names.csv"
    assert cli("lexicon", "export", "Names", "-o", table).code == 0
    made = cli("lexicon", "import", "Copy", table, "--json").json
    assert (made["name"], made["rule_count"]) == ("Copy", 2)
    assert cli("lexicon", "export", "Copy").out.encode().replace(b"\n", b"\r\n") == table.read_bytes()


def test_a_bad_table_makes_nothing(cli, ledger, tmp_path):
    table = tmp_path / "bad.csv"
    table.write_text("a,b\n,c\n")
    refused = cli("lexicon", "import", "Bad", table)
    assert (refused.code, "Line 2: pattern" in refused.err) == (3, True)
    assert cli("lexicon", "list", "--json").json["items"] == []


def test_a_recording_is_corrected(cli, ledger, recording):
    cli("lexicon", "add", "Fake", "-r", "[fake]=(made up)")
    done = cli("transcribe", recording, "--engine", "fake", "--speakers", "off", "--lexicon", "Fake", "-o", "-")
    assert (done.code, "(made up)" in done.out, "[fake]" in done.out) == (0, True, False), done.err


@pytest.mark.parametrize(
    "command",
    [("show", "Nobody"), ("delete", "Nobody"), ("show", "00000000-0000-0000-0000-000000000000"), ("export", "")],
)
def test_what_is_not_there_is_named(cli, ledger, command):
    refused = cli("lexicon", *command)
    assert refused.code != 0
    assert "no lexicon" in refused.err


def test_a_rule_has_two_sides(cli, names):
    assert "WRONG=RIGHT" in cli("lexicon", "edit", "Names", "-r", "teh").err


def test_a_lexicon_is_deleted(cli, names):
    assert cli("lexicon", "delete", "Names").code == 0
    assert cli("lexicon", "list", "--json").json["items"] == []
