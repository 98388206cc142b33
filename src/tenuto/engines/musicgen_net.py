"""A MusicGen model in memory: it turns a prompt into codes, window after window, and codes into sound."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.engines.musicgen_sound import Floats
from tenuto.engines.tensors import device_of, load_faults

# The models were trained on half a minute; what is longer goes on from the end of what is there, as its makers do it.
WINDOW_SECONDS, CONTEXT_SECONDS = 30.0, 12.0
GUIDANCE, TOP_K = 3.0, 250  # as its makers sample


@dataclass(frozen=True)
class Net:
    """A loaded model."""

    name: str
    folder: Path
    model: Any
    tokenizer: Any
    torch: Any
    device: str

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.model.config.audio_encoder.sampling_rate)

    @property
    def hop(self) -> int:
        """Samples that one frame of codes stands for."""
        return int(self.model.config.audio_encoder.hop_length)

    @property
    def channels(self) -> int:
        """One, or two."""
        return int(self.model.config.decoder.audio_channels)

    @property
    def lag(self) -> int:
        """How many steps the last codes of a frame come after its first: each codebook waits for the one before."""
        return int(self.model.config.decoder.num_codebooks) // self.channels

    def described(self) -> dict[str, Any]:
        """What else decides how it sounds."""
        return {
            "sample_rate": self.rate,
            "channels": self.channels,
            "device": self.device,
            "threads": self.torch.get_num_threads(),
            "transformers": importlib.metadata.version("transformers"),
            "torch": importlib.metadata.version("torch"),
        }

    def plan(self, frames: int) -> list[tuple[int, int]]:
        """The windows of so many frames: how many each hears again, and how many it adds."""
        window = round(WINDOW_SECONDS * self.rate / self.hop)
        context = round(CONTEXT_SECONDS * self.rate / self.hop)
        rest = range(window, frames, window - context)
        return [(0, min(frames, window)), *((context, min(frames - made, window - context)) for made in rest)]

    def sow(self, seed: int) -> None:
        """Make what follows the same each time."""
        self.torch.manual_seed(seed)

    def go_on(self, prompt: str, context: Any, new: int, tell: Callable[[int], None]) -> tuple[Any, Floats]:
        """Add `new` frames to the codes in `context`, if there are any: the codes of both, and their sound."""
        text = self.tokenizer([prompt], return_tensors="pt").to(self.device)
        kept = 0 if context is None else context.shape[1]
        listener = _Listener(self.torch, tell, before=kept)
        sound = self.model.generate(
            input_ids=text["input_ids"],
            attention_mask=text["attention_mask"],
            max_new_tokens=new + self.lag - 1,
            do_sample=True,
            guidance_scale=GUIDANCE,
            top_k=TOP_K,
            stopping_criteria=[listener],
            **({} if context is None else {"decoder_input_ids": context}),
        )
        codes = self._undelayed(listener.ids, kept + new)
        if context is not None:
            # Of the frames that were given, the model wrote down what it would have made instead of some of them.
            codes[:, :kept] = context
        return codes, np.asarray(sound[0].float().cpu().numpy(), np.float32)

    def _undelayed(self, ids: Any, frames: int) -> Any:
        """The codes of each frame side by side; the start comes before them, and the channels take turns."""
        rows = (1 + row // self.channels for row in range(ids.shape[0]))
        return self.torch.stack([ids[row, first : first + frames] for row, first in enumerate(rows)])


def open_net(folder: Path, config: EngineConfig, *, name: str) -> Net:
    """Load the model in `folder`; nothing is fetched, no code of the model's and no pickle is run."""
    package: Any = importlib.import_module("transformers")
    torch: Any = importlib.import_module("torch")
    package.logging.set_verbosity_error()
    package.logging.disable_progress_bar()
    if config.threads:
        torch.set_num_threads(config.threads)
    device = device_of(torch, config.device)
    only = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = package.AutoTokenizer.from_pretrained(folder, **only)
        model = package.MusicgenForConditionalGeneration.from_pretrained(folder, use_safetensors=True, **only)
        model = model.to(device).eval()
    except load_faults() as error:
        raise errors.EngineError(f"The MusicGen model in {folder} cannot be loaded: {error or 'no memory'}.") from error
    return Net(name, folder, model, tokenizer, torch, device)


class _Listener:
    """What transformers asks after each step whether it is to stop: it tells how far it is, and keeps the codes."""

    def __init__(self, torch: Any, tell: Callable[[int], None], *, before: int) -> None:
        self._torch, self._tell, self._before = torch, tell, before
        self.ids: Any = None

    def __call__(self, ids: Any, _scores: Any, **_more: Any) -> Any:
        self.ids = ids
        self._tell(max(0, ids.shape[1] - 1 - self._before))
        return self._torch.zeros(ids.shape[0], dtype=self._torch.bool, device=ids.device)
