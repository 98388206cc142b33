"""The aligner against what flite says of itself, real voices, and words nobody said."""

from itertools import chain, cycle

import numpy as np
import pytest

from recordings import SAMPLE_RATE, real_clips
from spoken import SENTENCES, UNKNOWN, all_spoken, as_sound, in_a_row, speak
from tenuto.domain.alignment import Stretch, fits, stretches
from tenuto.domain.transcripts import Segment, Transcript
from tenuto.engines.aligner import PocketsphinxAligner
from tenuto.engines.config import EngineConfig


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return PocketsphinxAligner(EngineConfig(tmp_path_factory.mktemp("models")))


def stretch(words, start_ms, end_ms):
    return Stretch(start_ms, end_ms, (0,), (tuple(words),), ((start_ms, end_ms),))


def align(engine, path, words, span, language="en"):
    return engine.align(path, [stretch(words, *span)], language, lambda _share: None)[0][0]


def errors_of(engine, sentences, folder):
    """Milliseconds that each border of a word is wrong by."""
    found = []
    for number, spoken in enumerate(all_spoken(sentences)):
        path = as_sound(folder / f"{number}.wav", spoken.samples)
        times = align(engine, path, spoken.words, (0, spoken.duration_ms))
        assert fits(times), spoken.words
        for time, (start, end) in zip(times, spoken.times, strict=True):
            found += [abs(time.start_ms - start), abs(time.end_ms - end)]
    return np.array(found)


@pytest.mark.parametrize(("sentences", "kind"), [(SENTENCES, "known"), (UNKNOWN, "unknown")])
def test_words_are_found_within_thirty_milliseconds(engine, tmp_path, sentences, kind, record_property):
    wrong = errors_of(engine, sentences, tmp_path)
    told = f"{kind}: {len(wrong)} borders, mean {wrong.mean():.0f} ms, median {np.median(wrong):.0f} ms"
    print(f"{told}, nine of ten within {np.percentile(wrong, 90):.0f} ms")
    record_property("alignment", told)
    assert np.median(wrong) <= 30
    assert np.percentile(wrong, 90) <= 60


def test_a_sentence_is_found_within_a_long_recording(engine, tmp_path):
    samples, placed = in_a_row(SENTENCES)
    path = as_sound(tmp_path / "long.wav", samples)
    for start, spoken in placed:
        times = align(engine, path, spoken.words, (start - 300, start + spoken.duration_ms + 300))
        assert fits(times)
        assert (
            np.median(
                [abs(time.start_ms - start - truth) for time, (truth, _) in zip(times, spoken.times, strict=True)]
            )
            <= 30
        )


def test_several_sentences_are_found_in_one_go(engine, tmp_path):
    samples, placed = in_a_row(SENTENCES)
    path = as_sound(tmp_path / "long.wav", samples)
    words = [word for _, spoken in placed for word in spoken.words]
    times = align(engine, path, words, (0, len(samples) * 1000 // SAMPLE_RATE))
    truth = [start + border for start, spoken in placed for border, _ in spoken.times]
    wrong = np.abs([time.start_ms - real for time, real in zip(times, truth, strict=True)])
    assert fits(times)
    assert np.median(wrong) <= 30
    assert wrong.max() <= 300


def test_segments_whose_borders_are_rough_are_no_hindrance(engine, tmp_path):
    samples, placed = in_a_row((*SENTENCES, *UNKNOWN) * 2, pause_ms=250)
    path = as_sound(tmp_path / "long.wav", samples)
    rough = cycle((-250, 120, 200, -80, 0, 250))
    starts = [max(0, start + next(rough)) for start, _ in placed]
    ends = [*starts[1:], len(samples) * 1000 // SAMPLE_RATE]  # as engines without word times tell them
    segments = [
        Segment(*edges, " ".join(spoken.words))
        for edges, (_, spoken) in zip(zip(starts, ends, strict=True), placed, strict=True)
    ]
    wanted = stretches(Transcript(tuple(segments), duration_ms=ends[-1]), range(len(segments)))
    found = dict(
        zip(
            (position for each in wanted for position in each.positions),
            chain(*engine.align(path, wanted, "en", lambda _share: None)),
            strict=True,
        )
    )
    wrong = [
        abs(time.start_ms - start - truth)
        for position, (start, spoken) in enumerate(placed)
        for time, (truth, _) in zip(found[position], spoken.times, strict=True)
        if fits(found[position])
    ]
    assert len(wrong) >= 0.6 * sum(len(spoken.words) for _, spoken in placed)  # the rest is looked for by itself
    assert np.median(wrong) <= 30


def test_words_that_nobody_said_are_told_from_those_that_were(engine, tmp_path):
    for number, text in enumerate(SENTENCES):
        spoken = speak(text, "slt")
        path = as_sound(tmp_path / f"{number}.wav", spoken.samples)
        for other in (1, 3):
            words = SENTENCES[(number + other) % len(SENTENCES)].split()
            times = align(engine, path, words, (0, spoken.duration_ms))
            assert not fits(times), words
            assert len(times) == len(words)
            assert all(0 <= time.start_ms <= time.end_ms <= spoken.duration_ms for time in times)


@pytest.mark.parametrize("collection", ["librivox", "cards"])
def test_real_voices_fit_what_they_say_and_not_what_another_says(engine, collection):
    clips = real_clips(collection)
    for number, (path, text) in enumerate(clips):
        assert fits(align(engine, path, text.split(), (0, 60_000)))
        other = clips[(number + 1) % len(clips)][1]
        assert not fits(align(engine, path, other.split(), (0, 60_000)))


def test_another_language_is_shared_out_and_says_so(engine, tmp_path):
    spoken = speak(SENTENCES[0], "slt")
    padded = np.concatenate([np.zeros(SAMPLE_RATE * 2, np.int16), spoken.samples])
    path = as_sound(tmp_path / "padded.wav", padded)
    times = align(engine, path, ["eins", "zwei", "dreizehn"], (0, 2000 + spoken.duration_ms), "de")
    assert [time.score for time in times] == [None] * 3
    assert times[0].start_ms < times[0].end_ms <= times[1].start_ms < times[1].end_ms
    assert times[0].end_ms > 2000  # nobody speaks in the first two seconds


@pytest.mark.parametrize("words", [["東京"], ["—", "…"], ["привет", "мир"], ["a" * 5000]])
def test_words_nobody_can_say_harm_nobody(engine, tmp_path, words):
    spoken = speak(SENTENCES[0], "slt")
    path = as_sound(tmp_path / "sound.wav", spoken.samples)
    assert not fits(align(engine, path, words, (0, spoken.duration_ms)))
    mixed = align(engine, path, [*spoken.words[:4], *words, *spoken.words[4:]], (0, spoken.duration_ms))
    assert fits(mixed)
    assert [time.score is None for time in mixed] == [False] * 4 + [True] * len(words) + [False] * 5


@pytest.mark.parametrize("span", [(0, 0), (0, 50), (5_000_000, 5_000_500)])
def test_hardly_any_sound_gives_times_within_it(engine, tmp_path, span):
    path = as_sound(tmp_path / "sound.wav", np.zeros(SAMPLE_RATE, np.int16))
    times = align(engine, path, ["hello", "world"], span)
    assert all(span[0] <= time.start_ms <= time.end_ms <= span[1] for time in times)


def test_capitals_commas_and_digits_are_no_hindrance(engine, tmp_path):
    spoken = speak("my brother bought seven yellow apples at the market", "slt")
    path = as_sound(tmp_path / "sound.wav", spoken.samples)
    words = ["My", "brother", "bought", "7", "yellow", "“apples,”", "at", "the", "market."]
    times = align(engine, path, words, (0, spoken.duration_ms))
    assert fits(times)
    assert np.median([abs(time.start_ms - start) for time, (start, _) in zip(times, spoken.times, strict=True)]) <= 30
