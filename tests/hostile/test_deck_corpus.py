"""Every hostile deck against the part that reads decks."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from decks import need_office
from hostile import decks
from hostile.canary import Watch
from hostile.case import NOWHERE
from hostile.test_media_corpus import Costs
from tenuto import errors
from tenuto.domain.decks import to_json
from tenuto.domain.media import MediaLimits
from tenuto.media.slides import office_pool
from tenuto.media.tools import MediaTools, sandbox_pool

pytestmark = pytest.mark.xdist_group("hostile-decks")

CPU_SECONDS = 1
MOST_CPU_SECONDS = 4  # of a deck that is taken
MEMORY_BYTES = 400 << 20


@dataclass(frozen=True)
class Range:
    """One warm child that reads all decks."""

    tools: MediaTools
    watch: Watch
    good_deck: Path
    grounds: Path


@pytest.fixture(scope="module")
def shooting_range(watch, tmp_path_factory):
    grounds = tmp_path_factory.mktemp("grounds")
    deep = grounds / "some" / "where" / "deep"
    deep.mkdir(parents=True)
    good_deck = tmp_path_factory.mktemp("good") / "good.pptx"
    good_deck.write_bytes(decks.deck())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(deep))
        patch.chdir(deep)
        pool = sandbox_pool(1)
        yield Range(MediaTools(pool, MediaLimits()), watch, good_deck, grounds)
        pool.close()


def attempt(case, tools, path):
    try:
        found = tools.read_deck(path)
    except errors.RejectedFile as refusal:
        if case.expect == "good":
            raise
        return None, refusal.message
    assert case.expect != "refused", found
    return found, json.dumps(to_json(found))


@pytest.mark.parametrize("case", decks.CASES, ids=lambda case: case.name)
def test_a_hostile_deck_is_read_truly_or_refused(case, shooting_range, tmp_path):
    path = tmp_path / case.filename
    case.make(path, shooting_range.watch.canary)
    shooting_range.tools.read_deck(shooting_range.good_deck)  # the child has loaded what it needs
    costs, started = Costs(), time.monotonic()
    found, told = attempt(case, shooting_range.tools, path)
    assert costs.cpu_seconds < (MOST_CPU_SECONDS if found else CPU_SECONDS), time.monotonic() - started
    assert costs.peak_bytes < MEMORY_BYTES
    assert not shooting_range.watch.hits
    assert shooting_range.watch.canary.text not in told
    assert "root:" not in told
    assert [entry.name for entry in tmp_path.iterdir()] == [case.filename]
    assert not [entry for entry in shooting_range.grounds.rglob("*") if entry.is_file()]
    assert len(shooting_range.tools.read_deck(shooting_range.good_deck).slides) == 1


def test_every_attack_on_decks_has_a_file():
    assert {case.attack for case in decks.CASES} == {28, 29, 30, 39, 40, 41, 42, 43, 44, 45}
    assert len({case.name for case in decks.CASES}) == len(decks.CASES)


def test_the_decks_are_small(tmp_path):
    for case in decks.CASES:
        path = tmp_path / "deck"
        case.make(path, NOWHERE)
        assert path.stat().st_size < 4 << 20, case.name


@pytest.fixture(scope="module")
def drawing(shooting_range):
    """The same, with LibreOffice."""
    need_office()
    pools = sandbox_pool(1), office_pool(1)
    yield MediaTools(pools[0], MediaLimits(), pools[1])
    for pool in pools:
        pool.close()


DRAWN = [case for case in decks.CASES if case.expect != "refused" and case.attack in (30, 41, 43)]


@pytest.mark.slow
@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_a_hostile_deck_that_is_taken_is_drawn_without_a_word_to_anybody(case, drawing, watch, tmp_path):
    path = tmp_path / case.filename
    case.make(path, watch.canary)
    deck = drawing.read_deck(path)
    pictures = drawing.slide_pictures(path, deck, tmp_path / "out", width=320, height=180)
    assert len(pictures) == len(deck.slides)
    assert not watch.hits
    kept = {entry.name for entry in (tmp_path / "out").iterdir()}
    assert kept == {name for picture in pictures for name in (picture.path.name, picture.thumbnail.name)}
