"""The settings: one typed object, read once from the environment and `.env`; the older systems' names are aliases."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from tenuto import errors


def setting(default: Any, *names: str, help: str, **rules: Any) -> Any:  # noqa: A002 - it is the help text
    """A setting under TENUTO_<first name>, and under each other name as it is."""
    return Field(default, validation_alias=AliasChoices(f"TENUTO_{names[0]}", *names[1:]), description=help, **rules)


def _default_data_dir() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tenuto"


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"there is no home folder for {path.parts[0]!r} here") from None


def _level(name: object) -> object:
    return {"WARN": "WARNING", "FATAL": "CRITICAL"}.get(name.upper(), name.upper()) if isinstance(name, str) else name


def _lower(name: object) -> object:
    return name.lower() if isinstance(name, str) else name


Folder = Annotated[Path, AfterValidator(_at_home)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_level)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower)]
RATE = r"^[1-9][0-9]{0,6}/(s|min|h|day)$"


class Settings(BaseSettings):
    """Everything an operator can decide."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
    )

    data_dir: Folder = setting(_default_data_dir(), "DATA_DIR", help="folder for everything that is not elsewhere")
    work_dir: Folder | None = setting(None, "WORK_DIR", "TEMP_AUDIO_DIR", help="folder for jobs at work")

    database_url: str = setting("", "DATABASE_URL", "DATABASE_URL", help="sqlite:///file or postgresql://…")
    database_read_url: str = setting("", "DATABASE_READ_URL", help="a replica that answers lists and sums")
    database_ssl: str = setting("", "DATABASE_SSL", "DATABASE_SSL", help="PostgreSQL's sslmode, or true for 'require'")
    database_debug: bool = setting(False, "DATABASE_DEBUG", "DATABASE_DEBUG", help="log every statement")
    pool_size: int = setting(10, "POOL_SIZE", help="database connections kept open", ge=1, le=200)
    max_overflow: int = setting(10, "MAX_OVERFLOW", help="connections beyond that, for a while", ge=0, le=200)
    pool_recycle_seconds: int = setting(1800, "POOL_RECYCLE_SECONDS", help="age at which a connection is renewed", ge=1)
    connect_timeout_seconds: int = setting(10, "CONNECT_TIMEOUT_SECONDS", help="patience with the database", ge=1)
    slow_query_ms: int = setting(500, "SLOW_QUERY_MS", help="queries slower than this are logged", ge=0)

    storage_url: str = setting("", "STORAGE_URL", "AUDIO_STORAGE_PATH", help="file:///folder or s3://bucket/prefix")
    s3_endpoint_url: str = setting("", "S3_ENDPOINT_URL", "AWS_ENDPOINT_URL", help="address of the S3 service")
    s3_region: str = setting("", "S3_REGION", "AWS_DEFAULT_REGION", help="region of the bucket")
    s3_access_key: SecretStr = setting(SecretStr(""), "S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID", help="S3 key")
    s3_secret_key: SecretStr = setting(SecretStr(""), "S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", help="S3 secret")
    max_upload_mb: int = setting(500, "MAX_UPLOAD_MB", help="largest file taken in", ge=1)
    disk_floor_mb: int = setting(10, "DISK_FLOOR_MB", help="uploads are refused below this much free space", ge=0)
    disk_soft_floor_mb: int = setting(1024, "DISK_SOFT_FLOOR_MB", help="a warning is logged below this", ge=0)
    retention_hours: float = setting(
        24, "RETENTION_HOURS", "AUDIO_RETENTION_HOURS", help="life of an upload; 0 keeps it for ever", ge=0
    )
    retention_action: Literal["delete", "archive"] = setting(
        "delete", "RETENTION_ACTION", help="what happens then: delete, or archive as a small AAC copy without an end"
    )
    job_retention_days: float = setting(
        0,
        "JOB_RETENTION_DAYS",
        help="life of a finished job with its transcript and exports; 0 keeps it for ever",
        ge=0,
    )
    cleanup_interval_minutes: float = setting(
        60,
        "CLEANUP_INTERVAL_MINUTES",
        "CLEANUP_INTERVAL_MINUTES",
        help="how often workers sweep, once a day at least; 0 never",
        ge=0,
    )
    max_duration_hours: float = setting(12, "MAX_DURATION_HOURS", help="longest recording taken in", gt=0)
    max_channels: int = setting(8, "MAX_CHANNELS", help="most channels a recording may have", ge=1, le=64)

    host: str = setting("127.0.0.1", "HOST", help="address the server listens on")
    port: int = setting(8000, "PORT", help="port the server listens on", ge=0, le=65535)
    allowed_hosts: list[str] = setting(
        [], "ALLOWED_HOSTS", help='names besides localhost that a server without a key answers to: ["tenuto.lan"]'
    )
    api_key: SecretStr = setting(SecretStr(""), "API_KEY", help="the key every request must carry")
    openai_wait_seconds: float = setting(
        3600, "OPENAI_WAIT_SECONDS", help="how long a request to /v1 waits for its job before it says so", gt=0
    )
    workers: int = setting(1, "WORKERS", help="worker processes that `serve` starts", ge=0, le=64)
    concurrency: int = setting(
        0,
        "CONCURRENCY",
        help="jobs a worker runs at once, and half as many short ones beside them; 0 for one per core",
        ge=0,
        le=256,
    )
    engine_concurrency: dict[str, PositiveInt] = setting(
        {}, "ENGINE_CONCURRENCY", help='at once, over all workers: {"whisper": 1}'
    )
    kind_lanes: list[str] = setting(
        [], "KIND_LANES", help='kinds of jobs with a lane of their own, for `work --kinds`: ["speak"]'
    )
    poll_seconds: float = setting(0.25, "POLL_SECONDS", help="how often a worker looks for jobs", gt=0, le=60)
    beat_seconds: float = setting(5, "BEAT_SECONDS", help="how often a worker says it lives", gt=0, le=60)
    deadline_seconds: float = setting(60, "DEADLINE_SECONDS", help="silence after which a worker is lost", gt=0)
    reconcile_seconds: float = setting(30, "RECONCILE_SECONDS", help="how often ledger and queue are compared", gt=0)
    max_takeovers: int = setting(3, "MAX_TAKEOVERS", help="workers one job may lose before it fails", ge=0)
    drain_seconds: int = setting(30, "DRAIN_SECONDS", help="time running jobs get when a worker is stopped", ge=0)
    max_attempts: int = setting(4, "MAX_ATTEMPTS", help="tries of a step that fails for a passing reason", ge=1, le=20)

    webhook_allow: list[str] = setting(
        [], "WEBHOOK_ALLOW", help='private addresses that webhooks may call: ["10.0.0.0/8", "127.0.0.1"]'
    )
    webhook_timeout_seconds: float = setting(
        10, "WEBHOOK_TIMEOUT_SECONDS", help="patience with a webhook's receiver", gt=0, le=30
    )
    webhook_retry_seconds: list[PositiveFloat] = setting(
        [10, 60, 300, 1800, 7200, 21600, 43200], "WEBHOOK_RETRY_SECONDS", help="pauses between attempts of a delivery"
    )

    import_dirs: list[Folder] = setting(
        [], "IMPORT_DIRS", help='folders of this machine that songs may be imported from: ["/srv/music"]'
    )
    import_allow: list[str] = setting(
        [], "IMPORT_ALLOW", help='private addresses that songs may be fetched from: ["10.0.0.0/8"]'
    )
    import_seconds: float = setting(
        300, "IMPORT_SECONDS", help="patience with a song that is fetched from a video site", gt=0, le=3600
    )

    engines: list[str] = setting(
        ["pocketsphinx", "whisper", "openai", "yandex", "openai-speech"],
        "ENGINES",
        help='engines on offer, and voices that are paid: ["pocketsphinx"]',
    )
    engine_rate: dict[str, Annotated[str, Field(pattern=RATE)]] = setting(
        {}, "ENGINE_RATE", help='calls of an engine, over all workers: {"openai": "50/min", "yandex": "5/s"}'
    )
    default_engine: str = setting("auto", "DEFAULT_ENGINE", help="engine of a job that names none")
    models_dir: Folder | None = setting(None, "MODELS_DIR", help="folder for downloaded models")
    whisper_model: str = setting("small", "WHISPER_MODEL", help="size, hub id or local folder")
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "DEVICE", help="where engines compute")
    compute_type: str = setting("default", "COMPUTE_TYPE", help="whisper's number format, such as int8")
    allow_fetch: bool = setting(True, "ALLOW_FETCH", help="whether models may be downloaded")
    diarizer: Literal["ge2e", "pyannote"] = setting("ge2e", "DIARIZER", help="what tells voices apart")
    pyannote_model: str = setting(
        "pyannote/speaker-diarization-community-1", "PYANNOTE_MODEL", help="hub id or local folder"
    )
    demucs_model: str = setting("htdemucs", "DEMUCS_MODEL", help="one of demucs' names, or a local folder")
    musicgen_model: str = setting("facebook/musicgen-small", "MUSICGEN_MODEL", help="hub id or local folder")
    pocket_models: dict[Annotated[str, Field(pattern="^[a-z]{2,3}$")], str] = setting(
        {"en": "english"},
        "POCKET_MODELS",
        help='what pocket-tts speaks, by which model (a name, a folder, hf://…): {"en": "english", "de": "german"}',
    )
    separator: str = setting("auto", "SEPARATOR", help="what parts songs; auto is demucs where it works, or embedded")
    openai_api_key: SecretStr = setting(
        SecretStr(""), "OPENAI_API_KEY", "OPENAI_API_KEY", help="key of openai and openai-speech, which are paid"
    )
    openai_base_url: str = setting(
        "", "OPENAI_BASE_URL", help="another server that speaks OpenAI's API: http://host:8000/v1"
    )
    openai_model: str = setting("", "OPENAI_MODEL", "OPENAI_MODEL", help="its model; whisper-1 when empty")
    openai_speech_model: str = setting(
        "", "OPENAI_SPEECH_MODEL", help="the model of the voice openai-speech; gpt-4o-mini-tts when empty"
    )
    openai_speech_for_v1: bool = setting(
        False, "OPENAI_SPEECH_FOR_V1", help="whether tts-1 and its kin at /v1 mean openai-speech, which is paid"
    )
    yandex_api_key: SecretStr = setting(
        SecretStr(""), "YANDEX_API_KEY", "YANDEX_API_KEY", help="key of the engine yandex, which is paid"
    )
    yandex_iam_token: SecretStr = setting(
        SecretStr(""), "YANDEX_IAM_TOKEN", "YANDEX_IAM_TOKEN", help="a token instead of the key; lives for hours"
    )
    yandex_folder_id: str = setting("", "YANDEX_FOLDER_ID", "YANDEX_FOLDER_ID", help="folder that pays; with a token")
    yandex_endpoint: str = setting(
        "", "YANDEX_ENDPOINT", help="another address of the recognizer; http:// in front is without TLS"
    )
    yandex_operation_endpoint: str = setting("", "YANDEX_OPERATION_ENDPOINT", help="the same for its operations")
    yandex_model: str = setting("", "YANDEX_MODEL", help="its model; general when empty")
    remote_timeout_seconds: float = setting(
        600, "REMOTE_TIMEOUT_SECONDS", help="patience with one answer of a paid engine", gt=0, le=7200
    )
    prices: dict[str, dict[str, float]] = setting(
        {}, "PRICES", help='what engines cost: {"openai": {"minute": 0.006}, "fake": {"request": 0.01}}; see costs.md'
    )
    currency: str = setting("USD", "CURRENCY", help="currency of prices and budgets", pattern="^[A-Z]{3}$")
    redis_url: str = setting("", "REDIS_URL", "REDIS_URL", help="accepted and not needed: the database is the queue")

    log_level: LogLevel = setting("INFO", "LOG_LEVEL", "LOG_LEVEL", help="least level logged")
    log_format: LogFormat = setting("text", "LOG_FORMAT", "LOG_FORMAT", help="text or json")

    @model_validator(mode="before")
    @classmethod
    def _database_from_parts(cls, values: Any) -> Any:
        """POSTGRES_HOST and its siblings stand for a URL when none is given."""
        known = {**dotenv_values(".env"), **os.environ}
        parts = {name: known.get(f"POSTGRES_{name}") or "" for name in ("USER", "PASSWORD", "HOST", "PORT", "DB")}
        given = any(values.get(name) for name in ("TENUTO_DATABASE_URL", "DATABASE_URL", "database_url"))
        if not given and (parts["HOST"] or parts["DB"]):
            login = quote(parts["USER"], safe="") + (
                ":" + quote(parts["PASSWORD"], safe="") if parts["PASSWORD"] else ""
            )
            address = (parts["HOST"] or "127.0.0.1") + (f":{parts['PORT']}" if parts["PORT"] else "")
            database = quote(parts["DB"] or parts["USER"], safe="")
            return {**values, "TENUTO_DATABASE_URL": f"postgresql://{login + '@' if login else ''}{address}/{database}"}
        return values

    @model_validator(mode="after")
    def _beats_fit(self) -> Settings:
        if self.deadline_seconds < 2 * self.beat_seconds:
            raise ValueError("TENUTO_DEADLINE_SECONDS must be at least twice TENUTO_BEAT_SECONDS")
        return self

    @property
    def actual_database_url(self) -> str:
        """The URL, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'tenuto.db'}"

    @property
    def actual_storage_url(self) -> str:
        """The URL; a bare path, as AUDIO_STORAGE_PATH held, is a folder."""
        bare = self.storage_url and ":" not in self.storage_url
        return f"file://{quote(str(Path(self.storage_url).expanduser().resolve()))}" if bare else self.storage_url

    @property
    def actual_work_dir(self) -> Path:
        """The folder for jobs at work."""
        # A folder of our own below the given one: older systems shared theirs with other programs.
        return self.work_dir / "tenuto-work" if self.work_dir else self.data_dir / "work"

    @property
    def actual_concurrency(self) -> int:
        """Jobs at once in a worker."""
        return self.concurrency or len(os.sched_getaffinity(0))


def load(**given: Any) -> Settings:
    """Read the settings, or name the variable that cannot be used."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise errors.SettingsError(_complaint(error)) from None
    except ValueError as error:  # A list or a table that is not JSON; only the message says which.
        found = re.search(r'field "(\w+)"', str(error))
        name = variable(found.group(1)) if found else "A setting"
        raise errors.SettingsError(f'{name} cannot be used: it must be JSON, such as ["a"] or {{"a": 1}}.') from None


def _complaint(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{_given_as(name)} cannot be used: {message}." if name else f"{message}.")
    return " ".join(lines)


def _given_as(name: str) -> str:
    """The variable that somebody set, for a setting or the first of its names."""
    setting_name = next((known for known in Settings.model_fields if name in (known, variable(known))), name)
    found = origin(setting_name) if setting_name in Settings.model_fields else "default"
    return variable(name) if found == "default" else found


def variable(name: str) -> str:
    """The environment variable of a setting."""
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else None
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else name


def known_variables() -> list[str]:
    """Every TENUTO_ variable that somebody reads."""
    return [variable(name) for name in Settings.model_fields] + ["TENUTO_URL", "TENUTO_DEBUG"]


def unknown_variables() -> list[str]:
    """TENUTO_ variables in the environment or in `.env` that nobody reads; those of tests are their own affair."""
    known = {*known_variables()}
    given = {name.upper() for name in (*os.environ, *dotenv_values(".env")) if name.upper().startswith("TENUTO_")}
    return sorted(name for name in given - known if not name.startswith("TENUTO_TEST_"))


def origin(name: str) -> str:
    """Where a setting's value comes from: a variable, `.env`, or the default."""
    alias = Settings.model_fields[name].validation_alias
    names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else []
    upper = {key.upper() for key in os.environ}
    for choice in names:
        if choice in upper:
            return choice
    dotenv = Path(".env")
    if dotenv.is_file():
        keys = {
            line.partition("=")[0].removeprefix("export ").strip().upper() for line in dotenv.read_text().splitlines()
        }
        for choice in names:
            if choice in keys:
                return f".env ({choice})"
    return "default"
