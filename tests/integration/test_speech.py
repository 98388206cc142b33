"""Jobs that speak: killed workers, cancelled ones, retries, what is kept and what goes, in every format."""

import json
import signal

import av
import pytest

from ledgers import OWNER, ledger
from tenuto import errors
from tenuto.domain.jobs import JobStatus
from tenuto.media.encoding import SPEECH_FORMATS
from tenuto.services.processing import Submission

BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
ENGINES = '["pocketsphinx", "fake", "fake-voice"]'
SHORT = "Nothing is lost, and nothing is run twice."
LONG = (SHORT + " ") * 500


@pytest.fixture
def here(kind, tmp_path):
    with ledger(kind, tmp_path, TENUTO_ENGINES=ENGINES) as made:
        yield made


def say(here, text=SHORT, **options):
    wish = Submission(kind="speak", options={"text": text, "engine": "fake-voice", **options})
    return here.house.processing.submit(OWNER, wish).uid


def artifact(here, job, name):
    made = here.house.artifacts.readable(OWNER, job, name)
    return b"".join(here.house.files.read(made, 0, made.size_bytes))


def decoded(path, form):
    """Seconds, rate and channels of a file, as a third party reads them."""
    options = {"sample_rate": "24000", "ch_layout": "mono"} if form == "pcm" else {}
    with av.open(str(path), format="s16le" if form == "pcm" else None, options=options) as opened:
        stream = opened.streams.audio[0]
        samples = sum(frame.samples for frame in opened.decode(stream))
        return samples / stream.rate, stream.rate, stream.channels


@BOTH
def test_a_text_becomes_sound_and_times_of_words(here, tmp_path):
    job = say(here, format="flac", title="A promise")
    here.start_worker()
    assert here.wait_for(job, JobStatus.COMPLETED, JobStatus.FAILED).status is JobStatus.COMPLETED
    (tmp_path / "made").write_bytes(artifact(here, job, "speech.flac"))
    seconds, rate, channels = decoded(tmp_path / "made", "flac")
    assert (round(seconds, 1), rate, channels) == (1.6, 24_000, 1)
    words = json.loads(artifact(here, job, "words.json"))
    assert [word["text"] for word in words] == SHORT.split()
    row = here.job(job)
    assert (row.engine, row.file_name, row.lane) == ("fake-voice", "A promise", "short")
    assert "say nothing" in " ".join(row.warnings)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_every_format_can_be_read_by_others(here, tmp_path):
    jobs = {form: say(here, format=form) for form in SPEECH_FORMATS}
    here.start_worker()
    for form, job in jobs.items():
        assert here.wait_for(job, JobStatus.COMPLETED, JobStatus.FAILED).status is JobStatus.COMPLETED, form
        path = tmp_path / f"made.{form}"
        path.write_bytes(artifact(here, job, f"speech.{form}"))
        seconds, rate, channels = decoded(path, form)
        assert seconds == pytest.approx(1.6, abs=0.12), form
        assert (rate, channels) == (48_000 if form == "opus" else 24_000, 1), form


@BOTH
@pytest.mark.slow
def test_a_killed_worker_leaves_its_speech_to_the_next(here):
    job = say(here, LONG)
    first = here.start_worker()
    here.wait(lambda: here.job(job).progress > 0, what="progress")
    first.send_signal(signal.SIGKILL)
    first.wait()
    here.start_worker()
    assert here.wait_for(job, JobStatus.COMPLETED, JobStatus.FAILED, seconds=120).status is JobStatus.COMPLETED
    assert here.job(job).attempts == 2
    assert [row.name for row in here.house.artifacts.of_job(OWNER, job)] == ["speech.mp3", "words.json"]


@BOTH
@pytest.mark.slow
def test_a_cancelled_speech_stops_and_can_be_retried(here):
    job = say(here, LONG)
    here.start_worker()
    here.wait(lambda: here.job(job).progress > 0, what="progress")
    here.house.processing.cancel(OWNER, job)
    here.wait_for(job, JobStatus.CANCELLED, seconds=5)
    assert here.house.artifacts.of_job(OWNER, job) == []
    here.house.processing.retry(OWNER, job)
    here.wait_for(job, JobStatus.COMPLETED, seconds=120)
    assert here.house.artifacts.of_kind(OWNER, job, "speech").size_bytes > 0


@BOTH
def test_a_deleted_job_takes_its_sound_along(here):
    job = say(here)
    here.start_worker()
    here.wait_for(job, JobStatus.COMPLETED)
    key = here.house.artifacts.of_kind(OWNER, job, "speech").storage_key
    assert here.house.content.storage.exists(key)
    here.house.processing.delete(OWNER, job)
    assert not here.house.content.storage.exists(key)


@BOTH
def test_who_asks_for_what_is_not_there_is_told_what_is(here):
    job = say(here)
    with pytest.raises(errors.NotFound, match="nothing so far"):
        here.house.artifacts.readable(OWNER, job, "speech.mp3")
    with pytest.raises(errors.ConflictError, match=f"{job}/artifacts"):
        here.house.transcripts.of_job(OWNER, job)
    with pytest.raises(errors.ConflictError, match="makes no transcript"):
        here.house.exports.render(OWNER, job, "srt")


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 50_001}, "text"),
        ({"speed": 5}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"speed": True}, "speed"),
        ({"format": "midi"}, "format"),
        ({"voice": 7}, "voice"),
    ],
)
def test_what_makes_no_sense_is_refused(here, options, field):
    with pytest.raises(errors.ValidationError) as caught:
        say(here, **{"text": SHORT, **options})
    assert caught.value.details["field"] == field


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_voice_engine_nobody_offers_is_refused(here):
    for engine in ("fake", "nobody"):
        with pytest.raises(errors.ValidationError, match="voice engine"):
            say(here, engine=engine)
