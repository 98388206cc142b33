"""What engines that compute with torch share: on what they compute, and what a damaged model raises."""

from __future__ import annotations

import importlib
from typing import Any


def device_of(torch: Any, wanted: str) -> str:
    """The graphics card where it is wanted, or nothing else is said and there is one; else the processor."""
    if wanted == "cuda" or (wanted == "auto" and torch.cuda.is_available()):
        return "cuda"
    return "cpu"


def load_faults() -> tuple[type[Exception], ...]:
    """What may be raised while a model is read that does not fit, is cut off, or asks for what is not there."""
    tensors: Any = importlib.import_module("safetensors")
    usual = (RuntimeError, ValueError, TypeError, KeyError, AssertionError, OSError, MemoryError)
    return (*usual, tensors.SafetensorError)
