"""The narrator pocket-tts with torch, on a tiny model of random weights; `make neural` brings torch and runs this.

What every narrator must do is in test_narrators.py, and everything up to torch in tests/unit/engines/test_pocket_tts.py.
"""

import wave

import av
import numpy as np
import pytest
import yaml

from cli_environment import Command
from decks import make_deck
from model_hub import REVISION, ModelHub, serving
from needs import need_neural
from recordings import shipped_recording, write_wave
from speaking_steps import SpeakingSteps
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.narration import Say
from tenuto.domain.reading_out import Reading
from tenuto.engines import narration, registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocket_tts import seed_of, shape_of_sample
from tenuto.engines.voice_clone import clone
from tenuto.engines.voice_measure import RATE as MEASURED_RATE
from tenuto.pipelines.chunks import Speech, VoiceWish
from tiny_pocket import RATE, described, make_model

need_neural("torch", "pocket_tts")
TEXT = "Tenuto holds every note for its full length."


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("pocket") / "tiny")


@pytest.fixture(scope="module")
def speech():
    """Some seconds of people who speak, at 16 kHz."""
    with av.open(str(shipped_recording()[0])) as file:
        resampler = av.AudioResampler("s16", "mono", MEASURED_RATE)
        frames = [each for frame in file.decode(audio=0) for each in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def config_of(model, tmp_path, **given):
    return EngineConfig(models_dir=tmp_path, **{"pocket_models": {"en": str(model)}, "device": "cpu", **given})


def said(config, folder, text=TEXT, **options):
    """What a new engine says, and its samples."""
    return said_by(registry.narrator("pocket-tts", config), folder, text, **options)


def said_by(engine, folder, text=TEXT, **options):
    found = engine.narrate(text, folder / "said.wav", NarrateOptions(**options), lambda _share: None)
    with wave.open(str(folder / "said.wav")) as sound:
        assert sound.getframerate() == RATE
        return found, np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def cloned(config, folder, sample, **options):
    shape = shape_of_sample(sample, "1")
    return said(config, folder, shape=shape, sample=str(sample), **options)


def test_what_it_says_is_what_pocket_tts_says(model, tmp_path):
    import torch
    from pocket_tts import TTSModel

    own = tmp_path / "own.yaml"
    own.write_text(
        yaml.safe_dump(described(weights=str(model / "model.safetensors"), tokenizer=str(model / "tokenizer.json")))
    )
    tts = TTSModel.load_model(config=own)
    state = tts.get_state_for_audio_prompt(model / "voices" / "bea.safetensors")
    torch.manual_seed(seed_of(TEXT, "bea", 1.0, None))
    wanted = tts.generate_audio(state, TEXT).clamp(-1, 1).numpy() * 32_767
    found, heard = said(config_of(model, tmp_path), tmp_path, voice="bea")
    assert found.voice == "bea"
    assert len(heard) == len(wanted)
    assert np.abs(heard - wanted).max() < 2
    assert np.abs(wanted).max() > 1000


def test_the_same_text_is_the_same_sound_to_the_sample_whatever_was_said_before(model, tmp_path):
    engine = registry.narrator("pocket-tts", config_of(model, tmp_path))
    first = said_by(engine, tmp_path, voice="ada")[1]
    for others in ({"text": "Something else."}, {"voice": "bea"}, {"speed": 0.95}):
        assert not np.array_equal(said_by(engine, tmp_path, **{"voice": "ada", **others})[1], first)
    assert np.array_equal(said_by(engine, tmp_path, voice="ada")[1], first)
    assert np.array_equal(said(config_of(model, tmp_path), tmp_path, voice="ada")[1], first)


def test_another_speed_keeps_the_pitch(model, tmp_path):
    def loudest_hertz(samples):
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        return spectrum.argmax() * RATE / len(samples)

    engine = registry.narrator("pocket-tts", config_of(model, tmp_path))
    usual, fast = (said_by(engine, tmp_path, speed=speed)[1] for speed in (1.0, 1.6))
    assert len(fast) == pytest.approx(len(usual) / 1.6, rel=0.01)
    assert loudest_hertz(fast) == pytest.approx(loudest_hertz(usual), rel=0.02)


def test_a_sample_gives_its_voice_and_another_one_another(model, tmp_path, speech):
    config = config_of(model, tmp_path)
    one, other = (tmp_path / "one", tmp_path / "other.wav")  # What is stored has no ending.
    write_wave(one, speech[: 6 * MEASURED_RATE])
    write_wave(other, speech[12 * MEASURED_RATE : 18 * MEASURED_RATE])
    found, first = cloned(config, tmp_path, one)
    assert found.voice == "tiny, cloned"
    assert np.array_equal(cloned(config, tmp_path, one)[1], first)
    assert not np.array_equal(cloned(config, tmp_path, other)[1], first)
    assert not np.array_equal(said(config, tmp_path)[1], first)


def test_a_sample_is_taken_up_by_its_first_half_minute(model, tmp_path, speech):
    config = config_of(model, tmp_path)
    long, same = np.tile(speech, 3)[: 40 * MEASURED_RATE], tmp_path / "same.wav"
    write_wave(tmp_path / "long.wav", long)
    write_wave(same, long[: 30 * MEASURED_RATE])
    shape = shape_of_sample(same, "1")
    engine = registry.narrator("pocket-tts", config)
    heard = said_by(engine, tmp_path, shape=shape, sample=str(same))[1]
    again = registry.narrator("pocket-tts", config)
    assert np.array_equal(said_by(again, tmp_path, shape=shape, sample=str(tmp_path / "long.wav"))[1], heard)


def test_weights_that_cannot_take_up_a_voice_say_how_to_get_those_that_can(tmp_path, speech):
    model = make_model(tmp_path / "open", clones=False)
    sample = write_wave(tmp_path / "sample.wav", speech[: 3 * MEASURED_RATE])
    with pytest.raises(errors.EngineMissing, match="HF_TOKEN"):
        cloned(config_of(model, tmp_path), tmp_path, sample)


def test_the_shape_of_another_engine_is_refused(model, tmp_path):
    with pytest.raises(errors.ValidationError, match="another engine's"):
        said(config_of(model, tmp_path), tmp_path, shape={"pitch": 90})


def test_a_language_without_a_model_is_refused_and_one_with_a_model_is_spoken_by_it(model, tmp_path):
    other = make_model(tmp_path / "german", seed=3, voices=("juergen",))
    config = config_of(model, tmp_path, pocket_models={"en": str(model), "de": str(other)})
    assert said(config, tmp_path, "Guten Tag.", language="de-AT")[0].voice == "juergen"
    assert said(config, tmp_path, "Good day.")[0].voice == "ada"
    for text, language in (("Guten Tag.", "fr"), ("Добрый день.", None)):
        with pytest.raises(errors.ValidationError, match=r"pocket-tts speaks en, de here.*espeak speaks others"):
            said(config, tmp_path, text, language=language)


def test_a_model_without_a_voice_says_what_to_do(tmp_path):
    model = make_model(tmp_path / "mute", voices=())
    with pytest.raises(errors.EngineMissing, match="no voice of its own"):
        said(config_of(model, tmp_path), tmp_path)


def test_the_licence_of_the_weights_is_told(model, tmp_path):
    assert said(config_of(model, tmp_path), tmp_path)[0].weights_licence == "CC-BY-4.0"
    free = make_model(tmp_path / "free", licence="cc-by-nc-4.0")
    config = config_of(free, tmp_path)
    assert "not for commercial use" in said(config, tmp_path)[0].warnings[0]
    report = registry.report("pocket-tts", config)
    assert (report.ready, report.licence, report.model) == (True, "CC-BY-NC-4.0", "free")
    assert "not for commercial use" in report.detail
    assert str(tmp_path) not in report.detail + report.version


def test_other_weights_have_another_version(model, tmp_path):
    copy = make_model(tmp_path / "tiny")
    versions = [registry.report("pocket-tts", config_of(each, tmp_path)).version for each in (model, copy)]
    changed = make_model(tmp_path / "tiny", seed=1)
    versions.append(registry.report("pocket-tts", config_of(changed, tmp_path)).version)
    assert versions[0] == versions[1] != versions[2]
    assert versions[0].startswith("pocket-tts 4.")


@pytest.mark.parametrize("damaged", ["model.safetensors", "voices/ada.safetensors"])
def test_tensors_that_are_cut_off_are_the_engines_trouble(damaged, tmp_path):
    model = make_model(tmp_path / "cut")
    (model / damaged).write_bytes((model / damaged).read_bytes()[:-500])
    with pytest.raises(errors.EngineError, match="cannot be"):
        said(config_of(model, tmp_path), tmp_path)


def test_a_child_process_loads_the_model_once(model, tmp_path):
    pool = ChildPool(1, Limits())
    payload = {"engine": "pocket-tts", "config": config_of(model, tmp_path).to_json(), "text": TEXT}
    payload |= {"options": {"voice": "ada"}, "target": str(tmp_path / "said.wav")}
    try:
        first = pool.call("k", "tenuto.engines.narration:narrate", payload, timeout_seconds=240)
        for name in ("model.safetensors", "tokenizer.json"):
            (model / name).rename(model / f"{name}.away")
        again = pool.call("k", "tenuto.engines.narration:narrate", payload, timeout_seconds=60)
    finally:
        pool.close()
        for path in model.glob("*.away"):
            path.rename(path.with_suffix(""))
    assert first == again
    assert first["weights_licence"] == "CC-BY-4.0"


def test_taking_up_a_voice_tells_how_near_it_comes(model, tmp_path, speech):
    config = config_of(model, tmp_path)
    shares = []
    found = clone(_payload(config, tmp_path, speech[: 14 * MEASURED_RATE]), shares.append)
    assert found["method"] == "voice cloning"
    assert found["shape"]["engine"] == "pocket-tts"
    assert found["shape"]["made_by"] == registry.report("pocket-tts", config).version
    for told in (found["before"], found["after"]):
        assert told.keys() == {"pitch_semitones", "formants_percent", "timbre_db", "pace_percent"}
        assert told["timbre_db"] > 1  # A buzz is like nobody.
    assert found["warnings"] == []
    assert [each["progress"] for each in shares] == sorted(each["progress"] for each in shares)
    assert shares[-1] == {"progress": 1.0}


def test_a_long_sample_and_a_short_one_are_told_and_one_without_a_voice_is_refused(model, tmp_path, speech):
    config = config_of(model, tmp_path)
    long = clone(_payload(config, tmp_path, np.tile(speech, 3)[: 45 * MEASURED_RATE]), lambda _event: None)
    assert long["warnings"] == ["Of the sample, 45 s long, the first 30 s were taken up."]
    short = clone(_payload(config, tmp_path, speech[: 4 * MEASURED_RATE]), lambda _event: None)
    assert "half a minute of it would be nearer" in short["warnings"][0]
    with pytest.raises(errors.ValidationError, match="bring a recording of one person"):
        clone(_payload(config, tmp_path, np.zeros(5 * MEASURED_RATE, np.int16)), lambda _event: None)


def _payload(config, folder, samples):
    audio = str(write_wave(folder / "sample.wav", samples))
    return {"audio": audio, "sample": audio, "language": None, "config": config.to_json(), "folder": str(folder)}


def test_a_model_of_the_hub_is_fetched_and_the_open_weights_where_the_others_are_not_given_out(
    model, tmp_path, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    parts = {name: f"hf://acme/{name}/languages/tiny/" for name in ("closed", "open")}
    told = described(
        weights=f"{parts['closed']}model.safetensors@{REVISION}",
        open_weights=f"{parts['open']}model.safetensors@{REVISION}",
        tokenizer=f"{parts['open']}tokenizer.json@{REVISION}",
    )
    there = tmp_path / "there"
    (there / "languages" / "tiny").mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json"):
        (there / "languages" / "tiny" / name).write_bytes((model / name).read_bytes())
    (there / "tiny.yaml").write_text(yaml.safe_dump(told))
    (there / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
    (there / "checkpoint.pt").write_bytes(b"never fetched")
    address = f"hf://acme/open/tiny.yaml@{REVISION}"
    with serving(ModelHub("acme/", there)) as hub:
        hub.gated.add("acme/closed")
        config = config_of(address, tmp_path, hub_url=hub.url)
        assert not registry.report("pocket-tts", config).ready
        with pytest.raises(errors.EngineMissing, match="tenuto engines fetch pocket-tts"):
            said(config, tmp_path)
        told = []
        report = registry.fetch("pocket-tts", config, lambda here, total: told.append((here, total)))
        assert report.ready
        assert "cannot take up the voice of a sample" in report.detail
        assert told == sorted(told)
        assert (report.licence, report.version) == ("CC-BY-4.0", f"pocket-tts 4.0.1 tiny@{REVISION[:12]}")
        hub.gated.clear()
        report = registry.fetch("pocket-tts", config, lambda _here, _total: None)
        assert "takes up the voice of a sample" in report.detail
    fetched = {path.name for path in (tmp_path / "pocket-tts").rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert fetched == {"model.safetensors", "tokenizer.json", "tiny.yaml", "README.md", "tenuto-model.json"}
    sample = tmp_path / "sample.wav"
    write_wave(sample, np.random.default_rng(1).normal(0, 2000, 3 * MEASURED_RATE).astype(np.int16))
    assert cloned(config, tmp_path, sample)[0].duration_ms > 1000


def test_a_model_of_its_makers_is_fetched_with_voices_and_weights_that_do_not_fit_it_are_told(
    model, tmp_path, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    there = tmp_path / "there" / "languages" / "english"
    (there / "embeddings").mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json"):
        (there / name).write_bytes((model / name).read_bytes())
    for name in ("alba", "vera", "cosette"):
        (there / "embeddings" / f"{name}.safetensors").write_bytes((model / "voices/ada.safetensors").read_bytes())
    with serving(ModelHub("kyutai/pocket-tts", tmp_path / "there")) as hub:
        hub.gated.add("kyutai/pocket-tts")
        config = config_of("english", tmp_path, hub_url=hub.url)
        report = registry.fetch("pocket-tts", config, lambda _here, _total: None)
    assert "The model english is here: 2 voices, its weights cannot take up" in report.detail
    assert report.licence == "CC-BY-4.0"  # There is no card, and the name is known.
    with pytest.raises(errors.EngineError, match="The pocket-tts model english cannot be loaded"):
        said(config, tmp_path)


def test_an_engine_in_a_process_stays_until_its_settings_change(model, tmp_path):
    config = config_of(model, tmp_path)
    first = narration.warm("pocket-tts", config.to_json())
    assert narration.warm("pocket-tts", config.to_json()) is first
    assert narration.warm("pocket-tts", config_of(model, tmp_path, threads=1).to_json()) is not first


def test_a_chunk_is_spoken_and_listened_to_in_one_process_and_known_again_by_the_sample(model, tmp_path, speech):
    steps = SpeakingSteps(tmp_path)
    steps.engines = config_of(model, tmp_path)
    samples = [tmp_path / "here.wav", tmp_path / "there.wav"]
    for sample in samples:
        write_wave(sample, speech[: 3 * MEASURED_RATE])
    wishes = [
        VoiceWish("pocket-tts", language="en", shape=shape_of_sample(sample, "1"), sample=str(sample))
        for sample in samples
    ]
    say = [Say((Reading("", TEXT),))]
    first = Speech(steps, wishes[0], tmp_path).chunk(say)
    assert {key for key, _ in steps.calls} == {"engine:pocket-tts"}
    assert {payload["engine"] for _, payload in steps.calls} == {"pocket-tts", "pocketsphinx-align"}
    assert (first.is_new, first.voice, first.weights_licence) == (True, "tiny, cloned", "CC-BY-4.0")
    again = Speech(steps, wishes[1], tmp_path).chunk(say)
    assert (again.key, again.is_new, again.weights_licence) == (first.key, False, "CC-BY-4.0")
    plain = Speech(steps, VoiceWish("pocket-tts", language="en"), tmp_path).chunk(say)
    assert plain.key != first.key


@pytest.mark.timeout(420)
def test_a_deck_is_narrated_in_the_voice_of_a_sample(model, tmp_path, speech):
    command = Command(
        tmp_path, TENUTO_POCKET_MODELS=f'{{"en": "{model}"}}', TENUTO_DEVICE="cpu", TENUTO_CONCURRENCY="1"
    )
    write_wave(tmp_path / "ada.wav", speech[: 8 * MEASURED_RATE])
    make_deck(tmp_path / "plans.pptx", slides=2, notes={1: "The first slide says this.", 2: "And this one that."})
    voice = ("--engine", "pocket-tts", "--voice", "ada.wav", "--consent", "Ada agreed.")
    try:
        done = command("narrate", "plans.pptx", *voice, "--size", "320x180", "--json")
        assert done.code == 0, done.err
        kept = command("voices", "show", "ada", "--json")
        listed = command("voices", "list")
    finally:
        command.close()
    assert any("cloned from the sample 'ada' by pocket-tts" in warning for warning in done.json["warnings"])
    assert not any("no clone" in warning for warning in done.json["warnings"])
    assert (tmp_path / "plans.mp4").stat().st_size > 10_000
    assert (kept.json["method"], kept.json["shaped"]) == ("voice cloning", True)
    assert kept.json["distances"]["after"]["timbre_db"] > 0
    assert "cloned" in listed.out
