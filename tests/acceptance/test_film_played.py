"""A browser plays a narrated deck from tenuto's own server: picture, sound, captions, and seeking to a chapter."""

import struct

import pytest

from acceptance.test_presentations_flow import finished
from browser import browser, need_browser
from decks import make_deck
from server import running_server

LOOK = {"engine": "espeak", "width": "640", "height": "360", "crossfade_ms": "200"}
PLAY = """async (video, captions, poster, chapter) => {
  const wait = (what, name) => new Promise((resolve, reject) => {
    what.addEventListener(name, resolve, {once: true});
    what.addEventListener("error", () => reject(new Error(name + ": " + (what.error?.message ?? "failed"))));
  });
  const shown = document.createElement("video");
  const track = document.createElement("track");
  Object.assign(track, {kind: "captions", src: captions, default: true});
  Object.assign(shown, {poster, preload: "auto", src: video});
  shown.append(track);
  document.body.replaceChildren(shown);
  const picture = Object.assign(new Image(), {src: poster});
  await Promise.all([wait(shown, "canplay"), wait(track, "load"), wait(picture, "load")]);
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 36});
  const see = () => {
    const drawn = canvas.getContext("2d", {willReadFrequently: true});
    drawn.drawImage(shown, 0, 0, 64, 36);
    return Array.from(drawn.getImageData(0, 0, 64, 36).data);
  };
  const before = see();
  shown.currentTime = chapter;
  await wait(shown, "seeked");
  const sought = see();
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaElementSource(shown).connect(meter).connect(context.destination);
  await shown.play();
  const heard = new Float32Array(meter.fftSize);
  let loudest = 0;
  while (shown.currentTime < chapter + 2) {
    await wait(shown, "timeupdate");
    meter.getFloatTimeDomainData(heard);
    loudest = Math.max(loudest, ...heard.map(Math.abs));
  }
  shown.pause();
  return {
    seconds: shown.duration, size: [shown.videoWidth, shown.videoHeight], at: shown.currentTime, loudest,
    poster: [picture.naturalWidth, picture.naturalHeight],
    cues: Array.from(track.track.cues, cue => [cue.startTime, cue.text]),
    changed: before.filter((value, place) => Math.abs(value - sought[place]) > 30).length,
    statuses: performance.getEntriesByType("resource").filter(one => one.name.endsWith("/video"))
      .map(one => one.responseStatus),
  };
}"""


def boxes(data):
    """The names of an MP4's outermost boxes, in order."""
    at = 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        yield name.decode()
        at += size


@pytest.mark.timeout(240)
def test_a_browser_plays_a_film_from_the_server(tmp_path):
    need_browser()
    deck = make_deck(tmp_path / "plans.pptx", slides=3)
    settings = {"TENUTO_ENGINES": '["pocketsphinx", "fake", "espeak"]'}
    with running_server(tmp_path, **settings) as server, browser() as page:
        with deck.open("rb") as file:
            begun = server.client.post("/api/presentations", data=LOOK, files={"file": (deck.name, file)}).json()
        finished(server.client, begun)
        made = server.client.get(f"/api/presentations/{begun['id']}").json()
        data = server.client.get(made["video_url"]).content
        assert list(boxes(data)).index("moov") < list(boxes(data)).index("mdat")
        captions = f"/api/jobs/{begun['job']['id']}/artifacts/captions.vtt"
        chapter = made["slides"][2]["start_ms"] / 1000
        page.open(f"{server.url}/player")
        found = page.run(PLAY, made["video_url"], captions, f"/api/presentations/{begun['id']}/poster", chapter)
    assert found["seconds"] == pytest.approx(made["video_ms"] / 1000, abs=0.1)
    assert found["size"] == found["poster"] == [640, 360]
    assert found["at"] >= chapter + 2
    assert found["changed"] > 100
    assert found["loudest"] > 0.05
    assert len(found["cues"]) == 9
    assert found["cues"][0] == [0.3, "Welcome to slide 1. In this part we\nlook at the numbers for the quarter,"]
    assert set(found["statuses"]) == {206}
