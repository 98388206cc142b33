"""What became of a job on a song: its video decoded whole, its subtitles read by a reader of another make."""

import io
import time

import av
import pysubs2
import pytest

SMALL = {"width": 320, "height": 180, "fps": 10}


def done(client, answer, seconds=120):
    """The job an answer names, once it has completed."""
    assert answer.status_code == 202, answer.text
    address, deadline = f"/api/jobs/{answer.json()['id']}", time.monotonic() + seconds
    while (job := client.get(address).json())["status"] not in ("completed", "failed", "cancelled"):
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    assert job["status"] == "completed", job
    return job


def watch(data):
    """Width, height, number of frames, and the seconds of picture and of sound, all of them decoded."""
    with av.open(io.BytesIO(data)) as video:
        picture, sound = video.streams.video[0], video.streams.audio[0]
        frames = heard = 0
        for frame in video.decode(picture, sound):
            if isinstance(frame, av.VideoFrame):
                frames += 1
            else:
                heard += frame.samples
        return picture.width, picture.height, frames, frames / picture.average_rate, heard / sound.rate


def assert_video(data, seconds):
    width, height, frames, shown, heard = watch(data)
    assert (width, height) == (SMALL["width"], SMALL["height"])
    assert frames == pytest.approx(seconds * SMALL["fps"], abs=1)
    assert float(shown) == pytest.approx(seconds, abs=1.5 / SMALL["fps"])
    assert heard == pytest.approx(seconds, abs=0.05)


def words_of(ass):
    """The texts of a subtitle file as a reader of another make finds them, with the last end in seconds."""
    found = pysubs2.SSAFile.from_string(ass, format_="ass")
    shown = [event for event in found.events if event.type == "Dialogue"]
    return " ".join(event.plaintext for event in shown), max(event.end for event in shown) / 1000
