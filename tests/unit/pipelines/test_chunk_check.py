"""Voices that say something else than they were given: they are heard, asked again, and reported."""

import itertools
import shutil
import wave
from dataclasses import replace

import pytest

from needs import need
from speaking_steps import SpeakingSteps
from spoken import SENTENCES, VOICES, speak
from tenuto.domain.narration import script_of
from tenuto.engines.flite import FliteNarrator
from tenuto.pipelines.chunk_check import Listening, check
from tenuto.pipelines.chunks import Speech, VoiceWish
from tenuto.pipelines.narrating import speak_slide

TEXT = "Please send the report before Friday morning."


class LyingSteps(SpeakingSteps):
    """Its voice says `lie` instead, so many times; and tells of no words."""

    def __init__(self, folder, lie, times):
        super().__init__(folder)
        self.lie, self.times = lie, times

    def call(self, key, target, payload, on_share, **options):
        if target.endswith(":narrate") and self.times:
            self.times -= 1
            payload = {**payload, "text": self.lie}
        told = super().call(key, target, payload, on_share, **options)
        if target.endswith(":narrate"):
            told["words"] = []
        return told


def spoken(steps, text=TEXT, engine="flite", **wish):
    if engine == "flite":
        need(shutil.which("flite"), "flite is not installed")
    speech = Speech(steps, VoiceWish(engine, **wish), steps.folder)
    return speak_slide(steps, script_of(text), speech, steps.folder / "slide.wav")


def narrations(steps):
    return [payload for key, payload in steps.calls if key == "engine:flite"]


def test_a_voice_that_says_what_it_should_is_asked_once(tmp_path):
    steps = SpeakingSteps(tmp_path)
    found = spoken(steps)
    assert len(narrations(steps)) == 1
    assert found.warnings == ()
    assert found.details["checks"] == {"alignment": 1}
    assert found.details["worst_score"] > -22
    assert not any(word.guessed for word in found.words)


def test_a_voice_that_says_something_else_is_asked_again(tmp_path):
    steps = LyingSteps(tmp_path, "Nobody knows what happened to the old machine.", times=1)
    found = spoken(steps)
    assert [payload["options"]["speed"] for payload in narrations(steps)] == [1.0, 0.95]
    assert found.details["spoken_again"] == 1
    assert found.details["doubtful"] == 0
    assert found.warnings == (
        f'A sentence was spoken again, a little slower, as it does not sound like these words: "{TEXT}"',
    )


def test_a_voice_that_always_says_something_else_is_reported(tmp_path):
    found = spoken(LyingSteps(tmp_path, "Nobody knows what happened to the old machine.", times=9))
    assert found.details["doubtful"] == 1
    assert "may sound wrong" in found.warnings[0]
    assert TEXT in found.warnings[0]
    assert [word.text for word in found.words] == TEXT.split()
    assert all(word.guessed for word in found.words)


def test_a_voice_that_is_paid_is_not_paid_twice_for_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(FliteNarrator, "paid", True, raising=False)
    steps = LyingSteps(tmp_path, "Nobody knows what happened to the old machine.", times=9)
    steps.engines = replace(steps.engines, offered=("flite",))  # Whoever is paid must be offered by name.
    found = spoken(steps)
    assert len(narrations(steps)) == 1
    assert found.details["spoken_again"] == 0
    assert found.warnings[0].startswith("A sentence may sound wrong: it does not sound like")


@pytest.mark.parametrize(("lie", "heard"), [("...", "nothing is heard"), ("Please.", "too short")])
def test_silence_and_scraps_are_heard(lie, heard, tmp_path):
    found = spoken(LyingSteps(tmp_path, lie, times=9), f"{TEXT} {TEXT[:-1]}, {TEXT}")
    assert any(heard in warning for warning in found.warnings)


def test_in_a_language_nobody_listens_to_words_are_shared_out_and_marked(tmp_path):
    steps = LyingSteps(tmp_path, "", times=0)
    found = spoken(steps, "Nichts geht verloren, und nichts geschieht zweimal.", "fake-voice", language="de")
    assert found.details["checks"] == {"length": 1}
    assert all(word.guessed for word in found.words)
    assert found.sentences[0].flags == ("guessed_times",)
    assert found.words[0].start_ms >= 300
    assert found.words[-1].end_ms <= found.duration_ms - 700


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize("text", SENTENCES[:3])
def test_words_of_a_voice_that_tells_nothing_are_found_within_80_ms(voice, text, tmp_path):
    """Against what flite itself knows of its sound, which it does not tell an engine."""
    known = speak(text, voice)
    found = spoken(SpeakingSteps(tmp_path), text, voice=voice)
    shift = found.words[0].start_ms - known.times[0][0]
    for word, (start, _) in zip(found.words, known.times, strict=True):
        assert abs(word.start_ms - shift - start) <= 80


def said_by(voice, text, folder):
    path = folder / "said.wav"
    known = speak(text, voice)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(known.samples.tobytes())
    return path


@pytest.mark.parametrize("voice", VOICES[:2])
def test_swapped_sentences_are_told_from_right_ones(voice, tmp_path):
    steps = SpeakingSteps(tmp_path)
    for text, other in itertools.pairwise(SENTENCES[:3]):
        sound = said_by(voice, text, tmp_path)
        assert not check(steps, sound, text, (), by=Listening("en")).problem
        assert check(steps, sound, other, (), by=Listening("en")).problem
