"""Which engine works on a song when nobody names one, and why."""

import dataclasses

import pytest

from tenuto import errors
from tenuto.bootstrap import engine_config
from tenuto.engines import registry
from tenuto.engines.base import EngineReport
from tenuto.engines.choosing import choose_lyrics_aligner, choose_separator
from tenuto.engines.config import EngineConfig
from tenuto.settings import load


@pytest.fixture
def config(tmp_path):
    return EngineConfig(models_dir=tmp_path)


@pytest.mark.parametrize("ready", [True, False])
def test_the_better_separator_is_chosen_where_it_can_work(config, monkeypatch, ready):
    told = EngineReport("demucs", ready=ready, detail="Install the extra demucs.")
    monkeypatch.setattr(registry, "names", lambda _kind: ["embedded", "demucs"])
    monkeypatch.setattr(registry, "report", lambda _name, _config: told)
    choice = choose_separator("auto", config)
    assert choice.name == ("demucs" if ready else "embedded")
    assert "demucs" in choice.reason
    assert choice.hint == ("" if ready else told.detail)


def test_a_default_of_the_server_comes_before_that(config):
    chosen = choose_separator("auto", dataclasses.replace(config, separator="fake-separator"))
    assert (chosen.name, chosen.reason) == ("fake-separator", "The separator fake-separator is this server's default.")


def test_a_fake_is_on_offer_only_where_the_settings_name_it(config):
    for choose, name in ((choose_separator, "fake-separator"), (choose_lyrics_aligner, "fake-lyrics")):
        with pytest.raises(errors.ValidationError, match="choose one of"):
            choose(name, config)
        assert choose(name, dataclasses.replace(config, offered=(name,))).name == name


def test_a_separator_nobody_has_is_refused_with_the_name_of_the_setting():
    with pytest.raises(errors.SettingsError, match="TENUTO_SEPARATOR names 'nobody'"):
        engine_config(load(_env_file=None, separator="nobody"))
