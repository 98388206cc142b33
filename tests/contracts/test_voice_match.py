"""espeak-ng bent towards samples of other voices, and what it says then."""

import importlib.util
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from needs import need
from recordings import write_wave
from spoken import SENTENCES, VOICES, speak
from tenuto import errors
from tenuto.engines import espeak, registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.espeak_data import add_variant, own_data
from tenuto.engines.voice_match import match
from tenuto.engines.voice_measure import at_rate, distance, measure
from tenuto.engines.voice_shape import VoiceShape

SHAPE = VoiceShape(82, 35, (90.0, 95.0, 97.0, 98.0), 140, (3.0,) * 20 + (-3.0,) * 20)
TEXT = "Tenuto holds every note for its full length."


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    need(importlib.util.find_spec("espeakng_loader"), "the extra `speech` is not installed")
    return EngineConfig(models_dir=tmp_path_factory.mktemp("models"))


def said(config, folder, **options):
    target = folder / "said.wav"
    found = registry.narrator("espeak", config).narrate(TEXT, target, NarrateOptions(**options), lambda _share: None)
    with wave.open(str(target)) as sound:
        return found, sound.readframes(sound.getnframes())


@pytest.mark.parametrize("voice", VOICES[:3])
def test_a_matched_voice_is_nearer_to_the_sample_than_the_plain_one(voice, config, tmp_path):
    samples = np.concatenate([spoken.samples for text in SENTENCES if (spoken := speak(text, voice)) is not None])
    audio = write_wave(tmp_path / "sample.wav", samples)
    shares = []
    found = match({"audio": str(audio), "config": config.to_json(), "folder": str(tmp_path)}, shares.append)
    before, after = found["before"], found["after"]
    assert after["pitch_semitones"] < 1
    assert after["timbre_db"] < 0.5 * before["timbre_db"]
    assert after["formants_percent"] < max(7, before["formants_percent"])
    assert found["method"] == "voice matching"
    assert [each["progress"] for each in shares] == sorted(each["progress"] for each in shares)
    assert VoiceShape.from_json(found["shape"]).name.startswith("tenuto")


def test_a_short_sample_is_said_to_be_short(config, tmp_path):
    audio = write_wave(tmp_path / "sample.wav", speak(SENTENCES[0], "rms").samples)
    found = match({"audio": str(audio), "config": config.to_json(), "folder": str(tmp_path)}, lambda _event: None)
    assert "a minute of it would be nearer" in found["warnings"][0]


def test_a_shaped_voice_tells_the_same_words_and_sounds_otherwise(config, tmp_path):
    plain, sound = said(config, tmp_path)
    shaped, other = said(config, tmp_path, shape=SHAPE.to_json())
    assert [word.text for word in shaped.words] == [word.text for word in plain.words]
    assert other != sound


def test_the_plain_voice_is_the_same_after_a_shaped_one_spoke(config, tmp_path):
    first, sound = said(config, tmp_path)
    said(config, tmp_path, shape=SHAPE.to_json())
    again, other = said(config, tmp_path)
    assert again.voice == first.voice
    assert abs(again.duration_ms - first.duration_ms) < 40  # espeak itself differs by some ms from call to call
    apart = distance(heard(sound), heard(other))
    assert max(apart.pitch_semitones, apart.timbre_db) < 0.5


def heard(pcm):
    return measure(at_rate(np.frombuffer(pcm, np.int16).astype(float), 22_050, 16_000))


def test_a_shape_holds_in_every_language(config, tmp_path):
    for language in ("de", "ru", "cmn"):
        found, _ = said(config, tmp_path, language=language, shape=SHAPE.to_json())
        assert found.voice == f"{language}+{SHAPE.name}"


def test_a_bad_shape_is_refused_before_anything_is_spoken(config, tmp_path):
    with pytest.raises(errors.ValidationError, match="match it anew"):
        said(config, tmp_path, shape={**SHAPE.to_json(), "version": 7})


def test_engines_that_cannot_be_shaped_say_so(config, tmp_path):
    flite = registry.narrator("flite", config)
    need(flite.report(config).ready, "the program flite is not installed")
    with pytest.raises(errors.ValidationError, match="espeak can"):
        flite.narrate(TEXT, tmp_path / "x.wav", NarrateOptions(shape=SHAPE.to_json()), lambda _share: None)


def test_many_processes_may_make_the_folder_of_voices_at_once(config, tmp_path):
    package = espeak._open().package
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: own_data(package, tmp_path), range(16)))
        names = set(pool.map(lambda _: add_variant(next(iter(folders)), SHAPE), range(16)))
    assert len(folders) == len(names) == 1
    assert (next(iter(folders)) / "voices/!v" / SHAPE.name).read_text() == SHAPE.variant()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(errors.EngineError, match="may write to its folder of models"):
        own_data(Path(espeak._open().package), blocked)
