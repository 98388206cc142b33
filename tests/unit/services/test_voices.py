"""Known voices on both databases: whose they are, what they are made of, and that they are forgotten for good."""

import math

import pytest

from databases import add_owner
from tenuto import errors
from tenuto.db.models import KnownVoiceRow, SpeakerRow
from tenuto.db.work import EVERYONE
from tenuto.domain.editing import assign, split_speaker
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.domain.voices import Voice, likeness, unpack
from tenuto.services.editing import EditingService
from tenuto.services.voices import KnownVoiceService
from unit.db.rows import submit

MODEL = "ge2e"


@pytest.fixture
def database(shared_database):
    return shared_database


@pytest.fixture
def service(database):
    return KnownVoiceService(database)


@pytest.fixture
def owner(database):
    return add_owner(database)


def heard(database, owner, *vectors, seconds=10, model=MODEL, parts=1):
    """A transcript whose speakers S1, S2 … sound like these vectors; returns its id."""
    labels = [f"S{number}" for number in range(1, len(vectors) + 1)]
    ms = seconds * 1000 // parts
    segments = tuple(
        Segment(part * ms, (part + 1) * ms, "said so", speaker=label) for label in labels for part in range(parts)
    )
    job = submit(database, owner)
    voices = [Voice(label, vector, model) for label, vector in zip(labels, vectors, strict=True) if vector]
    with database.unit_of_work(EVERYONE) as work:
        row = work.transcripts.store(job, Transcript(segments, engine="fake"))
        work.known_voices.describe(row, voices, {"speakers": {"method": "ge2e"}})
        work.jobs.move(work.jobs.claim(work.jobs.get(job.id), "worker"), JobStatus.COMPLETED, actor="worker")
        return row.uid


def change(database, owner, transcript, how, *wishes):
    with database.reading(owner) as work:
        revision = work.transcripts.get_by_id(transcript).revision
    editing = EditingService(database, None)
    return editing.change(owner, transcript, lambda found: how(found, *wishes), kind="edit", revision=revision)


def speakers(database, owner, transcript):
    with database.reading(owner) as work:
        return {s.label: s for s in work.transcripts.speakers(work.transcripts.get_by_id(transcript))}


def test_a_speaker_is_remembered_and_named(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0), (0.0, 1.0))
    known = service.remember(owner, transcript, speaker="S2", name="  Ada  Byron ")
    assert (known.name, known.recordings, known.speech_ms, known.model) == ("Ada Byron", 1, 10_000, MODEL)
    assert unpack(known.voice) == (0.0, 1.0)
    found = speakers(database, owner, transcript)
    assert (found["S2"].display_name, found["S2"].known_voice_uid) == ("Ada Byron", known.uid)
    assert (found["S1"].display_name, found["S1"].known_voice_uid) == ("", None)


def test_the_name_of_a_remembered_speaker_is_an_edit_that_can_be_undone(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0))
    service.remember(owner, transcript, speaker="S1", name="Ada")
    editing = EditingService(database, None)
    row, history = editing.history(owner, transcript)
    assert (row.revision, [edit.kind for edit in history.rows]) == (1, ["rename_speaker"])
    editing.undo(owner, transcript, revision=1)
    assert speakers(database, owner, transcript)["S1"].display_name == ""
    service.remember(owner, transcript, speaker="S1", name="Ada")
    assert service.remember(owner, transcript, speaker="Ada", name="Ada").recordings == 1


def test_a_voice_is_not_remembered_after_its_words_went_to_somebody_else(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0), parts=4)
    change(database, owner, transcript, split_speaker, "S1", [2, 3])
    with pytest.raises(errors.ConflictError, match="may be another's"):
        service.remember(owner, transcript, speaker="S1", name="Ada")
    change(database, owner, transcript, assign, [2, 3], "S1")
    assert service.remember(owner, transcript, speaker="S1", name="Ada").name == "Ada"


def test_a_transcript_whose_job_still_runs_is_left_alone(database, service, owner):
    job = submit(database, owner)
    with database.unit_of_work(EVERYONE) as work:
        row = work.transcripts.store(job, Transcript((Segment(0, 1, "a", speaker="S1"),), engine="fake"))
        work.known_voices.describe(row, [Voice("S1", (1.0, 0.0), MODEL)], {})
    with pytest.raises(errors.ConflictError, match="once the job has ended"):
        service.remember(owner, row.uid, speaker="S1", name="Ada")


def test_more_recordings_are_weighed_by_their_speech(database, service, owner):
    first, second = heard(database, owner, (1.0, 0.0), seconds=30), heard(database, owner, (0.0, 1.0), seconds=10)
    service.remember(owner, first, speaker="S1", name="Ada")
    known = service.remember(owner, second, speaker="S1", name="Ada")
    assert (known.recordings, known.speech_ms) == (2, 40_000)
    assert likeness(unpack(known.voice), (3.0, 1.0)) == pytest.approx(1)
    assert math.hypot(*unpack(known.voice)) == pytest.approx(1)


def test_to_remember_the_same_twice_counts_once(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0))
    first = service.remember(owner, transcript, speaker="S1", name="Ada")
    again = service.remember(owner, transcript, speaker="S1", name="Ada")
    assert (again.uid, again.recordings, again.speech_ms) == (first.uid, 1, 10_000)


def test_a_speaker_of_unknown_sound_cannot_be_remembered(database, service, owner):
    transcript = heard(database, owner, None)
    with pytest.raises(errors.ConflictError, match="transcribe the recording again"):
        service.remember(owner, transcript, speaker="S1", name="Ada")
    with pytest.raises(errors.NotFound, match="no speaker 'S7'"):
        service.remember(owner, transcript, speaker="S7", name="Ada")


def test_voices_of_two_models_are_not_mixed(database, service, owner):
    service.remember(owner, heard(database, owner, (1.0, 0.0)), speaker="S1", name="Ada")
    with pytest.raises(errors.ConflictError, match="remember it anew"):
        service.remember(owner, heard(database, owner, (1.0, 0.0), model="other"), speaker="S1", name="Ada")


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_that_is_none_is_refused(service, owner, name):
    with pytest.raises(errors.ValidationError, match="between 1 and 200"):
        service.remember(owner, "any", speaker="S1", name=name)


def test_a_name_belongs_to_one_voice(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0), (0.0, 1.0))
    service.remember(owner, transcript, speaker="S1", name="Ada")
    bob = service.remember(owner, transcript, speaker="S2", name="Bob")
    with pytest.raises(errors.ConflictError, match="'Ada' already"):
        service.rename(owner, bob.uid, "Ada")
    assert service.rename(owner, bob.uid, "Bob ").name == "Bob"
    assert service.rename(owner, bob.uid, "Robert").name == "Robert"
    assert speakers(database, owner, transcript)["S2"].display_name == "Bob"


def test_a_forgotten_voice_leaves_nothing_but_names(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0), (0.0, 1.0))
    known = service.remember(owner, transcript, speaker="S1", name="Ada")
    assert service.delete(owner, known.uid) == 1
    found = speakers(database, owner, transcript)
    assert (found["S1"].display_name, found["S1"].voice, found["S1"].known_voice_uid) == ("Ada", None, None)
    assert found["S2"].voice is not None
    with pytest.raises(errors.NotFound):
        service.get(owner, known.uid)


def test_nobody_reaches_anothers_voices(database, service, owner):
    other = add_owner(database)
    transcript = heard(database, owner, (1.0, 0.0))
    known = service.remember(owner, transcript, speaker="S1", name="Ada")
    for deed in (
        lambda: service.get(other, known.uid),
        lambda: service.rename(other, known.uid, "Eve"),
        lambda: service.delete(other, known.uid),
        lambda: service.remember(other, transcript, speaker="S1", name="Eve"),
    ):
        with pytest.raises(errors.NotFound):
            deed()
    assert service.get_all(other).rows == []
    with database.reading(EVERYONE) as work:
        assert work.known_voices.of_owner(other) == []
        assert [voice.name for voice in work.known_voices.of_owner(owner)] == ["Ada"]


def test_forgetting_touches_no_other_owner(database, service, owner):
    other = add_owner(database)
    known = service.remember(owner, heard(database, owner, (1.0, 0.0)), speaker="S1", name="Ada")
    theirs = heard(database, other, (1.0, 0.0))
    with database.unit_of_work(other) as work:
        row = work.known_voices.speaker(work.transcripts.get_by_id(theirs), "S1")
        row.known_voice_uid = known.uid  # However that came about.
    service.delete(owner, known.uid)
    assert speakers(database, other, theirs)["S1"].voice is not None


def test_voices_are_listed_page_by_page(database, service, owner):
    transcript = heard(database, owner, *[(1.0, float(number)) for number in range(5)])
    names = [service.remember(owner, transcript, speaker=f"S{n}", name=f"V{n}").name for n in range(1, 6)]
    first = service.get_all(owner, limit=3)
    rest = service.get_all(owner, limit=3, cursor=first.next_cursor)
    assert [row.name for row in (*first.rows, *rest.rows)] == names[::-1]
    assert rest.next_cursor is None


def test_a_refused_wish_changes_nothing(database, service, owner):
    transcript = heard(database, owner, (1.0, 0.0), None)
    with pytest.raises(errors.ConflictError):
        service.remember(owner, transcript, speaker="S2", name="Ada")
    with database.reading(owner) as work:
        assert work.session.query(KnownVoiceRow).count() == 0
        assert {row.display_name for row in work.session.query(SpeakerRow)} == {""}
