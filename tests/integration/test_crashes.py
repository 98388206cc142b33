"""kill -9 at every boundary and in the middle of every step: each job completes, no finished step is run again.

On SQLite at every point, on PostgreSQL at those around what is written to the ledger.
"""

from collections import Counter

import pytest

from ledgers import OWNER, ledger, make_recording
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission

STEPS = ("prepare", "transcribe", "times", "speakers", "polish", "playback")
POINTS = [
    "begun",
    *(f"{where}:{step}" for step in STEPS for where in ("before", "during", "computed", "recorded")),
    "part:0",
    "part:1",
    "part:2",
    "finishing",
    "finished",
]
# Where nothing was written since the last of these, a second kind of database has nothing more to show.
AT_THE_LEDGER = [point for point in POINTS if not point.startswith(("before:", "during:"))]


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize(
    ("kind", "points"),
    [("sqlite", POINTS), pytest.param("postgresql", AT_THE_LEDGER, marks=pytest.mark.postgres)],
    ids=["sqlite", "postgresql"],
)
def test_a_worker_killed_anywhere_loses_nothing_and_repeats_no_finished_step(kind, points, tmp_path):
    with ledger(kind, tmp_path, TENUTO_TEST_PART_SECONDS="10") as here:
        jobs = {}
        for index, point in enumerate(points):
            # A recording of its own for each, so that no other job's playback copy can be reused.
            source = make_recording(tmp_path / f"{index}.wav", 28 + index % 3)
            file = here.house.files.save_audio_file(OWNER, source, f"{point}.wav")
            marks = tmp_path / f"marks-{index}"
            options = {"engine": "fake", "extra": {"die_at": point, "mark_file": str(marks)}}
            job = here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=options))
            jobs[point] = (job.uid, marks)

        deaths = 0
        while here.house.processing.unfinished():
            worker = here.start_worker("--drain")
            worker.wait(timeout=120)
            deaths += worker.returncode == -9
            assert worker.returncode in (0, -9), here.logs()
        survived = [point for point, (uid, _) in jobs.items() if not (tmp_path / f"died-{uid}").exists()]
        assert not survived
        assert deaths == len(points)

        ran = Counter((tmp_path / "ran.txt").read_text().split("\n"))
        for point, (uid, marks) in jobs.items():
            job = here.job(uid)
            assert job.status is JobStatus.COMPLETED, (point, job.error_code, job.error_message)
            records = Counter((row.step, row.part) for row in here.house.processing.steps(OWNER, uid))
            parts = max(part for _, part in records) + 1
            assert parts >= 3
            wanted = {(step, -1) for step in STEPS} | {("transcribe", part) for part in range(parts)}
            assert records == dict.fromkeys(wanted, 1), point
            for step in STEPS:
                interrupted = point in (f"during:{step}", f"computed:{step}") or (
                    step == "transcribe" and "part" in point
                )
                assert ran[f"{uid} {step}"] == 1 + interrupted, (point, step)
            calls = Counter(line.split()[1] for line in marks.read_text().splitlines())
            assert len(calls) == parts
            assert max(calls.values()) <= 1 + (point == "during:transcribe"), point
            assert here.house.transcripts.of_job(OWNER, uid).original_text.startswith("[fake]")
            assert not list((tmp_path / "work").glob(f"*/{uid}"))
        assert here.house.upkeep.verify().sound
