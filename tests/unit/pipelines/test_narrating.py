"""Slides spoken: pauses to the sample, loudness, words where they are said, and nothing spoken twice."""

import importlib.util
import itertools
import json
import wave
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from decks import NOTE as DECK_NOTE
from needs import need
from scenes import COLOURS, paint
from speaking_steps import SpeakingSteps
from tenuto.domain.films import SOUND_BLOCK, Film, Scene
from tenuto.domain.narration import script_of
from tenuto.media.encoding import wave_frames
from tenuto.media.loudness import measure_loudness
from tenuto.media.waves import read_wave
from tenuto.pipelines.chunks import Speech, VoiceWish, read_chunk
from tenuto.pipelines.narrating import Timing, from_json, speak_slide, to_json

NOTES = "Good morning, everybody, and welcome to this talk. It is about Dr. Smith's house! [pause 2s] Any questions?"


def speech(folder, engine="fake-voice", **more):
    if engine == "espeak":
        need(importlib.util.find_spec("espeakng_loader"), "the extra `speech` is not installed")
    steps = SpeakingSteps(folder)
    return steps, Speech(steps, VoiceWish(engine, **more.pop("wish", {})), folder, **more)


def spoken(folder, notes=NOTES, engine="fake-voice", **more):
    timing = more.pop("timing", Timing())
    steps, voice = speech(folder, engine, **more)
    return speak_slide(steps, script_of(notes), voice, folder / "slide.wav", timing=timing)


def samples_of(found):
    with wave.open(str(found.path), "rb") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (48_000, 1, 2)
        assert sound.getnframes() == found.frames
        return np.frombuffer(sound.readframes(found.frames), np.int16)


def loudness_of(found):
    with read_wave(found.path) as reader:
        return measure_loudness(wave_frames(reader, lambda _share: None))


def silences(samples):
    """The lengths of what is silent to the last bit, from 50 ms on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples == 0, [0]]).astype(int)))
    return [end - start for start, end in edges.reshape(-1, 2) if end - start > 2400]


@pytest.mark.parametrize("engine", ["espeak", "fake-voice"])
def test_a_slide_is_spoken_with_its_words_as_they_are_written(engine, tmp_path):
    found = spoken(tmp_path, engine=engine)
    samples_of(found)
    assert [sentence.text for sentence in found.sentences] == [
        "Good morning, everybody, and welcome to this talk.",
        "It is about Dr. Smith's house!",
        "Any questions?",
    ]
    assert " ".join(word.text for word in found.words) == NOTES.replace("[pause 2s] ", "")
    times = [time for word in found.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[-1] <= found.duration_ms


def test_silences_are_exact_to_the_sample(tmp_path):
    found = spoken(tmp_path, timing=Timing(lead_in_ms=100, tail_ms=900))
    *lengths, tail = silences(samples_of(found))
    wanted = [length * 48 for length in (100, 300, 2000)]
    # What begins softly begins with samples that are nothing when they are rounded.
    assert lengths == pytest.approx(wanted, abs=100)
    assert 0 <= tail - 900 * 48 < SOUND_BLOCK + 100
    assert found.frames % SOUND_BLOCK == 0


@pytest.mark.parametrize("engine", ["espeak", "fake-voice"])
def test_a_slide_is_as_loud_as_it_should_be(engine, tmp_path):
    found = spoken(tmp_path, engine=engine)
    heard = loudness_of(found)
    assert heard.integrated_lufs == pytest.approx(-16, abs=0.5)
    assert heard.integrated_lufs == pytest.approx(found.details["loudness_lufs"], abs=0.1)
    assert heard.true_peak_db <= -1
    assert not found.details["gain_by_reference"]


def test_the_sound_of_a_film_has_no_peak_above_the_ceiling_either(tmp_path):
    found = spoken(tmp_path, DECK_NOTE.format(number=9), "espeak")
    scene, media = Scene(paint(tmp_path / "slide.png", COLOURS[0]), found.path), SpeakingSteps(tmp_path).media
    media.film([scene], tmp_path / "film.mp4", Film(320, 180), tmp_path / "segments")
    media.podcast([scene], tmp_path / "podcast.m4a", Film(), "m4a")
    for path in (tmp_path / "film.mp4", tmp_path / "podcast.m4a"):
        with av.open(str(path)) as opened:
            heard = measure_loudness(opened.decode(audio=0))
        assert heard.true_peak_db <= -1
        assert heard.integrated_lufs == pytest.approx(-16, abs=0.5)


def test_a_slide_of_one_word_is_as_loud_as_the_voice_usually_is(tmp_path):
    found = spoken(tmp_path, "Thanks.", "espeak")
    assert found.details["gain_by_reference"]
    assert loudness_of(found).true_peak_db <= -1
    assert [word.text for word in found.words] == ["Thanks."]


@pytest.mark.parametrize("notes", ["", "  \n", "[skip] not this [/skip]", "…", "🎉"])
def test_a_slide_with_nothing_to_say_is_silent_for_a_while(notes, tmp_path):
    found = spoken(tmp_path, notes)
    assert 0 <= found.frames - 3 * 48_000 < SOUND_BLOCK
    assert not samples_of(found).any()
    assert found.sentences == ()


def test_what_was_spoken_is_never_spoken_again(tmp_path):
    handed_over = []
    first = spoken(tmp_path, kept=handed_over.append)
    assert first.made == len(first.chunks) == len(handed_over) == 3
    assert spoken(tmp_path).made == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = spoken(elsewhere, cached={chunk.key: chunk.path for chunk in handed_over}.get)
    assert again.made == 0
    assert again.chunks == first.chunks
    assert again.path.read_bytes() == first.path.read_bytes()


def test_slides_that_say_the_same_at_the_same_time_are_both_whole(tmp_path):
    texts = [NOTES] * 6

    def say(number):
        _, voice = speech(tmp_path)
        return speak_slide(SpeakingSteps(tmp_path), script_of(texts[number]), voice, tmp_path / f"{number}.wav")

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(say, range(len(texts))))
    assert len({each.path.read_bytes() for each in found}) == 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".chunk", ".wav"}


def test_one_changed_sentence_is_one_chunk_spoken(tmp_path):
    spoken(tmp_path)
    assert spoken(tmp_path, NOTES.replace("house", "garden")).made == 1


def test_another_voice_or_speed_is_another_chunk(tmp_path):
    keys = [
        spoken(tmp_path, "Nothing is lost on this server.", wish=wish).chunks
        for wish in ({}, {"voice": "alloy"}, {"speed": 1.1}, {"language": "de"}, {"shape": "abc"})
    ]
    assert len(set(keys)) == len(keys)


def test_a_slow_part_is_slow(tmp_path):
    words = "one two three four five six seven eight nine ten"
    usual, slow = (spoken(tmp_path, f"{cue}{words}") for cue in ("", "[slow]"))
    assert slow.frames > usual.frames * 1.1


def test_words_lie_where_the_voice_says_them(tmp_path):
    """Each tone begins where its word does."""
    found = spoken(tmp_path)
    samples = samples_of(found).astype(float)
    for before, word in itertools.pairwise(found.words):
        start = word.start_ms * 48
        if word.start_ms - before.end_ms > 100:
            assert not samples[start - 4000 : start - 960].any()
            assert np.abs(samples[start : start + 960]).max() > 1000


def test_what_is_known_of_a_slide_survives_as_json(tmp_path):
    found = spoken(tmp_path)
    assert from_json(json.loads(json.dumps(to_json(found))), found.path) == found


LONG = [f"This is sentence number {count}, and others come before and after it." for count in range(10, 99)]


def changed(folder, *numbers, engine="espeak", before=None):
    """Ten sentences of which some are others now; what was said before them is there, or not."""
    said = [
        f"Something else is said now, {number} times." if number in numbers else LONG[number] for number in range(10)
    ]
    steps, voice = speech(folder, engine)
    name = f"{'-'.join(map(str, numbers))}-{before is not None}.wav"
    return speak_slide(steps, script_of(" ".join(said)), voice, folder / name, before=before)


@pytest.mark.parametrize("engine", ["espeak", "fake-voice"])
def test_a_changed_sentence_is_put_into_what_was_said_before(engine, tmp_path):
    first = changed(tmp_path, engine=engine)
    found = changed(tmp_path, 4, engine=engine, before=first)
    anew = changed(tmp_path, 4, engine=engine)
    assert (first.mended, anew.mended) == (0, 0)
    assert found.mended == pytest.approx(0.1, abs=0.04)
    assert (found.words, found.frames, found.pieces) == (anew.words, anew.frames, anew.pieces)
    now, before = samples_of(found), samples_of(first)
    edge = found.pieces[found.chunks[4]].start
    assert np.array_equal(now[:edge], before[:edge])
    last, was = found.pieces[found.chunks[9]], first.pieces[first.chunks[9]]
    assert np.array_equal(now[last.start :][: last.frames], before[was.start :][: was.frames])
    assert np.corrcoef(now, samples_of(anew))[0, 1] > 0.9999
    heard = loudness_of(found)
    assert heard.integrated_lufs == pytest.approx(found.details["loudness_lufs"], abs=0.1)
    assert heard.integrated_lufs == pytest.approx(-16, abs=0.2)
    assert heard.true_peak_db <= -1


def test_where_much_is_said_anew_all_is_joined_anew(tmp_path):
    first = changed(tmp_path)
    found = changed(tmp_path, 2, 3, 4, 5, before=first)
    assert found.mended == 0
    assert found.path.read_bytes() == changed(tmp_path, 2, 3, 4, 5).path.read_bytes()


def test_after_many_changes_all_is_joined_anew(tmp_path):
    found, shares = changed(tmp_path, engine="fake-voice"), []
    for count in range(1, 4):
        found = changed(tmp_path, *range(count), engine="fake-voice", before=found)
        shares.append(found.mended)
    assert [round(share, 1) for share in shares[:3]] == [0.1, 0.2, 0.0]


def test_sentences_stand_in_a_transcript_where_their_slide_begins(tmp_path):
    found = spoken(tmp_path)
    later = found.segments(10_000)
    assert [sentence.text for sentence in later] == [sentence.text for sentence in found.sentences]
    assert later[0].words[0].start_ms == found.words[0].start_ms + 10_000


def test_words_lie_where_the_engine_says_after_the_joining(tmp_path):
    """The sound of each word, found in the slide by its likeness to what the engine made."""
    found = spoken(tmp_path, "Nobody knows what happened to the old machine in the garden.", "espeak")
    (key,) = found.chunks
    chunk = read_chunk(key, tmp_path / f"{key}.chunk")
    with chunk.path.open("rb") as file:
        file.seek(chunk.offset)
        engine = np.frombuffer(file.read(), np.int16).astype(float)
    slide = samples_of(found).astype(float)
    times = np.arange(0, len(slide) / 48_000, 1 / 8000)
    heard = envelope(np.interp(times, np.arange(len(slide)) / 48_000, slide))
    made = envelope(np.interp(times, np.arange(len(engine)) / chunk.rate, engine, right=0))
    shift_ms = int(np.argmax(np.correlate(heard, made, "full"))) - len(made) + 1
    for shown, said in zip(found.words, chunk.words, strict=True):
        assert abs(shown.start_ms - said.start_ms - shift_ms) <= 10


def envelope(samples):
    """How loud each millisecond of a sound at 8 kHz is, without its mean."""
    level = np.abs(samples[: len(samples) // 8 * 8]).reshape(-1, 8).mean(axis=1)
    return level / (level.max() or 1) - (level / (level.max() or 1)).mean()
