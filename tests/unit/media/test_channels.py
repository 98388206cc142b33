"""Whether each voice has a channel of its own, on real files through the real child."""

import wave

import numpy as np
import pytest

from tenuto.domain.media import MediaLimits
from tenuto.media.channels import report_on
from tenuto.media.tools import MediaTools, sandbox_pool

RATE = 16_000


@pytest.fixture(scope="module")
def media():
    pool = sandbox_pool(1)
    yield MediaTools(pool, MediaLimits())
    pool.close()


def talk(spans, seconds=20, seed=0, level=3000):
    """Babble (noise that swells a few times a second) in some spans, and the hiss of a line everywhere."""
    rng = np.random.default_rng(seed)
    time = np.arange(seconds * RATE) / RATE
    speaks = np.zeros(time.size)
    for start, end in spans:
        speaks[(time >= start) & (time < end)] = 1
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time + seed)
    return rng.normal(size=time.size) * (level * speaks * swell + 10)


def write(path, *channels, rate=RATE):
    with wave.open(str(path), "wb") as out:
        out.setparams((len(channels), 2, rate, 0, "NONE", ""))
        out.writeframes(np.clip(np.stack(channels, axis=1), -32768, 32767).astype("<i2").tobytes())
    return path


FIRST, SECOND = [(1, 4), (8, 12)], [(4.5, 7.5), (13, 18)]


def report_of(media, folder, *channels, rate=RATE):
    found = media.channels(write(folder / "talk.wav", *channels, rate=rate), folder / "levels.bin")
    assert not (folder / "levels.bin").exists()
    return found


def test_a_voice_on_each_channel_is_told_exactly(media, tmp_path):
    found = report_of(media, tmp_path, talk(FIRST), talk(SECOND, seed=1))
    assert found.one_voice_each
    assert (found.channels, found.at_once) == (2, 0)
    wanted = sorted([(*span, 0) for span in FIRST] + [(*span, 1) for span in SECOND])
    got = [(turn.start_ms / 1000, turn.end_ms / 1000, turn.speaker) for turn in found.turns]
    assert len(got) == len(wanted)
    for one, other in zip(wanted, got, strict=True):
        assert one == pytest.approx(other, abs=0.1)


def test_the_echo_of_one_channel_on_the_other_is_no_voice(media, tmp_path):
    first, second = talk(FIRST), talk(SECOND, seed=1)
    found = report_of(media, tmp_path, first + second * 0.15, second + first * 0.15)
    assert found.one_voice_each
    assert sum(turn.end_ms - turn.start_ms for turn in found.turns) == pytest.approx(15_000, rel=0.05)


def test_people_who_interrupt_each_other_are_both_heard(media, tmp_path):
    found = report_of(media, tmp_path, talk([(1, 8)]), talk([(7, 15)], seed=1))
    assert found.one_voice_each
    assert 0 < found.at_once < 0.15


@pytest.mark.parametrize("kind", ["the same twice", "one is silent", "both at once", "one room, two microphones"])
def test_other_stereo_is_not_taken_for_it(media, tmp_path, kind):
    first, second = talk(FIRST), talk(SECOND, seed=1)
    channels = {
        "the same twice": (first + second, first + second),
        "one is silent": (first + second, np.zeros(first.size)),
        "both at once": (talk([(1, 18)]), talk([(1, 18)], seed=2)),
        "one room, two microphones": (first + 0.6 * second, 0.6 * first + second),
    }[kind]
    assert not report_of(media, tmp_path, *channels).one_voice_each


def test_many_channels_may_have_a_voice_each(media, tmp_path):
    silent = np.random.default_rng(5).normal(size=20 * RATE) * 10
    found = report_of(media, tmp_path, talk([(1, 5)]), silent, talk([(6, 10)], seed=1), talk([(11, 15)], seed=2))
    assert found.one_voice_each
    assert (found.channels, [turn.speaker for turn in found.turns]) == (3, [0, 1, 2])


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_any_rate_keeps_the_same_clock(media, tmp_path, rate):
    channels = [
        np.interp(np.arange(20 * rate) / rate, np.arange(20 * RATE) / RATE, c)
        for c in (talk(FIRST), talk(SECOND, seed=1))
    ]
    found = report_of(media, tmp_path, *channels, rate=rate)
    assert found.one_voice_each
    assert found.turns[-1].end_ms == pytest.approx(18_000, abs=100)


def test_hardly_any_sound_is_no_failure():
    assert not report_on(np.zeros((0, 2), np.int8), 0.0).one_voice_each
    assert not report_on(np.full((3, 2), -90, np.int8), 0.0).one_voice_each
