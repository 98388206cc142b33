"""The lyrics aligner on songs whose times are known exactly, with right and with wrong lyrics."""

from dataclasses import dataclass

import numpy as np
import pytest

from recordings import write_wave
from singing import sing
from songbook import FOREIGN_LINE, SONGS
from tenuto.engines.config import EngineConfig
from tenuto.engines.lyrics_aligner import LyricsAlign

DOUBTFUL = 0.5
RIGHT_MS = 300
SHORT = (
    "[Verse 1]",
    "Carry me over to the other side",
    "Summer was burning on the edge of town",
    "",
    "Hold me together till the morning light",
)


@dataclass(frozen=True)
class Result:
    """Each line with words: how sure, and how far it is from the nearest moment at which it is sung."""

    confidences: np.ndarray
    errors_ms: np.ndarray

    @property
    def right(self):
        return self.errors_ms <= RIGHT_MS


@pytest.fixture
def engine(tmp_path):
    return LyricsAlign(EngineConfig(tmp_path))


def align(engine, folder, sung, lines, language="en"):
    path = write_wave(folder / "vocals.wav", sung.samples * 32767)
    return engine.align_lyrics(path, lines, language, lambda _share: None)


def judge(found, sung):
    """What was found against what was sung; a line of a song that was not sung is infinitely wrong."""
    moments = {}
    for line in sung.lines:
        moments.setdefault(line.text, []).append(line.start_ms)
    timed = [line for line in found if line.is_timed]
    wrong = [min((abs(line.start_ms - at) for at in moments.get(line.text, ())), default=1e9) for line in timed]
    return Result(np.array([line.confidence for line in timed]), np.array(wrong))


@pytest.fixture(scope="module")
def short_song():
    return sing([line for line in SHORT if not line.startswith("[")], voice="slt", bpm=110, sample_rate=16_000)


def test_lines_and_words_of_a_song_are_found(engine, tmp_path, short_song):
    found = align(engine, tmp_path, short_song, SHORT)
    assert [line.text for line in found] == list(SHORT)
    assert not found[0].is_timed  # a heading is not sung
    assert not found[3].is_timed
    result = judge(found, short_song)
    assert np.median(result.errors_ms) <= 100
    assert result.confidences.min() >= 0.7
    truth = [word for line in short_song.lines for word in line.words]
    words = [word for line in found for word in line.words]
    assert [word.text for word in words] == [word.text for word in truth]
    assert np.median([abs(word.start_ms - real.start_ms) for word, real in zip(words, truth, strict=True)]) <= 60
    assert engine.notes == ()


def test_a_line_that_nobody_sings_is_doubted_and_hurts_no_other(engine, tmp_path, short_song):
    lines = [*SHORT[1:3], FOREIGN_LINE, *SHORT[3:]]
    found = align(engine, tmp_path, short_song, lines)
    assert found[2].confidence < DOUBTFUL
    others = judge([line for line in found if line.text != FOREIGN_LINE], short_song)
    assert others.right.all()
    assert others.confidences.min() >= 0.7
    assert "1 line(s) were not heard" in engine.notes[0]


def test_words_that_nobody_can_say_take_their_place_among_the_others(engine, tmp_path, short_song):
    found = align(engine, tmp_path, short_song, ["Carry me over 東 to the other side — …", *SHORT[2:]])
    assert judge(found[1:], short_song).right.all()
    words = found[0].words
    assert [word.text for word in words] == ["Carry", "me", "over", "東", "to", "the", "other", "side", "—", "…"]
    assert words[2].end_ms <= words[3].start_ms <= words[3].end_ms <= words[4].start_ms
    assert found[0].confidence >= 0.7


def test_a_script_it_cannot_say_is_placed_where_somebody_sings_and_doubted(engine, tmp_path, short_song):
    lines = ["Над рекою ветер", "Летом город догорал", "До утра держи меня"]
    found = align(engine, tmp_path, short_song, lines, "ru")
    assert all(line.confidence < DOUBTFUL for line in found)
    assert any("English sounds only" in note for note in engine.notes)
    assert any("no words it can say" in note for note in engine.notes)
    starts = [line.start_ms for line in short_song.lines if line.words]
    assert found[0].start_ms == pytest.approx(starts[0], abs=1500)
    assert found[2].start_ms == pytest.approx(starts[2], abs=1500)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["river", "city", "ship", "dog"])
def test_songs_with_choruses_and_breaks_are_followed(engine, tmp_path, name, record_property):
    sung = SONGS[name].sung()
    found = align(engine, tmp_path, sung, SONGS[name].lines)
    truth = [line.start_ms for line in sung.lines if line.words]
    wrong = np.abs([line.start_ms - at for line, at in zip([x for x in found if x.is_timed], truth, strict=True)])
    sure = [line.confidence for line in found if line.is_timed]
    told = f"{name}: median {np.median(wrong):.0f} ms, worst {wrong.max():.0f} ms, confidence {np.median(sure):.2f}"
    print(told)
    record_property("lyrics", told)
    assert np.median(wrong) <= 100
    assert np.median(sure) >= 0.7
    assert np.mean(np.array(sure) >= DOUBTFUL) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a foreign line", "verses swapped", "another song"])
def test_wrong_lyrics_are_told_from_right_ones(engine, tmp_path, kind, record_property):
    song, other = SONGS["river"], SONGS["city"]
    sung = song.sung((*song.first, "", *song.chorus, "", *song.second))
    lines = {
        "a foreign line": (*song.first[:2], FOREIGN_LINE, *song.first[2:], *song.chorus, *song.second),
        "verses swapped": (*song.second, "", *song.chorus, "", *song.first),
        "another song": (*other.first, "", *other.chorus, "", *other.second),
    }[kind]
    result = judge(align(engine, tmp_path, sung, lines), sung)
    right, flagged = result.right, result.confidences < DOUBTFUL
    told = (
        f"{kind}: {right.sum()} lines right, confidence {np.median(result.confidences[right]) if right.any() else 0:.2f}; "
        f"{(~right).sum()} wrong, confidence {np.median(result.confidences[~right]):.2f}; "
        f"{(flagged & ~right).sum()} of {flagged.sum()} flagged are wrong"
    )
    print(told)
    record_property("lyrics", told)
    assert np.median(result.confidences[~right]) <= 0.4
    assert (flagged & ~right).sum() >= 0.9 * (~right).sum()
    if right.any():
        assert np.median(result.confidences[right]) >= 0.7
        assert (flagged & right).sum() <= 0.1 * right.sum()
