"""Make the weights that tell voices apart from the ones in a Resemblyzer wheel, without running anything in it.

    pip download --no-deps resemblyzer
    python tools/make_voice_weights.py Resemblyzer-0.1.4-py3-none-any.whl

The checkpoint is a pickle, and a pickle may run code when it is read: this reader builds tensors and refuses all else.
"""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

TARGET = Path(__file__).parents[1] / "src" / "tenuto" / "engines" / "ge2e.npz"
CHECKPOINT = "resemblyzer/pretrained.pt"
LAYERS = 3
HEADER_PICKLES = 3  # magic number, protocol and byte order
DTYPES = {"FloatStorage": np.float32, "DoubleStorage": np.float64, "LongStorage": np.int64}
NAMES = {
    f"{ours}_{layer}": f"lstm.{theirs}_l{layer}"
    for layer in range(LAYERS)
    for ours, theirs in (("input", "weight_ih"), ("hidden", "weight_hh"), ("bias_a", "bias_ih"), ("bias_b", "bias_hh"))
} | {"out": "linear.weight", "out_bias": "linear.bias"}

Array = np.ndarray[Any, Any]


class PlainUnpickler(pickle.Unpickler):
    """Reads lists, dictionaries, numbers and text; a name of anything to call is refused."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse."""
        raise pickle.UnpicklingError(f"The checkpoint asks for {module}.{name}, and nothing in it may be called.")


class TensorUnpickler(pickle.Unpickler):
    """Reads tensors as (storage, offset, sizes, strides); any other name is refused."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, tuple[str, int]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Our own stand-ins for the names that tensors need."""
        allowed: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            **{("torch", kind): kind for kind in DTYPES},
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"The checkpoint asks for {module}.{name}, which no tensor needs.")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> str:
        """Note a storage, whose bytes follow behind the pickle."""
        _, kind, key, _, count, *_ = pid
        if kind not in DTYPES:
            raise pickle.UnpicklingError(f"The checkpoint holds a storage of the unknown kind {kind!r}.")
        self.storages[str(key)] = (str(kind), int(count))
        return str(key)


def _tensor(storage: str, offset: int, sizes: tuple[int, ...], strides: tuple[int, ...], *_: object) -> tuple[Any, ...]:
    return storage, offset, sizes, strides


def read_checkpoint(file: BinaryIO) -> dict[str, Array]:
    """The named tensors of a checkpoint in the form torch wrote before 2020."""
    for _ in range(HEADER_PICKLES):
        PlainUnpickler(file).load()
    reader = TensorUnpickler(file)
    checkpoint = reader.load()
    stored: dict[str, Array] = {}
    for key in PlainUnpickler(file).load():
        kind, count = reader.storages[key]
        if int.from_bytes(file.read(8), "little") != count:
            raise pickle.UnpicklingError(f"Storage {key} is not as long as the checkpoint says.")
        stored[key] = np.frombuffer(file.read(count * np.dtype(DTYPES[kind]).itemsize), DTYPES[kind])
    return {
        name: _read_tensor(stored, *tensor)
        for name, tensor in checkpoint["model_state"].items()
        if isinstance(tensor, tuple)
    }


def _read_tensor(
    stored: dict[str, Array], key: str, offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> Array:
    flat = stored[key]
    index = np.asarray(offset)
    for size, stride in zip(sizes, strides, strict=True):
        index = index[..., None] + np.arange(size) * stride
    return flat[index]  # Indexing checks each place; a stride that leads outside of the storage raises.


def write_weights(tensors: dict[str, Array], target: Path) -> None:
    """Write the tensors the encoder needs as 16-bit floats: half the size, and the voices stay the same."""
    half: dict[str, Any] = {ours: tensors[theirs].astype(np.float16) for ours, theirs in NAMES.items()}
    np.savez_compressed(target, **half)


def main(arguments: list[str], tell: Callable[[str], object] = print) -> None:
    """Read a wheel, write the weights."""
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    with zipfile.ZipFile(arguments[0]) as wheel:
        tensors = read_checkpoint(io.BytesIO(wheel.read(CHECKPOINT)))
    write_weights(tensors, TARGET)
    tell(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
