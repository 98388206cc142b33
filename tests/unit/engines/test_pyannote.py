"""The diarizer pyannote, against a package of that name that answers as versions 3 and 4 do."""

import sys

import numpy as np
import pytest

from recordings import write_wave
from tenuto import errors
from tenuto.domain.speakers import Turn
from tenuto.engines import registry
from tenuto.engines.base import DiarizeOptions
from tenuto.engines.config import EngineConfig

AUDIO = """
import json, os
from types import SimpleNamespace as Found

SAID = [(0.0, 1.5, "B"), (1.5, 2.0, "A"), (2.0, 3.0, "B")]

class Annotation:
    def __init__(self, said):
        self.said = said
    def itertracks(self, yield_label):
        assert yield_label
        return ((Found(start=start, end=end), "_", label) for start, end, label in self.said)

class Pipeline:
    asked = []
    @classmethod
    def from_pretrained(cls, name):
        if name == "refused":
            return None
        if name == "absent":
            raise OSError("no such model")
        found = cls()
        found.name = name
        return found
    def to(self, device):
        raise AssertionError("there is no such device")
    def __call__(self, audio, hook, **wanted):
        Pipeline.asked.append(wanted)
        if self.name.endswith("broken"):
            raise RuntimeError("out of memory")
        hook("segmentation", None, completed=1, total=2)
        hook("embeddings", None, completed=2, total=2)
        hook("discrete_diarization", None)
        if self.name.endswith("three"):
            return Annotation(SAID)
        overlapping = Annotation([(0.0, 3.0, "A"), *SAID])
        return Found(speaker_diarization=overlapping, exclusive_speaker_diarization=Annotation(SAID))
"""
TORCH = "class cuda:\n    is_available = staticmethod(lambda: False)\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    (folder / "pyannote" / "audio").mkdir(parents=True)
    (folder / "pyannote" / "audio" / "__init__.py").write_text(AUDIO)
    (folder / "torch.py").write_text(TORCH)
    (folder / "pyannote.audio-4.0.dist-info").mkdir()
    (folder / "pyannote.audio-4.0.dist-info" / "METADATA").write_text("Name: pyannote.audio\nVersion: 4.0\n")
    monkeypatch.syspath_prepend(folder)
    yield lambda: sys.modules["pyannote.audio"].Pipeline
    for name in [name for name in sys.modules if name.split(".")[0] in ("pyannote", "torch")]:
        del sys.modules[name]


@pytest.fixture
def audio(tmp_path):
    return write_wave(tmp_path / "said.wav", np.random.default_rng(1).normal(size=48_000) * 3000)


def diarizer(tmp_path, model="four", **given):
    config = EngineConfig(models_dir=tmp_path, pyannote_model=model, **{"allow_fetch": True, **given})
    return registry.diarizer("pyannote", config)


@pytest.mark.parametrize("model", ["three", "four"])
def test_answers_of_both_versions_become_turns(package, audio, tmp_path, model):
    told = []
    found = diarizer(tmp_path, model).diarize(audio, DiarizeOptions(number=2), told.append)
    assert found.turns == (Turn(0, 1500, 0), Turn(1500, 2000, 1), Turn(2000, 3000, 0))
    assert [len(voice) for voice in found.voices] == [256, 256]
    assert (found.method, found.voice_model) == ("pyannote", "ge2e")
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert package().asked == [{"num_speakers": 2}]


def test_bounds_are_handed_on(package, audio, tmp_path):
    diarizer(tmp_path).diarize(audio, DiarizeOptions(at_least=2, at_most=5), lambda _share: None)
    assert package().asked == [{"min_speakers": 2, "max_speakers": 5}]


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("refused", {}, "accept its terms"),
        ("absent", {}, "no such model"),
        ("owner/model", {"allow_fetch": False}, "TENUTO_PYANNOTE_MODEL"),
    ],
)
@pytest.mark.usefixtures("package")
def test_a_model_that_cannot_be_had_says_what_to_do(audio, tmp_path, model, given, message):
    with pytest.raises(errors.EngineMissing, match=message):
        diarizer(tmp_path, model, **given).diarize(audio, DiarizeOptions(), lambda _share: None)


def test_a_failure_of_the_package_is_one_of_the_engine(package, audio, tmp_path):
    with pytest.raises(errors.EngineError, match="out of memory"):
        diarizer(tmp_path, "broken").diarize(audio, DiarizeOptions(), lambda _share: None)


def test_the_report_names_version_and_model(package, tmp_path):
    report = registry.report("pyannote", EngineConfig(models_dir=tmp_path))
    assert report.ready
    assert "pyannote.audio 4.0 with pyannote/speaker-diarization-community-1" in report.detail
    assert "torch" not in sys.modules
