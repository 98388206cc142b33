import subprocess
import sys
from dataclasses import replace

import pytest

from tenuto import errors
from tenuto.engines import registry
from tenuto.engines.base import EngineReport
from tenuto.engines.config import EngineConfig

PLUGIN = """
from tenuto.engines.base import EngineReport
class Parrot:
    name = "parrot"
    def __init__(self, config): self.config = config
    @staticmethod
    def report(config): return EngineReport("parrot", True, "Repeats.")
"""
HEAVY = ("faster_whisper", "ctranslate2", "pocketsphinx", "huggingface_hub", "onnxruntime")


@pytest.fixture
def config(tmp_path):
    return EngineConfig(tmp_path, whisper_model=str(tmp_path / "absent"))


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    def install(code, value="parrot_engine:Parrot"):
        (tmp_path / "parrot_engine.py").write_text(code)
        metadata = tmp_path / "parrot-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[tenuto.transcribers]\nparrot = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield install
    sys.modules.pop("parrot_engine", None)


def test_the_built_in_engines_are_listed():
    assert registry.names()[:5] == ["pocketsphinx", "whisper", "openai", "yandex", "fake"]


@pytest.mark.parametrize("name", ["pocketsphinx", "whisper", "fake"])
def test_an_engine_is_made_by_its_name(config, name):
    assert registry.transcriber(name, config).name == name


@pytest.mark.parametrize("name", ["", "auto", "nope", "os:system", "tenuto.engines.fake:FakeTranscriber", "x" * 10_000])
def test_an_unknown_name_is_refused_with_the_list(config, name):
    with pytest.raises(errors.ValidationError, match="pocketsphinx, whisper, openai, yandex, fake") as caught:
        registry.transcriber(name, config)
    assert len(caught.value.message) < 300


def test_every_engine_reports(config):
    reports = registry.reports(config)
    assert [report.name for report in reports][:3] == registry.names()[:3]
    assert {"ge2e", "pyannote"} <= {report.name for report in reports}
    assert all(report.detail.endswith((".", "'", "whisper")) for report in reports)


def test_a_report_never_raises(config):
    assert not registry.report("nope", config).ready


def test_reports_load_nothing_heavy(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tenuto.engines import registry, config;"
        f"registry.reports(config.EngineConfig(Path('.'), whisper_model={str(tmp_path)!r}));"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plugin_joins_the_list(config, plugin):
    plugin(PLUGIN)
    assert "parrot" in registry.names()
    assert registry.report("parrot", config).ready
    assert registry.transcriber("parrot", config).config == config


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('no licence')", "import absent_package", "class Parrot(: pass", ""]
)
def test_a_broken_plugin_is_reported_and_harms_nobody(config, plugin, code):
    plugin(code)
    report = registry.report("parrot", config)
    assert not report.ready
    assert "parrot_engine" in report.detail
    with pytest.raises(errors.EngineMissing):
        registry.transcriber("parrot", config)


def test_a_plugin_cannot_take_a_built_in_name(config, plugin):
    plugin(PLUGIN)
    assert registry.transcriber("fake", config).name == "fake"


def test_an_engine_that_was_asked_for_is_taken(config):
    assert registry.choose("fake", config).name == "fake"
    with pytest.raises(errors.ValidationError):
        registry.choose("nope", config)


def test_without_whisper_the_embedded_engine_is_chosen_and_a_hint_given(config, monkeypatch):
    monkeypatch.setattr("tenuto.engines.whisper._installed", lambda: False)
    choice = registry.choose("auto", config)
    assert choice.name == "pocketsphinx"
    assert choice.reason == "The embedded engine pocketsphinx is used because the extra whisper is not installed."
    assert choice.hint == "pip install 'tenuto[standard]'"


@pytest.mark.parametrize(
    ("model", "allow_fetch", "answers", "name", "words"),
    [
        ("here", False, False, "whisper", "is on this machine"),
        ("tiny", False, True, "pocketsphinx", "may not be fetched"),
        ("tiny", True, False, "pocketsphinx", "hub does not answer"),
        ("tiny", True, True, "whisper", "is fetched at first use"),
        ("/absent", True, True, "pocketsphinx", "no folder /absent"),
    ],
)
def test_auto_takes_whisper_when_its_model_is_within_reach(  # noqa: PLR0917 - the columns of the table
    config, monkeypatch, tmp_path, model, allow_fetch, answers, name, words
):
    monkeypatch.setattr("tenuto.engines.whisper._installed", lambda: True)
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "1.0")
    monkeypatch.setattr("tenuto.engines.whisper.locate", fake_locate(tmp_path))
    monkeypatch.setattr("tenuto.engines.whisper.hub_answers", lambda _config: answers)
    choice = registry.choose("auto", replace(config, whisper_model=model, allow_fetch=allow_fetch))
    assert choice.name == name
    assert words in choice.reason
    assert (choice.hint == "tenuto engines fetch whisper") == (name != "whisper" and model == "tiny")


def test_auto_takes_nothing_that_is_not_on_offer(config, monkeypatch):
    monkeypatch.setattr("tenuto.engines.whisper._installed", lambda: False)
    with pytest.raises(errors.EngineMissing, match=r"whisper: The extra whisper is not installed.*TENUTO_ENGINES"):
        registry.choose("auto", replace(config, offered=("whisper",)))
    assert registry.choose("auto", replace(config, offered=("whisper", "fake"))).name == "fake"


def test_auto_never_takes_an_engine_that_costs_money(config):
    with pytest.raises(errors.EngineMissing, match="only taken when it is named"):
        registry.choose("auto", replace(config, offered=("openai",), openai_api_key="sk-1"))


def test_a_default_that_is_not_on_offer_is_named(config):
    with pytest.raises(errors.EngineMissing, match=r"TENUTO_DEFAULT_ENGINE names 'whisper'.*offers pocketsphinx"):
        registry.choose("auto", replace(config, offered=("pocketsphinx",), default_engine="whisper"))


def fake_locate(folder):
    def locate(model, _config):
        if model == "/absent":
            raise errors.EngineMissing("There is no folder /absent.")
        return folder if model == "here" else None

    return locate


def test_an_engine_with_nothing_to_fetch_says_so(config):
    with pytest.raises(errors.ValidationError, match="nothing to fetch"):
        registry.fetch("pocketsphinx", config, lambda *_: None)


def test_installed_packages_are_looked_through_once(monkeypatch):
    looks = []
    monkeypatch.setattr(registry, "entry_points", lambda **wanted: looks.append(wanted) or [])
    monkeypatch.syspath_prepend("/nowhere")
    for _ in range(3):
        registry.names()
    assert len(looks) == 1


def test_a_fake_voice_is_offered_only_where_it_is_named(tmp_path):
    assert registry.offered_narrators(EngineConfig(tmp_path)) == ["espeak", "flite", "pocket-tts", "openai-speech"]
    assert "fake-voice" in registry.offered_narrators(EngineConfig(tmp_path, offered=("fake", "fake-voice")))


def test_auto_takes_the_first_voice_that_can_speak(tmp_path, monkeypatch):
    ready = {"espeak": False, "flite": True, "pocket-tts": False}
    report = lambda name, _config: EngineReport(name, ready[name], f"{name} is what it is.")  # noqa: E731 - one line
    monkeypatch.setattr(registry, "report", report)
    assert registry.choose_narrator("auto", EngineConfig(tmp_path)) == "flite"
    assert registry.choose_narrator("espeak", EngineConfig(tmp_path)) == "espeak"
    ready["flite"] = False
    with pytest.raises(errors.EngineMissing, match=r"Nothing here can speak\. espeak is .* flite is .* pocket-tts is"):
        registry.choose_narrator("auto", EngineConfig(tmp_path))
