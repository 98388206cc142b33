import json
from pathlib import Path

import pytest

from tenuto import errors
from tenuto.engines.config import EngineConfig


def test_the_configuration_survives_json():
    config = EngineConfig(Path("/models"), whisper_model="tiny", threads=3, allow_fetch=True)
    assert EngineConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_an_unknown_setting_is_named():
    with pytest.raises(errors.ValidationError, match="colour"):
        EngineConfig.from_json({"models_dir": "/models", "colour": "red"})


def test_a_missing_folder_is_named():
    with pytest.raises(errors.ValidationError, match="models_dir is missing"):
        EngineConfig.from_json({})
