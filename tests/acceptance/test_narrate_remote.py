"""`tenuto narrate` against a server: all that was made is here afterwards, also when the server was away meanwhile."""

import signal

import av
import pytest

from cli_environment import Command, read_until
from decks import make_deck
from server import running_server

KEY = "a-key-of-the-tests"
SETTINGS = {"TENUTO_API_KEY": KEY, "TENUTO_ENGINES": '["pocketsphinx", "fake", "espeak"]'}


@pytest.fixture
def tenuto(tmp_path):
    place = tmp_path / "elsewhere"
    place.mkdir()
    command = Command(place, TENUTO_API_KEY=KEY, NO_PROXY="*")
    yield command
    command.close()


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_meanwhile_is_waited_for(tenuto, tmp_path):
    make_deck(tenuto.folder / "plans.pptx", slides=2)
    wish = ("narrate", "plans.pptx", "--engine", "espeak", "--subtitles", "-o", "new/")
    with running_server(tmp_path, **SETTINGS) as server:
        url, port = server.url, server.port
        watching = tenuto.start(*wish, TENUTO_URL=url)
        read_until(watching.stderr, "processing (")
        server.stop(signal.SIGKILL)
        lost = read_until(watching.stderr, "cannot be reached")
    assert "The work is safe there" in lost[-1]
    with running_server(tmp_path, **SETTINGS, TENUTO_PORT=port):
        read_until(watching.stderr, "The server is back.")
        out, err = watching.communicate(timeout=240)
    assert (watching.returncode, out) == (0, ""), err
    assert sorted(path.name for path in (tenuto.folder / "new").iterdir()) == ["plans.mp4", "plans.srt", "plans.vtt"]
    with av.open(str(tenuto.folder / "new" / "plans.mp4")) as video:
        assert (video.streams.video[0].width, video.streams.video[0].height) == (1920, 1080)
        assert video.duration > 10_000_000
    assert (tenuto.folder / "new" / "plans.vtt").read_text().startswith("WEBVTT")


def test_a_server_that_is_not_there_is_told_at_once(tenuto):
    make_deck(tenuto.folder / "plans.pptx", slides=1)
    done = tenuto("narrate", "plans.pptx", TENUTO_URL="http://127.0.0.1:9")
    assert done.code == 1
    assert "http://127.0.0.1:9 cannot be reached" in done.err
    assert "waiting" not in done.err
