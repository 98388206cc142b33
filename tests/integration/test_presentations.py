"""Decks in real workers: filmed, edited and filmed again for little, and killed anywhere without loss."""

import importlib.util
import io
from collections import Counter
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from sqlalchemy import select

from ledgers import OWNER, ledger
from needs import need
from presented import ENGINES, add_deck, narrate, slides_of
from recordings import write_wave
from spoken import SENTENCES, speak
from tenuto.db.models import UsageRow
from tenuto.domain.jobs import JobStatus
from tenuto.pipelines.narrate_names import CHUNK, PICTURE, SEGMENT, SOUND, THUMBNAIL
from tenuto.services.processing import Submission
from tenuto.services.voice_clones import VoiceDetails

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
STEPS = ("read", "draw", "match", "speak", "film")


@pytest.fixture(params=KINDS)
def here(request, tmp_path):
    with ledger(request.param, tmp_path, TENUTO_ENGINES=ENGINES) as made:
        yield made


def ran(here, view):
    """The presentation and its steps' results, once a worker has seen to its job."""
    here.start_worker("--drain").wait(timeout=240)
    job = here.job(view.job.uid)
    assert job.status is JobStatus.COMPLETED, (job.error_message, here.logs())
    steps = {row.step: row.result for row in here.house.processing.steps(OWNER, job.uid) if row.part == -1}
    return here.house.presentations.get(OWNER, view.row.uid), steps


def stored(here, readable):
    return b"".join(here.house.files.read(readable, 0, readable.size_bytes))


def names(here, view, kind):
    with here.house.database.reading(OWNER) as work:
        return work.artifacts.names_of_file(view.row.file_id, kind)


def test_an_edited_deck_is_filmed_again_for_little(here, tmp_path):
    house = here.house
    deck = add_deck(house, tmp_path / "plans.pptx", slides=5, hidden=(3,))
    first, steps = ran(here, narrate(house, deck))
    assert (steps["draw"]["drawn"], steps["speak"]["made"], steps["film"]["scenes_encoded"]) == (5, 5, 4)
    slides = {slide.number: slide for slide in slides_of(house, first.row.uid)}
    assert [slides[number].start_ms for number in (1, 2, 4, 5)] == [0, 2602, 5205, 7808]  # in blocks of 1,024 samples
    assert (slides[3].start_ms, slides[3].sound, slides[3].spoken) == (None, "", {})
    assert (first.row.video_ms, first.row.revision, first.row.rendered_revision) == (10_411, 0, 0)
    assert first.row.processing_seconds > 0
    assert first.job.engine == first.row.engine == "fake-voice"
    before = stored(here, house.presentations.video(OWNER, first.row.uid))

    house.presentations.edit(OWNER, first.row.uid, 2, {"notes": "Quite another note. And it says that."}, revision=0)
    second, steps = ran(here, house.presentations.render(OWNER, first.row.uid, Submission()))
    assert (steps["draw"]["drawn"], steps["speak"]["as_before"], steps["speak"]["made"]) == (0, 3, 1)
    assert steps["film"]["scenes_reused"] >= 3
    assert (second.row.revision, second.row.rendered_revision) == (1, 1)
    assert stored(here, house.presentations.video(OWNER, first.row.uid)) != before
    transcript = house.transcripts.of_job(OWNER, second.job.uid)
    assert "Quite another note." in transcript.original_text

    house.presentations.arrange(OWNER, first.row.uid, [5, 4, 3, 2, 1], revision=1)
    house.presentations.edit(OWNER, first.row.uid, 4, {"skipped": True}, revision=2)
    third, steps = ran(here, house.presentations.render(OWNER, first.row.uid, Submission()))
    assert (steps["draw"]["drawn"], steps["speak"]["made"], steps["speak"]["as_before"]) == (0, 0, 3)
    seen = [slide.number for slide in slides_of(house, first.row.uid) if slide.start_ms is not None]
    assert seen == [5, 2, 1]
    assert names(here, third, SOUND) == {slide.sound for slide in slides_of(house, first.row.uid) if slide.sound}
    report = house.upkeep.verify()
    assert (report.sound, report.strays) == (True, [])
    kept = names(here, third, SEGMENT) | names(here, third, CHUNK)
    house.presentations.delete(OWNER, first.row.uid)
    for job in house.processing.listed(OWNER).rows:
        house.processing.delete(OWNER, job.uid)
    assert kept
    assert list(house.content.storage.list("content")) == []


def test_pictures_have_the_size_of_the_last_video_and_no_others_stay(here, tmp_path):
    house = here.house
    uid = ran(here, narrate(house, add_deck(house, tmp_path / "plans.pptx", hidden=(3,))))[0].row.uid
    for width, redraw in ((640, True), (320, False)):
        wish = Submission(options={"width": width, "height": width * 9 // 16, "redraw": redraw})
        view, steps = ran(here, house.presentations.render(OWNER, uid, wish))
        assert steps["draw"]["drawn"] == 3
        assert names(here, view, PICTURE) == {f"{width}x{width * 9 // 16}-{number}" for number in (1, 2, 3)}
        assert names(here, view, THUMBNAIL) == names(here, view, PICTURE)
        with av.open(io.BytesIO(stored(here, house.presentations.picture(OWNER, uid, 3)))) as picture:
            assert picture.streams.video[0].width == width
    assert ran(here, house.presentations.render(OWNER, uid, Submission()))[1]["draw"]["drawn"] == 0


def test_a_sentence_of_a_long_note_is_put_into_what_was_said(here, tmp_path):
    house = here.house
    notes = " ".join(f"This is sentence number {count} of a long note." for count in range(1, 13))
    first, steps = ran(here, narrate(house, add_deck(house, tmp_path / "plans.pptx", slides=1, notes={1: notes})))
    assert (steps["speak"]["made"], steps["speak"]["mended"]) == (12, 0)
    changed = notes.replace("sentence number 5 of a long", "another sentence of the same")
    house.presentations.edit(OWNER, first.row.uid, 1, {"notes": changed}, revision=0)
    second, steps = ran(here, house.presentations.render(OWNER, first.row.uid, Submission()))
    assert (steps["speak"]["made"], steps["speak"]["mended"]) == (1, 1)
    assert "This is another sentence" in house.transcripts.of_job(OWNER, second.job.uid).original_text


def test_what_several_slides_say_is_spoken_and_counted_once(here, tmp_path):
    house = here.house
    same = "All of them say this sentence, which is long enough to be spoken by itself."
    notes = {
        number: f"{same} [pause 1s] Only slide {number} says this one, and nobody else does." for number in (1, 2, 3)
    }
    uid = ran(here, narrate(house, add_deck(house, tmp_path / "plans.pptx", notes=notes)))[0].row.uid
    spoken = [slide.spoken for slide in slides_of(house, uid)]
    assert sum(each["made"] for each in spoken) == 4
    assert sum(each["made"] + each["reused"] for each in spoken) == 6
    with house.database.reading(OWNER) as work:
        letters = sum(row.characters for row in work.session.scalars(select(UsageRow)))
    assert letters == len(same) + sum(len(notes[1]) - len(f"{same} [pause 1s] ") for _ in notes)


def test_what_is_edited_while_a_job_runs_is_for_the_next_video(here, tmp_path):
    house = here.house
    view = narrate(house, add_deck(house, tmp_path / "plans.pptx - die_at recorded:draw"))
    here.start_worker("--drain").wait(timeout=240)
    house.presentations.edit(OWNER, view.row.uid, 1, {"notes": "Too late."}, revision=0)
    done, _ = ran(here, view)
    assert (done.row.revision, done.row.rendered_revision) == (1, 0)
    assert "Too late." not in house.transcripts.of_job(OWNER, view.job.uid).original_text


def test_the_video_holds_what_was_asked_for(here, tmp_path):
    house = here.house
    notes = {1: "One [pause 1s] two.", 2: "", 3: ""}
    deck = add_deck(house, tmp_path / "plans.pptx", notes=notes)
    view, _ = ran(
        here, narrate(house, deck, missing_notes="silence", captions="none", slide_sounds=True, podcast=True, fps=10)
    )
    made = {row.name for row in house.artifacts.of_job(OWNER, view.job.uid)}
    assert made == {"video.mp4", "poster.jpg", "captions.vtt", "captions.srt", "podcast.m4a"} | {
        f"slide-{at:03}.wav" for at in (1, 2, 3)
    }
    called = {name: house.artifacts.readable(OWNER, view.job.uid, name).name for name in ("video.mp4", "slide-002.wav")}
    assert called == {"video.mp4": "plans.mp4", "slide-002.wav": "plans slide-002.wav"}
    with av.open(io.BytesIO(stored(here, house.presentations.video(OWNER, view.row.uid)))) as video:
        assert [stream.type for stream in video.streams if stream.type == "subtitle"] == []
        assert (video.streams.video[0].width, video.streams.video[0].height) == (320, 180)
    with av.open(io.BytesIO(stored(here, house.artifacts.readable(OWNER, view.job.uid, "podcast.m4a")))) as podcast:
        assert next(stream.type for stream in podcast.streams) == "audio"
        assert len(podcast.chapters()) == 3
    with av.open(io.BytesIO(stored(here, house.presentations.poster(OWNER, view.row.uid)))) as poster:
        assert poster.streams.video[0].codec_context.name == "mjpeg"
    slides = slides_of(house, view.row.uid)
    assert [slide.duration_ms for slide in slides] == [2411, 3008, 3008]
    with av.open(io.BytesIO(stored(here, house.presentations.picture(OWNER, view.row.uid, 2)))) as picture:
        assert (picture.streams.video[0].width, picture.streams.video[0].height) == (320, 180)


def test_a_sample_shapes_the_voice_once_and_how_near_it_comes_is_told(here, tmp_path):
    need(importlib.util.find_spec("espeakng_loader"), "the extra `speech` is not installed")
    house = here.house
    said = np.concatenate([each.samples for text in SENTENCES[:4] if (each := speak(text, "slt")) is not None])
    with house.files.upload("ada.wav") as upload:
        upload.write(write_wave(tmp_path / "ada.wav", said).read_bytes())
        details = VoiceDetails("Ada", "She agreed.", datetime(2026, 1, 1, tzinfo=UTC))
        voice = house.voices.create(OWNER, upload, details)
    deck = add_deck(house, tmp_path / "plans.pptx", slides=1)
    view, steps = ran(here, narrate(house, deck, engine="auto", voice_id="Ada"))
    assert view.row.engine == "espeak"
    kept = house.voices.get(OWNER, voice.uid)
    assert kept.shape == steps["match"]["shape"]
    assert kept.distances["method"] == "voice matching"
    assert kept.distances["after"]["pitch_semitones"] < kept.distances["before"]["pitch_semitones"]
    assert any("no clone" in warning for warning in house.processing.get(OWNER, view.job.uid).warnings)
    first = slides_of(house, view.row.uid)[0].spoken
    assert "+tenuto" in first["voice"]

    _, steps = ran(here, house.presentations.render(OWNER, view.row.uid, Submission()))
    assert (steps["match"]["known"], steps["speak"]["made"]) == (True, 0)


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("sqlite", ("before", "during", "computed", "recorded")),
        pytest.param("postgresql", ("computed", "recorded"), marks=pytest.mark.postgres),  # around the ledger's writes
    ],
    ids=["sqlite", "postgresql"],
)
def test_a_worker_killed_anywhere_finishes_the_video_and_repeats_no_step(kind, places, tmp_path):
    points = [f"{where}:{step}" for step in STEPS for where in places]
    points = [point for point in points if point != "during:match"]  # without a sample there is nothing to match
    points += ["part:0", "part:2", "finishing"]
    with ledger(kind, tmp_path, TENUTO_ENGINES=ENGINES) as here:
        views = {point: narrate(here.house, _deck_for(here, tmp_path, point)) for point in points}
        while here.house.processing.unfinished():
            worker = here.start_worker("--drain")
            worker.wait(timeout=240)
            assert worker.returncode in (0, -9), here.logs()
        ran_lines = Counter((tmp_path / "ran.txt").read_text().split("\n"))
        for point, view in views.items():
            job = here.job(view.job.uid)
            assert job.status is JobStatus.COMPLETED, (point, job.error_message)
            assert (tmp_path / f"died-{job.uid}").exists(), point
            records = Counter((row.step, row.part) for row in here.house.processing.steps(OWNER, job.uid))
            wanted = {(step, -1) for step in STEPS} | {("speak", part) for part in range(3)}
            assert records == dict.fromkeys(wanted, 1), point
            for step in STEPS:
                again = point in (f"during:{step}", f"computed:{step}") or (step == "speak" and "part" in point)
                assert ran_lines[f"{job.uid} {step}"] == 1 + again, (point, step)
            assert here.house.presentations.get(OWNER, view.row.uid).row.video_ms == 7808, point
        assert here.house.upkeep.verify().sound


def _deck_for(here, tmp_path, point):
    return add_deck(here.house, tmp_path / f"deck - die_at {point}")
