"""What speaking with pocket-tts costs, by a model of the size of a real one and with random weights in it.

    python benchmarks/pocket_voice.py [english]

Printed are seconds of processor time and memory: until it can speak, for a sample of thirty seconds, and for a second
of speech. It needs the extra `pocket`, a gigabyte of memory and half of one in the folder for temporary files.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import yaml

from tenuto.engines.base import NarrateOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.pocket_models import own_descriptions, read_description
from tenuto.engines.pocket_tts import PocketNarrator, shape_of_sample

RATE, SAMPLE_SECONDS = 24_000, 30
TEXT = "The quick brown fox jumps over the lazy dog, and nobody knows what happened to the old machine."


def main() -> None:
    """Make a model in a process of its own memory, and speak with it in this one."""
    name = sys.argv[1] if len(sys.argv) > 1 else "english"
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, name)
        model.mkdir()
        began = time.process_time()
        make_model(model, name)
        print(f"libraries loaded and weights made: {time.process_time() - began:.1f} s")
        size = (model / "model.safetensors").stat().st_size
        sample = write_sample(Path(folder, "sample.wav"))
        engine = PocketNarrator(EngineConfig(Path(folder), pocket_models={"en": str(model)}, device="cpu"))
        options = NarrateOptions(language="en", shape=shape_of_sample(sample, "1"), sample=str(sample))
        target = Path(folder, "said.wav")
        first = timed(lambda: engine.narrate("Hi.", target, options, lambda _share: None))
        seconds = engine.narrate(TEXT, target, options, lambda _share: None).duration_ms / 1000
        spoken = timed(lambda: engine.narrate(TEXT, target, options, lambda _share: None))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = f"{size / 1e6:.0f} MB of weights loaded, a sample of {SAMPLE_SECONDS} s taken up"
        print(f"{told}, a word said: {first:.1f} s")
        print(f"a second of speech: {spoken / seconds:.2f} s; most memory: {memory:.0f} MB, the making included")


def timed(work: object) -> float:
    """Processor time of some work."""
    began = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - began


def make_model(folder: Path, name: str) -> None:
    """A model that speaks noise until its time is over."""
    import torch  # noqa: PLC0415 - it is timed
    from pocket_tts import TTSModel  # noqa: PLC0415
    from pocket_tts.models.mimi import build_mimi  # noqa: PLC0415
    from pocket_tts.utils.config import Config  # noqa: PLC0415
    from safetensors.torch import save_file  # noqa: PLC0415

    told = read_description(own_descriptions()[name])
    lookup = told["flow_lm"]["lookup_table"] | {"tokenizer": "tokenizers"}
    lookup["tokenizer_path"] = str(folder / "tokenizer.json")
    told |= {"weights_path": "model.safetensors", "weights_path_without_voice_cloning": None}
    told["flow_lm"]["lookup_table"] = lookup
    write_tokenizer(folder / "tokenizer.json", lookup["n_bins"])
    (folder / "model.yaml").write_text(yaml.safe_dump(told))
    config = Config(**told)
    model = TTSModel._from_pydantic_config(config, 0.3, 1, None, -4.0, None)  # noqa: SLF001 - there is no other way
    width = config.mimi.inner_dim or config.mimi.seanet.dimension
    model.flow_lm.speaker_proj_weight = torch.nn.Parameter(torch.randn(config.flow_lm.transformer.d_model, width))
    model.mimi = build_mimi(config.mimi)
    with torch.no_grad():
        model.flow_lm.out_eos.bias.fill_(-1e6)
    save_file(model.state_dict(), folder / "model.safetensors")


def write_tokenizer(path: Path, size: int) -> None:
    """A token for each byte, and pairs of letters until there are as many as the model has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [(one, other) for one in letters for other in letters][: size - len(letters)]
    known = {token: number for number, token in enumerate([*letters, *(one + other for one, other in pairs)])}
    tokenizer = Tokenizer(models.BPE(known, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(path))


def write_sample(path: Path) -> Path:
    """Noise: how long it takes to be taken up does not depend on what it says."""
    noise = np.random.default_rng(1).normal(0, 2000, SAMPLE_SECONDS * RATE).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(noise.tobytes())
    return path


if __name__ == "__main__":
    main()
