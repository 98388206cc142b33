"""A Demucs model of random weights, in the form that the hub has them: tensors, and a list of them."""

import json

import numpy as np

SOURCES = ["drums", "bass", "other", "vocals"]
SEGMENT = 2


def make_model(folder, *, name="tiny", parts=1, sources=SOURCES):
    """Write a model that runs through all of demucs' own code and parts nothing; needs torch and demucs."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    shape = {
        "sources": sources,
        "channels": 8,
        "growth": 2,
        "depth": 4,
        "nfft": 1024,
        "t_layers": 1,
        "t_heads": 2,
        "dconv_comp": 4,
        "bottom_channels": 0,
        "segment": SEGMENT,
        "samplerate": 44_100,
    }
    for number in range(parts):
        torch.manual_seed(number)
        state = {key: value.contiguous().clone() for key, value in HTDemucs(**shape).state_dict().items()}
        metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(shape)}
        save_file(state, str(folder / f"part{number}.safetensors"), metadata=metadata)
    listing = {"models": [f"part{number}" for number in range(parts)], "segment": SEGMENT}
    (folder / f"{name}.yaml").write_text(json.dumps(listing))  # JSON is YAML
    return folder


def write_tensors(path, metadata):
    """A file of tensors with one number in it, made without any library."""
    header = json.dumps(
        {"__metadata__": metadata, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    ).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.zeros(1, "<f4").tobytes())
    return path
