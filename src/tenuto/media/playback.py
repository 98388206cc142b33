"""The copy a browser plays: AAC in an M4A file that can be sought exactly, on the clock of the decoded sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av

from tenuto import errors
from tenuto.media.sound import Converter, convert_all

RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
BITS_PER_CHANNEL = 64_000
FRAME_SAMPLES = 1024


def write_playback(frames: Iterator[Any], target: Path) -> float:
    """Encode the frames, with the index in front of the sound; return the seconds that were written."""
    first = next(frames, None)
    if first is None:
        raise errors.BrokenMedia
    rate = first.sample_rate if first.sample_rate in RATES else RATES[0]
    layout = "mono" if first.layout.nb_channels == 1 else "stereo"
    converter = Converter(layout=layout, rate=rate, sample_format="fltp")
    fifo = av.AudioFifo()
    with av.open(f"file:{target}", "w", format="mp4", container_options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("aac", rate=rate, layout=layout, options={"aac_coder": "fast"})
        stream.bit_rate = BITS_PER_CHANNEL * stream.codec_context.channels
        clock = 0

        def encode(sound: Any) -> None:
            nonlocal clock
            # The only clock is the number of samples, so no gap or leap of the source can shift what follows.
            sound.pts, sound.time_base = clock, Fraction(1, rate)
            clock += sound.samples
            out.mux(stream.encode(sound))

        for sound in convert_all(chain([first], frames), converter):
            sound.pts = None
            fifo.write(sound)
            for whole in fifo.read_many(FRAME_SAMPLES):
                encode(whole)
        rest = fifo.read(0, partial=True)
        if rest is not None:
            encode(rest)
        out.mux(stream.encode(None))
    return clock / rate
