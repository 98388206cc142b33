"""Presentations without a worker: begun once, edited by many, ordered, deleted, and nobody else's."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from databases import OWNER, add_owner
from ledgers import database_url
from presented import add_deck, narrate, presented, slides_of
from scenes import COLOURS, click, paint
from tagged_songs import tone, wav
from tenuto import bootstrap, errors, settings
from tenuto.db.models import ArtifactRow, now
from tenuto.db.work import EVERYONE
from tenuto.domain.films import RATE, Caption, Film, Scene
from tenuto.services.processing import Submission
from tenuto.services.voice_clones import VoiceDetails


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request, tmp_path):
    with database_url(request.param, tmp_path) as url:
        given = {"data_dir": tmp_path / "data", "database_url": url, "engines": ["fake-voice"], "disk_soft_floor_mb": 0}
        made = settings.load(_env_file=None, **given)
        built = bootstrap.build(made)
        yield built
        built.close()


@pytest.fixture
def shown(house, tmp_path):
    """A presentation of three slides whose deck was read."""
    return presented(house, tmp_path / "plans.pptx")


def numbers(house, uid):
    return [slide.number for slide in slides_of(house, uid)]


def test_a_job_of_a_deck_makes_its_presentation(house, tmp_path):
    file = add_deck(house, tmp_path / "plans.pptx", title="")
    job = house.processing.submit(OWNER, Submission(kind="narrate", file_uid=file, options={"engine": "fake-voice"}))
    view = house.presentations.of_job(OWNER, job.uid)
    assert (view.row.title, view.row.slides_count, view.job.uid) == ("plans", 0, job.uid)
    assert job.options["presentation_id"] == view.row.uid
    assert view.file.expires_at is None
    assert [item.row.uid for item in house.presentations.listed(OWNER).items] == [view.row.uid]


def test_a_deck_is_filmed_by_one_job_at_a_time(house, tmp_path):
    first = narrate(house, add_deck(house, tmp_path / "plans.pptx"))
    with pytest.raises(errors.ConflictError, match="cancel it or wait") as refused:
        house.presentations.render(OWNER, first.row.uid, Submission())
    assert refused.value.details["job_id"] == first.job.uid
    house.processing.cancel(OWNER, first.job.uid)
    second = house.presentations.render(OWNER, first.row.uid, Submission(options={"captions": "none"}))
    assert second.row.uid == first.row.uid
    assert second.job.options["captions"] == "none"
    assert second.job.options["width"] == 320
    assert [job.uid for job in house.presentations.jobs(OWNER, first.row.uid).rows] == [second.job.uid, first.job.uid]


def test_only_the_latest_job_of_a_deck_is_tried_again(house, shown):
    newer = house.presentations.render(OWNER, shown.row.uid, Submission()).job
    with pytest.raises(errors.ConflictError, match=f"the newer job {newer.uid} of this presentation") as refused:
        house.processing.retry(OWNER, shown.job.uid)
    assert refused.value.details["job_id"] == newer.uid
    house.processing.cancel(OWNER, newer.uid)
    assert house.processing.retry(OWNER, newer.uid).status == "queued"


def test_a_job_is_not_tried_again_once_a_newer_video_took_its_sounds_away(house, shown):
    with house.database.unit_of_work(OWNER) as work:
        row, moment = work.presentations.held(shown.row.uid), now() + timedelta(seconds=1)
        file = work.files.get(row.file_id)
        stored = {"storage_key": file.storage_key, "sha256": file.sha256, "size_bytes": 1}
        video = work.artifacts.add(ArtifactRow(file_id=file.id, kind="video", media_type="video/mp4", **stored))
        made = {"video_id": video.id, "video_ms": 1, "video_bytes": 1}
        work.presentations.update(row, started_at=moment, completed_at=moment, **made)
    with pytest.raises(errors.ConflictError, match="render the presentation"):
        house.processing.retry(OWNER, shown.job.uid)


def test_of_many_who_render_at_once_one_succeeds(house, shown):
    outcomes, ready = [], threading.Barrier(4)

    def render():
        ready.wait()
        try:
            outcomes.append(house.presentations.render(OWNER, shown.row.uid, Submission()).job.uid)
        except errors.ConflictError as error:
            outcomes.append(error.details["job_id"])

    threads = [threading.Thread(target=render) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), len(set(outcomes))) == (4, 1)


def test_the_slides_of_a_deck_are_as_it_says(house, tmp_path):
    view = presented(house, tmp_path / "plans.pptx", slides=4, hidden=(2,), sections=(("Start", 1), ("End", 3)))
    assert (view.row.title, view.row.author, view.row.slides_count) == ("Quarterly review", "Ada", 4)
    first, second, *_ = slides_of(house, view.row.uid)
    assert (first.number, first.position, first.section, first.hidden) == (1, 1, "Start", False)
    assert (first.notes, first.original_notes) == ("Slide 1 says this. And it says that.",) * 2
    assert (second.hidden, second.skipped) == (True, None)


def test_an_edit_keeps_what_the_deck_said(house, shown):
    edited = house.presentations.edit(OWNER, shown.row.uid, 2, {"notes": "New.", "skipped": True}, revision=0)
    assert (edited.presentation.revision, edited.slide.notes, edited.slide.skipped) == (1, "New.", True)
    slide = house.presentations.slide(OWNER, shown.row.uid, 2)[1]
    assert (slide.original_notes, slide.title) == ("Slide 2 says this. And it says that.", "Bullets 2")


def test_an_edit_of_what_was_edited_meanwhile_is_refused(house, shown):
    uid = shown.row.uid
    house.presentations.edit(OWNER, uid, 1, {"notes": "first"}, revision=0)
    late = [
        lambda: house.presentations.edit(OWNER, uid, 1, {"notes": "late"}, revision=0),
        lambda: house.presentations.arrange(OWNER, uid, [3, 2, 1], revision=0),
        lambda: house.presentations.change(OWNER, uid, title="Late", revision=0),
    ]
    for attempt in late:
        with pytest.raises(errors.StaleRevision, match="revision 1") as refused:
            attempt()
        assert refused.value.details["revision"] == 1
    assert (numbers(house, uid), slides_of(house, uid)[0].notes) == ([1, 2, 3], "first")


def test_of_many_edits_of_one_revision_one_is_kept(house, shown):
    outcomes, ready = [], threading.Barrier(4)

    def edit(text):
        ready.wait()
        try:
            house.presentations.edit(OWNER, shown.row.uid, 1, {"notes": text}, revision=0)
            outcomes.append(text)
        except errors.StaleRevision:
            outcomes.append("")

    threads = [threading.Thread(target=edit, args=(f"text {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(bool, outcomes)) == [False, False, False, True]
    assert slides_of(house, shown.row.uid)[0].notes == max(outcomes)


def test_slides_are_put_in_another_order_and_back(house, shown):
    uid = shown.row.uid
    _, slides = house.presentations.arrange(OWNER, uid, [3, 1, 2], revision=0)
    assert [slide.number for slide in slides] == numbers(house, uid) == [3, 1, 2]
    house.presentations.arrange(OWNER, uid, [1, 2, 3], revision=1)
    assert [slide.position for slide in slides_of(house, uid)] == [1, 2, 3]
    for wrong in ([1, 2], [1, 2, 3, 3], [1, 2, 4]):
        with pytest.raises(errors.ValidationError, match="order"):
            house.presentations.arrange(OWNER, uid, wrong, revision=2)


def test_a_presentation_is_its_owners_alone(house, shown):
    uid, other = shown.row.uid, add_owner(house.database)
    attempts = [
        lambda: house.presentations.slides(other, uid),
        lambda: house.presentations.slide(other, uid, 1),
        lambda: house.presentations.edit(other, uid, 1, {"notes": "mine"}, revision=0),
        lambda: house.presentations.arrange(other, uid, [3, 2, 1], revision=0),
        lambda: house.presentations.change(other, uid, title="mine", revision=0),
        lambda: house.presentations.render(other, uid, Submission()),
        lambda: house.presentations.video(other, uid),
        lambda: house.presentations.jobs(other, uid),
        lambda: house.presentations.delete(other, uid),
    ]
    for attempt in attempts:
        with pytest.raises(errors.NotFound):
            attempt()
    assert house.presentations.listed(other).items == []
    assert slides_of(house, uid)[0].notes.startswith("Slide 1")


def test_a_voice_speaks_until_its_presentation_has_another(house, shown):
    with house.files.upload("ada.wav") as upload:
        upload.write(wav(tone()))
        voice = house.voices.create(OWNER, upload, VoiceDetails("Ada", "Agreed.", datetime(2026, 1, 1, tzinfo=UTC)))
    view = house.presentations.render(OWNER, shown.row.uid, Submission(options={"voice_id": "Ada", "engine": "auto"}))
    assert (view.voice.uid, view.job.options["voice_id"]) == (voice.uid, voice.uid)
    with pytest.raises(errors.ConflictError, match="Quarterly review"):
        house.voices.delete(OWNER, voice.uid)
    house.processing.cancel(OWNER, view.job.uid)
    other = house.presentations.render(OWNER, shown.row.uid, Submission(options={"voice_id": ""}))
    assert other.voice is None
    house.processing.cancel(OWNER, other.job.uid)
    house.voices.delete(OWNER, voice.uid)
    with pytest.raises(errors.NotFound):
        house.presentations.render(OWNER, shown.row.uid, Submission(options={"voice_id": "Ada"}))


def test_an_engine_that_cannot_follow_a_sample_is_refused_at_once(house, shown):
    with pytest.raises(errors.ValidationError, match="cannot take the voice of a sample"):
        house.presentations.render(OWNER, shown.row.uid, Submission(options={"voice_id": "Ada"}))
    assert house.presentations.get(OWNER, shown.row.uid).voice is None


def test_a_deck_outlives_every_sweep_and_goes_with_its_presentation(house, shown):
    with house.database.unit_of_work(EVERYONE) as work:
        row = work.files.get_by_id(shown.file.uid)
        work.files.update(row, expires_at=now() - timedelta(days=1))
    assert house.upkeep.cleanup_old_audio_files().deleted == 0
    with pytest.raises(errors.ConflictError, match="Quarterly review"):
        house.files.delete(OWNER, shown.file.uid)
    assert house.presentations.delete(OWNER, shown.row.uid) > 0
    assert house.files.get_all(OWNER).rows == []
    assert list(house.content.storage.list("content")) == []


def test_a_presentation_is_not_deleted_under_a_job(house, tmp_path):
    view = narrate(house, add_deck(house, tmp_path / "plans.pptx"))
    with pytest.raises(errors.ConflictError, match="narrate job"):
        house.presentations.delete(OWNER, view.row.uid)
    house.processing.cancel(OWNER, view.job.uid)
    house.presentations.delete(OWNER, view.row.uid)
    assert house.processing.get(OWNER, view.job.uid).file_id is None


def test_what_was_not_made_yet_is_not_there(house, shown):
    uid = shown.row.uid
    for attempt in (
        lambda: house.presentations.video(OWNER, uid),
        lambda: house.presentations.poster(OWNER, uid),
        lambda: house.presentations.picture(OWNER, uid, 1),
        lambda: house.presentations.sound(OWNER, uid, 1),
        lambda: house.presentations.slide(OWNER, uid, 9),
    ):
        with pytest.raises(errors.NotFound):
            attempt()


@pytest.mark.parametrize(
    "wrong",
    [{"captions": "loud"}, {"width": 101}, {"crossfade_ms": 9999}, {"language": "?"}, {"hidden": "?"}, {"more": 1}],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_written(house, tmp_path, wrong):
    file = add_deck(house, tmp_path / "plans.pptx")
    with pytest.raises(errors.ValidationError, match=next(iter(wrong))):
        narrate(house, file, **wrong)
    assert house.presentations.listed(OWNER).items == []


def test_there_is_room_for_a_film_in_4k(house, tmp_path):
    pictures = [paint(tmp_path / f"{number}.png", COLOURS[number], width=640, height=640) for number in range(2)]
    said = (Caption(0, 300, "It is large."),)
    scenes = [Scene(picture, click(picture.with_suffix(".wav"), RATE // 2), captions=said) for picture in pictures]
    look = Film(3840, 2160, crossfade_ms=80, burn_captions=True, fps=1)
    made = house.media.film(scenes, tmp_path / "large.mp4", look, tmp_path / "segments")
    assert (made.width, made.height, made.duration_ms) == (3840, 2160, 1000)
