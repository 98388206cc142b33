"""Edits in the ledger, on both databases: exact both ways, and never two at once."""

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edited import heard, load, long_talk
from tenuto import errors
from tenuto.db.edits import Change
from tenuto.domain import editing
from tenuto.domain.prose import paragraphs
from unit.domain.strategies import attempt, edits, transcripts

OWNER = 1


@pytest.fixture
def database(shared_database):
    return shared_database


def apply(database, uid, change, revision, kind="test"):
    with database.unit_of_work(OWNER) as work:
        row = work.transcripts.get_by_id(uid)
        before = work.transcripts.load(row)
        after = change(before).transcript
        return work.edits.apply(row, Change(after, kind, "owner", "a test"), revision=revision, before=before)


def step(database, uid, verb):
    with database.unit_of_work(OWNER) as work:
        row = work.transcripts.get_by_id(uid)
        getattr(work.edits, verb)(row, revision=row.revision)


@given(transcripts(), st.lists(edits(), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_every_sequence_of_edits_is_undone_and_redone_exactly(database, transcript, changes):
    uid = heard(database, transcript).uid
    states = [load(database, uid)[0]]
    for _, change in changes:
        after = attempt(change, states[-1])
        if apply(database, uid, lambda _, after=after: editing.Edited(after, ""), load(database, uid)[1].revision):
            states.append(load(database, uid)[0])
            assert states[-1].segments == after.segments
    for state in reversed(states[:-1]):
        step(database, uid, "undo")
        assert load(database, uid)[0] == state
    for state in states[1:]:
        step(database, uid, "redo")
        assert load(database, uid)[0] == state


def test_an_edit_counts_up_and_leaves_the_original_text(database):
    uid = heard(database, long_talk(3)).uid
    before = load(database, uid)[1]
    apply(database, uid, lambda t: editing.correct_text(t, 1, "quite another text"), 0)
    found, after = load(database, uid)
    assert after.original_text == before.original_text
    assert after.processed_text == paragraphs(found, heard=after.original_text)
    assert "Quite another text." in after.processed_text
    assert (after.revision, after.word_count) == (1, 19)
    assert after.updated_at > before.updated_at


def test_an_edit_of_an_older_revision_is_refused(database):
    uid = heard(database, long_talk(3)).uid
    apply(database, uid, lambda t: editing.delete(t, 0), 0)
    with pytest.raises(errors.StaleRevision, match="revision 1, not 0"):
        apply(database, uid, lambda t: editing.delete(t, 0), 0)
    assert len(load(database, uid)[0].segments) == 2


def test_what_changes_nothing_is_no_edit(database):
    uid = heard(database, long_talk(3)).uid
    assert apply(database, uid, lambda t: editing.assign(t, [0], "S1"), 0) is None
    assert load(database, uid)[1].revision == 0


def test_a_talk_of_two_hours_is_edited_without_waiting(database):
    uid = heard(database, long_talk(1800)).uid
    begun = time.monotonic()
    apply(database, uid, lambda t: editing.split_at_word(t, 10, 3), 0)
    took = time.monotonic() - begun
    print(f"an edit of 1800 segments took {took:.2f} s")
    assert took < 5
    step(database, uid, "undo")
    assert load(database, uid)[0] == long_talk(1800)


def test_a_new_edit_forgets_what_was_undone(database):
    uid = heard(database, long_talk(3)).uid
    apply(database, uid, lambda t: editing.delete(t, 0), 0)
    step(database, uid, "undo")
    apply(database, uid, lambda t: editing.delete(t, 1), 2)
    with pytest.raises(errors.ConflictError, match="nothing to redo"):
        step(database, uid, "redo")
    step(database, uid, "undo")
    with pytest.raises(errors.ConflictError, match="nothing to undo"):
        step(database, uid, "undo")


def test_a_speaker_who_comes_back_has_kept_the_voice(database):
    uid = heard(database, long_talk(4)).uid
    with database.unit_of_work(OWNER) as work:
        first, _ = work.transcripts.speakers(work.transcripts.get_by_id(uid))
        first.voice = b"1234"
    apply(database, uid, lambda t: editing.merge_speakers(t, "S1", "S2"), 0)
    with database.reading(OWNER) as work:
        assert [row.label for row in work.transcripts.speakers(work.transcripts.get_by_id(uid))] == ["S2"]
    step(database, uid, "undo")
    with database.reading(OWNER) as work:
        back = work.transcripts.speakers(work.transcripts.get_by_id(uid))
    assert [(row.label, row.display_name, row.voice) for row in back] == [("S1", "Ada", b"1234"), ("S2", "", None)]


def test_history_comes_in_pages_newest_first(database):
    uid = heard(database, long_talk(9)).uid
    for revision in range(5):
        apply(database, uid, lambda t: editing.delete(t, 0), revision)
    with database.reading(OWNER) as work:
        row = work.transcripts.get_by_id(uid)
        first = work.edits.of_transcript(row, limit=2)
        second = work.edits.of_transcript(row, limit=4, cursor=first.next_cursor)
    assert [edit.number for edit in (*first.rows, *second.rows)] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None


def test_of_many_edits_at_once_one_wins_and_the_rest_are_told(database):
    uid = heard(database, long_talk(20)).uid
    start, results = threading.Barrier(6), []

    def edit(number):
        start.wait()
        try:
            apply(database, uid, lambda t: editing.correct_text(t, number, f"by {number}"), 0)
            results.append(number)
        except errors.StaleRevision:
            results.append(None)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number in results if number is not None]
    assert (len(results), len(winners)) == (6, 1)
    found, row = load(database, uid)
    assert row.revision == 1
    assert [part.text for part in found.segments if part.text.startswith("by")] == [f"by {winners[0]}"]
