"""One contract for every composer that ships."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from needs import need_neural
from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import ComposeOptions
from tenuto.engines.choosing import composer
from tenuto.engines.config import EngineConfig
from tiny_musicgen import make_model

CONFIG = EngineConfig(models_dir="/nowhere", device="cpu", threads=1)
PROMPT = "Funky house in A minor at 124 BPM"


@pytest.fixture(scope="module", params=["composer", "fake-composer", "musicgen"])
def config(request, tmp_path_factory):
    """What an engine needs to work here; its name is what `default_engine` is free to say."""
    if request.param != "musicgen":
        return dataclasses.replace(CONFIG, default_engine=request.param)
    need_neural("torch", "transformers")
    model = make_model(tmp_path_factory.mktemp("musicgen"), channels=2)
    return dataclasses.replace(CONFIG, default_engine="musicgen", musicgen_model=str(model))


@pytest.fixture(scope="module")
def engine(config):
    return composer(config.default_engine, config)


def composed(engine, folder, prompt=PROMPT, progress=lambda _share: None, **options):
    folder.mkdir(exist_ok=True)
    found = engine.compose(prompt, folder, ComposeOptions(**options), progress)
    return found, sound(folder, "mix")


def sound(folder, name):
    return np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, 2)


@pytest.mark.parametrize(("seconds", "rate"), [(1.0, 8_000), (7.77, 44_100), (12.0, 48_000)])
def test_the_length_is_exact_to_the_sample(engine, tmp_path, seconds, rate):
    found, heard = composed(engine, tmp_path, seconds=seconds, rate=rate)
    assert len(heard) == found.frames == round(seconds * rate)
    assert np.isfinite(heard).all()
    assert np.sqrt(np.square(heard).mean()) > 0.01


def test_both_channels_have_something_of_their_own(engine, tmp_path):
    heard = composed(engine, tmp_path, seconds=8.0)[1]
    apart, together = heard[:, 0] - heard[:, 1], heard[:, 0] + heard[:, 1]
    assert 0.01 < np.abs(apart).mean() / np.abs(together).mean() < 1


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_music(engine, tmp_path):
    first, heard = composed(engine, tmp_path / "a", seconds=6.0, seed=7)
    again = composed(engine, tmp_path / "b", seconds=6.0, seed=7)[1]
    other = composed(engine, tmp_path / "c", seconds=6.0, seed=8)[1]
    assert heard.tobytes() == again.tobytes() != other.tobytes()
    assert first.seed == 7


def test_another_process_with_other_hashes_and_threads_makes_the_same_bytes(engine, config, tmp_path):
    heard = composed(engine, tmp_path / "here", seconds=4.0)[1]
    (tmp_path / "there").mkdir()
    payload = {
        "engine": engine.name,
        "config": config.to_json(),
        "prompt": PROMPT,
        "folder": str(tmp_path / "there"),
        "options": dataclasses.asdict(ComposeOptions(seconds=4.0)),
    }
    code = "import json, sys; from tenuto.engines.composing import compose; compose(json.load(sys.stdin), print)"
    environment = {**os.environ, "PYTHONHASHSEED": "4", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    subprocess.run(
        command, input=json.dumps(payload), text=True, env=environment, check=True, timeout=120, capture_output=True
    )
    assert sound(tmp_path / "there", "mix").tobytes() == heard.tobytes()


def test_stems_add_up_to_the_mix_and_change_nothing_of_it(engine, tmp_path):
    heard = composed(engine, tmp_path / "a", seconds=9.0)[1]
    found, again = composed(engine, tmp_path / "b", seconds=9.0, stems=True)
    assert heard.tobytes() == again.tobytes()
    assert sorted(path.stem for path in (tmp_path / "b").glob("*.f32")) == sorted(["mix", *found.stems])
    parts = [sound(tmp_path / "b", name) for name in found.stems]
    assert len(parts) > 1 or engine.name == "musicgen"  # which makes one sound, and says so
    assert not parts or np.abs(sum(parts) - again).max() < 1e-5


def test_the_embedded_one_composes_what_was_asked_for_and_writes_it_down(tmp_path):
    engine = composer("composer", CONFIG)
    found = composed(engine, tmp_path, f"{PROMPT} frobnicate", seconds=2.0, midi=True)[0]
    assert (found.bpm, found.key) == (124, "A minor")
    assert found.details["asked"] == {"bpm": 124, "key": "A minor"}
    assert "124 bpm" in found.understood["tempo"]
    assert "frobnicate" in found.ignored
    assert (tmp_path / "music.mid").read_bytes()[:4] == b"MThd"


def test_progress_goes_forward_and_may_stop_the_work(engine, tmp_path):
    told = []
    composed(engine, tmp_path, progress=told.append, seconds=20.0)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(_share):
        raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        composed(engine, tmp_path, progress=stop, seconds=20.0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_minute_needs_little_memory(tmp_path):
    # Not getrusage: its maximum counts what the parent had when it forked.
    code = """
import json, sys
from tenuto.engines.composing import compose
compose(json.load(sys.stdin), lambda _told: None)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    payload = {
        "engine": "composer",
        "config": CONFIG.to_json(),
        "prompt": "epic cinematic trailer with drums",
        "folder": str(tmp_path),
        "options": dataclasses.asdict(ComposeOptions(seconds=60.0)),
    }
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    told = subprocess.run(
        command, input=json.dumps(payload), text=True, env=environment, check=True, timeout=120, capture_output=True
    ).stdout
    assert int(told) / 1024 < 300


def test_its_licence_and_version_are_told(engine, config):
    found = registry.report(engine.name, config)
    assert found.ready
    assert found.licence
    assert found.model


def test_ten_seeds_of_a_prompt_sound_unlike_each_other(engine, tmp_path):
    made = {
        hashlib.sha256(composed(engine, tmp_path, "pop", seconds=2.0, rate=8_000, seed=seed)[1].tobytes()).digest()
        for seed in range(10)
    }
    assert len(made) == 10
