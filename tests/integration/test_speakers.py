"""Speakers of real jobs by real workers: by sound, by channel, by name, and what happens when it fails."""

import wave
from itertools import pairwise

import av
import numpy as np
import pytest

from databases import add_owner
from ledgers import OWNER, ledger
from recordings import shipped_recording
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission

FAKE = {"engine": "fake"}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def here(request, tmp_path_factory):
    with ledger(request.param, tmp_path_factory.mktemp("speakers")) as made:
        yield made


def run(here, recording, owner=OWNER, **options):
    """The job, once a worker has done it."""
    file = here.house.files.save_audio_file(owner, recording)
    wish = Submission(file_uid=file.uid, options={**FAKE, **options})
    job = here.house.processing.submit(owner, wish)
    here.start_worker("--drain").wait(timeout=120)
    job = here.house.processing.get(owner, job.uid)
    assert job.status is JobStatus.COMPLETED, (job.error_message, here.logs())
    return job


def told(here, job, owner=OWNER):
    """(details of the speakers, the speakers, the transcript) of a job."""
    row = here.house.transcripts.of_job(owner, job.uid)
    return row.details.get("speakers"), here.house.transcripts.speakers(owner, row.uid), row


def shipped_samples():
    with av.open(str(shipped_recording()[0])) as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)]).astype(np.int16)


@pytest.fixture(scope="module")
def stereo(tmp_path_factory):
    """The shipped conversation with each of its two voices on a channel of its own, by the times of its turns."""
    samples = shipped_samples()
    loud = np.abs(samples.astype(np.int32)) > 300
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.nonzero()[0]])) > 8000)
    starts = loud.nonzero()[0][edges]
    channels = np.zeros((samples.size, 2), np.int16)
    borders = [0, *(starts[1:] - 1600).tolist(), samples.size]
    for number, (start, end) in enumerate(pairwise(borders)):
        channels[start:end, number % 2] = samples[start:end]
    path = tmp_path_factory.mktemp("stereo") / "call.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, 16_000, 0, "NONE", ""))
        out.writeframes(channels.tobytes())
    return path


def test_speakers_are_found_and_counted_up(here):
    details, speakers, row = told(here, run(here, shipped_recording()[0]))
    assert (details["method"], details["asked"], details["speakers"]) == ("ge2e", "auto", 2)
    assert details["vad"] in ("silero", "webrtc")
    assert details["separation"] > 0.4
    assert details["guessed"]
    assert [speaker.label for speaker in speakers] == ["S1", "S2"]
    assert [speaker.turns for speaker in speakers] == [4, 4]
    assert all(len(speaker.voice) == 1024 and speaker.voice_model == "ge2e" for speaker in speakers)
    assert sum(speaker.words for speaker in speakers) >= row.word_count
    assert all(segment.speaker_id for segment in here.house.transcripts.segments(OWNER, row.uid))


def test_a_voice_per_channel_is_told_by_the_channels(here, stereo):
    details, speakers, _ = told(here, run(here, stereo))
    assert (details["method"], details["speakers"]) == ("channels", 2)
    assert "guessed" not in details
    assert [speaker.turns for speaker in speakers] == [4, 4]
    assert all(speaker.voice_model == "ge2e" for speaker in speakers)


def test_channels_are_no_answer_to_another_number(here, stereo):
    details, speakers, _ = told(here, run(here, stereo, speakers=1))
    assert (details["method"], details["asked"], len(speakers)) == ("ge2e", 1, 1)
    assert "guessed" not in details


def test_off_leaves_the_transcript_without_speakers(here):
    details, speakers, _ = told(here, run(here, shipped_recording()[0], speakers="off"))
    assert (details, list(speakers)) == (None, [])


def test_a_known_voice_is_recognised_when_asked(here):
    first = run(here, shipped_recording()[0])
    row = here.house.transcripts.of_job(OWNER, first.uid)
    ada = here.house.known_voices.remember(OWNER, row.uid, speaker="S2", name="Ada")
    details, speakers, _ = told(here, run(here, shipped_recording()[0], recognise=True))
    assert [speaker.display_name for speaker in speakers] == ["", "Ada"]
    assert [speaker.known_voice_uid for speaker in speakers] == [None, ada.uid]
    assert details["recognised"]["S2"]["likeness"] > 0.95
    assert [speaker.display_name for speaker in told(here, run(here, shipped_recording()[0]))[1]] == ["", ""]

    stranger = add_owner(here.house.database)
    details, speakers, _ = told(here, run(here, shipped_recording()[0], stranger, recognise=True), stranger)
    assert details["recognised"] == {}
    assert [speaker.display_name for speaker in speakers] == ["", ""]
    here.house.known_voices.delete(OWNER, ada.uid)


def test_a_diarizer_that_fails_is_a_warning(here):
    file = here.house.files.save_audio_file(OWNER, shipped_recording()[0])
    job = here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=FAKE))
    here.start_worker("--drain", TENUTO_DIARIZER="pyannote", TENUTO_ALLOW_FETCH="false").wait(timeout=120)
    job = here.job(job.uid)
    assert job.status is JobStatus.COMPLETED
    assert any("'speakers' failed and was left out" in warning for warning in job.warnings), job.warnings
    details, speakers, row = told(here, job)
    assert (details, list(speakers)) == (None, [])
    assert row.processed_text
