"""A clock that leaps: what looks old because of it is not removed before somebody has looked."""

from datetime import timedelta

import pytest

from tenuto import errors
from tenuto.db.models import FileRow, now
from tenuto.db.work import UnitOfWork

DAY, HOUR = 86_400.0, 3600.0


@pytest.fixture
def clock(house, monkeypatch):
    """The clock of the database and of this machine, which are one on SQLite; returned is how to move it."""
    offset = [0.0]
    plain = UnitOfWork.now_epoch
    monkeypatch.setattr(UnitOfWork, "now_epoch", lambda work: plain(work) + offset[0])
    monkeypatch.setattr("tenuto.services.upkeep.time.time", lambda: now().timestamp() + offset[0])

    def leap(seconds):
        offset[0] += seconds

    return leap


@pytest.fixture
def bring(house):
    """Write rows of files that end in so many hours."""

    def write(count, hours=24.0):
        known = {"media_type": "audio/wav", "container": "wav", "codec": "pcm", "duration_ms": 1, "size_bytes": 1}
        with house.database.unit_of_work(1) as work:
            for number in range(count):
                row = FileRow(name=f"{number}.wav", storage_key=f"content/{hours}/{number}", sha256="0" * 64, **known)
                row.sample_rate, row.channels, row.expires_at = 8000, 1, now() + timedelta(hours=hours)
                work.files.add(row)

    return write


def sweep(house, **how):
    return house.upkeep.cleanup_old_audio_files(**how)


def test_a_leap_of_a_year_removes_nothing_until_somebody_says_so(house, clock, bring):
    bring(3)
    sweep(house)
    clock(365 * DAY)
    for _ in range(2):
        with pytest.raises(errors.ConflictError, match=r"365 days ago by the clock.*--force"):
            sweep(house)
        clock(HOUR)
    assert sweep(house, dry_run=True).deleted == 3
    assert sweep(house, force=True).deleted == 3
    bring(1, hours=366 * 24)
    assert sweep(house).deleted == 0


def test_a_leap_of_two_days_does_not_remove_most_of_the_files(house, clock, bring):
    bring(12)
    sweep(house)
    clock(2 * DAY)
    with pytest.raises(errors.ConflictError, match="12 of 12 files are past their time at once"):
        sweep(house)
    clock(-2 * DAY)  # The clock was set right again.
    assert sweep(house).deleted == 0


def test_a_clock_that_goes_on_for_a_day_is_believed(house, clock, bring):
    bring(12)
    sweep(house)
    clock(2 * DAY)
    for _ in range(24):
        with pytest.raises(errors.ConflictError):
            sweep(house)
        clock(HOUR)
    assert sweep(house).deleted == 12


def test_a_batch_that_ends_while_sweeps_follow_each_other_goes_at_once(house, clock, bring):
    bring(12, hours=25.5)
    for _ in range(26):
        assert sweep(house).deleted == 0
        clock(HOUR)
    assert sweep(house).deleted == 12


def test_few_files_go_after_any_pause(house, clock, bring):
    bring(10)
    sweep(house)
    clock(5 * DAY)
    assert sweep(house).deleted == 10
