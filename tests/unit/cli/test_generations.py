"""The ledger of generated music on the command line: found by time and prompt, with doubts where they are."""

import contextlib

import pytest

from databases import OWNER
from tenuto.cli.prepare import open_house
from tenuto.services.generations import MusicWish
from unit.db.music import DOCUMENT, composed


@pytest.fixture
def pieces(cli, ledger):
    """Two pieces that are composed: of the first tempo and key are heard well, of the second the tempo is not."""
    with contextlib.closing(open_house()) as house:
        rows = house.generations.create(OWNER, MusicWish(["jazz", "pop"]))
        for row, confidence in zip(rows, (0.3, 0.29), strict=True):
            measured = DOCUMENT["measured"] | {"tempo_confidence": confidence, "key_confidence": 0.9}
            with house.database.unit_of_work(OWNER) as work:
                composed(work, work.generations.view(row.uid), measured=measured)
    return rows


def found(cli, *options):
    return [item["id"] for item in cli("generations", "list", *options, "--json").json["items"]]


def test_music_is_found_by_its_prompt_and_since_a_moment(cli, pieces):
    jazz, pop = pieces
    assert found(cli, "--prompt-id", jazz.prompt.uid) == [jazz.uid]
    assert found(cli, "--since", pop.created_at.isoformat()) == [pop.uid]
    assert found(cli, "--since", "2026-01-31") == found(cli, "--since", "2026-01-31 18:30") == [pop.uid, jazz.uid]
    assert found(cli, "--since", "2999-01-31") == []


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_a_moment_that_is_none_is_refused(cli, ledger, since):
    refused = cli("generations", "list", "--since", since)
    assert refused.code == cli("generations", "list", "--status", "resting").code
    assert f"--since {since}: a moment is a date" in refused.err


def test_what_was_measured_without_confidence_is_told_as_unsure(cli, pieces):
    listed = cli("generations", "list").out.splitlines()
    assert ["120.4 BPM (unsure)  A minor " in line for line in listed] == [False, True, False]
    assert "120.4 BPM, A minor" in cli("generations", "show", pieces[0].uid).out
    shown = cli("generations", "show", pieces[1].uid).out
    assert "120.4 BPM (unsure), A minor" in shown
    assert shown.count("unsure") == 1
