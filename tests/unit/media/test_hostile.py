"""Files made to mislead, to break or to cost: each gets its answer, cheaply, and nothing is fetched or left behind."""

import http.server
import struct
import threading
import wave
from dataclasses import asdict

import numpy as np
import pytest

from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media import estimate, sandbox
from tenuto.media.tools import MediaTools, sandbox_pool

ID3_WITH_NOTHING = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)


@pytest.fixture
def canary():
    """A web server that counts who asks it for anything."""
    hits = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.hits, server.url = hits, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def wav(data=b"", *, form=1, channels=1, rate=8000, bits=16, data_size=None, before=b""):
    align = channels * bits // 8
    header = struct.pack("<HHIIHH", form, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + header + before
    body += b"data" + struct.pack("<I", len(data) if data_size is None else data_size) + data
    return b"RIFF" + struct.pack("<I", len(body) & 0xFFFFFFFF) + body


def box(name, content=b"", size=None):
    return struct.pack(">I", len(content) + 8 if size is None else size) + name + content


NOT_A_RECORDING = {
    "empty": b"",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(5000),
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(5000),
    "gif": b"GIF89a" + bytes(5000),
    "pdf": b"%PDF-1.7\n" + b"x" * 5000,
    "zip": b"PK\x03\x04" + bytes(5000),
    "elf": b"\x7fELF" + bytes(5000),
    "html": b"<!DOCTYPE html><html>" + b"a" * 5000,
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "midi": b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x01\xe0MTrk" + bytes(500),
    "text": b"hello world " * 1000,
    "json": b'{"a": 1}',
    "pickle": b"\x80\x04\x95" + bytes(500),
    "npy": b"\x93NUMPY\x01\x00" + bytes(500),
    "avi": b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(500),
    "webp": b"RIFF\x00\x10\x00\x00WEBPVP8 " + bytes(500),
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(500),
    "flv": b"FLV\x01\x05\x00\x00\x00\x09" + bytes(500),
    "mpeg-ts": (b"\x47\x40\x00\x10" + bytes(184)) * 20,
    "zeros": bytes(200_000),
    "mp3 magic only": b"\xff\xfb\x90\x00",
    "id3 and html": ID3_WITH_NOTHING + b"<!DOCTYPE html><html>" + b"a" * 5000,
    "html and then mp3": b"<html><script>alert(1)</script>" + (b"\xff\xfb\x90\x00" + bytes(413)) * 9,
}
PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}/seg.ts\n#EXT-X-ENDLIST\n",
    "hls key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n#EXTINF:2,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n',
    "ffconcat": "ffconcat version 1.0\nfile '{url}/c.wav'\n",
    "dash": '<?xml version="1.0"?><MPD type="static"><Period><BaseURL>{url}/d.mp4</BaseURL></Period></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "pls": "[playlist]\nFile1={url}/a.mp3\nNumberOfEntries=1\n",
    "xspf": '<?xml version="1.0"?><playlist><trackList><track><location>{url}</location></track></trackList></playlist>',
}
PREFIXES = {"": b"", "bom": b"\xef\xbb\xbf", "id3": ID3_WITH_NOTHING, "spaces": b"\n \n", "zeros": bytes(64)}


@pytest.mark.parametrize("name", NOT_A_RECORDING)
def test_what_is_no_recording_is_refused(tools, tmp_path, name):
    path = tmp_path / "a.wav"
    path.write_bytes(NOT_A_RECORDING[name])
    with pytest.raises(errors.UnsupportedMedia):
        tools.probe(path)


def test_no_playlist_is_followed(tools, tmp_path, canary):
    path = tmp_path / "a.mp3"
    for text in PLAYLISTS.values():
        for prefix in PREFIXES.values():
            path.write_bytes(prefix + text.format(url=canary.url).encode())
            with pytest.raises(errors.UnsupportedMedia):
                tools.probe(path)
    assert canary.hits == []


def test_a_movie_that_refers_to_another_file_fetches_nothing(tools, tmp_path, canary):
    link = box(b"url ", bytes(4) + canary.url.encode() + b"/x.mov\x00")
    rdrf = box(b"rmra", box(b"rmda", box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", 64) + canary.url.encode())))
    dinf = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + link))
    for inside in (rdrf, box(b"trak", box(b"mdia", box(b"minf", dinf)))):
        path = tmp_path / "a.m4a"
        path.write_bytes(box(b"ftyp", b"qt  " + bytes(4)) + box(b"moov", inside))
        with pytest.raises(errors.RejectedFile):
            tools.probe(path)
    assert canary.hits == []


BROKEN = {
    "magic of flac": b"fLaC",
    "magic of ogg": b"OggS",
    "magic of mp4": box(b"ftyp", b"M4A " + bytes(4)),
    "magic of matroska": b"\x1a\x45\xdf\xa3",
    "wav without samples": wav(),
    "wav cut in its header": wav(bytes(16_000))[:30],
    "wav without a header": b"RIFF\x00\x10\x00\x00WAVEdata\x00\x10\x00\x00" + bytes(4096),
    "100 000 empty chunks": wav(before=b"junk\x00\x00\x00\x00" * 100_000),
    "4 000 nested boxes": box(b"ftyp", b"M4A " + bytes(4)) + b"".join(box(b"moov", size=2**31) for _ in range(4000)),
    "box of 2^64-1": box(b"ftyp", b"M4A " + bytes(4)) + b"\x00\x00\x00\x01moov" + b"\xff" * 8 + bytes(100),
    "box of 3 bytes": box(b"ftyp", b"M4A " + bytes(4)) + box(b"moov", bytes(50), size=3),
    "flac picture of 16 MB": b"fLaC\x86\xff\xff\xff" + bytes(200),
    "no channels": wav(bytes(16_000), channels=0),
    "no rate": wav(bytes(16_000), rate=0),
}
BEYOND = {
    "65 535 channels": wav(bytes(200_000), channels=65_535),
    "255 channels": wav(bytes(200_000), channels=255),
    "1 Hz": wav(bytes(16_000), rate=1),
    "4 GHz": wav(bytes(16_000), rate=2**32 - 1),
    "au with a billion channels": b".snd" + struct.pack(">5I", 24, 16_000, 3, 8000, 10**9) + bytes(16_000),
}


@pytest.mark.parametrize("name", BROKEN | BEYOND)
def test_broken_and_boundless_files_are_refused(tools, tmp_path, name):
    path, target = tmp_path / "a.wav", tmp_path / "out.wav"
    path.write_bytes((BROKEN | BEYOND)[name])
    for attempt in (lambda: tools.probe(path), lambda: tools.decode(path, target)):
        with pytest.raises(errors.RejectedFile):
            attempt()
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_tag_of_256_mb_costs_nothing(tools, tmp_path, record):
    sound = record("a.mp3", "libmp3lame", "mp3").read_bytes()
    path = tmp_path / "tagged.mp3"
    path.write_bytes(b"ID3\x03\x00\x00\x7f\x7f\x7f\x7fAPIC\x0f\xff\xff\xff" + sound)
    with pytest.raises(errors.UnsupportedMedia):
        tools.probe(path)
    size = 17 << 20
    with path.open("wb") as out:
        out.write(b"ID3\x03\x00\x00" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)))
        out.seek(size, 1)
        out.write(sound)
    assert tools.probe(path).duration_ms == pytest.approx(7000, abs=50)


def test_half_a_wav_is_called_truncated(tools, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(bytes(16_000))[: 44 + 8000])
    for found in (tools.probe(path), tools.decode(path, tmp_path / "out.wav")):
        assert found.duration_ms == pytest.approx(500, abs=50)
        assert found.truncated
        assert "promises 1.0 s" in found.warnings[0]


@pytest.mark.parametrize(
    "kind", [("flac", "flac"), ("aac", "matroska"), ("libmp3lame", "mp3"), ("pcm_s16le", "w64"), ("pcm_s16le", "caf")]
)
def test_half_a_file_is_called_truncated(tools, tmp_path, record, kind):
    path = record("a", *kind, seconds=20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert tools.probe(path).truncated
    decoded = tools.decode(path, tmp_path / "out.wav")
    assert decoded.truncated
    assert decoded.duration_ms == pytest.approx(10_000, abs=1500)


def test_an_ogg_file_without_its_end_is_doubted(tools, record):
    path = record("a.ogg", "libopus", "ogg", rate=48_000, seconds=20)
    assert not tools.probe(path).warnings
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "may be cut" in tools.probe(path).warnings[-1]


def test_an_m4a_without_its_index_is_refused(tools, record):
    path = record("a.m4a", "aac", "ipod")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(errors.BrokenMedia, match="upload it again"):
        tools.probe(path)


def test_an_unknown_length_is_read_to_the_end(tools, tmp_path):
    path = tmp_path / "a.wav"
    for size in (0xFFFFFFFF, 0):
        path.write_bytes(wav(bytes(32_000), data_size=size))
        assert tools.probe(path).duration_ms == 2000
        assert tools.decode(path, tmp_path / "out.wav").duration_ms == 2000


def test_a_flac_that_promises_weeks_is_as_long_as_it_is(tools, tmp_path, record):
    path = record("a.flac", "flac", "flac", seconds=2)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    found = tools.probe(path)
    assert found.duration_ms == pytest.approx(2000, abs=50)
    assert found.truncated


def test_float_sound_that_is_no_number_is_made_finite(tools, tmp_path):
    sound = np.full(16_000, 0.25, "<f4")
    sound[[10, 20, 30, 40]] = np.nan, np.inf, -np.inf, 1e30
    path, target = tmp_path / "a.wav", tmp_path / "out.wav"
    path.write_bytes(wav(sound.tobytes(), form=3, rate=16_000, bits=32))
    assert tools.decode(path, target).duration_ms == 1000
    with wave.open(str(target)) as reader:
        samples = np.frombuffer(reader.readframes(16_000), "<i2")
    assert samples[10] == 0
    assert abs(int(np.median(samples)) - 8192) <= 1
    tools.playback_copy(path, tmp_path / "out.m4a")


@pytest.mark.parametrize("kind", [("flac", "flac"), ("libopus", "ogg"), ("aac", "ipod")])
def test_a_long_recording_in_few_bytes_is_stopped_by_its_duration(pool, tmp_path, record, kind):
    tools = MediaTools(pool, MediaLimits(max_duration_seconds=20))
    path, target = record("a", *kind, rate=48_000, sound=np.zeros(48_000 * 40, np.int16)), tmp_path / "o.wav"
    with pytest.raises(errors.LimitExceeded, match="longer than"):
        tools.probe(path)
    with pytest.raises(errors.LimitExceeded, match="longer than"):
        tools.decode(path, target)
    assert not target.exists()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "kind", [("pcm_s16le", "wav"), ("libmp3lame", "mp3"), ("flac", "flac"), ("libopus", "ogg"), ("aac", "ipod")]
)
def test_a_mutant_is_opened_or_refused_and_nothing_else(tools, tmp_path, record, kind, seed):
    path, target = record("a", *kind, rate=48_000, seconds=2), tmp_path / "out.wav"
    data, dice = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for _ in range(2**seed):
        data[dice.integers(len(data) if seed % 2 else min(400, len(data)))] = dice.integers(256)
    path.write_bytes(data)
    try:
        tools.probe(path)
        tools.decode(path, target)
    except errors.RejectedFile:
        assert not target.exists()


def test_an_index_bomb_costs_a_child_at_most(tools, tmp_path, record):
    data = record("a.m4a", "aac", "ipod", seconds=2).read_bytes()
    at = data.index(b"stsz")
    path = tmp_path / "bomb.m4a"
    for size, count in ((1, 2_000_000_000), (0, 2_000_000_000), (1, 2**32 - 1)):
        path.write_bytes(data[: at + 8] + struct.pack(">II", size, count) + data[at + 16 :])
        assert seconds_or_refused(tools, path) < 3


def test_a_child_that_crashes_is_the_recordings_fault_but_a_killed_one_is_not(monkeypatch, tmp_path):
    pool = sandbox_pool(1)
    tools = MediaTools(pool, MediaLimits())
    for cause, kind in (
        ("SIGSEGV", errors.BrokenMedia),
        ("SIGXCPU", errors.BrokenMedia),
        ("SIGKILL", errors.EngineCrashed),
    ):
        monkeypatch.setattr(pool, "call", lambda *_, cause=cause, **__: raise_crash(cause))
        with pytest.raises(kind):
            tools.probe(tmp_path / "any")
    pool.close()


def seconds_or_refused(tools, path):
    try:
        return tools.probe(path).duration_ms / 1000
    except errors.RejectedFile:
        return 0


def raise_crash(cause):
    raise errors.EngineCrashed(f"The process that did this work died ({cause}).", signal=cause)


def test_flac_with_wrong_checksums_is_called_damaged(tools, tmp_path, record):
    path = record("a.flac", "flac", "flac", seconds=4)
    data = bytearray(path.read_bytes())
    for at in range(9000, len(data), 9000):
        data[at] ^= 1
    path.write_bytes(data)
    assert "Damaged packets" in tools.decode(path, tmp_path / "out.wav").warnings[0]


def test_a_guess_at_the_end_of_a_long_recording_refuses_nothing(monkeypatch, tmp_path, record):
    monkeypatch.setattr(estimate, "COUNTING_CPU_SECONDS", -1)
    path = record("a.mp3", "libmp3lame", "mp3", seconds=60)
    payload = {"source": str(path), "limits": asdict(MediaLimits(max_duration_seconds=50))}
    assert sandbox.probe(payload, print)["duration_ms"] <= 50_000
    payload["limits"] = asdict(MediaLimits())
    found = sandbox.probe(payload, print)
    assert found["duration_ms"] == pytest.approx(60_000, abs=3000)
    assert not found["warnings"]
