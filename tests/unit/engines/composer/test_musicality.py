"""What makes a score music: form, voices, melody, players; and that styles and seeds make other music."""

import itertools
import statistics

import pytest

from tenuto.engines.composer.arrangement import LEAST_RING_SECONDS, arrange
from tenuto.engines.composer.groove import swung
from tenuto.engines.composer.patterns import KICK
from tenuto.engines.composer.prompt import read
from tenuto.engines.composer.score import BASS, CHORDS, DRUMS, LEAD
from tenuto.engines.composer.styles import STYLES

EARLY = 0.2  # beats that a player may be ahead by
every_style = pytest.mark.parametrize("style", STYLES)


def score_of(prompt, **more):
    return arrange(read(prompt, **more))


def notes_of(score, part):
    return [note for note in score.notes if note.part == part]


def within(score, section, part):
    beats = score.brief.metre.beats
    first, last = section.first_bar * beats, (section.first_bar + section.bars) * beats
    return [note for note in notes_of(score, part) if first <= note.beat + EARLY < last]


@every_style
def test_inner_voices_move_little_from_chord_to_chord(style):
    chords = score_of(style, seconds=90.0, seed=4).chords
    moves = [
        abs(here - there)
        for before, after in itertools.pairwise(chords)
        for here, there in zip(before.voices, after.voices, strict=True)
    ]
    assert statistics.mean(moves) < 2.5
    assert max(moves) <= 7


@every_style
@pytest.mark.parametrize("seed", [1, 2])
def test_a_melody_sings_in_its_range_and_on_notes_of_the_chord_where_the_beat_is_strong(style, seed):
    score = score_of(style, seconds=60.0, seed=seed)
    scale, beats = score.brief.scale, score.brief.metre.beats
    sung = notes_of(score, LEAD)
    assert max(note.pitch for note in sung) - min(note.pitch for note in sung) <= 19
    assert all(57 <= note.pitch <= 88 for note in sung)
    loose = 3 * score.brief.style.loose_ms / 1000 * score.brief.bpm / 60 + 0.01
    strong = [note for note in sung if min(note.beat % 1, 1 - note.beat % 1) < loose]
    fits = [
        note.pitch % 12 in {pitch % 12 for pitch in score.chords[int((note.beat + EARLY) // beats)].spelled}
        for note in strong
    ]
    assert statistics.mean(fits) > 0.9
    leaps = [abs(after.pitch - before.pitch) for before, after in itertools.pairwise(sung)]
    assert statistics.median(leaps) <= 4
    assert scale.tonic in {note.pitch % 12 for note in sung}


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.loose_ms >= 6])
def test_players_stray_and_drums_stray_least(style):
    score = score_of(f"{style} at 100 bpm", seconds=90.0, seed=2)
    grid = sorted({swung(step / 4, score.brief) for step in range(16)} | {4.0})

    def spread_ms(part):
        places = [note.beat % 4 for note in notes_of(score, part)]
        return 600 * statistics.pstdev(min((place - line for line in grid), key=abs) for place in places)

    spreads = {part: spread_ms(part) for part in (DRUMS, BASS) if notes_of(score, part)}
    assert all(1 < spread < 20 for spread in spreads.values())
    if DRUMS in spreads:
        assert spreads[DRUMS] < spreads[BASS]


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.drums])
def test_a_drop_has_more_to_say_than_what_leads_to_it(style):
    score = score_of(style, seconds=60.0, seed=3)
    intro, drop = score.sections[0], next(section for section in score.sections if section.name == "drop")

    def force(section):
        return (
            sum(note.velocity for part in (DRUMS, BASS, LEAD) for note in within(score, section, part)) / section.bars
        )

    assert not within(score, intro, LEAD)
    assert not within(score, intro, BASS)
    assert force(drop) > 1.8 * force(intro)


def test_a_drop_begins_at_home_and_what_leads_to_it_does_not_end_there():
    for seed in range(8):
        score = score_of("pop in C major at 120 bpm", seconds=64.0, seed=seed)
        degrees = [chord.degree for chord in score.chords]
        assert all(degrees[section.first_bar] == 0 for section in score.sections if section.name == "drop")
        assert degrees[-1] == 0


def test_a_long_drop_breathes():
    drops = [section.bars for section in score_of("pop at 120 bpm", seconds=48.0).sections if section.name == "drop"]
    assert len(drops) > 1
    assert max(drops) <= 8


@pytest.mark.parametrize("seconds", [15.3, 16.0, 16.1, 16.2, 17.9, 20.05, 31.0])
@pytest.mark.parametrize("prompt", ["pop at 120 bpm", "waltz at 90", "solo flute at 100", "drums only at 110"])
def test_the_last_chord_has_time_to_ring(prompt, seconds):
    score = score_of(prompt, seconds=seconds, seed=1)
    beat = 60 / score.brief.bpm
    ringing = [note for note in score.notes if note.beat * beat > seconds - LEAST_RING_SECONDS + 0.1]
    assert not ringing, "something begins where the last chord should ring"
    last = max(score.notes, key=lambda note: note.beat)
    if last.part != DRUMS:
        assert (last.beat + last.beats) * beat >= seconds - 0.2


def test_seeds_make_other_melodies_chords_and_beats():
    scores = [score_of("pop in C major at 120 bpm", seconds=32.0, seed=seed) for seed in range(10)]
    melodies = [[note.pitch for note in notes_of(score, LEAD)] for score in scores]
    rhythms = [[round(note.beat * 4) for note in notes_of(score, LEAD)] for score in scores]
    assert len({tuple(melody) for melody in melodies}) == 10
    for one, other in itertools.combinations(range(10), 2):
        same = {*zip(rhythms[one], melodies[one], strict=True)} & {*zip(rhythms[other], melodies[other], strict=True)}
        assert len(same) < 0.6 * min(len(melodies[one]), len(melodies[other]))
    assert len({tuple(chord.name for chord in score.chords) for score in scores}) >= 6
    kicks = {tuple(round(n.beat * 4) for n in notes_of(score, DRUMS) if n.pitch == KICK) for score in scores}
    assert len(kicks) >= 3


def test_styles_differ_in_more_than_their_tempo():
    def features(style):
        score = score_of(f"{style} at 120 bpm in C minor", seconds=32.0, seed=1)
        drums = frozenset((note.pitch, round(note.beat * 4) % 16) for note in notes_of(score, DRUMS))
        comping = frozenset(round(note.beat * 4) % 16 for note in notes_of(score, CHORDS))
        return drums, comping, tuple(sorted(score.brief.instruments.items()))

    found = {style: features(style) for style in STYLES}
    for one, other in itertools.combinations(STYLES, 2):
        assert sum(a != b for a, b in zip(found[one], found[other], strict=True)) >= 2, (one, other)
