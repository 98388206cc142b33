"""Scenes to be filmed, and films looked at: every frame and every sample decoded."""

import wave

import av
import numpy as np

from tenuto.domain.films import RATE, Scene

COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40), (200, 40, 200)]


def paint(path, colour, *, width=320, height=180):
    """Write a picture of one colour with a light edge."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = colour
    picture[:4] = 255
    with av.open(str(path), "w", format="image2") as out:
        stream = out.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def click(path, samples, *, rate=RATE):
    """Write a sound that begins with a click of 2 ms and is silent from there on."""
    sound = np.zeros(samples, "<i2")
    sound[: rate // 500] = 20_000
    return store(path, sound, rate=rate)


def store(path, sound, *, rate=RATE):
    """Write samples as a WAV."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())
    return path


def make_scene(folder, number, samples, **more):
    """A scene of a colour of its own that begins with a click."""
    picture = paint(folder / f"{number}.png", COLOURS[number % len(COLOURS)])
    return Scene(picture, click(folder / f"{number}.wav", samples), f"Scene {number}", **more)


def look_at(path):
    """The time of each frame in samples, and its colour in the middle."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.time_base.denominator == RATE
        return [
            (frame.pts, frame.to_ndarray(format="rgb24")[frame.height // 2, frame.width // 2].astype(int))
            for frame in film.decode(stream)
        ]


def listen(path):
    """All samples, where they stand in time."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[0]
        heard = [(frame.pts, frame.to_ndarray()[0]) for frame in film.decode(stream)]
    sound = np.zeros(max(at + samples.size for at, samples in heard), np.float32)
    for at, samples in heard:
        sound[max(0, at) : at + samples.size] = samples[max(0, -at) :]
    return sound


def nearest(colour):
    """The number of the colour that one is nearest to."""
    return int(np.argmin([np.abs(np.subtract(colour, one)).sum() for one in COLOURS]))
