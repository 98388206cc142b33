"""The composer musicgen with torch, on a tiny model of random weights; `make neural` brings torch and runs this.

What every composer must do is in test_composers.py, and everything up to torch in tests/unit/engines/test_musicgen.py.
"""

import contextlib
import json

import numpy as np
import pytest

from cli_environment import Command
from model_hub import REVISION, ModelHub, serving
from needs import need_neural
from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import ComposeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.musicgen import EDGE_FRAMES, MusicgenComposer
from tenuto.engines.musicgen_net import open_net
from tiny_musicgen import RATE, make_model

need_neural("torch", "transformers")
HOP = 3200


@pytest.fixture(scope="module", params=[1, 2], ids=["mono", "stereo"])
def model(request, tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("musicgen"), channels=request.param)


@pytest.fixture(scope="module")
def mono(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("mono"))


def config_of(model, tmp_path, **given):
    return EngineConfig(models_dir=tmp_path, **{"musicgen_model": str(model), "device": "cpu", "threads": 1, **given})


def compose(config, folder, *, prompt="sad jazz", **options):
    found = MusicgenComposer(config).compose(prompt, folder, ComposeOptions(**options), lambda _share: None)
    return found, np.fromfile(folder / "mix.f32", "<f4").reshape(-1, 2)


def test_its_codes_are_the_sound_it_makes_and_the_next_window_goes_on_from_them(model, tmp_path):
    import torch

    net = open_net(model, config_of(model, tmp_path), name="tiny")
    net.sow(5)
    told = []
    codes, sound = net.go_on("pop", None, 40, told.append)
    assert (codes.shape, sound.shape) == ((4 * net.channels, 40), (net.channels, 40 * HOP))
    assert told == list(range(1, 40 + net.lag))
    with torch.no_grad():
        again = [
            net.model.audio_encoder.decode(codes[None, None, side :: net.channels], [None]).audio_values[0, 0]
            for side in range(net.channels)
        ]
    assert np.abs(torch.stack(again).numpy() - sound).max() < 1e-5
    longer, more = net.go_on("pop", codes[:, -15:], 20, told.append)
    assert (longer[:, :15] == codes[:, -15:]).all()
    assert more.shape == (net.channels, 35 * HOP)
    # Where one fades into the other they are the same, but for what little the codec remembers of what was before.
    seam = slice((15 - EDGE_FRAMES - 2) * HOP, (15 - EDGE_FRAMES) * HOP)
    assert np.abs(sound[:, 25 * HOP :][:, seam] - more[:, seam]).max() < 0.001 * np.ptp(sound)


def test_longer_music_is_made_of_windows_and_says_so(mono, tmp_path):
    found, heard = compose(config_of(mono, tmp_path), tmp_path, seconds=61.0, rate=RATE)
    assert len(heard) == found.frames == 61 * RATE
    assert found.details["windows"] == 3
    assert any("30 seconds at once" in warning for warning in found.warnings)
    assert np.abs(heard[-RATE:]).min() > 0


def test_a_mono_model_plays_on_both_sides_and_says_so(model, tmp_path):
    found, heard = compose(config_of(model, tmp_path), tmp_path, seconds=2.0)
    alike = bool((heard[:, 0] == heard[:, 1]).all())
    assert alike == (found.details["channels"] == 1) == any("mono" in warning for warning in found.warnings)


def test_the_length_is_what_the_prompt_says_where_nobody_else_does(mono, tmp_path):
    config = config_of(mono, tmp_path)
    assert compose(config, tmp_path, prompt="sad jazz, 3 seconds", rate=8000)[0].frames == 3 * 8000
    assert compose(config, tmp_path, rate=8000)[0].frames == 16 * 8000


def test_it_has_no_stems_and_no_score_and_says_so(mono, tmp_path):
    found = compose(config_of(mono, tmp_path), tmp_path, seconds=1.0, stems=True, midi=True)[0]
    assert found.stems == ()
    assert (found.bpm, found.key) == (None, None)
    assert any("no stems and no score" in warning for warning in found.warnings)
    assert [path.name for path in tmp_path.iterdir()] == ["mix.f32"]


def test_it_stops_in_the_middle_of_a_window(mono, tmp_path):
    told = []

    def stop(share):
        told.append(share)
        if share > 0.3:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        MusicgenComposer(config_of(mono, tmp_path)).compose("pop", tmp_path, ComposeOptions(seconds=20.0), stop)
    assert 0.3 < told[-1] < 0.4


def test_weights_that_do_not_fit_are_the_engines_trouble(tmp_path):
    model = make_model(tmp_path / "model")
    tensors = model / "model.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1000])
    with pytest.raises(errors.EngineError, match="cannot be loaded"):
        compose(config_of(model, tmp_path), tmp_path, seconds=1.0)


def test_code_that_comes_with_a_model_is_not_run(tmp_path):
    model = make_model(tmp_path / "model")
    (model / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap: pass\n")
    names = json.loads((model / "tokenizer_config.json").read_text())
    names |= {"tokenizer_class": "Trap", "auto_map": {"AutoTokenizer": [None, "trap.Trap"]}}
    (model / "tokenizer_config.json").write_text(json.dumps(names))
    with contextlib.suppress(errors.EngineError):  # It may be refused, or read without that code.
        compose(config_of(model, tmp_path), tmp_path, seconds=1.0)
    assert not (tmp_path / "sprung").exists()


def test_a_model_is_fetched_from_the_hub_without_its_pickles(mono, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    there = tmp_path / "there"
    there.mkdir()
    for path in mono.iterdir():
        (there / path.name).write_bytes(path.read_bytes())
    (there / "pytorch_model.bin").write_bytes(b"never fetched")
    with serving(ModelHub("acme/noise", there)) as hub:
        config = config_of("acme/noise", tmp_path, hub_url=hub.url)
        with pytest.raises(errors.EngineMissing, match="tenuto engines fetch musicgen"):
            compose(config, tmp_path, seconds=1.0)
        assert registry.fetch("musicgen", config, lambda _here, _total: None).ready
        assert compose(config, tmp_path, seconds=1.0)[0].model == f"acme/noise@{REVISION[:12]}"
    fetched = {path.name for path in (tmp_path / "musicgen" / "acme--noise").iterdir()}
    assert fetched == {path.name for path in mono.iterdir()} | {"tenuto-model.json"}


def test_a_job_tells_the_licence_beside_the_music(mono, tmp_path):
    command = Command(tmp_path, TENUTO_MUSICGEN_MODEL=str(mono), OMP_NUM_THREADS="1", TENUTO_DEVICE="cpu")
    done = command(
        "compose", "sad jazz", "--engine", "musicgen", "--seconds", "6", "--midi", "-o", "made.wav", "--json"
    )
    command.close()
    assert done.code == 0, done.err
    made = done.json["composition"]
    assert (made["engine"], made["weights_licence"], made["frames"]) == ("musicgen", "CC-BY-NC-4.0", 6 * 44_100)
    assert (made["composed"]["bpm"], made["composed"]["key"]) == (None, None)
    assert made["measured"]["loudness_lufs"] == pytest.approx(-16, abs=0.5)
    assert any("not for commercial use" in warning for warning in done.json["warnings"])
    assert (tmp_path / "made.wav").stat().st_size > 6 * 44_100 * 4
