"""What the narrator pocket-tts does before torch is needed; tests/contracts/test_pocket_tts.py runs it with a model."""

import json

import pytest
import yaml

from tenuto import errors
from tenuto.engines import pocket_tts, registry
from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocket_models import HubFile, called, in_folder, locate, root_of, voices_home
from tenuto.engines.pocket_tts import PocketNarrator, seed_of
from tiny_pocket import described

OURS, OPEN = "kyutai/pocket-tts", "kyutai/pocket-tts-without-voice-cloning"
REVISION = "0123456789abcdef" + "0" * 24
ENGLISH = described(
    weights=f"hf://{OURS}/languages/english/model.safetensors@{REVISION}",
    open_weights=f"hf://{OPEN}/languages/english/model.safetensors@{REVISION}",
    tokenizer=f"hf://{OPEN}/languages/english/tokenizer.json@{REVISION}",
)


@pytest.fixture(autouse=True)
def _no_cache_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """What is known of a package that is installed, without what it needs: one description."""
    site = tmp_path / "site"
    (site / "pocket_tts" / "config").mkdir(parents=True)
    (site / "pocket_tts" / "__init__.py").write_text("raise AssertionError('it is imported')\n")
    (site / "pocket_tts" / "config" / "english.yaml").write_text(yaml.safe_dump(ENGLISH))
    (site / "pocket_tts-4.0.1.dist-info").mkdir()
    (site / "pocket_tts-4.0.1.dist-info" / "METADATA").write_text("Name: pocket-tts\nVersion: 4.0.1\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(pocket_tts, "installed", lambda: True)


def model(folder, *, told=None, weights="model.safetensors"):
    (folder / "voices").mkdir(parents=True)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(told or described()))
    (folder / weights).write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


def config(tmp_path, wanted="english", **given):
    return EngineConfig(models_dir=tmp_path / "models", pocket_models={"en": str(wanted)}, **given)


def put(address, config):
    """Lay a file where it would be fetched to."""
    source = HubFile.of(address)
    place = source.home(config) / source.path
    place.parent.mkdir(parents=True)
    place.write_bytes(b"what was fetched")
    return place


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("hf://acme/tiny/a/b.yaml@main", HubFile("acme/tiny", "a/b.yaml", "main")),
        ("hf://acme/tiny/model.safetensors", HubFile("acme/tiny", "model.safetensors")),
        ("hf://acme/tiny", None),
        ("hf://acme/tiny/../../x", None),
        ("hf://acme/tiny/a//b", None),
        ("hf://acme/tiny/.ssh/id", None),
        ("https://example.com/model.safetensors", None),
        ("model.safetensors", None),
        (None, None),
    ],
)
def test_an_address_on_the_hub_is_read_and_no_other(address, found):
    assert HubFile.of(address) == found


def test_files_of_the_hub_stay_in_the_folder_of_models(tmp_path):
    here = config(tmp_path)
    home = HubFile("acme/tiny", "a/b.yaml", "v1").home(here)
    assert home.parent == root_of(here, "acme/tiny")
    assert home.is_relative_to(tmp_path / "models")
    assert home != HubFile("acme/tiny", "a/b.yaml", "v2").home(here)


def test_a_folder_with_a_model_is_read_with_its_voices(tmp_path):
    folder = model(tmp_path / "secret" / "tiny")
    for name in ("ada.safetensors", "bea.wav", "notes.txt"):
        (folder / "voices" / name).write_bytes(b"")
    found = in_folder(folder)
    assert (found.weights, found.tokenizer) == (folder / "model.safetensors", folder / "tokenizer.json")
    assert found.voices == {"ada": folder / "voices" / "ada.safetensors", "bea": folder / "voices" / "bea.wav"}
    assert (found.name, found.licence, found.clones) == ("tiny", "unknown", True)
    assert "secret" not in found.identity


@pytest.mark.parametrize("changed", ["model.safetensors", "tokenizer.json", "tiny.yaml", "voices/ada.wav"])
def test_whatever_of_a_model_changes_it_is_another_one(changed, tmp_path):
    folder = model(tmp_path / "tiny")
    (folder / "voices" / "ada.wav").write_bytes(b"one")
    before = in_folder(folder).identity
    assert in_folder(folder).identity == before
    content = (folder / changed).read_bytes()
    (folder / changed).write_bytes(content + b"\n")
    assert in_folder(folder).identity != before


def test_what_a_folder_lacks_is_said(tmp_path):
    with pytest.raises(errors.EngineMissing, match="no folder"):
        in_folder(tmp_path / "nowhere")
    with pytest.raises(errors.EngineError, match="0 descriptions"):
        in_folder(tmp_path)
    folder = model(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(errors.EngineError, match=r"no model\.safetensors and no tokenizer\.json"):
        in_folder(folder)
    (folder / "second.yaml").write_text("{}")
    with pytest.raises(errors.EngineError, match="2 descriptions"):
        in_folder(folder)


@pytest.mark.parametrize("weights", ["checkpoint.pt", "model.bin", ""])
def test_a_pickle_is_never_opened(weights, tmp_path):
    folder = model(tmp_path / "tiny", told=described(weights=weights), weights=weights or "model.safetensors")
    with pytest.raises(errors.EngineError, match="a pickle, which may run code, and is never opened"):
        in_folder(folder)


@pytest.mark.parametrize("part", ["flow_lm", "mimi"])
def test_weights_in_several_files_are_refused(part, tmp_path):
    told = described()
    told[part]["weights_path"] = "hf://acme/tiny/part.safetensors"
    with pytest.raises(errors.EngineError, match="one file with all weights"):
        in_folder(model(tmp_path / "tiny", told=told))


@pytest.mark.parametrize("content", ["", "[1]", "{", "flow_lm: 3", "!!python/object/apply:os.system ['true']"])
def test_a_damaged_description_is_an_error_with_its_place(tmp_path, content):
    folder = model(tmp_path / "tiny")
    (folder / "tiny.yaml").write_text(content)
    with pytest.raises(errors.EngineError, match=r"tiny\.yaml of a pocket-tts model cannot be read"):
        in_folder(folder)


@pytest.mark.parametrize("wanted", ["klingon", "", "english/../x", "https://example.com/a.yaml", "hf://acme/tiny/a.pt"])
def test_a_name_nobody_has_names_the_setting_and_the_models_there_are(wanted, package, tmp_path):
    with pytest.raises(errors.ValidationError, match=r"TENUTO_POCKET_MODELS names .*\(english\)"):
        locate(wanted, config(tmp_path, wanted))
    assert not registry.report("pocket-tts", config(tmp_path, wanted)).ready


def test_what_was_fetched_is_found_and_weights_that_take_up_voices_come_first(package, tmp_path):
    here = config(tmp_path)
    assert locate("english", here) is None
    put(ENGLISH["flow_lm"]["lookup_table"]["tokenizer_path"], here)
    assert locate("english", here) is None
    put(ENGLISH["weights_path_without_voice_cloning"], here)
    found = locate("english", here)
    assert (found.clones, found.licence, found.identity) == (False, "CC-BY-4.0", "english@0123456789ab")
    better = put(ENGLISH["weights_path"], here)
    found = locate("english", here)
    assert (found.clones, found.weights) == (True, better)
    voice = voices_home("english", here) / "languages" / "english" / "embeddings" / "alba.safetensors"
    voice.parent.mkdir(parents=True)
    voice.write_bytes(b"")
    assert locate("english", here).voices == {"alba": voice}


def test_the_newest_revision_of_a_model_is_known_by_what_was_fetched(package, tmp_path):
    told = described(weights="hf://acme/tiny/model.safetensors", tokenizer="hf://acme/tiny/tokenizer.json")
    here = config(tmp_path, "hf://acme/tiny/tiny.yaml")
    put("hf://acme/tiny/tiny.yaml", here).write_text(yaml.safe_dump(told))
    put("hf://acme/tiny/tokenizer.json", here)
    weights = put("hf://acme/tiny/model.safetensors", here)
    assert locate("hf://acme/tiny/tiny.yaml", here).identity.startswith("tiny@")
    (weights.parent / "tenuto-model.json").write_text(json.dumps({"revision": REVISION}))
    (weights.parent / "README.md").write_text("---\nlicense: mit\n---\n")
    found = locate("hf://acme/tiny/tiny.yaml", here)
    assert (found.identity, found.licence) == ("tiny@0123456789ab", "mit")


def test_a_model_is_called_by_its_last_name(tmp_path):
    names = ["english_2026-10", "/srv/secret/czech/", "~/tiny", "hf://acme/x/languages/czech.yaml@abc"]
    assert list(map(called, names)) == ["english_2026-10", "czech", "tiny", "czech"]


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(pocket_tts, "installed", lambda: False)
    here = config(tmp_path)
    report = registry.report("pocket-tts", here)
    assert (report.ready, report.fetchable) == (False, False)
    assert "pip install 'tenuto[pocket]'" in report.detail
    for use in (
        lambda: PocketNarrator(here).narrate("Hi.", tmp_path / "x.wav", NarrateOptions(), lambda _share: None),
        lambda: registry.fetch("pocket-tts", here, lambda _here, _total: None),
    ):
        with pytest.raises(errors.EngineMissing, match=r"tenuto\[pocket\]"):
            use()


def test_a_model_that_is_not_here_is_told_with_how_to_fetch_it(package, tmp_path):
    here = config(tmp_path, allow_fetch=False)
    report = registry.report("pocket-tts", here)
    assert (report.ready, report.fetchable, report.model) == (False, True, "english")
    assert "What speaks en is not here and may not be fetched by itself" in report.detail
    assert "tenuto engines fetch pocket-tts" in report.detail
    with pytest.raises(errors.EngineMissing, match="tenuto engines fetch pocket-tts"):
        PocketNarrator(here).narrate("Hi.", tmp_path / "x.wav", NarrateOptions(), lambda _share: None)


def test_a_language_is_taken_as_said_then_by_its_letters_then_as_usual(tmp_path):
    engine = PocketNarrator(EngineConfig(tmp_path, pocket_models={"de": "german", "el": "/greek", "en": "english"}))
    assert engine.language_of("Hallo.", "de-AT") == "de"
    assert engine.language_of("Καλημέρα", None) == "el"
    assert engine.language_of("Hello.", None) == "en"
    only = PocketNarrator(EngineConfig(tmp_path, pocket_models={"de": "german"}))
    assert only.language_of("Hallo.", None) == "de"
    with pytest.raises(errors.ValidationError, match="speaks de here, not 'en'"):
        only.language_of("Hello.", "en")
    with pytest.raises(errors.ValidationError, match="speaks nothing here"):
        PocketNarrator(EngineConfig(tmp_path, pocket_models={})).language_of("Hello.", "en")


def test_chance_follows_from_what_is_said_and_how_and_from_nothing_else():
    usual = seed_of("Hello.", "ada", 1.0, None)
    assert seed_of("Hello.", "ada", 1.00001, None) == usual
    others = [("Hallo.", "ada", 1.0, None), ("Hello.", "bea", 1.0, None), ("Hello.", "ada", 0.95, None)]
    others.append(("Hello.", "ada", 1.0, {"sample": "ab"}))
    assert len({usual, *(seed_of(*other) for other in others)}) == 5
    assert 0 <= usual < 2**63


def test_the_configuration_crosses_into_child_processes(tmp_path):
    here = config(tmp_path, "/models/tiny")
    assert EngineConfig.from_json(json.loads(json.dumps(here.to_json()))) == here
    assert isinstance(hash(here), int)
