"""What becomes of a transcript after it was heard, without a ledger."""

from types import SimpleNamespace

import pytest

from tenuto import errors
from tenuto.domain.lexicons import Lexicon, Rule
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.pipelines.guard import guarded
from tenuto.pipelines.polish import MAX_SHOWN, hot_words, polish

HEARD = Transcript((Segment(0, 900, "say teh word"),), title="Talk")


def steps_with(lexicon, heard=HEARD):
    def find():
        if lexicon == "gone":
            raise errors.NotFound("There is no lexicon any more.")
        return lexicon

    return SimpleNamespace(lexicon=find, transcript=lambda: heard, options={"hot_words": ["mine"]})


def test_without_a_lexicon_there_is_prose_only():
    outcome = polish(steps_with(None))
    assert (outcome.processed_text, outcome.transcript, outcome.edit) == ("Say teh word.", None, "")


def test_a_lexicon_that_finds_nothing_changes_nothing():
    outcome = polish(steps_with(Lexicon("Names", (Rule("x", "y"),), "id")))
    assert (outcome.processed_text, outcome.transcript, outcome.edit) == ("Say teh word.", None, "")
    assert outcome.details == {"lexicon": {"id": "id", "name": "Names", "changes": 0}}


def test_corrections_can_be_undone_and_are_shown():
    outcome = polish(steps_with(Lexicon("Names", (Rule("teh", "the"),), "id")))
    assert (outcome.processed_text, outcome.transcript.text, outcome.edit) == (
        "Say the word.",
        "say the word",
        "lexicon",
    )
    assert outcome.data["shown"] == [{"position": 0, "start_ms": 0, "start": 4, "old": "teh", "new": "the", "rule": 0}]


def test_what_is_shown_is_bounded_and_what_is_counted_is_not():
    heard = Transcript((Segment(0, 900, "teh " * (MAX_SHOWN + 5)),))
    outcome = polish(steps_with(Lexicon("Names", (Rule("teh", "the"),)), heard))
    assert (len(outcome.data["shown"]), outcome.data["changes"]) == (MAX_SHOWN, MAX_SHOWN + 5)


def test_a_lexicon_that_is_gone_stops_the_polishing_but_not_the_hearing():
    with pytest.raises(errors.NotFound):
        polish(steps_with("gone"))
    assert hot_words(steps_with("gone"), "whisper") == ["mine"]


def test_what_was_heard_is_kept_when_the_sound_cannot_be_read(tmp_path):
    def unreadable(_wav):
        raise errors.BrokenMedia("It cannot be read.")

    steps = SimpleNamespace(media=SimpleNamespace(levels=unreadable))
    outcome = guarded(steps, HEARD, tmp_path / "none.wav")
    assert outcome.transcript == HEARD
    assert outcome.warnings == ("Whether words stand over silence was not looked at: It cannot be read.",)
