"""Whose voice narrates by a sample: matched by espeak, or cloned by pocket-tts; nobody is told the one for the other."""

from pathlib import Path

import pytest

from speaking_steps import SpeakingSteps
from tenuto import errors
from tenuto.domain.voice_samples import SHAPE_VERSION, VoiceSample
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.pipelines.chunks import VoiceWish
from tenuto.pipelines.narrate_voice import engine_of, match, require_shapeable, sample_of, told_of_voice
from tenuto.pipelines.voicing import patience_with


class SampledSteps(SpeakingSteps):
    """Has a sample, of which something was made before."""

    def __init__(self, folder, *, engine, shape):
        super().__init__(folder)
        self.options = {"engine": engine, "voice_id": "ada-1", "language": ""}
        self.sample = VoiceSample("ada-1", "Ada", folder / "stored", shape)

    def voice_sample(self):
        return self.sample


def known_shapes(folder):
    version = registry.report("pocket-tts", EngineConfig(folder)).version
    return {
        "espeak": {"version": SHAPE_VERSION, "pitch": 90},
        "pocket-tts": {"engine": "pocket-tts", "sample": "ab", "made_by": version},
    }


@pytest.mark.parametrize("engine", ["auto", "espeak", "pocket-tts"])
def test_engines_that_take_a_sample_may_be_named(engine):
    require_shapeable({"engine": engine, "voice_id": "ada-1"})


def test_other_engines_refuse_a_sample_and_name_those_that_take_it():
    with pytest.raises(errors.ValidationError, match=r"flite cannot take the voice of a sample; espeak .* pocket-tts"):
        require_shapeable({"engine": "flite", "voice_id": "ada-1"})
    require_shapeable({"engine": "flite", "voice_id": ""})


def test_with_a_sample_auto_matches_and_only_who_asks_for_it_gets_a_clone(tmp_path):
    config = EngineConfig(tmp_path)
    assert engine_of({"engine": "auto", "voice_id": "ada-1"}, config) == "espeak"
    assert engine_of({"engine": "pocket-tts", "voice_id": "ada-1"}, config) == "pocket-tts"


@pytest.mark.parametrize("engine", ["espeak", "pocket-tts"])
def test_what_an_engine_made_of_a_sample_before_is_taken_as_it_is(engine, tmp_path):
    shape = known_shapes(tmp_path)[engine]
    steps = SampledSteps(tmp_path, engine=engine, shape=shape)
    assert match(steps).data == {"shape": shape, "known": True}
    assert steps.calls == []


@pytest.mark.parametrize(("engine", "other"), [("espeak", "pocket-tts"), ("pocket-tts", "espeak")])
def test_what_another_engine_made_of_a_sample_is_not_taken(engine, other, tmp_path):
    steps = SampledSteps(tmp_path, engine=engine, shape=known_shapes(tmp_path)[other])
    with pytest.raises(errors.TenutoError):  # It goes to work: the stored file is no recording.
        match(steps)


def test_a_clone_by_other_weights_is_made_anew(tmp_path):
    shape = {**known_shapes(tmp_path)["pocket-tts"], "made_by": "pocket-tts 3"}
    with pytest.raises(errors.TenutoError):
        match(SampledSteps(tmp_path, engine="pocket-tts", shape=shape))


def test_the_words_shown_say_clone_only_where_there_is_one(tmp_path):
    matched = SampledSteps(tmp_path, engine="auto", shape={})
    assert "matched to the sample 'Ada'; it is no clone" in told_of_voice(matched)
    assert sample_of(matched) == ""
    cloned = SampledSteps(tmp_path, engine="pocket-tts", shape={})
    assert told_of_voice(cloned).startswith("The voice is cloned from the sample 'Ada' by pocket-tts")
    assert sample_of(cloned) == str(tmp_path / "stored")


def test_a_heavy_voice_has_time_to_be_fetched_and_others_are_found_out_sooner_when_they_hang():
    assert patience_with("espeak", "x" * 300, 1.0) == 150
    assert patience_with("pocket-tts", "x" * 300, 1.0) == 2100


def test_where_a_sample_lies_changes_nothing_of_what_is_known():
    one, other = (VoiceWish(shape={"sample": "ab"}, sample=str(Path("/", place))) for place in ("here", "there"))
    assert one.told() == other.told()
    assert one.told() != VoiceWish(shape={"sample": "cd"}, sample="/here").told()
