"""Reading a prompt: what was understood of it, what was not, and what the seed decides where it says nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenuto.domain.music import NOTES
from tenuto.engines.composer import keys, times
from tenuto.engines.composer import vocabulary as words
from tenuto.engines.composer.denials import PARTS, denied
from tenuto.engines.composer.dice import dice
from tenuto.engines.composer.styles import DEFAULT, STYLES, Style
from tenuto.engines.composer.text import Text, respelled
from tenuto.engines.composer.theory import COMMON, Metre, Scale

DEFAULT_SECONDS = 16.0
WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)
USUAL_ENERGY, HIGH_ENERGY, LOW_ENERGY = 0.65, 0.95, 0.35
# Who plays what a prompt does not want to hear.
STAND_INS = {"bass": ("electric bass", "synth bass"), "chords": ("piano", "organ"), "lead": ("synth lead", "flute")}


@dataclass(frozen=True)
class Brief:
    """What is to be composed."""

    style: Style
    bpm: float
    scale: Scale
    metre: Metre
    seconds: float
    seed: int
    energy: float
    drums: str  # a beat; empty for none
    instruments: Mapping[str, str]  # part → instrument, of the parts that play
    understood: Mapping[str, str] = field(default_factory=dict)  # what → in which words
    ignored: tuple[str, ...] = ()
    asked_bpm: float | None = None  # the tempo that was said in numbers
    asked_key: str | None = None  # "F# minor", or "F#" where the mode was not said


@dataclass
class _Players:
    """Who is to play, as far as a prompt says so."""

    instruments: dict[str, str]
    unwanted: set[str]  # parts, and instruments
    style: str = ""  # that such players are usually heard in
    duet: bool = False  # those who are named play everything


def seed_of(prompt: str) -> int:
    """The seed of a prompt that came without one: the same prompt sounds the same."""
    return int.from_bytes(hashlib.sha256(" ".join(prompt.lower().split()).encode()).digest()[:4], "little")


def read(prompt: str, *, seconds: float | None = None, seed: int | None = None) -> Brief:
    """Make a brief of free text; `seconds` counts more than what the text says."""
    seed = seed_of(prompt) if seed is None else seed
    text = Text(prompt)
    brief = _brief(text, seconds, seed)
    slips = respelled(brief.ignored)
    if not slips:
        return brief
    brief = _brief(Text(" ".join(slips.get(word, word) for word in text.text.split())), seconds, seed)
    spelling = ", ".join(f"{wrong} as {right}" for wrong, right in slips.items())
    return replace(brief, understood={**brief.understood, "spelling": spelling})


def _brief(text: Text, seconds: float | None, seed: int) -> Brief:
    players = _players(text)
    metre = text.first("metre", words.METRE_WORDS) or _implied_metre(text)
    length = times.length(text)
    bpm = times.tempo(text)
    tonic, mode = keys.key(text)
    players.instruments |= _instruments(text, players)
    style = STYLES.get(text.first("style", words.STYLE_WORDS) or players.style, DEFAULT)
    asked_key = _asked_key(tonic, mode)
    mode = _mode(text, mode) or style.mode
    energy = _energy(text)
    wanted = {part for pattern, part in words.PART_WORDS if text.find("parts", pattern)}
    beat = style.drums or ("brushes" if "drums" in wanted or players.unwanted >= {*PARTS[1:]} else "")
    if beat and text.find("beat", words.HALF_TIME):
        beat = "half time"
    bpm = bpm or times.bare_tempo(text)
    asked_bpm, usual_bpm = bpm, style.bpm / metre.quarters
    if bpm:  # a word that is against the number changes nothing
        text.find("tempo", words.SLOW if bpm < usual_bpm else words.FAST)
    bpm = bpm or _usual_tempo(text, usual_bpm, seed)
    length = length or times.bars(text, metre.beats * 60 / bpm)
    chosen = int(dice(seed, "key").choice(WHITE_KEYS))
    return Brief(
        style=style,
        bpm=bpm,
        scale=Scale(chosen if tonic is None else tonic, mode),
        metre=metre,
        seconds=seconds or length or DEFAULT_SECONDS,
        seed=seed,
        energy=energy,
        drums="" if "drums" in players.unwanted else beat,
        instruments=_played(style, players),
        understood=text.understood,
        ignored=tuple(text.left_over()),
        asked_bpm=asked_bpm,
        asked_key=asked_key,
    )


def _asked_key(tonic: int | None, mode: str) -> str | None:
    """The key that was said, as keys are called; a mode by itself is none."""
    if tonic is None:
        return None
    return Scale(tonic, mode).key if mode else NOTES[tonic]


def _implied_metre(text: Text) -> Metre:
    """The metre that a style is always in; its word is left for the style."""
    return next((metre for pattern, metre in words.METRES_OF_STYLES if text.search(pattern)), COMMON)


def _mode(text: Text, named: str) -> str:
    """The mode of the key that was named, or of a mood; a mood that is against the key changes nothing."""
    moods = [(said, mode) for said, mode in words.MOOD_WORDS if not named or mode == Scale(0, named).family]
    mood = text.first("mood", moods)
    return named or mood or ""


def _usual_tempo(text: Text, usual_bpm: float, seed: int) -> float:
    """The tempo that words name, or the style's, with a little of the seed's own."""
    return float(round(times.pace(text, usual_bpm) * float(dice(seed, "tempo").uniform(0.96, 1.04))))


def _players(text: Text) -> _Players:
    """Who plays, and who must not play."""
    players = _alone(text)
    return replace(players, unwanted=players.unwanted | denied(text, players.unwanted, players.instruments.values()))


def _alone(text: Text) -> _Players:
    """Who plays alone."""
    if text.find("instruments", words.DRUMS_ALONE):
        return _Players({}, {"bass", "chords", "lead"})
    for pattern, parts, instrument in words.INSTRUMENT_WORDS:
        if text.find("instruments", words.ALONE.format(pattern)):
            # What plays chords can play bass and melody too; others play one part.
            played = PARTS[1:] if parts[0] == "chords" else parts[:1]
            style = "folk" if "guitar" in instrument else "classical"
            return _Players(dict.fromkeys(played, instrument), set(PARTS) - set(played), style)
    if text.find("instruments", words.QUARTET):
        return _Players({"chords": "strings", "bass": "cello", "lead": "violin"}, {"drums"}, "classical")
    duet = text.find("parts", words.DUET)
    return _Players({}, {"drums"}, "classical", duet=True) if duet else _Players({}, set())


def _instruments(text: Text, players: _Players) -> dict[str, str]:
    """Part → instrument; the first one that is said of a part plays it."""
    found: dict[str, str] = {}
    for pattern, parts, instrument in words.INSTRUMENT_WORDS:
        taken = {*found, *players.instruments, *players.unwanted}
        part = next((part for part in parts if part not in taken), None)
        if part and text.find("instruments", pattern):
            found[part] = instrument
    return found


def _played(style: Style, players: _Players) -> dict[str, str]:
    """Part → instrument, of the parts that play."""
    usual = {"bass": style.bass[0], "chords": style.chords[0], "lead": style.lead}
    if players.duet and players.instruments:
        first = next(iter(players.instruments.values()))
        usual = dict.fromkeys(usual, players.instruments.get("chords", first))
    for part, instrument in usual.items():
        others = (name for _, parts, name in words.INSTRUMENT_WORDS if part in parts)
        able = (instrument, *STAND_INS[part], *others)
        usual[part] = next((name for name in able if not players.unwanted & {name, name.split()[-1]}), instrument)
    return {part: name for part, name in (usual | players.instruments).items() if part not in players.unwanted}


def _energy(text: Text) -> float:
    if text.find("energy", words.LOUD):
        return HIGH_ENERGY
    return LOW_ENERGY if text.find("energy", words.SOFT) else USUAL_ENERGY
