"""Recordings of every kind, made by the same library that will open them, and the sandbox that opens them."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tenuto.domain.media import MediaLimits
from tenuto.media.tools import MediaTools, sandbox_pool


@pytest.fixture(scope="session")
def pool():
    pool = sandbox_pool(1)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def tools(pool):
    return MediaTools(pool, MediaLimits())


def tone(seconds, rate):
    return (np.sin(np.arange(round(seconds * rate)) * 440 * 2 * np.pi / rate) * 12_000).astype(np.int16)


@pytest.fixture
def record(tmp_path):
    """Write a tone, or `sound` (int16, one channel), as a recording of the wanted kind."""

    def write(name, codec, container, *, rate=44_100, layout="mono", seconds=7.0, sound=None, **tags):
        sound = tone(seconds, rate) if sound is None else sound
        path = tmp_path / name
        with av.open(str(path), "w", format=container) as out:
            out.metadata.update(tags)
            stream = out.add_stream(codec, rate=rate, layout=layout)
            size = stream.codec_context.frame_size or 1024
            form = stream.codec_context.format.name
            convert = av.AudioResampler(format=form, layout=layout, rate=rate, frame_size=size)
            channels = av.AudioLayout(layout).nb_channels
            for start in range(0, sound.size, size):
                samples = np.repeat(sound[start : start + size], channels).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                for whole in convert.resample(frame):
                    out.mux(stream.encode(whole))
            for whole in convert.resample(None):
                out.mux(stream.encode(whole))
            out.mux(stream.encode(None))
        return path

    return write
