"""What the composer musicgen does before torch is needed; tests/contracts/test_musicgen.py runs it with a model."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.engines import musicgen, registry
from tenuto.engines.base import ComposeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.model_cards import licence_warning
from tenuto.engines.musicgen_models import called, checked, licence_of, locate, wanted
from tenuto.engines.musicgen_sound import joined, write_floats


def model(folder, *, kind="musicgen", weights="model.safetensors", card=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / weights).write_bytes(b"weights")
    if card is not None:
        (folder / "README.md").write_text(card)
    return folder


def config(tmp_path, name="facebook/musicgen-small"):
    return EngineConfig(models_dir=tmp_path, musicgen_model=str(name))


def test_a_folder_of_pickles_is_refused(tmp_path):
    with pytest.raises(errors.EngineError, match="pickles, which may run code, and are never opened"):
        checked(model(tmp_path, weights="pytorch_model.bin"))


def test_another_kind_of_model_is_refused_by_its_name(tmp_path):
    with pytest.raises(errors.EngineError, match="'musicgen_melody'; only 'musicgen'"):
        checked(model(tmp_path, kind="musicgen_melody"))


def test_a_folder_without_a_model_says_what_is_missing(tmp_path):
    with pytest.raises(errors.EngineError, match=r"no config\.json and no tokenizer\.json"):
        checked(tmp_path)
    with pytest.raises(errors.EngineMissing, match="no folder"):
        locate(config(tmp_path, tmp_path / "nowhere"))


@pytest.mark.parametrize("content", ["", "{", "[1]", '"musicgen"'])
def test_a_damaged_description_is_an_error_with_its_place(tmp_path, content):
    (model(tmp_path) / "config.json").write_text(content)
    with pytest.raises(errors.EngineError, match=r"MusicGen model|of the kind None"):
        checked(tmp_path)


@pytest.mark.parametrize("name", ["musicgen-small", "a/b/c", "acme/../x", "", "acme/ x"])
def test_a_name_that_the_hub_cannot_have_names_the_setting(tmp_path, name):
    with pytest.raises(errors.ValidationError, match="TENUTO_MUSICGEN_MODEL"):
        locate(config(tmp_path, name))


def test_a_fetched_model_is_found_and_called_by_its_revision(tmp_path):
    home = model(tmp_path / "musicgen" / "acme--noise")
    (home / "tenuto-model.json").write_text(
        json.dumps({"name": "acme/noise", "revision": "0123456789abcdef" + "0" * 24})
    )
    assert locate(config(tmp_path, "acme/noise")) == home
    assert called(config(tmp_path, "acme/noise"), home) == "acme/noise@0123456789ab"


def test_a_folder_is_called_by_its_last_name_only(tmp_path):
    folder = model(tmp_path / "secret" / "noise")
    assert called(config(tmp_path, folder), folder) == "noise"


def test_only_what_a_model_needs_is_fetched():
    names = ["config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "README.md", "generation_config.json"]
    others = ["pytorch_model.bin", "state_dict.bin", "old/model.safetensors", "modeling_trap.py", "config.json.py"]
    assert [name for name in [*names, *others] if wanted(name)] == names


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: cc-by-nc-4.0\n---\n", "CC-BY-NC-4.0"),
        ("---\r\ntags:\r\n- music\r\nlicense: 'apache-2.0'\r\n---\r\n", "apache-2.0"),
        ("---\nlicense: other\nlicense_name: our-own\n---\n", "our-own"),
        ("# A model\nlicense: mit\n", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_licence_is_what_the_models_card_says(tmp_path, card, licence):
    folder = model(tmp_path, card=card)
    assert licence_of(config(tmp_path, folder), folder) == licence


def test_the_licence_of_metas_weights_is_known_without_their_card(tmp_path):
    assert licence_of(config(tmp_path), None) == "CC-BY-NC-4.0"
    assert licence_of(config(tmp_path), model(tmp_path)) == "CC-BY-NC-4.0"
    assert licence_of(config(tmp_path, "acme/musicgen"), None) == "unknown"


def test_a_warning_stands_where_music_may_not_be_used_for_anything():
    assert "not for commercial use" in licence_warning("m", "CC-BY-NC-4.0")
    assert "ask who made them" in licence_warning("m", "unknown")
    assert licence_warning("m", "apache-2.0") == ""


def test_without_the_packages_it_says_what_to_install_and_what_the_licence_is(tmp_path, monkeypatch):
    monkeypatch.setattr(musicgen, "_installed", lambda: False)
    report = registry.report("musicgen", config(tmp_path))
    assert (report.ready, report.fetchable, report.licence) == (False, False, "CC-BY-NC-4.0")
    assert "pip install 'tenuto[musicgen]'" in report.detail
    assert "not for commercial use" in report.detail
    engine = registry.load("musicgen", registry.COMPOSER)(config(tmp_path))
    for use in (
        lambda: engine.compose("pop", tmp_path, ComposeOptions(), lambda _share: None),
        lambda: registry.fetch("musicgen", config(tmp_path), lambda _here, _total: None),
    ):
        with pytest.raises(errors.EngineMissing, match=r"tenuto\[musicgen\]"):
            use()


@given(
    st.lists(st.integers(5, 40), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_windows_that_agree_are_joined_without_a_trace(lengths, fade):
    whole = np.random.default_rng(1).normal(size=(2, sum(lengths))).astype(np.float32)
    ends = np.cumsum(lengths)
    pieces = [
        whole[:, max(0, end - length - (fade if end > length else 0)) : end].copy()
        for length, end in zip(lengths, ends, strict=True)
    ]
    found = np.concatenate(list(joined(iter(pieces), fade)), axis=1)
    assert found.shape == whole.shape
    assert np.abs(found - whole).max() < 1e-6


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("rate", "seconds"), [(32_000, 1.0), (44_100, 0.77), (8_000, 1.5)])
def test_sound_is_written_at_any_rate_and_exactly_as_long(tmp_path, channels, rate, seconds):
    times = np.arange(32_000) / 32_000
    sound = np.stack([np.sin(2 * np.pi * 440 * times) / side for side in range(1, channels + 1)]).astype(np.float32)
    pieces = np.array_split(sound, 7, axis=1)
    frames = round(seconds * rate)
    write_floats(iter(pieces), tmp_path / "mix.f32", rate=32_000, wanted_rate=rate, frames=frames)
    found = np.fromfile(tmp_path / "mix.f32", "<f4").reshape(-1, 2)
    assert len(found) == frames
    wanted_sound = np.sin(2 * np.pi * 440 * np.arange(frames) / rate)
    inside = slice(100, min(frames, rate) - 100)
    assert np.abs(found[inside, 0] - wanted_sound[inside]).max() < 0.01
    assert np.abs(found[inside, 1] - wanted_sound[inside] / channels).max() < 0.01
    assert not found[rate + 100 :].any()
