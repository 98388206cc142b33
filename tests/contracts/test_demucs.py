"""The separator demucs with torch, on a tiny model of random weights; skipped where torch is not installed.

torch brings gigabytes, so the suite does not install it: `make neural` does, and runs these. Everything up to torch is
tested in tests/unit/engines/test_demucs_separator.py.
"""

import wave

import numpy as np
import pytest

from needs import need_neural
from tenuto import errors
from tenuto.engines import stems
from tenuto.engines.base import Separation
from tenuto.engines.config import EngineConfig
from tenuto.engines.demucs_separator import DemucsSeparator
from tiny_demucs import SOURCES, make_model

need_neural("torch", "demucs")
RATE = 44_100


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("demucs"), parts=2)


@pytest.fixture
def mix(tmp_path):
    samples = np.random.default_rng(1).normal(size=(7 * RATE, 2)) * 3000
    with wave.open(str(tmp_path / "mix.wav"), "wb") as writer:
        writer.setparams((2, 2, RATE, 0, "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())
    return tmp_path / "mix.wav"


def engine(tmp_path, model):
    return DemucsSeparator(EngineConfig(models_dir=tmp_path, demucs_model=str(model), device="cpu", threads=1))


def read(path):
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)


def test_a_local_model_parts_a_mix_into_stems_that_sum_to_it(monkeypatch, tmp_path, model, mix):
    monkeypatch.setattr(stems, "BLOCK_SECONDS", 5.0)
    told = []
    found = engine(tmp_path, model).separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", "", told.append)
    assert isinstance(found, Separation)
    assert (found.method, found.model, found.details["sources"]) == ("source separation", str(model), SOURCES)
    assert (read(tmp_path / "v.wav").astype(int) + read(tmp_path / "i.wav") == read(mix)).all()
    assert told == sorted(told)
    assert len(told) > 10
    assert told[-1] == 1.0


def test_what_it_finds_is_what_demucs_finds(tmp_path, model, mix):
    import torch
    from demucs.apply import BagOfModels, apply_model
    from demucs.hf import load_safetensors_model

    engine(tmp_path, model).separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", "", lambda _share: None)
    bag = BagOfModels([load_safetensors_model(file) for file in sorted(model.glob("*.safetensors"))])
    bag.eval()
    sound = torch.from_numpy(read(mix).T.astype(np.float32) / 32_768)
    middle = sound.mean(0)
    with torch.no_grad():
        parts = apply_model(bag, ((sound - middle.mean()) / middle.std())[None], shifts=0, overlap=0.25)[0]
    wanted = (parts[SOURCES.index("vocals")] * middle.std() + middle.mean()).numpy().T * 32_768
    assert np.abs(read(tmp_path / "v.wav") - np.clip(wanted, -32_768, 32_767)).max() < 20


def test_it_stops_between_two_stretches(tmp_path, model, mix):
    def stop(share):
        if share > 0.2:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        engine(tmp_path, model).separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", "", stop)


def test_a_model_without_voices_is_refused(tmp_path, mix):
    folder = make_model(tmp_path / "other", sources=["drums", "bass"])
    with pytest.raises(errors.EngineError, match="not for voices"):
        engine(tmp_path, folder).separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", "", lambda _share: None)


def test_a_part_that_is_cut_off_is_the_engines_trouble(tmp_path, mix):
    folder = make_model(tmp_path / "cut")
    part = folder / "part0.safetensors"
    part.write_bytes(part.read_bytes()[:-1000])
    with pytest.raises(errors.EngineError, match="cannot be loaded"):
        engine(tmp_path, folder).separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", "", lambda _share: None)
