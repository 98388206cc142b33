import numpy as np
import pytest

from recordings import write_wave
from tenuto import errors
from tenuto.engines import work
from tenuto.engines.base import TranscribeOptions
from tenuto.engines.config import EngineConfig


@pytest.fixture
def payload(tmp_path):
    sound = write_wave(tmp_path / "sound.wav", np.zeros(16_000))
    return {"engine": "fake", "config": EngineConfig(tmp_path).to_json(), "audio": str(sound)}


def warm_engine(payload):
    work.transcribe(payload, lambda _event: None)
    (engine,) = work._warm.values()
    return engine


def test_an_engine_stays_warm_between_calls(payload):
    assert warm_engine(payload) is warm_engine(payload)


@pytest.mark.parametrize("change", [{"options": {"model": "other"}}, {"config": {"models_dir": "/elsewhere"}}])
def test_another_model_or_configuration_takes_its_place(payload, change):
    assert warm_engine(payload) is not warm_engine(payload | change)


def test_options_survive_json():
    options = TranscribeOptions(language="en", model="x", hot_words=("one", "two"), extra={"key": [1]})
    assert work.options_from_json(work.options_to_json(options)) == options


def test_unknown_options_are_refused(payload):
    with pytest.raises(errors.ValidationError, match="colour"):
        work.transcribe(payload | {"options": {"colour": "red"}}, lambda _event: None)
