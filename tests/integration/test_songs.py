"""Jobs on songs, in real workers: stems that are made once, lyrics that nobody's work is lost of, kill -9 anywhere."""

from collections import Counter

import numpy as np
import pytest

from databases import add_owner
from ledgers import OWNER, ledger
from made_song import LYRICS, add_song, make_song, samples, song_of
from tenuto import errors
from tenuto.domain.jobs import JobStatus
from tenuto.domain.lyrics import plain
from tenuto.pipelines.base import Outcome, TimedLyrics
from tenuto.services.processing import Submission
from tenuto.services.song_jobs import keep_findings, lyrics_of

ENGINES = '["pocketsphinx", "fake", "fake-separator", "fake-lyrics"]'
FAKE = {"engine": "fake-separator"}
SMALL = {"width": 160, "height": 144, "fps": 10}
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def here(request, tmp_path):
    with ledger(request.param, tmp_path, TENUTO_ENGINES=ENGINES, TENUTO_SEPARATOR="fake-separator") as made:
        yield made


def submit(here, kind, song, **options):
    return here.house.processing.submit(OWNER, Submission(kind=kind, song_uid=song, options=options))


def ran(here, *jobs):
    """The jobs, once a worker has seen to them."""
    here.start_worker("--drain").wait(timeout=240)
    found = [here.job(job.uid) for job in jobs]
    assert [job.status for job in found] == [JobStatus.COMPLETED] * len(found), (found[0].error_message, here.logs())
    return found


def stored(here, row):
    return b"".join(here.house.content.storage.read_range(row.storage_key, 0, row.size_bytes))


def test_stems_are_made_once_and_another_time_take_the_place_of_the_first(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Once")
    first, second = ran(here, submit(here, "separate", song, **FAKE), submit(here, "separate", song, **FAKE))
    row, _, stems = song_of(here.house, song)
    assert {name: row.separation[name] for name in ("engine", "model", "method")} == {
        "engine": "fake-separator",
        "model": "fake-1",
        "method": "A fake for tests: half of the middle",
    }
    assert not any("are used as they are" in warning for warning in first.warnings)
    assert any("stems by fake-separator (fake-1)" in warning for warning in second.warnings)
    assert row.loudness_lufs == pytest.approx(-14.3, abs=0.2)
    assert row.true_peak_db == pytest.approx(-5.4, abs=0.2)
    assert set(row.analysis) >= {"tempo_confidence", "key_confidence"}
    mix = samples((tmp_path / "song.wav").read_bytes()).astype(int)
    both = sum(samples(stored(here, stem)).astype(int) for stem in stems.values())
    assert np.abs(mix - both).max() <= 1

    (third,) = ran(here, submit(here, "separate", song, **FAKE, model="other", again=True))
    after, _, others = song_of(here.house, song)
    assert after.separation["model"] == "other"
    assert [others[kind].id for kind in others] == [stems[kind].id for kind in stems]
    assert third.engine == "fake-separator"
    assert here.house.upkeep.verify().sound
    assert not here.house.upkeep.verify().strays


def test_bytes_whose_place_was_taken_are_removed(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Replaced")
    ran(here, submit(here, "separate", song, **FAKE))
    row, _, stems = song_of(here.house, song)
    with here.house.database.unit_of_work(OWNER) as work:  # As if an older engine had made something else.
        content = here.house.content.keep_bytes(b"older stems")
        older = work.artifacts.of_file(row.file_id, "vocals")
        work.artifacts.update(older, storage_key=content.storage_key, sha256=content.sha256, size_bytes=11)
    ran(here, submit(here, "separate", song, **FAKE, again=True))
    assert song_of(here.house, song)[2]["vocals"].sha256 == stems["vocals"].sha256
    assert not here.house.content.storage.exists(content.storage_key)


def test_lyrics_get_times_and_doubtful_lines_are_named(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Aligned")
    (job,) = ran(here, submit(here, "align", song, engine="fake-lyrics"))
    row, words, stems = song_of(here.house, song)
    assert (words.origin, words.revision, words.lyrics.text) == ("aligned", 2, LYRICS)
    assert words.lyrics.is_synced
    assert [line.confidence for line in words.lyrics.lines] == [0.9, 0.9, None, 0.2]
    assert words.lyrics.lines[3].end_ms == pytest.approx(row.duration_ms, abs=20)
    assert any("1 of 3 lines are doubtful: line 4 ('is this one sung?')" in warning for warning in job.warnings)
    assert job.engine == "fake-lyrics"
    assert all(stems.values())


def test_a_video_times_only_the_lines_that_have_no_times(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Half", lyrics="")
    here.house.lyrics.put(OWNER, song, "[00:00.50]first\nsecond\nthird?\n[00:05.00]by hand")
    (job,) = ran(here, submit(here, "karaoke", song, aligner="fake-lyrics", **FAKE, **SMALL))
    lines = song_of(here.house, song)[1].lyrics.lines
    assert [(line.start_ms, line.confidence) for line in (lines[0], lines[3])] == [(500, None), (5000, None)]
    assert [line.confidence for line in lines[1:3]] == [0.9, 0.2]
    assert next(warning for warning in job.warnings if "doubtful" in warning).startswith("The times of 1 of 4 lines")
    assert not any("no times" in warning for warning in job.warnings)


def test_lyrics_that_a_person_changes_meanwhile_stay(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Changed")
    job = submit(here, "align", song, engine="fake-lyrics")
    ran(here, job)
    with here.house.database.unit_of_work(OWNER) as work:
        row = work.song_jobs.song_of(job)
        found = lyrics_of(work, row)
        outcome = Outcome(lyrics=TimedLyrics(found.lyrics, found.revision))
        work.lyrics.put(row, plain("Other words"), origin="plain")
        keep_findings(work, here.job(job.uid), outcome)
    assert song_of(here.house, song)[1].lyrics.text == "Other words"
    assert any("the change was kept" in warning for warning in here.job(job.uid).warnings)


def test_what_cannot_be_aligned_is_refused_at_once(here, tmp_path):
    bare = add_song(here.house, make_song(tmp_path / "bare.wav"), "Bare", lyrics="")
    tapped = add_song(here.house, make_song(tmp_path / "tapped.wav", pitch=230), "Tapped")
    with here.house.database.unit_of_work(OWNER) as work:
        work.lyrics.of_song(work.songs.get_by_id(tapped).id).origin = "tapped"
    for kind in ("align", "karaoke"):
        with pytest.raises(errors.ValidationError, match="no lyrics"):
            submit(here, kind, bare)
    with pytest.raises(errors.ConflictError, match="tapped"):
        submit(here, "align", tapped, engine="fake-lyrics")
    assert submit(here, "align", tapped, engine="fake-lyrics", again=True).status is JobStatus.QUEUED
    with pytest.raises(errors.NotFound):
        submit(here, "separate", "00000000-0000-0000-0000-000000000000")
    stranger = add_owner(here.house.database)
    with pytest.raises(errors.NotFound):
        here.house.processing.submit(stranger, Submission(kind="separate", song_uid=bare))
    with pytest.raises(errors.ValidationError, match="song_id"):
        here.house.processing.submit(OWNER, Submission(kind="separate"))
    with pytest.raises(errors.ValidationError, match="choose one of"):
        submit(here, "separate", bare, engine="nobody")
    for wrong in ({"tempo": 3}, {"semitones": "high"}, {"guide_db": 99}, {"width": 101}, {"size": 1}):
        with pytest.raises(errors.ValidationError, match=next(iter(wrong))):
            submit(here, "karaoke", tapped, **wrong)


def test_a_stem_is_taken_away_in_another_key_and_pace(here, tmp_path):
    song = add_song(here.house, make_song(tmp_path / "song.wav"), "Backing")
    wishes = {"semitones": "2", "tempo": "1.5", "guide_db": "-12", "format": "flac"}
    (job,) = ran(here, submit(here, "backing", song, **FAKE, **wishes))
    made = here.house.artifacts.readable(OWNER, job.uid, "instrumental.flac")
    path = tmp_path / "made.flac"
    path.write_bytes(b"".join(here.house.files.read(made, 0, made.size_bytes)))
    info = here.house.media.probe(path)
    assert (info.codec, info.channels, info.duration_ms) == ("flac", 2, pytest.approx(4000, abs=60))


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
def test_a_worker_killed_anywhere_repeats_no_finished_step_of_a_song(kind, places, tmp_path):
    steps = ("prepare", "separate", "measure", "align", "film", "playback")
    points = [f"{where}:{step}" for step in steps for where in places]
    with ledger(kind, tmp_path, TENUTO_ENGINES=ENGINES, TENUTO_SEPARATOR="fake-separator") as here:
        jobs = {}
        for index, point in enumerate(points):
            path = make_song(tmp_path / f"{index}.wav", pitch=200.0 + index)
            song = add_song(here.house, path, f"die_at {point}")
            jobs[point] = (song, submit(here, "karaoke", song, aligner="fake-lyrics", **SMALL).uid)
        deaths = 0
        while here.house.processing.unfinished():
            worker = here.start_worker("--drain")
            worker.wait(timeout=120)
            deaths += worker.returncode == -9
            assert worker.returncode in (0, -9), here.logs()
        assert deaths == len(points)
        count = Counter((tmp_path / "ran.txt").read_text().split("\n"))
        for point, (song, uid) in jobs.items():
            job = here.job(uid)
            assert job.status is JobStatus.COMPLETED, (point, job.error_message)
            row, words, stems = song_of(here.house, song)
            assert all(stems.values()), point
            assert row.analysis, point
            made = [artifact.name for artifact in here.house.artifacts.of_job(OWNER, uid)]
            assert made == ["karaoke.mp4", "karaoke.ass"], point
            assert (words.origin, words.revision) == ("aligned", 2), point
            for step in steps:
                interrupted = point in (f"during:{step}", f"computed:{step}")
                assert count[f"{uid} {step}"] == 1 + interrupted, (point, step)
        assert here.house.upkeep.verify().sound
