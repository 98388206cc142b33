"""Word times from the sound: for an engine that gives none, and after edits; with real workers, on both databases."""

import json
import os
import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from ledgers import OWNER, ledger
from spoken import SENTENCES, as_sound, in_a_row, speak
from tenuto.api.app import create_app
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
SAID = "Nobody knows what happened to the old machine."
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


@pytest.fixture
def here(tmp_path):
    with ledger("sqlite", tmp_path) as made:
        yield made


def submit(here, path, **options):
    file = here.house.files.save_audio_file(OWNER, path, path.name)
    return here.house.processing.submit(
        OWNER, Submission(file_uid=file.uid, options={"speakers": "off", **options})
    ).uid


def run(here, *jobs):
    worker = here.start_worker("--drain")
    assert worker.wait(timeout=200) == 0, here.logs()
    for job in jobs:
        assert here.job(job).status is JobStatus.COMPLETED, here.job(job).error_message


def transcript_of(here, job):
    row = here.house.transcripts.of_job(OWNER, job)
    return row, here.house.transcripts.segments(OWNER, row.uid)


def test_an_engine_without_word_times_gets_them_from_the_sound(here, tmp_path):
    spoken = speak(SENTENCES[0], "slt")
    right = as_sound(tmp_path / "right.wav", spoken.samples)
    jobs = [
        submit(here, right, engine="fake", extra={"say": "The quick brown fox jumps over the lazy dog."}),
        submit(here, right, engine="fake", extra={"say": SAID}),
        submit(here, right, engine="fake"),
    ]
    run(here, *jobs)
    row, (segment,) = transcript_of(here, jobs[0])
    wrong = [abs(word[0] - start) for word, (start, _) in zip(segment.words, spoken.times, strict=True)]
    assert sorted(wrong)[len(wrong) // 2] <= 30
    assert segment.flags is None
    assert (row.details["times"]["words"], row.details["times"]["unmatched_segments"]) == (9, 0)
    row, (segment,) = transcript_of(here, jobs[1])
    assert segment.flags == ["guessed_times", "unmatched"]
    assert [word[2] for word in segment.words] == SAID.split()
    assert "shared out by letters" in " ".join(here.job(jobs[1]).warnings)
    row, _ = transcript_of(here, jobs[2])
    assert "times" not in row.details
    steps = {record.step: record.result for record in here.house.processing.steps(OWNER, jobs[2])}
    assert steps["times"] == {"segments": 0}


@pytest.mark.parametrize("kind", BOTH)
def test_after_an_edit_new_words_are_timed_and_the_others_stay(kind, tmp_path):
    samples, placed = in_a_row(SENTENCES[:3])
    with ledger(kind, tmp_path) as here:
        job = submit(here, as_sound(tmp_path / "talk.wav", samples), engine="pocketsphinx")
        run(here, job)
        row, segments = transcript_of(here, job)
        target, number, truth = _a_word(segments, placed)
        client = TestClient(create_app(here.house), base_url="http://127.0.0.1:8000")
        talk = f"/api/transcripts/{row.uid}"
        words = [word[2] for word in target.words]
        without = " ".join(words[:number] + words[number + 1 :])
        client.patch(f"{talk}/segments/{target.position}", json={"text": without, "revision": 0})
        done = client.patch(f"{talk}/segments/{target.position}", json={"text": " ".join(words), "revision": 1}).json()
        assert done["hunks"][0]["after"][0]["flags"] == ["edited", "guessed_times"]
        answer = client.post(f"{talk}/realign", json={})
        assert (answer.status_code, answer.json()["kind"]) == (202, "realign")
        run(here, answer.json()["id"])

        _, after = transcript_of(here, job)
        assert [part.words for part in after if part.position != target.position] == [
            part.words for part in segments if part.position != target.position
        ]
        changed = after[target.position]
        assert changed.flags == ["edited"]
        assert abs(changed.words[number][0] - truth) <= 60
        others = [word for index, word in enumerate(changed.words) if index != number]
        assert others == [word for index, word in enumerate(target.words) if index != number]
        history = client.get(f"{talk}/history").json()
        assert (history["items"][0]["kind"], history["items"][0]["actor"]) == ("realign", "tenuto")
        assert client.get(f"/api/jobs/{answer.json()['id']}/result").json()["transcript_id"] == row.uid
        client.post(f"{talk}/undo", json={"revision": history["revision"]})
        assert transcript_of(here, job)[1][target.position].flags == ["edited", "guessed_times"]


def _a_word(segments, placed):
    """A segment, the number of a word inside of it that was heard right, and when that is really said."""
    truth = [
        (word, start + border[0])
        for start, spoken in placed
        for word, border in zip(spoken.words, spoken.times, strict=True)
    ]
    for segment in segments:
        for number, word in enumerate(segment.words[1:-1], start=1):
            said = [at for text, at in truth if text == word[2] and abs(at - word[0]) < 100]
            if said and len(word[2]) > 4:
                return segment, number, said[0]
    raise AssertionError("nothing was heard right")


def test_what_is_edited_meanwhile_stays(here, tmp_path):
    samples, _ = in_a_row(SENTENCES[:2])
    job = submit(here, as_sound(tmp_path / "talk.wav", samples), engine="pocketsphinx")
    run(here, job)
    row, _ = transcript_of(here, job)
    client = TestClient(create_app(here.house), base_url="http://127.0.0.1:8000")
    talk = f"/api/transcripts/{row.uid}"
    client.patch(f"{talk}/segments/0", json={"text": "something new here", "revision": 0})
    realign = client.post(f"{talk}/realign", json={"every_word": True}).json()["id"]
    plan = here.start_worker(TENUTO_TEST_SLOTS="1")
    here.wait(lambda: here.job(realign).status in ENDED or here.house.processing.steps(OWNER, realign), 60, "the plan")
    # Whether this edit comes before or after the times are put in, it must not be lost.
    for revision in (1, 2):
        answer = client.patch(f"{talk}/segments/0", json={"text": "edited once more", "revision": revision})
        if answer.status_code == 200:
            break
    assert answer.status_code == 200
    here.wait_for(realign, *ENDED, seconds=60)
    plan.terminate()
    plan.wait(30)
    assert here.job(realign).status is JobStatus.COMPLETED, here.job(realign).error_message
    _, after = transcript_of(here, job)
    assert after[0].text == "edited once more"


def test_the_command_brings_its_own_worker_and_waits(here, tmp_path):
    job = submit(here, as_sound(tmp_path / "talk.wav", speak(SENTENCES[0], "slt").samples), engine="pocketsphinx")
    run(here, job)
    row, _ = transcript_of(here, job)

    def tenuto(*words):
        command = [sys.executable, "-m", "tenuto", "transcripts", *words, "--json"]
        environment = {**os.environ, **here.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    tenuto("edit", row.uid, "0", "the quick brown fox jumped over the lazy dog")
    assert tenuto("realign", row.uid)["status"] == "completed"
    assert tenuto("history", row.uid)["items"][0]["kind"] == "realign"


def test_a_transcript_whose_recording_is_gone_cannot_be_timed(here, tmp_path):
    path = as_sound(tmp_path / "talk.wav", speak(SENTENCES[0], "slt").samples)
    job = submit(here, path, engine="fake")
    run(here, job)
    row, _ = transcript_of(here, job)
    here.house.files.delete(OWNER, here.house.processing.file_uids(OWNER, [here.job(job)])[here.job(job).file_id])
    client = TestClient(create_app(here.house), base_url="http://127.0.0.1:8000")
    answer = client.post(f"/api/transcripts/{row.uid}/realign", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
