"""A model of pocket-tts in memory: it turns a text into sound, in a voice that it has or that a recording gives it."""

from __future__ import annotations

import importlib
import tempfile
import wave
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocket_models import TENSORS, PocketModel, read_description
from tenuto.engines.tensors import device_of, load_faults

MOST_STATES = 4  # voices kept ready; one of half a minute takes 20 MB
FULL_SCALE = 32_767.0
FAULTS = (RuntimeError, ValueError, TypeError, KeyError, IndexError, AssertionError, OSError, MemoryError)

Floats = npt.NDArray[np.float32]


@dataclass
class Net:
    """A loaded model, and the voices it was prepared for."""

    model: PocketModel
    tts: Any
    torch: Any
    states: OrderedDict[str, Any] = field(default_factory=OrderedDict)

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.tts.sample_rate)

    def takes_samples(self) -> bool:
        """Whether its weights can take up a voice: of those that cannot, the part that would is empty."""
        ways = (self.tts.flow_lm.speaker_proj_weight, next(self.tts.mimi.encoder.parameters()))
        return self.model.clones and all(bool(way.any()) for way in ways)

    def state(self, key: str, source: Path) -> Any:
        """The voice that a file holds: one that was saved, or the first half minute of a recording."""
        if key not in self.states:
            self.states[key] = self._read(source)
        self.states.move_to_end(key)
        while len(self.states) > MOST_STATES:
            self.states.popitem(last=False)
        return self.states[key]

    def say(self, text: str, state: Any, *, seed: int) -> Floats:
        """The sound of a text; the same each time."""
        self.torch.manual_seed(seed)
        try:
            sound = self.tts.generate_audio(state, text)
        except FAULTS as error:
            raise errors.EngineError(
                f"pocket-tts failed with the model {self.model.name}: {error or 'no memory'}."
            ) from error
        return np.asarray(sound.float().cpu().numpy(), np.float32)

    def _read(self, source: Path) -> Any:
        faults: tuple[type[Exception], ...] = (*load_faults(), ImportError, EOFError, wave.Error)
        try:
            if source.suffix == TENSORS:
                return self.tts.get_state_for_audio_prompt(source)
            # What a file holds, its makers read off its name; a stored sample has none.
            with tempfile.TemporaryDirectory(prefix="pocket-") as folder:
                named = Path(folder, "sample.wav")
                named.symlink_to(source.absolute())
                return self.tts.get_state_for_audio_prompt(named, truncate=True)
        except faults as error:
            raise errors.EngineError(
                f"The voice {source.stem[:60]!r} cannot be read by pocket-tts: {error or 'no memory'}."
            ) from error


def open_net(model: PocketModel, config: EngineConfig) -> Net:
    """Load a model; nothing is fetched, and no pickle is opened."""
    package: Any = importlib.import_module("pocket_tts")
    torch: Any = importlib.import_module("torch")
    yaml: Any = importlib.import_module("yaml")
    # One thread, as its makers set it: it uses a second one for the codec beside it.
    torch.set_num_threads(config.threads or 1)
    told = read_description(model.description)
    told |= {"weights_path": str(model.weights.absolute()), "weights_path_without_voice_cloning": None}
    told["flow_lm"]["lookup_table"]["tokenizer_path"] = str(model.tokenizer.absolute())
    try:
        with tempfile.TemporaryDirectory(prefix="pocket-") as folder:
            description = Path(folder, "model.yaml")
            description.write_text(yaml.safe_dump(told), encoding="utf-8")
            tts = package.TTSModel.load_model(config=description)
    except load_faults() as error:
        raise errors.EngineError(
            f"The pocket-tts model {model.name} cannot be loaded: {error or 'no memory'}."
        ) from error
    # As many frames at once as are there would make the last digits depend on how busy the machine is.
    tts.max_decoder_frames_per_call = 1
    # Its makers run it on processors; a graphics card is taken where somebody asks for one by name.
    return Net(model, tts.to(device_of(torch, config.device if config.device == "cuda" else "cpu")), torch)


def as_pcm(sound: Floats) -> bytes:
    """The sound as 16-bit samples."""
    return bytes(np.rint(np.clip(sound, -1.0, 1.0) * FULL_SCALE).astype("<i2"))


def at_speed(sound: Floats, rate: int, speed: float) -> Floats:
    """The sound so much faster, at the same pitch."""
    if speed == 1.0 or not len(sound):
        return sound
    try:
        library: Any = importlib.import_module("python_stretch").Signalsmith
    except ImportError as error:
        raise errors.EngineMissing(
            "pocket-tts at another speed needs the package python-stretch: pip install 'tenuto[pocket]'."
        ) from error
    engine = library.Stretch(0)  # a seed, so that the same text sounds the same
    engine.preset(1, float(rate))
    engine.setTimeFactor(speed)
    return np.ascontiguousarray(engine.process(np.ascontiguousarray(sound[None]))[0], np.float32)
