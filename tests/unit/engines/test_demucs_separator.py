"""The separator demucs, against a package of that name that answers as version 4.1 does; torch is numpy here.

tests/contracts/test_demucs.py runs the real package, where it and torch are installed.
"""

import importlib
import json
import sys
import wave

import numpy as np
import pytest

from model_hub import ModelHub, serving
from tenuto import errors
from tenuto.engines import registry, stems
from tenuto.engines.config import EngineConfig
from tenuto.engines.demucs_models import read_bag
from tiny_demucs import SOURCES, write_tensors

KNOWN = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": "{}"}
RATE = 44_100
TORCH = """
import contextlib
no_grad = contextlib.nullcontext
asked = []
set_num_threads = asked.append
class cuda:
    is_available = staticmethod(lambda: False)
class Tensor:
    def __init__(self, values): self.values = values
    def __getitem__(self, key): return Tensor(self.values[key])
    def cpu(self): return self
    def numpy(self): return self.values
    @property
    def shape(self): return self.values.shape
from_numpy = Tensor
"""
APPLY = """
import numpy as np, torch
class BagOfModels:
    samplerate, audio_channels = 44_100, 2
    def __init__(self, models, weights=None, segment=None):
        self.models, self.weights, self.segment = models, weights, segment
        self.sources = models[0]
    def eval(self): pass
def apply_model(net, mix, shifts, split, overlap, device, progress, callback):
    assert (shifts, split, progress, device) == (0, True, False, "cpu")
    if net.segment == 13:
        raise RuntimeError("out of memory")
    for number in range(len(net.models)):
        for offset in range(0, mix.shape[-1], 40_000):
            for state in ("start", "end"):
                callback({"model_idx_in_bag": number, "models": len(net.models), "segment_offset": offset, "state": state})
    return torch.Tensor(np.stack([mix.values[0] * share for share in (0.1, 0.2, 0.3, 0.4)])[None])
"""
HF = """
def load_safetensors_model(path):
    return ["drums", "bass", "other", "vocals"] if "quiet" not in path.name else ["drums"]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "demucs").mkdir(parents=True)
    (site / "demucs-4.1.0.dist-info").mkdir()
    (site / "demucs-4.1.0.dist-info" / "METADATA").write_text("Name: demucs\nVersion: 4.1.0\n")
    (site / "torch.py").write_text(TORCH)
    (site / "demucs" / "__init__.py").write_text("")
    (site / "demucs" / "apply.py").write_text(APPLY)
    (site / "demucs" / "hf.py").write_text(HF)
    monkeypatch.syspath_prepend(site)
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("demucs", "torch")}
    for name in kept:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("demucs", "torch")]:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.fixture
def mix(tmp_path):
    samples = np.random.default_rng(1).normal(size=(3 * RATE, 2)) * 3000
    with wave.open(str(tmp_path / "mix.wav"), "wb") as writer:
        writer.setparams((2, 2, RATE, 0, "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())
    return tmp_path / "mix.wav"


def model(folder, names=("one", "two"), segment=None):
    for name in names:
        write_tensors(folder / f"{name}.safetensors", KNOWN)
    (folder / "net.yaml").write_text(json.dumps({"models": list(names), "segment": segment}))
    return folder


def separate(tmp_path, mix, name="", told=None, **given):
    config = EngineConfig(models_dir=tmp_path, **{"any_model": False, "device": "auto", **given})
    engine = registry.load("demucs", registry.SEPARATOR)(config)
    tell = (told if told is not None else []).append
    return engine.separate(mix, tmp_path / "v.wav", tmp_path / "i.wav", name, tell)


def read(path):
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2).astype(int)


@pytest.mark.usefixtures("package")
def test_the_voice_is_one_source_and_the_band_is_the_rest(tmp_path, mix, monkeypatch):
    monkeypatch.setattr(stems, "BLOCK_SECONDS", 2.5)
    told, folder = [], model(tmp_path / "net")
    found = separate(tmp_path, mix, told=told, demucs_model=str(folder), threads=3)
    assert (found.method, found.model, found.details["sources"]) == ("source separation", str(folder), SOURCES)
    vocals, band, whole = read(tmp_path / "v.wav"), read(tmp_path / "i.wav"), read(mix)
    assert (vocals + band == whole).all()
    assert np.abs(vocals - 0.4 * whole).max() < 10  # The mean of a block is kept as it is.
    assert told == sorted(told)
    assert len(told) > 10
    assert importlib.import_module("torch").asked == [3]


@pytest.mark.usefixtures("package")
def test_a_fetched_model_is_found_by_its_name(tmp_path, mix):
    model(tmp_path / "demucs" / "mdx_extra")
    assert separate(tmp_path, mix, "mdx_extra").model == "mdx_extra"


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("htdemucs", errors.EngineMissing, "engines fetch demucs"),
        ("../net", errors.ValidationError, "cannot be used here"),
        ("/etc", errors.ValidationError, "cannot be used here"),
        ("acme/evil", errors.ValidationError, "cannot be used here"),
        ("mdx_q", errors.ValidationError, "cannot be used here"),
    ],
)
@pytest.mark.usefixtures("package")
def test_a_request_names_known_models_only(tmp_path, mix, name, error, told):
    with pytest.raises(error, match=told):
        separate(tmp_path, mix, name)


@pytest.mark.usefixtures("package")
def test_trouble_with_the_package_is_the_engines(tmp_path, mix):
    with pytest.raises(errors.EngineError, match="out of memory"):
        separate(tmp_path, mix, demucs_model=str(model(tmp_path / "net", segment=13)))
    with pytest.raises(errors.EngineError, match="not for voices"):
        separate(tmp_path, mix, demucs_model=str(model(tmp_path / "other", ("quiet",))))
    with pytest.raises(errors.EngineMissing, match="no folder"):
        separate(tmp_path, mix, demucs_model=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("metadata", [{**KNOWN, "klass": "os.system"}, {**KNOWN, "structure": "{}"}])
def test_tensors_that_ask_for_other_code_are_not_opened(tmp_path, metadata):
    write_tensors(tmp_path / "net" / "one.safetensors", metadata)
    with pytest.raises(errors.EngineError, match="not opened"):
        read_bag(tmp_path / "net")


def test_pickles_are_refused(tmp_path):
    (tmp_path / "955717e8-8726e21a.th").write_bytes(b"\x80\x04.")
    with pytest.raises(errors.EngineError, match="pickles"):
        read_bag(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 8, (4).to_bytes(8, "little") + b"nope", (2).to_bytes(8, "little") + b"{}"]
)
def test_a_damaged_part_is_named(tmp_path, content):
    (tmp_path / "one.safetensors").write_bytes(content)
    with pytest.raises(errors.EngineError, match=r"one\.safetensors is not a part"):
        read_bag(tmp_path)


@pytest.mark.parametrize("listing", ["models: [../../etc]", "models: []", "- 1", "models: [", "{}"])
def test_a_list_that_leads_elsewhere_is_refused(tmp_path, listing):
    pytest.importorskip("yaml")
    write_tensors(tmp_path / "one.safetensors", KNOWN)
    (tmp_path / "net.yaml").write_text(listing)
    with pytest.raises(errors.EngineError, match="list of a Demucs model"):
        read_bag(tmp_path)


def test_a_part_that_is_listed_and_missing_is_named(tmp_path):
    model(tmp_path, ("one", "two"))
    (tmp_path / "two.safetensors").unlink()
    with pytest.raises(errors.EngineError, match=r"two\.safetensors"):
        read_bag(tmp_path)


@pytest.mark.usefixtures("package")
def test_the_report_says_what_is_missing(tmp_path):
    config = EngineConfig(models_dir=tmp_path, allow_fetch=False)
    report = registry.report("demucs", config)
    assert (report.ready, report.fetchable, report.licence) == (False, True, "MIT")
    assert "tenuto engines fetch demucs" in report.detail
    model(tmp_path / "demucs" / "htdemucs")
    report = registry.report("demucs", config)
    assert report.ready
    assert "demucs 4.1.0" in report.detail
    assert "torch" not in sys.modules


def test_without_the_package_it_says_what_to_install(tmp_path, mix, monkeypatch):
    monkeypatch.setattr("tenuto.engines.demucs_separator._installed", lambda: False)
    assert "pip install 'tenuto[demucs]'" in registry.report("demucs", EngineConfig(models_dir=tmp_path)).detail
    with pytest.raises(errors.EngineMissing, match=r"tenuto\[demucs\]"):
        separate(tmp_path, mix)


@pytest.mark.usefixtures("package")
def test_a_model_is_fetched_from_the_hub(tmp_path, mix, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    there = model(tmp_path / "there")
    (there / "net.yaml").rename(there / "mdx.yaml")
    (there / "weights.th").write_bytes(b"never fetched")
    with serving(ModelHub("adefossez/Demucs-mdx", there)) as hub:
        given = {"demucs_model": "mdx", "allow_fetch": True, "hub_url": hub.url}
        assert separate(tmp_path, mix, **given).model == "mdx"
    fetched = {path.name for path in (tmp_path / "demucs" / "mdx").iterdir()}
    assert fetched == {"mdx.yaml", "one.safetensors", "two.safetensors", "tenuto-model.json"}
