"""What is known of a paid call that ended badly: it stays open unless the error says that it cost nothing."""

import contextlib
from pathlib import Path

import pytest

from tenuto import errors
from tenuto.domain.costs import Usage
from tenuto.engines.config import EngineConfig
from tenuto.pipelines import remote
from tenuto.pipelines.base import Steps


class Listed(Steps):
    """Steps on dictionaries; each submit raises what is next in line."""

    def __init__(self, folder, problems):
        self.uid, self.folder, self.receipts, self.options = "job", folder, folder / "receipts", {}
        self.engines = EngineConfig(folder)
        self.problems, self.notes, self.warnings = problems, {}, []

    def call(self, *_arguments, **_options):
        raise self.problems.pop(0)

    def noted(self, name, part):
        return self.notes.get((name, part))

    def note(self, name, part, known):
        self.notes[name, part] = known

    def warn(self, message):
        self.warnings.append(message)

    def unbroken(self):
        return contextlib.nullcontext()

    def may_spend(self, usage):
        pass

    def take_turn(self, engine):
        pass


def cut(folder):
    path = Path(folder) / "a.wav"
    path.write_bytes(b"sound")
    return path


def ask(steps):
    piece = remote.Piece("openai", 0, 1, {}, Usage("openai", audio_ms=1000), lambda: cut(steps.folder))
    with pytest.raises(errors.TenutoError):
        remote.hear(steps, piece, lambda _share: None)


@pytest.mark.parametrize(
    "problem",
    [
        errors.EngineError("The work needed more memory than allowed."),
        errors.StorageError("disk"),
        errors.RemoteNonsense("what?"),
        errors.EngineCrashed("died"),
        errors.EngineTimeout("late"),
    ],
)
def test_a_call_that_broke_unforeseen_stays_open_and_is_repeated_with_a_warning(problem, tmp_path):
    steps = Listed(tmp_path, [problem, problem])
    ask(steps)
    assert not steps.warnings
    ask(steps)
    assert "may charge for both" in steps.warnings[0]


@pytest.mark.parametrize("family", [errors.RemoteDown, errors.StorageError, errors.RemoteRefused])
def test_a_call_that_surely_cost_nothing_is_repeated_without_a_word(family, tmp_path):
    steps = Listed(tmp_path, [family("no", unpaid=True), family("no", unpaid=True)])
    ask(steps)
    ask(steps)
    assert not steps.warnings
