"""Films decoded to the last frame and sample: what is seen changes exactly where its sound begins."""

import json
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest
from av.stream import Disposition

from needs import need
from scenes import COLOURS, click, listen, look_at, make_scene, nearest, paint, store
from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.domain.films import RATE, Caption, Film, Scene
from tenuto.domain.media import MediaLimits
from tenuto.media import video_encoders
from tenuto.media.film import write_film
from tenuto.media.tools import MediaTools
from tenuto.media.video_encoders import ENCODERS

LOOK = Film(width=320, height=180, title="A deck", author="A Speaker", language="de-DE")
LENGTHS = [60_000, 48_000 * 3 + 77, 30_011, 511, 1, 70_003]


@pytest.fixture
def scenes(tmp_path):
    return [make_scene(tmp_path, number, length) for number, length in enumerate(LENGTHS)]


@pytest.fixture
def film(tools, tmp_path):
    """Film scenes with the segments of earlier films; the path and what became of it."""

    def make(scenes, look=LOOK, **more):
        target = tmp_path / "film.mp4"
        return target, tools.film(scenes, target, look, tmp_path / "segments", **more)

    return make


def starts(lengths):
    return [0, *np.cumsum(lengths).tolist()]


def test_a_picture_changes_on_the_sample_its_sound_begins_with(film, scenes):
    path, made = film(scenes)
    frames, edges = look_at(path), starts(LENGTHS)
    assert len(frames) == made.frames
    for number, (start, end) in enumerate(pairwise(edges)):
        inside = [(at, colour) for at, colour in frames if start <= at < end]
        assert inside[0][0] == start
        assert {nearest(colour) for _, colour in inside} == {number % len(COLOURS)}
        assert all(after - before == RATE // 5 for (before, _), (after, _) in pairwise(inside))


def test_a_click_is_heard_where_its_picture_appears(film, tmp_path):
    lengths = [50_000, 61_234, 48_001, 90_000]
    path, _ = film([make_scene(tmp_path, number, length) for number, length in enumerate(lengths)])
    sound = np.abs(listen(path))
    for start in starts(lengths)[:-1]:
        around = sound[max(0, start - 4000) : start + 4000]
        onset = np.flatnonzero(around > 0.3)[0] + max(0, start - 4000)
        assert abs(onset - start) <= 8


def test_picture_and_sound_last_as_long_as_the_sounds_together(film, scenes):
    path, made = film(scenes)
    assert made.duration_ms == round(sum(LENGTHS) / 48)
    with av.open(str(path)) as opened:
        for stream in (opened.streams.video[0], opened.streams.audio[0]):
            assert (stream.start_time, stream.duration) == (0, sum(LENGTHS))


def test_a_changed_scene_is_all_that_is_encoded(film, scenes, tmp_path):
    scenes = [replace(scene, sound=click(scene.sound, 480 * 1024)) for scene in scenes]
    path, first = film(scenes)
    assert (first.encoded, first.reused) == (6, 0)
    whole = path.read_bytes()
    _, again = film(scenes)
    assert (again.encoded, again.reused) == (0, 6)
    assert path.read_bytes() == whole
    scenes[2] = replace(scenes[2], sound=click(tmp_path / "new.wav", 600 * 1024))
    _, changed = film(scenes)
    assert (changed.encoded, changed.reused) == (1, 5)
    assert len(set(changed.segments) - set(first.segments)) == 1
    frames = look_at(path)
    assert next(at for at, colour in frames if nearest(colour) == 3) == (480 + 480 + 600) * 1024


def test_a_segment_that_is_cut_off_is_encoded_anew(film, scenes, tmp_path):
    path, first = film(scenes)
    whole = path.read_bytes()
    broken = tmp_path / "segments" / first.segments[0]
    broken.write_bytes(broken.read_bytes()[:-7])
    _, again = film(scenes)
    assert (again.encoded, path.read_bytes()) == (1, whole)


def test_sound_in_pieces_is_as_good_as_sound_in_one(film, tmp_path):
    rng = np.random.default_rng(5)
    wave = np.cumsum(rng.normal(0, 300, 8 * RATE)).astype(np.float64)
    wave = (wave - np.convolve(wave, np.ones(400) / 400, "same")).clip(-20_000, 20_000)
    picture = paint(tmp_path / "a.png", COLOURS[0])
    cuts = [0, 100_001, 230_000, wave.size]
    parts = [wave[first:last] for first, last in pairwise(cuts)]
    path, _ = film([Scene(picture, store(tmp_path / f"{at}.wav", part)) for at, part in enumerate(parts)])
    joined = listen(path)[: wave.size]
    path, _ = film([Scene(picture, store(tmp_path / "one.wav", wave))])
    single = listen(path)[: wave.size]
    true = wave / 32_768
    for cut in cuts[1:-1]:
        around = slice(cut - 2048, cut + 2048)
        noise, usual = (np.square(sound[around] - true[around]).mean() for sound in (joined, single))
        assert noise < 2 * usual


def test_captions_are_read_back_where_they_belong(film, tmp_path):
    said = (Caption(100, 900, "שלום\n你好 & <b>"), Caption(950, 99_000, "Zweite\0Zeile"), Caption(5_000, 6_000, "late"))
    scenes = [make_scene(tmp_path, number, 48_000 + 13, captions=said) for number in range(2)]
    path, _ = film(scenes)
    with av.open(str(path)) as opened:
        stream = opened.streams.subtitles[0]
        assert stream.metadata["language"] == "deu"
        packets = [
            (packet.pts, packet.duration, bytes(packet)[2:].decode())
            for packet in opened.demux(stream)
            if packet.size > 2
        ]
    assert packets == [
        (start + at * 48, lasts, text)
        for start in (0, 48_013)
        for at, lasts, text in [
            (100, 800 * 48, "שלום\n你好 & <b>"),
            (950, 48_013 - 950 * 48, "Zweite Zeile"),
        ]
    ]


def probe(path):
    need(shutil.which("ffprobe"), "ffprobe, a program of ffmpeg")
    command = ["ffprobe", "-v", "error", "-show_chapters", "-show_streams", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert not done.stderr
    return json.loads(done.stdout)


def test_another_reader_finds_chapters_tracks_and_names(film, scenes):
    titles = ["Anfang", "Ünïcödé 你好", "", "Zwei\nZeilen\0", "x" * 10_000, "🎉" * 300]
    scenes = [replace(scene, title=title) for scene, title in zip(scenes, titles, strict=True)]
    scenes[0] = replace(scenes[0], captions=(Caption(0, 500, "Hallo"),))
    path, _ = film(scenes, replace(LOOK, date="2026-01-31", description="What it is about"))
    found = probe(path)
    edges = starts(LENGTHS)
    assert [(one["start"], one["end"]) for one in found["chapters"]] == list(pairwise(edges))
    names = [one["tags"]["title"] for one in found["chapters"]]
    assert names[:4] == ["Anfang", "Ünïcödé 你好", "3", "Zwei Zeilen"]
    assert names[4] == "x" * 197 + "…"
    assert names[5].removesuffix("…") == "🎉" * 49
    told = found["format"]["tags"]
    wanted = {"title": "A deck", "artist": "A Speaker", "date": "2026-01-31", "description": "What it is about"}
    assert wanted.items() <= told.items()
    kinds = [stream["codec_name"] for stream in found["streams"]]
    assert kinds[:3] == ["h264", "aac", "mov_text"]
    assert {stream["tags"]["language"] for stream in found["streams"][:3]} == {"deu"}
    assert found["streams"][0]["color_space"] == "bt709"


def test_captions_are_shown_before_anybody_asks_only_on_wish(film, scenes):
    scenes[0] = replace(scenes[0], captions=(Caption(0, 500, "Hallo"),))
    shown = []
    for wish in (False, True):
        path, _ = film(scenes, replace(LOOK, show_captions=wish))
        with av.open(str(path)) as opened:
            shown += [bool(track.disposition & Disposition.default) for track in opened.streams]
    # Behind picture, sound and captions come the names of the chapters, and the cover.
    assert shown == [True, True, False, False, False, True, True, True, False, False]


def test_a_film_can_be_played_before_it_is_loaded(film, scenes):
    path, _ = film(scenes)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_what_is_no_scene_is_refused_and_leaves_nothing(film, scenes, tmp_path):
    with pytest.raises(errors.BrokenMedia, match="scene 1 has 44100 Hz"):
        film([replace(scenes[0], sound=click(tmp_path / "a.wav", 1000, rate=44_100))])
    with pytest.raises(errors.BrokenMedia, match="scene 2 is empty"):
        film([scenes[0], replace(scenes[0], sound=click(tmp_path / "b.wav", 0))])
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    with pytest.raises(errors.BrokenMedia, match=r"c\.png cannot be read"):
        film([replace(scenes[0], picture=tmp_path / "c.png")])
    (tmp_path / "d.png").write_bytes(b"GIF89a")
    with pytest.raises(errors.BrokenMedia, match="neither a PNG nor a JPEG"):
        film([replace(scenes[0], picture=tmp_path / "d.png")])
    assert not list(tmp_path.glob("*.mp4"))
    assert not list((tmp_path / "segments").glob("*.part"))


def test_a_film_that_is_cancelled_leaves_what_is_done_and_no_more(film, tmp_path):
    scenes = [make_scene(tmp_path, number, 48_000 * 20) for number in range(5)]
    told = []
    with pytest.raises(errors.Cancelled):
        film(scenes, on_progress=told.append, should_stop=lambda: bool(told))
    assert not (tmp_path / "film.mp4").exists()
    assert not list((tmp_path / "segments").glob("*.part"))
    _, made = film(scenes)
    assert made.reused >= 1


def test_a_picture_of_another_shape_stands_in_the_middle(film, tmp_path):
    picture = paint(tmp_path / "square.png", COLOURS[1], width=400, height=400)
    path, _ = film([Scene(picture, click(tmp_path / "a.wav", 10_000))])
    with av.open(str(path)) as opened:
        shown = next(opened.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert shown.shape == (180, 320, 3)
    assert nearest(shown[90, 160]) == 1
    assert shown[90, [10, 60, 260, 310]].max() < 30


def test_a_crossfade_begins_on_the_sample_and_leaves_the_sound_alone(film, tmp_path):
    lengths = [100_000, 123_457, 9_600]
    scenes = [make_scene(tmp_path, number, length) for number, length in enumerate(lengths)]
    path, plain = film(scenes)
    sound = listen(path)
    path, made = film(scenes, replace(LOOK, crossfade_ms=400))
    assert np.array_equal(listen(path), sound)
    assert made.duration_ms == plain.duration_ms
    frames, start = dict(look_at(path)), lengths[0]
    mixed = [frames[start + number * RATE // 25] for number in range(11)]
    assert [nearest(colour) for colour in mixed] == [0] * 5 + [1] * 6
    red = [int(colour[0]) for colour in mixed]
    assert red == sorted(red, reverse=True)
    assert red[0] < COLOURS[0][0] - 5
    assert red[10] == pytest.approx(COLOURS[1][0], abs=4)
    assert sum(at >= sum(lengths[:2]) for at in frames) == 5  # the last scene ends in the middle of its fade
    assert film(scenes, replace(LOOK, crossfade_ms=400))[1].reused == 3


def test_burned_captions_are_seen_exactly_while_they_are_heard(film, tmp_path):
    said = (Caption(333, 1_000, "Hello you\nat the other end"), Caption(1_500, 2_000, "مرحبا"))
    path, made = film(
        [make_scene(tmp_path, 1, 3 * RATE, captions=said)], replace(LOOK, width=640, height=360, burn_captions=True)
    )
    assert made.warnings == ()
    with av.open(str(path)) as opened:
        boxed = {
            frame.pts / 48: bool((frame.to_ndarray(format="rgb24")[300:350, 310:330].max(axis=2) < 120).any())
            for frame in opened.decode(opened.streams.video[0])
        }
    assert boxed[333]
    assert {at for at, seen in boxed.items() if seen} == {at for at in boxed if 333 <= at < 1000 or 1500 <= at < 2000}


def test_letters_no_font_has_are_told(film, tmp_path):
    scene = make_scene(tmp_path, 1, RATE, captions=(Caption(0, 900, "A \U0001faa8 sign"),))
    _, made = film([scene], replace(LOOK, burn_captions=True))
    assert "No font of this machine has" in made.warnings[0]
    _, again = film([scene], replace(LOOK, burn_captions=True))
    assert again.warnings == made.warnings


def test_captions_that_nobody_can_read_do_no_harm(film, tmp_path):
    texts = ["\0", "\ud800", "\u200b", "a" * 10_000, "word " * 2_000, "\u202e\n\n\n🎉" * 50, "\r\n"]
    said = tuple(Caption(at * 100, at * 100 + 90, text) for at, text in enumerate(texts))
    scene = make_scene(tmp_path, 1, RATE, captions=(*said, Caption(900, 100, "backwards"), Caption(-5, 10**9, "long")))
    path, made = film([scene], replace(LOOK, burn_captions=True))
    with av.open(str(path)) as opened:
        assert all(packet.size <= 2_002 * 3 for packet in opened.demux(opened.streams.subtitles[0]))
    assert len(look_at(path)) == made.frames


def test_the_cover_is_the_first_picture(film, tools, scenes, tmp_path):
    path, _ = film(scenes)
    with av.open(str(path)) as opened:
        cover = next(stream for stream in opened.streams if stream.disposition & Disposition.attached_pic)
        jpeg = bytes(next(opened.demux(cover)))
    tools.poster(scenes[0].picture, tmp_path / "poster.jpg", side=160)
    for data, size in ((jpeg, (180, 320)), ((tmp_path / "poster.jpg").read_bytes(), (90, 160))):
        (tmp_path / "seen.jpg").write_bytes(data)
        with av.open(str(tmp_path / "seen.jpg")) as opened:
            picture = next(opened.decode(video=0)).to_ndarray(format="rgb24")
        assert picture.shape[:2] == size
        assert nearest(picture[size[0] // 2, size[1] // 2]) == 0


@pytest.mark.parametrize("share", [0.05, 0.9])  # the first segment does not fit; the film alone does not
def test_a_film_without_room_is_a_clear_error_and_leaves_nothing(film, tmp_path, share):
    scenes = [make_scene(tmp_path, number, 20 * RATE) for number in range(3)]
    path, _ = film(scenes)
    pool = ChildPool(1, Limits(file_bytes=round(path.stat().st_size * share)))
    try:
        with pytest.raises(errors.LimitExceeded, match="The film is larger than this server takes"):
            MediaTools(pool, MediaLimits()).film(scenes, tmp_path / "small.mp4", LOOK, tmp_path / "small")
    finally:
        pool.close()
    assert not (tmp_path / "small.mp4").exists()
    assert not list((tmp_path / "small").glob("*.part"))


@pytest.mark.parametrize("name", [name for name in ENCODERS if name in av.codecs_available])
def test_every_encoder_makes_films_that_change_on_the_sample(film, scenes, tmp_path, monkeypatch, name):
    monkeypatch.setattr(video_encoders, "ENCODERS", {name: ENCODERS[name]})
    target, folder = tmp_path / "film.mp4", tmp_path / "segments"
    folder.mkdir()
    scenes = [replace(scene, sound=click(scene.sound, 23 * RATE + number)) for number, scene in enumerate(scenes[:3])]
    made = write_film(scenes, target, LOOK, folder, lambda _share: None)
    assert made.encoder == name
    frames = look_at(target)
    assert len(frames) == made.frames
    changes = [
        at for (at, colour), (_, before) in zip(frames[1:], frames, strict=False) if nearest(colour) != nearest(before)
    ]
    assert changes == [23 * RATE, 46 * RATE + 1]
    assert write_film(scenes, target, LOOK, folder, lambda _share: None).reused == 3
