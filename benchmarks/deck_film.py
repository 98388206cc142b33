"""What the film of a narrated deck costs, the first time and after one note was changed: prints JSON.

python benchmarks/deck_film.py [--scenes 10] [--seconds 30] [--width 1920] [--height 1080] [--crossfade 0] [--burn]

The floor puts each frame through one encoder with the same settings, and all sound through another: what a film costs
that knows nothing of scenes. Pictures are of text on a shaded ground.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
import wave
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tenuto.children import Child, Limits
from tenuto.domain.films import RATE, SOUND_BLOCK, Caption, Film, Scene, scenes_from_json, scenes_to_json
from tenuto.media.film_captions import Captions
from tenuto.media.film_pictures import PictureEncoder, Pictures
from tenuto.media.film_sound import CODEC, SoundEncoder, Sounds
from tenuto.media.karaoke_fonts import Typefaces, canvas
from tenuto.media.tools import MEMORY_BYTES

CAPTION_MS = 3_000


def main() -> None:
    """Make the floor, a film, the same one again, and one with another narration of one scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--crossfade", type=int, default=0)
    parser.add_argument("--burn", action="store_true")
    asked = parser.parse_args()
    # The floor is a function of this file, and the child finds it by its name.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    look = Film(asked.width, asked.height, crossfade_ms=asked.crossfade, burn_captions=asked.burn, title="A deck")
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), look, asked.scenes, asked.seconds), indent=2))


def measure(folder: Path, look: Film, count: int, seconds: float) -> dict[str, object]:
    """Make the films, and say what each cost."""
    (folder / "segments").mkdir()
    scenes = [make_scene(folder, look, number, seconds) for number in range(count)]
    payload = {"film": asdict(look), "segments": str(folder / "segments")}

    def cost_of(target: str, name: str) -> dict[str, object]:
        return cost(
            target, {**payload, "scenes": scenes_to_json(scenes), "target": str(folder / name)}, seconds * count
        )

    floor = cost_of("deck_film:plain", "floor.mp4")
    first = cost_of("tenuto.media.film_sandbox:film", "first.mp4")
    again = cost_of("tenuto.media.film_sandbox:film", "again.mp4")
    scenes[count // 2] = make_scene(folder, look, count // 2, seconds * 1.1, take=2)
    changed = cost_of("tenuto.media.film_sandbox:film", "changed.mp4")
    return {
        "minutes": round(count * seconds / 60, 2),
        "floor": floor,
        "first": first,
        "again": again,
        "one_scene_changed": changed,
        "first_to_floor": round(first["cpu_seconds"] / floor["cpu_seconds"], 2),  # type: ignore[operator]
        "changed_to_first": round(changed["cpu_seconds"] / first["cpu_seconds"], 2),  # type: ignore[operator]
    }


def cost(target: str, payload: dict[str, object], seconds: float) -> dict[str, object]:
    """Call a child that may use as much memory as jobs may, and say what it used beyond its start."""
    child = Child(Limits(memory_bytes=MEMORY_BYTES))
    child.call("deck_film:warm", {})
    started, before = time.monotonic(), cpu_seconds(child.process.pid)
    made = child.call(target, payload)
    took, used = time.monotonic() - started, cpu_seconds(child.process.pid) - before
    peak = peak_mb(child.process.pid)
    child.kill()
    return {
        "seconds": round(took, 2),
        "cpu_seconds": round(used, 2),
        "cpu_seconds_a_minute": round(used / seconds * 60, 2),
        "peak_mb": round(peak),
        "mb_a_minute": round(Path(str(payload["target"])).stat().st_size / 1e6 / seconds * 60, 2),
        **{name: made[name] for name in ("encoded", "reused") if name in made},
    }


def cpu_seconds(process: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(process: int) -> float:
    """The largest resident size of a process so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def warm(_payload: dict[str, object], _emit: object) -> dict[str, object]:
    """Import in the child what all of them need."""
    return {"seconds": resource.getrusage(resource.RUSAGE_SELF).ru_utime}


def plain(payload: dict[str, object], _emit: object) -> dict[str, object]:
    """The floor, in the child."""
    film, scenes = Film(**payload["film"]), scenes_from_json(payload["scenes"])  # type: ignore[arg-type]
    sounds, pictures, encoder = (
        Sounds([scene.sound for scene in scenes]),
        Pictures(film, Captions()),
        PictureEncoder(film),
    )
    clock = Fraction(1, RATE)
    with av.open(str(payload["target"]), "w", format="mp4") as out:
        picture, sound = out.add_stream(encoder.name, rate=film.fps), out.add_stream(CODEC, rate=RATE)
        encoder.set_up(picture.codec_context)
        SoundEncoder(sounds).set_up(sound.codec_context)
        for number, scene in enumerate(scenes):
            frame = pictures.still(scene.picture)
            first = True
            for at in range(sounds.starts[number], sounds.starts[number + 1], RATE // film.fps):
                frame.pts, frame.time_base, frame.pict_type = at, clock, int(first)
                out.mux(picture.encode(frame))
                first = False
        out.mux(picture.encode(None))
        done = 0
        for piece in sounds.read(0, sounds.total):
            for start in range(0, piece.size, SOUND_BLOCK):
                block = piece[start : start + SOUND_BLOCK].astype(np.float32)[None] / 32_768
                heard = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                heard.sample_rate, heard.pts, heard.time_base = RATE, done, clock
                done += block.shape[1]
                out.mux(sound.encode(heard))
        out.mux(sound.encode(None))
    return {}


def make_scene(folder: Path, look: Film, number: int, seconds: float, take: int = 1) -> Scene:
    """A slide with a title and eight lines, and noise in the rhythm of words with a pause at its end."""
    picture = folder / f"{number}.png"
    if not picture.exists():
        shades = np.linspace((235, 240, 250), (200, 215 - number % 7 * 5, 240), look.height)[:, None]
        image, draw = canvas(np.broadcast_to(shades, (look.height, look.width, 3)).astype(np.uint8))
        face, step = Typefaces().find("Slide"), look.height // 11
        draw.text((step, step), f"Slide {number}: what we have seen", (20, 30, 80), face.at(step * 2 // 3))
        for line in range(8):
            text = f"Line {line} tells of the {number * 7 + line} things that went well in the quarter"
            draw.text((step, step * (line + 2.5)), text, (30, 30, 30), face.at(step // 2))
        image.save(picture, compress_level=1)
    samples = round(seconds * RATE / SOUND_BLOCK) * SOUND_BLOCK
    when = np.arange(samples)
    sound = np.random.default_rng((number, take)).normal(0, 3000, samples) * np.abs(np.sin(when / 9000))
    sound[-RATE // 4 :] = 0
    path = folder / f"{number}-{take}.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(sound.clip(-32_768, 32_767).astype("<i2").tobytes())
    captions = tuple(
        Caption(at, at + CAPTION_MS - 80, f"What is said from {at} ms on,\nand what comes after it")
        for at in range(0, round(seconds * 1000) - CAPTION_MS, CAPTION_MS)
    )
    return Scene(picture, path, f"Slide {number}", captions)


if __name__ == "__main__":
    main()
