"""Costs on the command line: prices come from the settings, refusals end with code 3."""

import csv
import io

import pytest

from cli_environment import RECORDING


@pytest.fixture(autouse=True)
def priced(cli, monkeypatch):  # after `cli`, which begins with a clean environment
    monkeypatch.setenv("TENUTO_PRICES", '{"fake": {"request": 0.125}}')
    monkeypatch.setenv("TENUTO_CURRENCY", "EUR")


def transcribe(cli, *more):
    return cli("transcribe", RECORDING, "--engine", "fake", "--no-wait", *more)


def test_what_a_job_will_cost_is_said_before_it_begins(cli):
    done = transcribe(cli)
    assert done.code == 0
    assert "this will cost about 0.125 EUR" in done.err
    shown = cli("jobs", "show", done.out.split()[0]).out
    assert "estimated  0.125 EUR" in shown


def test_work_that_costs_nothing_says_nothing_of_money(cli, monkeypatch):
    monkeypatch.setenv("TENUTO_PRICES", "{}")
    assert "cost" not in transcribe(cli).err


def test_a_budget_refuses_with_code_three_and_says_why(cli):
    assert cli("budget", "set", "0.2", "--period", "day").code == 0
    assert transcribe(cli).code == 0
    refused = transcribe(cli)
    assert refused.code == 3
    assert "0.20 EUR a day does not allow this" in refused.err
    assert cli("files", "list", "--json").json["items"][0]["name"] == RECORDING.name
    assert len(cli("files", "list", "--json").json["items"]) == 1
    row = cli("budget", "list").out.splitlines()[1]
    assert row.split()[1:8] == ["day", "all", "0.20", "EUR", "0", "0.125", "EUR"]


@pytest.mark.parametrize("wrong", [["-1"], ["much"], ["5", "--period", "week"], ["5", "--engine", "nobody"]])
def test_a_budget_that_makes_no_sense_is_refused(cli, wrong):
    assert (
        cli("budget", "set", "--", *wrong).code in (2, 3)
        if wrong[0] == "-1"
        else cli("budget", "set", *wrong).code == 3
    )


def test_usage_comes_as_words_and_as_a_table(cli, ledger):
    words = cli("usage", "--by", "user", "--from", "2000-01-01")
    assert words.out.splitlines()[0].split() == ["USER", "MODEL", "CALLS", "SOUND", "CHARACTERS", "COST"]
    table = cli("usage", "--by", "day", "--from", "2000-01-01", "--csv").out
    (row,) = csv.DictReader(io.StringIO(table))
    assert float(row["audio_seconds"]) > 0
    assert cli("usage", "--from", "2000-01-01", "--to", "2000-01-02").err.startswith("Nothing was used")


def test_a_way_to_sum_that_nobody_knows_is_refused(cli):
    assert cli("usage", "--by", "colour").code == 3
    assert cli("usage", "--from", "yesterday").code == 3


@pytest.mark.parametrize(
    "prices", ['{"nobody": {"minute": 1}}', '{"fake": {"hour": 1}}', '{"fake": {"minute": -1}}', '{"fake": 1}', "x"]
)
def test_prices_that_make_no_sense_are_named(cli, monkeypatch, prices):
    monkeypatch.setenv("TENUTO_PRICES", prices)
    done = cli("jobs", "list")
    assert done.code == 3
    assert "TENUTO_PRICES" in done.err


def test_an_estimate_tells_the_price_and_leaves_neither_job_nor_file(cli):
    done = cli("transcribe", RECORDING, "--engine", "fake", "--estimate")
    assert done.code == 0
    assert done.out.split()[-2:] == ["0.125", "EUR"]
    found = cli("transcribe", RECORDING, RECORDING, "--engine", "fake", "--estimate", "--json").json
    assert [told["cost_estimate"] for told in found["estimates"]] == [0.125, 0.125]
    assert found["estimates"][0]["expected"][0]["engine"] == "fake"
    assert cli("jobs", "list", "--json").json["items"] == []
    assert cli("files", "list", "--json").json["items"] == []


def test_an_estimate_of_what_would_be_refused_is_refused(cli, tmp_path):
    done = cli("transcribe", tmp_path / "nothing.wav", RECORDING, "--engine", "fake", "--estimate")
    assert done.code == 3
    assert "nothing.wav" in done.err
    assert "0.125 EUR" in done.out


def test_all_that_a_job_can_be_asked_for_can_be_asked_for_here(cli):
    job = transcribe(cli, "--hot-words", "Ada Lovelace, tenuto,", "--title", "Talk", "--translate").out.split()[0]
    options = cli("jobs", "show", job, "--json").json["options"]
    assert options["hot_words"] == ["Ada Lovelace", "tenuto"]
    assert (options["title"], options["translate"]) == ("Talk", True)
