"""Chords, rhythms, form and what the players make of them, without any sound."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.engines.composer import patterns
from tenuto.engines.composer.arrangement import arrange
from tenuto.engines.composer.form import DROP, INTRO, OUTRO, form
from tenuto.engines.composer.kit import KIT
from tenuto.engines.composer.patterns import Stroke, strokes
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.score import BASS, CHORDS, DRUMS, LEAD
from tenuto.engines.composer.styles import STYLES
from tenuto.engines.composer.theory import METRES, STEPS, Scale, progress, spell


def score_of(prompt, **more):
    return arrange(read(prompt, **more))


def test_a_line_is_read_as_strokes_that_are_held():
    assert strokes("x--.R-5.") == [Stroke(0, 3, "x"), Stroke(4, 2, "R"), Stroke(6, 1, "5")]


def test_every_line_fills_its_bar_and_strikes_what_is_there():
    metres = {name: metre.steps for name, metre in METRES.items()}
    for lines in (*patterns.CHORDS.values(), *patterns.BASSES.values()):
        assert all(len(line) == metres[name] for name, line in lines.items())
    for name, motifs in patterns.MOTIFS.items():
        assert {len(motif) for motif in motifs} == {metres[name]}
    for kit in patterns.DRUMS.values():
        assert {len(line) for line in kit.values()} == {16}
        assert set(kit) <= set(KIT)
    for name, kits in patterns.OTHER_DRUMS.items():
        assert {len(line) for kit in kits.values() for line in kit.values()} == {metres[name]}
        assert {drum for kit in kits.values() for drum in kit} <= set(KIT)
        assert set(kits) - {""} <= set(patterns.DRUMS)


@pytest.mark.parametrize("metre", METRES.values(), ids=METRES)
def test_every_metre_has_lines_of_its_own_length(metre):
    for lines in (patterns.CHORDS, patterns.BASSES):
        assert {len(patterns.line(lines, playing, metre)) for playing in lines} == {metre.steps}
    for beat in patterns.DRUMS:
        assert {len(line) for line in patterns.drums(beat, metre).values()} == {metre.steps}
    assert {len(motif) for motif in patterns.motifs(metre)} == {metre.steps}
    assert len(patterns.motifs(metre)) > 1


def test_the_dominant_of_minor_leads_home():
    scale = Scale(9, "minor")
    assert [note % 12 for note in spell(scale, 4, sevenths=False)] == [4, 8, 11]
    assert [chord.name for chord in progress(scale, (0, 3, 4, 0), sevenths=True)] == ["Am7", "Dm7", "E7", "Am7"]


@given(st.integers(0, 11), st.sampled_from(["major", "minor"]), st.lists(st.integers(0, 6), min_size=2, max_size=8))
def test_voices_go_to_notes_that_are_near(tonic, mode, degrees):
    chords = progress(Scale(tonic, mode), degrees, sevenths=False)
    for before, after in itertools.pairwise(chords):
        assert sum(abs(a - b) for a, b in zip(before.voices, after.voices, strict=True)) <= 12
        assert {note % 12 for note in after.voices} == {note % 12 for note in after.spelled}
    assert all(48 <= note <= 84 for chord in chords for note in chord.voices)


@given(st.integers(1, 500))
def test_sections_fill_a_piece_and_the_height_comes_before_the_end(bars):
    sections = form(bars)
    assert sum(section.bars for section in sections) == bars
    assert all(section.bars > 0 for section in sections)
    assert [s.first_bar for s in sections] == [0, *itertools.accumulate(s.bars for s in sections)][:-1]
    if bars >= 8:
        assert sections[0].name == INTRO
        assert [section.name for section in sections[-2:]] == [DROP, OUTRO]


def test_a_long_piece_has_more_than_one_height():
    assert [section.name for section in form(64)].count(DROP) >= 2


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("metre", ["4/4", "3/4", "6/8", "5/4", "7/8"])
def test_every_style_is_played_in_every_metre(style, metre):
    score = score_of(f"{style} in {metre}", seconds=40.0)
    assert score.brief.metre.name == metre
    assert {note.part for note in score.notes} >= {BASS, CHORDS, LEAD} | ({DRUMS} if score.brief.drums else set())
    beats = 40.0 * score.brief.bpm / 60
    assert all(0 <= note.beat < beats and note.beats > 0 for note in score.notes)
    assert all(0 < note.velocity <= 1 and 20 <= note.pitch <= 100 for note in score.notes)


@pytest.mark.parametrize("key", ["Eb major", "F# minor"])
def test_melody_and_chords_stay_in_the_key_but_for_the_note_that_leads_home(key):
    score = score_of(f"pop in {key}", seconds=60.0, seed=5)
    scale = score.brief.scale
    inside = {scale.pitch(degree, 60) % 12 for degree in range(7)} | {(scale.tonic - 1) % 12}
    assert {note.pitch % 12 for note in score.notes if note.part == LEAD} <= inside
    assert {note.pitch % 12 for note in score.notes if note.part == CHORDS} <= inside


def test_a_piece_ends_at_home():
    score = score_of("folk in D major", seconds=31.0)
    assert score.chords[-1].name == "D"
    assert max(note.beat for note in score.notes) < 31.0 * score.brief.bpm / 60


def test_players_are_no_machine_but_a_machine_is():
    loose, tight = score_of("jazz", seconds=20.0), score_of("chiptune", seconds=20.0)
    off = [abs(note.beat * 4 - round(note.beat * 4)) for note in loose.notes]
    assert max(off) > 0.02
    assert all(abs(note.beat * 4 - round(note.beat * 4)) < 1e-6 for note in tight.notes)
    assert len({round(note.velocity, 4) for note in tight.notes}) > 20


@pytest.mark.parametrize("mode", ["dorian", "phrygian", "lydian", "mixolydian"])
def test_a_mode_is_played_with_the_note_that_makes_it(mode):
    score = score_of(f"folk in D {mode}", seconds=40.0, seed=3)
    heard = {(note.pitch - 2) % 12 for note in score.notes if note.part in (CHORDS, LEAD)}
    assert heard <= set(STEPS[mode])
    assert heard & {"dorian": {9}, "phrygian": {1}, "lydian": {6}, "mixolydian": {10}}[mode]


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [("drums only", {DRUMS}), ("solo piano", {BASS, CHORDS, LEAD}), ("solo flute", {LEAD}), ("solo cello", {BASS})],
)
def test_who_plays_alone_plays_from_beginning_to_end(prompt, parts):
    score = score_of(prompt, seconds=30.0, seed=1)
    assert {note.part for note in score.notes} == parts
    begun = sorted(note.beat for note in score.notes)
    bar = score.brief.metre.beats
    assert max(after - before for before, after in itertools.pairwise([0.0, *begun])) < 2 * bar


def test_swing_makes_every_second_eighth_late():
    brief = read("jazz", seed=1)
    late = [note.beat % 1 for note in arrange(brief).notes if note.part in (BASS, DRUMS)]
    assert sum(0.6 < place < 0.75 for place in late) > 5
    assert not sum(0.45 < place < 0.55 for place in late)


def test_a_drummer_fills_before_something_new():
    score = score_of("rock at 120 bpm", seconds=40.0, seed=2)
    build = next(section for section in score.sections if section.name == "build")
    last = (build.first_bar + build.bars - 1) * 4
    struck = [note for note in score.notes if note.part == DRUMS and last <= note.beat < last + 4]
    before = [note for note in score.notes if note.part == DRUMS and last - 4 <= note.beat < last]
    assert len([n for n in struck if n.pitch != patterns.HAT]) > len([n for n in before if n.pitch != patterns.HAT])


def test_ten_seeds_make_ten_pieces():
    pieces = {tuple((n.part, n.pitch) for n in score_of("pop in C major", seed=seed).notes) for seed in range(10)}
    assert len(pieces) == 10
