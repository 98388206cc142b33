"""A song that is really sung, through the embedded engines and one request, to a video: nothing is fetched or faked."""

import wave

import numpy as np
import pytest

import bands
from films import assert_video, done, words_of
from made_song import samples
from server import running_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_sung_song_becomes_a_karaoke_video_with_the_embedded_engines(tmp_path):
    mix = np.clip(bands.song("ballad").mix.T * 32_767, -32_768, 32_767).astype("<i2")
    with wave.open(str(tmp_path / "song.wav"), "wb") as file:
        file.setparams((2, 2, bands.RATE, 0, "NONE", ""))
        file.writeframes(mix.tobytes())
    form = {"kind": "karaoke", "title": "Road", "artist": "Flite", "lyrics": "\n".join(bands.LINES), "language": "en"}
    form |= {"width": "320", "height": "180", "fps": "10", "guide_db": "-18"}
    with running_server(tmp_path, TENUTO_SEPARATOR="embedded") as server:
        with (tmp_path / "song.wav").open("rb") as file:
            answer = server.client.post("/api/jobs", data=form, files={"file": ("song.wav", file)})
        job = done(server.client, answer, seconds=500)
        song = server.client.get(f"/api/songs/{job['song_id']}").json()
        stems = [
            samples(server.client.get(f"/api/songs/{song['id']}/stems/{kind}").content).astype(int)
            for kind in ("vocals", "instrumental")
        ]
        lyrics = server.client.get(f"/api/songs/{song['id']}/lyrics").json()
        made = {
            name: server.client.get(f"/api/jobs/{job['id']}/artifacts/karaoke.{name}").content
            for name in ("mp4", "ass")
        }
    assert (song["separation"]["engine"], song["separation"]["method"]) == ("embedded", "vocal reduction")
    assert np.abs(sum(stems) - mix).max() <= 1
    assert np.square(stems[0]).sum() > 0.01 * np.square(mix.astype(float)).sum()
    assert (lyrics["origin"], lyrics["synced"]) == ("aligned", True)
    assert all(line["confidence"] is not None for line in lyrics["lines"])
    assert_video(made["mp4"], len(mix) / bands.RATE)
    assert all(line in words_of(made["ass"].decode())[0] for line in bands.LINES)
