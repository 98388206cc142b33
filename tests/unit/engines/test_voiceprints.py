"""The network, its weights, and the tool that makes them without running what a checkpoint says."""

import importlib.util
import io
import os
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from recordings import real_clips
from tenuto.engines import voiceprints
from tenuto.engines.sound import open_wave
from tenuto.engines.speech import Span
from tenuto.engines.windows import Windower, loudness

TOOL = Path(__file__).parents[3] / "tools" / "make_voice_weights.py"
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


@pytest.fixture(scope="module")
def tool():
    found = importlib.util.spec_from_file_location("make_voice_weights", TOOL)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Storage:
    """Pickles as torch's storages do: by reference, the bytes follow behind."""


class Named:
    """Pickles as a global of some name, whatever that is here."""

    def __init__(self, module, name):
        self.module, self.name = module, name


def as_checkpoint(tensors, kind=b"FloatStorage"):
    """What torch wrote before 2020, made without it: the opcodes for each tensor by hand."""
    out = io.BytesIO()
    for value in (MAGIC, PROTOCOL, {"little_endian": True}):
        pickle.dump(value, out, protocol=2)
    body = b"\x80\x02}X\x0b\x00\x00\x00model_stateccollections\nOrderedDict\n)R("
    for number, (name, values) in enumerate(tensors.items()):
        key = str(number).encode()
        body += b"X" + struct.pack("<I", len(name)) + name.encode()
        body += b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n" + kind + b"\n"
        body += b"X" + struct.pack("<I", len(key)) + key + b"X\x03\x00\x00\x00cpuJ" + struct.pack("<i", values.size)
        body += b"NtQK\x00(" + b"".join(b"J" + struct.pack("<i", n) for n in values.shape) + b"t("
        strides = [stride // values.itemsize for stride in values.strides]
        body += b"".join(b"J" + struct.pack("<i", n) for n in strides) + b"t\x89NtR"
    out.write(body + b"us.")
    pickle.dump([str(number) for number in range(len(tensors))], out, protocol=2)
    for values in tensors.values():
        out.write(struct.pack("<q", values.size) + values.astype(np.float32).tobytes())
    out.seek(0)
    return out


def test_a_checkpoint_is_read_as_it_was_written(tool):
    tensors = {"a.weight": np.arange(6.0).reshape(2, 3), "b": np.array([1.5, -2.0])}
    found = tool.read_checkpoint(as_checkpoint(tensors))
    assert found.keys() == tensors.keys()
    assert all(np.array_equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("place", range(4))
def test_a_hostile_checkpoint_runs_nothing(tool, tmp_path, place):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/pwned",)

    out = io.BytesIO()
    for number, value in enumerate((MAGIC, PROTOCOL, {"little_endian": True}, {"model_state": OrderedDict()})):
        pickle.dump(Hostile() if number == place else value, out, protocol=2)
    out.seek(0)
    with pytest.raises(pickle.UnpicklingError, match=r"asks for (posix|nt)\.system"):
        tool.read_checkpoint(out)
    assert not list(tmp_path.iterdir())


def test_only_known_storages_are_read(tool):
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.ByteStorage"):
        tool.read_checkpoint(as_checkpoint({"a": np.ones(2)}, kind=b"ByteStorage"))


def test_a_storage_that_lies_about_its_length_is_refused(tool):
    whole = as_checkpoint({"a": np.ones(4)}).getvalue()
    lying = whole[: -8 - 16] + struct.pack("<q", 5) + whole[-16:]
    with pytest.raises(pickle.UnpicklingError, match="not as long"):
        tool.read_checkpoint(io.BytesIO(lying))


def test_the_shipped_weights_hold_no_objects():
    path = Path(voiceprints.__file__).with_name("ge2e.npz")
    assert path.stat().st_size < 3_000_000
    with np.load(path, allow_pickle=False) as weights:
        assert all(weights[name].dtype == np.float16 for name in weights.files)


def test_a_layer_is_what_the_equations_of_an_lstm_say():
    rng = np.random.default_rng(3)
    steps = voiceprints.DRIVEN_STEPS + 4
    values = rng.normal(size=(steps, 2, 40)).astype(np.float32)
    input_weights = (rng.normal(size=(40, 4 * voiceprints.SIZE)) * 0.1).astype(np.float32)
    bias = rng.normal(size=4 * voiceprints.SIZE).astype(np.float32)
    hidden_weights = (rng.normal(size=(voiceprints.SIZE, 4 * voiceprints.SIZE)) * 0.05).astype(np.float32)
    found = voiceprints._run_layer(values, input_weights, hidden_weights, bias)
    driven = values @ input_weights + bias
    hidden = cell = np.zeros((2, voiceprints.SIZE))
    for step in range(steps):
        enter, forget, leave, new = np.split(driven[step] + hidden @ hidden_weights, 4, axis=1)
        sigmoid = lambda halved: 1 / (1 + np.exp(-2 * halved))  # noqa: E731
        cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
        hidden = sigmoid(leave) * np.tanh(cell)
        assert np.allclose(found[step], hidden, atol=1e-4)


def test_one_voice_is_more_alike_than_two():
    def prints(collection):
        for path, _ in real_clips(collection):
            with open_wave(path) as reader:
                spans = [Span(0.0, reader.getnframes() / 16_000)]
                windows = windower.prints(reader, spans, lambda _: None, rms=loudness(reader, spans), hop=0.8)
            yield voiceprints.unit(windows.prints.mean(axis=0))

    windower = Windower()
    reader, cards = list(prints("librivox")), list(prints("cards"))
    within = min(float(reader[0] @ other) for other in reader[1:])
    between = max(float(one @ other) for one in reader for other in cards)
    assert within > between


def test_all_speech_comes_at_one_level_and_silence_is_not_raised_to_it():
    assert voiceprints.gain_for(0.5) * 0.5 == pytest.approx(voiceprints.gain_for(0.001) * 0.001)
    assert voiceprints.gain_for(0.0) == voiceprints.gain_for(1e-5)


def test_the_network_needs_nothing_but_numpy():
    code = "import sys; import tenuto.engines.voiceprints; sys.exit(any(n in sys.modules for n in ('torch', 'scipy')))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
