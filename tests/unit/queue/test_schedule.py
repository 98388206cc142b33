"""When workers sweep."""

import pytest

from tenuto.queue.engine import cron


@pytest.mark.parametrize(
    ("minutes", "schedule"),
    [
        (0.2, "*/1 * * * *"),
        (15, "*/15 * * * *"),
        (45, "*/30 * * * *"),
        (59.9, "*/30 * * * *"),
        (60, "0 */1 * * *"),
        (300, "0 */4 * * *"),
        (1439, "0 */12 * * *"),
        (1440, "0 0 * * *"),
        (10_000, "0 0 * * *"),
    ],
)
def test_a_sweep_comes_at_even_steps_and_never_later_than_asked(minutes, schedule):
    assert cron(minutes) == schedule
