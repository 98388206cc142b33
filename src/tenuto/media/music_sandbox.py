"""The child's side of music: an untrusted song is opened, and what is made of it afterwards is measured and changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from tenuto.domain.media import MediaLimits
from tenuto.domain.music import MusicFacts
from tenuto.media import mastering, stretch
from tenuto.media import mixdown as mixing
from tenuto.media.edges import Edges
from tenuto.media.encoding import MASTER_FORMATS, encode, encode_frames, music_format, rate_in, wave_frames
from tenuto.media.floats import FloatSound, audio_frames
from tenuto.media.keys import KeyMeter
from tenuto.media.loudness import measure_loudness
from tenuto.media.music import RATE, read_music, stereo_pieces, write_music
from tenuto.media.opening import open_recording
from tenuto.media.sandbox import Emit, Payload, Progress, translated
from tenuto.media.sound import Tally, describe, frames
from tenuto.media.tempo import TempoMeter

FULL_SCALE = 32_768.0
# What takes how much of the time of measuring.
LOUDNESS_SHARE = 0.3


def music(payload: Payload, emit: Emit) -> Payload:
    """Write all of a song as 44.1 kHz stereo 16-bit WAV."""
    limits = MediaLimits(**payload["limits"])
    with translated(), open_recording(Path(payload["source"]), limits) as opened:
        tally, progress = Tally(), Progress(opened, emit)
        written, mono = write_music(progress.along(frames(opened, tally, limits)), Path(payload["target"]))
        return {"info": asdict(describe(opened, tally, written / RATE)), "mono": mono}


def measure_music(payload: Payload, emit: Emit) -> Payload:
    """Measure loudness, tempo and key of music of our own."""
    tell = shares(emit)
    with translated(), read_music(Path(payload["source"])) as reader:
        loud = measure_loudness(wave_frames(reader, lambda share: tell(share * LOUDNESS_SHARE)))
        reader.rewind()
        tempo_meter, key_meter = TempoMeter(reader.getframerate()), KeyMeter(reader.getframerate())
        for piece in stereo_pieces(reader):
            sound = piece.mean(axis=1, dtype="f4") / FULL_SCALE
            tempo_meter.hear(sound)
            key_meter.hear(sound)
            tell(LOUDNESS_SHARE + (1 - LOUDNESS_SHARE) * reader.tell() / reader.getnframes())
        tempo, key = tempo_meter.tempo(), key_meter.key()
    return asdict(
        MusicFacts(
            tempo_bpm=tempo.bpm if tempo else None,
            tempo_confidence=tempo.confidence if tempo else 0.0,
            key=key.name if key else None,
            key_confidence=key.confidence if key else 0.0,
            loudness_lufs=loud.integrated_lufs,
            true_peak_db=loud.true_peak_db,
            loudness_range=loud.range_lu,
        )
    )


def retune(payload: Payload, emit: Emit) -> Payload:
    """Write music of our own in another key or tempo."""
    source, target = Path(payload["source"]), Path(payload["target"])
    with translated():
        stretch.retune(source, target, payload["semitones"], payload["tempo"], shares(emit))
    return {}


def mixdown(payload: Payload, emit: Emit) -> Payload:
    """Write stems of our own as one."""
    source, vocals, target = Path(payload["source"]), Path(payload["vocals"]), Path(payload["target"])
    with translated():
        return {"turned_down_db": mixing.mix(source, vocals, target, payload["guide_db"], shares(emit))}


def encode_music(payload: Payload, emit: Emit) -> Payload:
    """Write music of our own in another format."""
    form = music_format(payload["format"])
    with translated():
        encode(Path(payload["source"]), Path(payload["target"]), form, shares(emit), payload["tags"])
    return {}


def master(payload: Payload, emit: Emit) -> Payload:
    """Bring float sound of our own to a loudness; what else is named is changed as that is."""
    sounds = [FloatSound(Path(source), payload["rate"]) for source in payload["sources"]]
    with translated():
        found = mastering.master(
            sounds,
            target_lufs=payload["target_lufs"],
            ceiling_db=payload["ceiling_db"],
            edges=Edges(**payload["edges"]),
            tell=shares(emit),
        )
    return asdict(found)


def encode_floats(payload: Payload, emit: Emit) -> Payload:
    """Write float sound of our own in a format, louder by `gain_db`."""
    form = music_format(payload["format"], MASTER_FORMATS)
    sound, gain = FloatSound(Path(payload["source"]), payload["rate"]), np.float32(10 ** (payload["gain_db"] / 20))
    if payload["most_rate"] and rate_in(form, sound.rate) > payload["most_rate"]:
        form = replace(form, rate=payload["most_rate"])
    with translated():
        heard = audio_frames((piece * gain for piece in sound.pieces()), rate=sound.rate, layout=sound.layout)
        encode_frames(heard, Path(payload["target"]), form, rate=sound.rate, tags=payload["tags"])
    emit({"progress": 1.0})
    return {}


def shares(emit: Emit) -> Callable[[float], None]:
    """Tell the parent what share is done, at most a hundred times."""
    told = 0.0

    def tell(share: float) -> None:
        nonlocal told
        if share >= told + 0.01:
            told = share
            emit({"progress": min(share, 1.0)})

    return tell
