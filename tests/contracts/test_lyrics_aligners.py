"""What every lyrics aligner keeps to, whatever it is given."""

import wave
from itertools import pairwise

import numpy as np
import pytest

import bands
from recordings import SAMPLE_RATE, write_wave
from songbook import SONGS
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.lyrics import lines_from_json
from tenuto.domain.media import MediaLimits
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools

TARGET = "tenuto.engines.aligning_lyrics:align_lyrics"
NAMES = registry.names(registry.LYRICS_ALIGNER)
VERSE = ["Over the hills", "", "[Chorus]", "♪", "and far away", "东京 привет", "rock'n'roll at 4:20, 1999 — $5"]
NOISE = np.random.default_rng(1)


@pytest.fixture(scope="module")
def pool():
    pool = ChildPool(1, Limits(memory_bytes=3 << 30))
    yield pool
    pool.close()


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def align(pool, name, path, lines, language=None):
    """The lines, the warnings and the progress that was told."""
    told = []
    payload = {
        "engine": name,
        "config": EngineConfig(models_dir=path.parent).to_json(),
        "vocals": str(path),
        "lines": list(lines),
        "language": language,
    }
    done = pool.call(name, TARGET, payload, timeout_seconds=240, on_event=lambda event: told.append(event["progress"]))
    return lines_from_json(done["lines"]), done["warnings"], told


def bursts(seconds):
    """Rough noise that comes and goes, which a detector may take for a voice."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return NOISE.normal(0, 3000, times.size) * (np.sin(2 * np.pi * 0.4 * times) > 0)


def write_stereo(path, samples):
    with wave.open(str(path), "wb") as writer:
        writer.setparams((2, 2, bands.RATE, 0, "NONE", ""))
        writer.writeframes(np.clip(samples.T * 32_767, -32_768, 32_767).astype("<i2").tobytes())


def check(found, given, length_ms):
    assert [line.text for line in found] == list(given)
    timed = [line for line in found if line.is_timed]
    assert all(0 <= line.start_ms <= line.end_ms <= length_ms for line in timed)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(timed))
    assert all(0 <= line.confidence <= 1 for line in timed)
    assert all(line.is_timed == bool(line.words) for line in found)
    words = [word for line in timed for word in line.words]
    assert all(word.start_ms <= word.end_ms for word in words)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(words))
    for line in timed:
        assert line.start_ms <= line.words[0].start_ms <= line.words[-1].end_ms <= line.end_ms
        assert "".join(word.text for word in line.words) == "".join(line.text.split())


@pytest.mark.parametrize("seconds", [0, 0.01, 0.3, 4])
@pytest.mark.parametrize("sound", ["silence", "noise"])
def test_every_line_comes_back_in_its_place(pool, name, tmp_path, seconds, sound):
    samples = bursts(seconds) if sound == "noise" else np.zeros(int(seconds * SAMPLE_RATE))
    path = write_wave(tmp_path / "vocals.wav", samples)
    found, _, told = align(pool, name, path, VERSE)
    check(found, VERSE, samples.size * 1000 // SAMPLE_RATE)
    assert not found[1].is_timed
    assert found[0].is_timed
    assert found[5].is_timed
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("lines", [[], [""], ["", ""], ["   "]])
def test_nothing_to_sing_is_no_failure(pool, name, tmp_path, lines):
    path = write_wave(tmp_path / "vocals.wav", bursts(2))
    found, _, _ = align(pool, name, path, lines)
    check(found, lines, 2000)
    assert not any(line.is_timed for line in found)


@pytest.mark.parametrize("number", [200, 5000])
def test_far_more_text_than_song_stays_inside_of_it(pool, name, tmp_path, number):
    path = write_wave(tmp_path / "vocals.wav", bursts(10))
    lines = [f"this is line number {number} of a very long song" for number in range(number)]
    found, _, _ = align(pool, name, path, lines)
    check(found, lines, 10_000)


def test_the_same_sound_gives_the_same_times(pool, name, tmp_path):
    path = write_wave(tmp_path / "vocals.wav", bursts(6))
    assert align(pool, name, path, VERSE)[0] == align(pool, name, path, VERSE)[0]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("band", ["ballad", "dance"])
def test_lines_are_found_in_what_the_embedded_separator_took_out_of_a_mix(pool, tmp_path, band, record_property):
    """On songs that nothing was tuned on."""
    song = bands.song(band, SONGS["dog"].lines, 5)
    mix, stems = tmp_path / "mix.wav", (tmp_path / "vocals.wav", tmp_path / "instrumental.wav")
    write_stereo(mix, song.mix)
    separator = registry.load("embedded", registry.SEPARATOR)(EngineConfig(models_dir=tmp_path))
    separator.separate(mix, *stems, "", lambda _share: None)
    MediaTools(pool, MediaLimits()).decode(stems[0], tmp_path / "voice.wav")
    lines = [line.text for line in song.lines]
    found, warnings, _ = align(pool, "lyrics-align", tmp_path / "voice.wav", lines, "en")
    wrong = np.abs([line.start_ms - real.start_ms for line, real in zip(found, song.lines, strict=True) if real.words])
    told = f"{band}: median {np.median(wrong):.0f} ms, {np.mean(wrong <= 300):.2f} within 0.3 s, worst {wrong.max()} ms"
    print(told)
    record_property("lyrics", told)
    assert np.median(wrong) <= 200
    assert np.mean(wrong <= 300) >= 0.6
    assert any("A band sounds in the vocals" in warning for warning in warnings)


def test_what_is_no_sound_is_refused(pool, tmp_path):
    path = tmp_path / "vocals.wav"
    path.write_bytes(b"RIFF but no more")
    with pytest.raises(errors.EngineError, match="cannot be read"):
        align(pool, "lyrics-align", path, VERSE)


def test_the_embedded_aligner_reports_that_it_is_ready(tmp_path):
    report = registry.report("lyrics-align", EngineConfig(models_dir=tmp_path))
    assert report.ready
    assert "English" in report.detail
