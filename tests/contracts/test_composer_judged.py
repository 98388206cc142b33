"""The embedded composer, judged by meters that are not ours: tempo and key by essentia, loudness by pyloudnorm."""

import contextlib
import importlib.util
import os
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from needs import need
from tenuto.domain.music import NOTES, same_tempo
from tenuto.engines.base import ComposeOptions
from tenuto.engines.choosing import composer
from tenuto.engines.config import EngineConfig
from tenuto.media.floats import FloatSound
from tenuto.media.mastering import master

pytestmark = pytest.mark.slow
RATE, SECONDS, SEEDS = 44_100, 16.0, (1, 2)
# Tempo, key, and the rest of the prompt.
PROMPTS = (
    (92, "D minor", "hip hop beat"),
    (140, "F# minor", "trap with 808"),
    (122, "A minor", "deep house"),
    (132, "C minor", "driving techno"),
    (174, "Bb minor", "drum and bass"),
    (168, "A major", "punk rock"),
    (112, "G major", "pop song with piano"),
    (106, "Eb minor", "funk"),
    (130, "F major", "jazz"),
    (76, "D major", "reggae"),
    (96, "C major", "folk ballad with acoustic guitar"),
    (90, "Ab major", "classical piano"),
    (96, "C# minor", "cinematic orchestral"),
    (150, "B major", "8-bit arcade"),
    (120, "F major", "waltz with strings"),
)
ENHARMONIC = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}


@contextlib.contextmanager
def quiet():
    """essentia tells of itself on standard error when it is imported."""
    with Path(os.devnull).open("w") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@pytest.fixture(scope="module")
def judges():
    """What tells the tempo of a sound, and what tells its key."""
    need(importlib.util.find_spec("essentia"), "essentia is not installed")
    with quiet():
        from essentia import standard

    rhythm, keys = standard.RhythmExtractor2013(method="degara"), standard.KeyExtractor(profileType="bgate")

    def key(sound):
        note, mode, _ = keys(sound)
        return f"{ENHARMONIC.get(note, note)} {mode}"

    return (lambda sound: rhythm(sound)[0]), key


def test_the_prompts_name_keys_as_we_do():
    assert {key.split()[0] for _, key, _ in PROMPTS} <= set(NOTES)


@pytest.mark.timeout(900)
def test_prompts_are_obeyed_and_masters_are_clean(judges, tmp_path):
    tempo_of, key_of = judges
    engine = composer("composer", EngineConfig(models_dir="/nowhere"))
    tempi, keys, heard = [], [], set()
    for bpm, key, rest in PROMPTS:
        for seed in SEEDS:
            options = ComposeOptions(seconds=SECONDS, seed=seed)
            engine.compose(f"{rest} at {bpm} BPM in {key}", tmp_path, options, lambda _share: None)
            whole = FloatSound(tmp_path / "mix.f32", RATE)
            master([whole])
            sound = np.fromfile(whole.path, "<f4").reshape(-1, 2)
            assert len(sound) == SECONDS * RATE
            assert pyloudnorm.Meter(RATE).integrated_loudness(sound.astype(float)) == pytest.approx(-16, abs=0.5)
            assert np.abs(signal.resample_poly(sound, 8, 1)).max() <= 10 ** (-1 / 20)
            middle = sound.mean(axis=1)
            tempi.append((rest, bpm, tempo_of(middle)))
            keys.append((rest, key, key_of(middle)))
            heard.add(sound.tobytes())
    assert len(heard) == len(PROMPTS) * len(SEEDS)
    off = [found for found in tempi if not same_tempo(found[1], found[2])]
    assert len(off) <= 0.05 * len(tempi), off
    wrong = [found for found in keys if found[1] != found[2]]
    assert len(wrong) <= 0.1 * len(keys), wrong
