"""Music in every format: it opens elsewhere, at the right rate, and says what it is."""

import av
import mutagen
import numpy as np
import pytest

from tenuto.media.encoding import MASTER_FORMATS, encode_frames, file_ending
from tenuto.media.floats import audio_frames

TAGS = {
    "title": "Slow jazz – ½",
    "artist": "tenuto",
    "comment": "composer-1, seed 7",
    "date": "2026-11-21",
    "genre": "jazz",
    "bpm": "72",
    "key": "F#m",
}
# What mutagen calls the fields of each container.
FIELDS = {
    "mp3": {
        "title": "TIT2",
        "artist": "TPE1",
        "date": "TDRC",
        "genre": "TCON",
        "bpm": "TBPM",
        "key": "TKEY",
        "comment": "TXXX:comment",
    },
    "m4a": {"title": "\xa9nam", "artist": "\xa9ART", "comment": "\xa9cmt", "date": "\xa9day", "bpm": "tmpo"},
    "flac": {name: {"key": "initialkey", "comment": "description"}.get(name, name) for name in TAGS},
}
FIELDS |= {"flac24": FIELDS["flac"], "opus": FIELDS["flac"]}


def written(folder, name, *, rate=44_100, channels=2, tags=None):
    sound = 0.3 * np.sin(np.arange(rate * 2) * 440 * 2 * np.pi / rate)[:, None].repeat(channels, axis=1)
    layout = {1: "mono", 2: "stereo"}[channels]
    target = folder / f"a.{file_ending(name)}"
    frames = audio_frames(iter([sound.astype(np.float32)]), rate=rate, layout=layout)
    encode_frames(frames, target, MASTER_FORMATS[name], rate=rate, layout=layout, tags=tags)
    return target


def said(value):
    value = getattr(value, "text", value)
    return str(value[0] if isinstance(value, list) else value)


@pytest.mark.parametrize("name", FIELDS)
def test_tags_are_where_others_look_for_them(tmp_path, name):
    found = mutagen.File(written(tmp_path, name, tags=TAGS))
    for tag, field in FIELDS[name].items():
        assert said(found[field]) == TAGS[tag], tag


@pytest.mark.parametrize("name", ["wav", "wav24", "wav32f"])
def test_a_wav_says_what_riff_has_a_place_for(tmp_path, name):
    with av.open(str(written(tmp_path, name, tags=TAGS))) as opened:
        assert {tag: opened.metadata[tag] for tag in ("title", "artist", "comment", "date", "genre")} == {
            tag: TAGS[tag] for tag in ("title", "artist", "comment", "date", "genre")
        }


@pytest.mark.parametrize("name", MASTER_FORMATS)
@pytest.mark.parametrize("rate", [8_000, 11_025, 37_000, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_is_written_in_every_format(tmp_path, name, rate, channels):
    with av.open(str(written(tmp_path, name, rate=rate, channels=channels))) as opened:
        stream = opened.streams.audio[0]
        sound = np.concatenate([frame.to_ndarray().reshape(frame.layout.nb_channels, -1) if frame.format.is_planar
                                else frame.to_ndarray().reshape(-1, frame.layout.nb_channels).T
                                for frame in opened.decode(stream)], axis=1)  # fmt: skip
    exact = stream.rate == rate
    assert exact or (name == "opus" and stream.rate == 48_000) or (name in ("mp3", "m4a") and stream.rate >= 44_100)
    assert sound.shape[0] == channels
    assert sound.shape[1] / stream.rate == pytest.approx(2, abs=0.15)
    spectrum = np.abs(np.fft.rfft(sound[0].astype(float)))
    assert np.argmax(spectrum) * stream.rate / sound.shape[1] == pytest.approx(440, abs=2)


@pytest.mark.parametrize(("name", "bits"), [("wav", 16), ("wav24", 24), ("wav32f", 32), ("flac", 16), ("flac24", 24)])
def test_a_format_has_the_bits_of_its_name(tmp_path, name, bits):
    assert mutagen.File(written(tmp_path, name)).info.bits_per_sample == bits
