"""What an operator decides about the engines; plain values, because they cross into child processes as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tenuto import errors

SECRETS = ("openai_api_key", "yandex_api_key", "yandex_iam_token")


@dataclass(frozen=True)
class EngineConfig:
    """Where models lie, and how engines may use this machine."""

    models_dir: Path
    whisper_model: str = "small"  # size, hub id or local folder
    device: str = "auto"  # auto, cpu, cuda
    compute_type: str = "default"
    threads: int = 0  # 0 lets the engine choose
    allow_fetch: bool = False  # may download a model that is not here
    any_model: bool = True  # a request may name any hub id or folder; otherwise sizes and models here only
    hub_url: str = ""  # empty for the hub's own address
    default_engine: str = "auto"  # what "auto" stands for, unless it is itself
    diarizer: str = "ge2e"  # what "auto" stands for among those that tell voices apart
    pyannote_model: str = "pyannote/speaker-diarization-community-1"  # hub id or local folder
    separator: str = "auto"  # what "auto" stands for among those that part songs, unless it is itself
    demucs_model: str = "htdemucs"  # one of its names, or a local folder
    musicgen_model: str = "facebook/musicgen-small"  # hub id or local folder
    # Language → one of pocket-tts' own models, a folder, or a description on the hub; others are not spoken.
    pocket_models: Mapping[str, str] = field(default_factory=lambda: {"en": "english"}, hash=False)
    speech_detector: str = ""  # silero or webrtc; empty for the best that is installed
    offered: tuple[str, ...] = ()  # engines people may ask for; empty for all
    fake_seconds_per_minute: float = 0.0  # how long the fake works on one minute of sound
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""  # empty for OpenAI's own address
    openai_model: str = ""
    openai_speech_model: str = ""
    openai_speech_for_v1: bool = False  # its names for models mean the service, and not a voice of this machine
    yandex_api_key: str = field(default="", repr=False)
    yandex_iam_token: str = field(default="", repr=False)
    yandex_folder_id: str = ""
    yandex_endpoint: str = ""  # empty for Yandex Cloud's own; http:// in front means without TLS
    yandex_operation_endpoint: str = ""
    yandex_model: str = ""
    remote_timeout_seconds: float = 600.0  # how long one answer of a service elsewhere may take

    def to_json(self, *, secrets: bool = False) -> dict[str, Any]:
        """The same as a dictionary of plain values; keys only where they are needed."""
        data = asdict(self) | {"models_dir": str(self.models_dir), "offered": list(self.offered)}
        return data if secrets else {name: value for name, value in data.items() if name not in SECRETS}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EngineConfig:
        """Read what `to_json` wrote."""
        unknown = sorted(set(data) - {item.name for item in fields(cls)})
        if unknown or "models_dir" not in data:
            raise errors.ValidationError(
                f"The engine configuration cannot be read: {', '.join(unknown) or 'models_dir'} is "
                f"{'not a setting of it' if unknown else 'missing'}."
            )
        offered = tuple(data.get("offered", ()))
        return cls(**{**data, "models_dir": Path(data["models_dir"]), "offered": offered})
