"""The embedded composer, judged by meters that are not ours: tempo and key by essentia, loudness by pyloudnorm."""

import contextlib
import importlib.util
import itertools
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
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.styles import STYLES
from tenuto.engines.config import EngineConfig
from tenuto.media.floats import FloatSound
from tenuto.media.mastering import master

pytestmark = pytest.mark.slow
RATE, SECONDS, SEEDS = 44_100, 12.0, (1, 2)
# Each group keeps the bounds by itself; neighbours in the list are alike, and go to different groups.
GROUPS = 4
TEMPO_WRONG, KEY_WRONG = 0.05, 0.1  # of the pieces of a group, at most
# A prompt, and the tempo and key that it names; drums have no key.
PROMPTS = (
    ("Hip hop beat in D minor at 92 BPM", 92, "D minor"),
    ("boom bap with rhodes, Gm, 86 bpm", 86, "G minor"),
    ("dark trap with 808s, F# minor, 140 BPM", 140, "F# minor"),
    ("drill 142 in C minor, no melody", 142, "C minor"),
    ("lo-fi beats to study to in Eb major, 78 bpm", 78, "Eb major"),
    ("deep house in A minor at 122", 122, "A minor"),
    ("disco, bpm: 116, key of E minor", 116, "E minor"),
    ("driving techno Cm 132bpm", 132, "C minor"),
    ("festival EDM at 128 BPM in G major", 128, "G major"),
    ("uplifting trance 138, A major", 138, "A major"),
    ("80s synthwave, 100 BPM, B minor", 100, "B minor"),
    ("drum and bass 174 in Bb minor", 174, "Bb minor"),
    ("slow 140 BPM dubstep in F minor", 140, "F minor"),
    ("punk rock in A at 168", 168, "A major"),
    ("rock, E major, 120-124 bpm", 122, "E major"),
    ("heavy metal at 160 in C# minor", 160, "C# minor"),
    ("blues in E at 100", 100, "E major"),
    ("pop song with piano, 112 BPM, in G", 112, "G major"),
    ("happy ukulele pop in C at 105", 105, "C major"),
    ("funk in Eb minor, 106 bpm", 106, "Eb minor"),
    ("bossa nova in B flat minor at 124", 124, "Bb minor"),
    ("jazz in F, 130 bpm", 130, "F major"),
    ("fast bebop, Bb major, 200 BPM", 200, "Bb major"),
    ("reggae in D, 76 BPM", 76, "D major"),
    ("folk ballad with acoustic guitar in C major at 96", 96, "C major"),
    ("celtic jig in D at 110", 110, "D major"),
    ("waltz in D at 96", 96, "D major"),
    ("waltz with strings, F major, 150 bpm", 150, "F major"),
    ("6/8 ballad in G at 60", 60, "G major"),
    ("5/4 jazz in F minor at 150", 150, "F minor"),
    ("7/8 rock at 140 in E minor", 140, "E minor"),
    ("solo piano in Ab major, 90 bpm", 90, "Ab major"),
    ("string quartet in B minor at 100 BPM", 100, "B minor"),
    ("baroque harpsichord, fis-Moll, 112 bpm", 112, "F# minor"),
    ("epic cinematic trailer in C# minor, 96 BPM", 96, "C# minor"),
    ("sad orchestral score at 70 in G# minor", 70, "Ab minor"),
    ("ambient pads with drums, Db major, 80 bpm", 80, "C# major"),
    ("8-bit arcade in B major at 150", 150, "B major"),
    ("drums only at 120 BPM", 120, None),
    ("slow soul at 64 BPM in Ab minor, no drums", 64, "Ab minor"),
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


def test_the_prompts_say_what_is_expected_of_them():
    assert len(set(PROMPTS)) == 40
    for prompt, bpm, key in PROMPTS:
        brief = read(prompt)
        assert (brief.bpm, brief.scale.key if brief.instruments else None) == (bpm, key)
        assert set(brief.ignored) <= {"slow"}, prompt  # 140 BPM is not slow for dubstep
    assert {key.split()[0] for _, _, key in PROMPTS if key} == set(NOTES)
    assert {read(prompt).style for prompt, _, _ in PROMPTS} == set(STYLES.values())


@pytest.mark.parametrize("group", range(GROUPS))
def test_prompts_are_obeyed_and_masters_are_clean(judges, tmp_path, group):
    tempo_of, key_of = judges
    engine = composer("composer", EngineConfig(models_dir="/nowhere"))
    tempi, keys, heard = [], [], set()
    for (prompt, bpm, key), seed in itertools.product(PROMPTS[group::GROUPS], SEEDS):
        options = ComposeOptions(seconds=SECONDS, seed=seed)
        found = engine.compose(prompt, tmp_path, options, lambda _share: None)
        whole = FloatSound(tmp_path / "mix.f32", RATE)
        master([whole])
        sound = np.fromfile(whole.path, "<f4").reshape(-1, 2)
        assert len(sound) == SECONDS * RATE, prompt
        assert pyloudnorm.Meter(RATE).integrated_loudness(sound.astype(float)) == pytest.approx(-16, abs=0.5), prompt
        # Four times the rate is what BS.1770 asks of a meter of true peaks.
        assert np.abs(signal.resample_poly(sound, 4, 1)).max() <= 10 ** (-1 / 20), prompt
        middle = sound.mean(axis=1)
        tempi.append((prompt, seed, bpm, tempo_of(middle), found.details["metre"]))
        if key:
            keys.append((prompt, seed, key, key_of(middle)))
        heard.add(sound.tobytes())
    assert len(heard) == len(tempi)
    off = [piece for piece in tempi if not same_tempo(*piece[2:])]
    assert len(off) <= TEMPO_WRONG * len(tempi), off
    wrong = [piece for piece in keys if piece[2] != piece[3]]
    assert len(wrong) <= KEY_WRONG * len(keys), wrong
