"""Speech in the formats it is written in: as long and as loud as it was, whatever the encoder does unasked."""

import wave

import av
import numpy as np
import pytest

from cli_environment import RECORDING
from tenuto.media.encoding import SPEECH_FORMATS
from tenuto.media.loudness import measure_loudness

RAW = {"format": "s16le", "options": {"sample_rate": "24000", "channels": "1"}}


@pytest.fixture
def loud_speech(tools, tmp_path):
    """Recorded speech, its highest peak just below full scale."""
    path = tmp_path / "said.wav"
    tools.decode(RECORDING, path)
    with wave.open(str(path)) as reader:
        settings, sound = reader.getparams(), np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    with wave.open(str(path), "wb") as writer:
        writer.setparams(settings)
        writer.writeframes((sound * (32_000 / np.abs(sound.astype(int)).max())).astype("<i2").tobytes())
    return path


def heard(path, **more):
    """Loudness and seconds of what a player hears."""
    with av.open(str(path), **more) as opened:
        frames = list(opened.decode(audio=0))
    return measure_loudness(iter(frames), with_peak=False).integrated_lufs, sum(
        frame.samples / frame.sample_rate for frame in frames
    )


@pytest.mark.parametrize("name", SPEECH_FORMATS)
def test_speech_is_as_loud_in_every_format(tools, loud_speech, tmp_path, name):
    target = tmp_path / f"made.{name}"
    tools.speech(loud_speech, target, name)
    (was, lasted), (now, lasts) = heard(loud_speech), heard(target, **(RAW if name == "pcm" else {}))
    assert now == pytest.approx(was, abs=0.2)
    assert lasts == pytest.approx(lasted, abs=0.1)
