"""Lines that are heard through a band: the model, the voice, the way through the sound, and how sure a line is."""

import numpy as np
import pytest

import bands
from recordings import SAMPLE_RATE
from songbook import SONGS
from tenuto.engines.lyrics_aligner_band import hear_beside_band, sung_curve
from tenuto.engines.lyrics_aligner_chain import BLOCK, best_path, build_chain, find_words
from tenuto.engines.lyrics_aligner_phones import load_model, mel_powers, phone_scores, tune_levels

NAMES = ("AA", "B", "S")
LINES = [{0: ["B AA"]}, {0: ["S AA"], 1: ["B"]}]


def nothing(_share):
    """Progress that nobody asks for."""


def emitted(*parts):
    """Scores and a voice from (phone, steps), where no phone is a rest."""
    scores = [np.full((steps, len(NAMES)), -8.0) + 16.0 * (np.array(NAMES) == phone) for phone, steps in parts]
    sung = [np.full(steps, 2.0 if phone else -2.0) for phone, steps in parts]
    return np.concatenate(scores).astype(np.float32), np.concatenate(sung).astype(np.float32)


def test_words_are_found_where_their_phones_are():
    heard = emitted(("", 20), ("B", 5), ("AA", 30), ("", 15), ("S", 6), ("AA", 10), ("", 4), ("B", 4), ("", 9))
    assert find_words(LINES, *heard, NAMES, nothing) == [{0: (20, 55)}, {0: (70, 86), 1: (90, 94)}]


def test_a_line_that_is_not_sung_is_left_out():
    heard = emitted(("", 20), ("S", 6), ("AA", 10), ("", 4), ("B", 4), ("", 9))
    lines = [{0: ["B AA B AA B AA"]}, *LINES[1:]]
    assert find_words(lines, *heard, NAMES, nothing) == [{}, {0: (20, 36), 1: (40, 44)}]


def test_a_long_song_takes_the_same_way_in_blocks_as_at_once(monkeypatch):
    scores, sung = emitted(*[("", 200), ("B", 30), ("AA", 300), ("", 150), ("S", 6), ("AA", 700), ("B", 40)])
    in_blocks = find_words(LINES, scores, sung, NAMES, nothing)
    assert len(scores) > 2 * BLOCK
    monkeypatch.setattr("tenuto.engines.lyrics_aligner_chain.BLOCK", 10_000)
    assert find_words(LINES, scores, sung, NAMES, nothing) == in_blocks
    assert in_blocks[0] == {0: (200, 530)}


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_sound_too_short_for_the_lines_has_no_words(steps):
    scores, sung = emitted(("AA", steps))
    assert find_words(LINES, scores, sung, NAMES, nothing) == [{}, {}]


def test_the_best_path_is_the_best_of_all():
    """Against every way through a small chain."""
    chain = build_chain([{0: ["B"]}], NAMES)
    sounds = np.random.default_rng(4).normal(0, 3, (7, len(NAMES) + 2)).astype(np.float32)

    def ways(state, step):
        if step == len(sounds):
            yield 0.0, (state,)
            return
        for following, arcs in enumerate(chain.comes_from):
            for source, cost in arcs:
                if source == state:
                    for value, way in ways(following, step + 1):
                        yield value + cost + sounds[step, chain.sound[following]], (state, *way)

    best = max((way for way in ways(0, 0) if way[1][-1] in chain.ends), key=lambda way: way[0])
    assert tuple(best_path(chain, sounds, nothing)) == best[1][1:]


def test_the_model_tells_vowels_of_a_voice():
    """Two formants make a vowel: those of "ee" and of "ah"."""
    model = load_model()
    assert len(model.names) == 42
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    formants = {"IY": ((280, 60), (2250, 120), (2900, 150)), "AA": ((730, 80), (1100, 90), (2450, 150))}
    sound = np.zeros(times.size)
    for part, places in zip((times < 1, times >= 1), formants.values(), strict=True):
        for number in range(1, 40):
            level = sum(1 / (1 + ((number * 120 - hertz) / width) ** 2) for hertz, width in places)
            sound[part] += level * np.sin(2 * np.pi * number * 120 * times[part])
    powers = mel_powers((sound / np.abs(sound).max() * 12_000).astype(np.int16))
    scores = phone_scores(powers, np.ones(len(powers) // 2, np.float32), model)
    ee, ah = (model.names.index(name) for name in formants)
    assert (scores[5:40, ee] > scores[5:40, ah]).mean() > 0.9
    assert (scores[60:90, ah] > scores[60:90, ee]).mean() > 0.9


def test_a_tune_is_told_from_noise_as_loud():
    times = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    tune = sum(np.sin(2 * np.pi * 220 * number * times) / number for number in range(1, 15))
    noise = np.random.default_rng(1).normal(0, 1, times.size)
    sings = (times > 2) & (times < 4)
    sound = np.where(sings, tune / tune.std(), noise) * 3000
    sung = sung_curve(tune_levels(sound.astype(np.int16)))
    assert (sung[105:195] > 0).all()
    assert (sung[5:95] < 0).all()
    assert (sung[205:290] < 0).all()


@pytest.mark.parametrize("samples", [0, 1, 409, 410, 3000])
def test_the_shortest_sounds_are_no_failure(samples):
    pcm = np.full(samples, 900, "<i2").tobytes()
    heard = hear_beside_band(pcm, ["over the hills", "", "東京"], nothing)
    assert heard.sayable == [True, False, False]
    assert len(heard.lines) == 3


@pytest.fixture(scope="module")
def folk():
    song = bands.song("folk", (*SONGS["ship"].first, "", *SONGS["ship"].chorus), 9)
    voice = song.leaking(-12).mean(axis=0)
    usable = voice[: len(voice) // 441 * 441]
    coarse = np.interp(
        np.arange(len(usable) * 160 // 441) * 441 / 160, np.arange(len(usable)), bands.dulled(usable, 6000)
    )
    return song, (coarse * 32_767).astype("<i2").tobytes()


@pytest.mark.slow
def test_lines_are_heard_through_a_band_and_another_songs_are_doubted(folk):
    song, pcm = folk
    lines = [line.text for line in song.lines]
    told = []
    heard = hear_beside_band(pcm, lines, told.append)
    truth = {at: line.start_ms for at, line in enumerate(song.lines) if line.words}
    wrong = {at: abs(min(word.start_ms for word in heard.lines[at].values()) - real) for at, real in truth.items()}
    assert max(wrong.values()) <= 300
    assert np.median(list(heard.sure.values())) >= 0.5
    assert told == sorted(told)
    other = hear_beside_band(pcm, list(SONGS["garden"].first + SONGS["garden"].chorus), nothing)
    assert sum(sure >= 0.5 for sure in other.sure.values()) <= 1
