"""Every hostile file against the parts that open recordings."""

import contextlib
import json
import resource
import time
import wave
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

from hostile import forge
from hostile.canary import Watch
from hostile.corpus import CASES
from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media.tools import MediaTools, sandbox_pool

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hostile-corpus")]

CPU_SECONDS = 10
MEMORY_BYTES = 400 << 20
LIMITS = MediaLimits()


@dataclass(frozen=True)
class Range:
    """Where the corpus is tried: one warm child for all cases, so that each meets what the last one left."""

    tools: MediaTools
    files: dict[str, Path]
    watch: Watch
    good_file: Path
    grounds: Path  # the children's own temporary and current folders lie in it: it must stay empty


@pytest.fixture(scope="module")
def shooting_range(corpus, watch, tmp_path_factory):
    grounds = tmp_path_factory.mktemp("grounds")
    deep = grounds / "some" / "where" / "deep"
    deep.mkdir(parents=True)
    good_file = tmp_path_factory.mktemp("good") / "good.wav"
    good_file.write_bytes(forge.wav())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(deep))
        patch.chdir(deep)
        pool = sandbox_pool(1, LIMITS)
        yield Range(MediaTools(pool, LIMITS), corpus, watch, good_file, grounds)
        pool.close()


class Costs:
    """What the children use, whether they live or have died; processor time, since a shared machine's clock proves nothing."""

    def __init__(self):
        self._start = self._cpu_seconds()
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(OSError):  # it has ended, or the kernel does not have it
                Path(f"/proc/{child.pid}/clear_refs").write_text("5")  # starts the peak of its memory anew

    @staticmethod
    def _cpu_seconds():
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        total = ended.ru_utime + ended.ru_stime
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                total += times.user + times.system
        return total

    @property
    def cpu_seconds(self):
        return self._cpu_seconds() - self._start

    @property
    def peak_bytes(self):
        peaks = [0]
        for child in psutil.Process().children(recursive=True):
            status = Path(f"/proc/{child.pid}/status").read_text()
            peaks += [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")]
        return max(peaks)


def attempt(case, action):
    """What `action` gave, and the error a client would see; any other error fails the test."""
    try:
        info = action()
    except errors.RejectedFile as refusal:
        if case.expect == "good":
            raise
        return None, f"{refusal.message} {refusal.details}"
    assert_true(case, info)
    return info, str(info)


def decode_within(costs, tools, source, target):
    """Decode, but let no wedged or endless child hold the tests up."""
    give_up_at = time.monotonic() + 120

    def should_stop():
        return costs.cpu_seconds > 2 * CPU_SECONDS or time.monotonic() > give_up_at

    return tools.decode(source, target, should_stop=should_stop)


def assert_true(case, info):
    if case.duration_ms is not None:
        assert abs(info.duration_ms - case.duration_ms) <= max(100, case.duration_ms * 0.05), info
    assert case.channels in (None, info.channels), info
    assert case.sample_rate in (None, info.sample_rate), info
    assert 1 <= info.channels <= LIMITS.max_channels
    assert LIMITS.min_sample_rate <= info.sample_rate <= LIMITS.max_sample_rate
    assert 0 < info.duration_ms <= LIMITS.max_duration_seconds * 1000 + 1000
    assert not case.flagged or info.truncated or info.warnings
    json.dumps(asdict(info), allow_nan=False)


def assert_is_the_sound_told_of(case, target, info):
    with wave.open(str(target)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert abs(sound.getnframes() / 16 - info.duration_ms) <= 2
        assert not case.silent or not any(sound.readframes(sound.getnframes()))


def assert_nothing_escaped(place, folder, expected_files, told):
    assert not place.watch.hits
    assert place.watch.canary.text not in told
    assert [path.name for path in folder.iterdir()] == expected_files
    assert all(place.watch.canary.text.encode() not in path.read_bytes() for path in folder.iterdir())
    assert not [path for path in place.grounds.rglob("*") if path.is_file()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_is_told_truly_or_refused(case, shooting_range, tmp_path):
    source, target, costs = shooting_range.files[case.name], tmp_path / "target.wav", Costs()
    found, told = attempt(case, lambda: shooting_range.tools.probe(source))
    assert found is None or case.expect != "refused", found
    decoded = None
    if found and not case.probe_only:
        decoded, told = attempt(case, lambda: decode_within(costs, shooting_range.tools, source, target))
        assert decoded is None or case.expect != "fails", decoded
    if decoded:
        assert_is_the_sound_told_of(case, target, decoded)
    assert_nothing_escaped(shooting_range, tmp_path, ["target.wav"] if decoded else [], told)
    assert costs.cpu_seconds < CPU_SECONDS
    assert costs.peak_bytes < MEMORY_BYTES
    assert shooting_range.tools.probe(shooting_range.good_file).duration_ms == 1000


def test_six_hours_of_silence_are_decoded_in_bounded_memory(shooting_range, tmp_path):
    costs = Costs()
    info = shooting_range.tools.decode(shooting_range.files["bomb-flac-6-h-of-silence"], tmp_path / "target.wav")
    assert info.duration_ms == 6 * 3600 * 1000
    assert costs.peak_bytes < MEMORY_BYTES
    assert (tmp_path / "target.wav").stat().st_size == 44 + 6 * 3600 * 32_000
    (tmp_path / "target.wav").unlink()
