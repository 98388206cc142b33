"""Settings in, a working house out. Reads from top to bottom."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenuto import errors
from tenuto.children import ChildPool, Limits
from tenuto.db import copy, migrate
from tenuto.db.connect import DatabaseOptions, open_engine, parse_url
from tenuto.db.work import Database
from tenuto.domain.costs import PriceTable, read_prices
from tenuto.domain.jobs import RetryPolicy
from tenuto.domain.media import MediaLimits
from tenuto.engines import registry
from tenuto.engines.config import EngineConfig
from tenuto.media.slides import office_pool
from tenuto.media.tools import MediaTools, film_pool, sandbox_pool
from tenuto.outside.calls import Caller
from tenuto.outside.urls import read_networks
from tenuto.pipelines import registry as pipelines
from tenuto.pipelines.paid import LOADING_SECONDS
from tenuto.queue import client as queue_client
from tenuto.queue.client import EngineClient
from tenuto.queue.liveness import Liveness, LivenessOptions
from tenuto.queue.port import Lane
from tenuto.services.artifacts import ArtifactService
from tenuto.services.budgets import BudgetService
from tenuto.services.content import ContentStore
from tenuto.services.copies import CopyService
from tenuto.services.database import DatabaseService
from tenuto.services.editing import EditingService
from tenuto.services.engines import EngineService
from tenuto.services.exports import ExportService
from tenuto.services.files import FileLimits, FileService
from tenuto.services.generations import GenerationService
from tenuto.services.health import HealthService
from tenuto.services.imports import FetchLimits, ImportService
from tenuto.services.lanes import LanePlan
from tenuto.services.lexicons import LexiconService
from tenuto.services.presentations import PresentationService
from tenuto.services.pricing import Pricing
from tenuto.services.processing import ProcessingService
from tenuto.services.resumable import ResumableService
from tenuto.services.running import RunningService, Workshop
from tenuto.services.sending import Sender
from tenuto.services.song_lyrics import SongLyricsService
from tenuto.services.songs import SongService
from tenuto.services.transcripts import TranscriptService
from tenuto.services.unbroken import Unbroken
from tenuto.services.upkeep import UpkeepService
from tenuto.services.usage import UsageService
from tenuto.services.voice_clones import VoiceService
from tenuto.services.voices import KnownVoiceService
from tenuto.services.webhooks import WebhookService
from tenuto.settings import Settings
from tenuto.storage.base import StorageService
from tenuto.storage.registry import find_storage
from tenuto.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from tenuto.queue.engine import DurableEngine

MEGABYTE = 1 << 20
FETCHES_AT_ONCE = 2


@dataclass(frozen=True)
class Tenuto:
    """Ready services."""

    settings: Settings
    database: Database
    content: ContentStore
    queue: EngineClient
    media: MediaTools
    engines: EngineConfig
    files: FileService
    resumable: ResumableService
    processing: ProcessingService
    transcripts: TranscriptService
    lexicons: LexiconService
    songs: SongService
    lyrics: SongLyricsService
    imports: ImportService
    generations: GenerationService
    known_voices: KnownVoiceService
    voices: VoiceService
    presentations: PresentationService
    editing: EditingService
    exports: ExportService
    artifacts: ArtifactService
    webhooks: WebhookService
    upkeep: UpkeepService
    health: HealthService
    numbers: DatabaseService
    usage: UsageService
    budgets: BudgetService
    catalogue: EngineService
    pools: tuple[ChildPool, ...]

    def close(self) -> None:
        """Let go of children and connections."""
        self.files.copies.close()
        for pool in self.pools:
            pool.close()
        self.queue.close()
        self.database.dispose()


@dataclass(frozen=True)
class Worker:
    """What a worker process runs."""

    house: Tenuto
    engine: DurableEngine
    liveness: Liveness
    sender: Sender
    lanes: tuple[Lane, ...]
    children: Mapping[str, ChildPool]
    unbroken: Unbroken


def build(settings: Settings, *, check_schema: bool = True) -> Tenuto:
    """Wire the doors' side of the house."""
    database = open_database(settings, may_create=not check_schema)
    if check_schema:
        migrate.require_current(database.engine)
    storage = open_store(settings)
    settings.actual_work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    limits = media_limits(settings)
    sandbox = sandbox_pool(settings.actual_concurrency, limits)
    drawing = office_pool(max(1, settings.actual_concurrency // 2))
    filming = film_pool(max(1, settings.actual_concurrency // 2), limits)
    media = MediaTools(sandbox, limits, drawing, filming)
    # Copies have children of their own: one of many hours must not hold up the uploads, which are opened in the others.
    copying = max(1, settings.actual_concurrency // 2)
    copy_sandbox = sandbox_pool(copying, limits)
    content = ContentStore(database, storage)
    engines = engine_config(settings)
    queue = EngineClient(database.engine, lane_plan(settings).lanes())
    copies = CopyService(database, content, MediaTools(copy_sandbox, limits), at_once=copying)
    files = FileService(database, content, media, file_limits(settings), copies)
    processing = build_processing(settings, content, queue, engines)
    songs = SongService(database, files, processing)
    imports = build_imports(settings, songs)
    return Tenuto(
        settings=settings,
        database=database,
        content=content,
        queue=queue,
        media=media,
        engines=engines,
        files=files,
        resumable=ResumableService(files),
        processing=processing,
        transcripts=TranscriptService(database),
        lexicons=LexiconService(database),
        songs=songs,
        lyrics=SongLyricsService(database),
        imports=imports,
        generations=GenerationService(database, processing),
        known_voices=KnownVoiceService(database),
        voices=VoiceService(database, files),
        presentations=PresentationService(database, files, processing),
        editing=EditingService(database, processing),
        artifacts=ArtifactService(database),
        exports=ExportService(database, content),
        webhooks=WebhookService(database, outside_caller(settings)),
        upkeep=UpkeepService(
            files,
            processing,
            settings.actual_work_dir,
            archive=settings.retention_action == "archive",
            interval_seconds=settings.cleanup_interval_minutes * 60,
        ),
        health=build_health(settings, content, engines),
        numbers=DatabaseService(database),
        usage=UsageService(database, settings.currency),
        budgets=BudgetService(database),
        catalogue=EngineService(engines),
        pools=(sandbox, copy_sandbox, drawing, filming, imports.children),
    )


def build_worker(house: Tenuto, *, concurrency: int | None = None, kinds: Collection[str] = ()) -> Worker:
    """Wire a worker on top of the house; one that names kinds leaves all others alone."""
    from tenuto.queue.engine import DurableEngine, new_executor_id  # noqa: PLC0415 - takes half a second to import

    settings = house.settings
    plan = lane_plan(settings, concurrency)
    found = plan.lanes_for(kinds) if kinds else plan.lanes()
    # A lane has children of its own, so that a short recording never waits for a block of a long one.
    children = {lane.name: ChildPool(lane.per_worker, Limits(open_files=1024)) for lane in found}
    worker_id = new_executor_id()
    unbroken = Unbroken()
    shop = Workshop(
        worker_id=worker_id,
        database=house.database,
        content=house.content,
        media=house.media,
        engines=house.engines,
        children=children,
        work_dir=settings.actual_work_dir,
        policy=RetryPolicy(max_attempts=settings.max_attempts),
        imports=house.imports,
        call_intervals=call_intervals(settings),
        prices=price_table(settings),
        unbroken=unbroken,
    )
    engine = DurableEngine(house.queue, RunningService(shop), worker_id, poll_seconds=settings.poll_seconds)
    options = LivenessOptions(
        beat_seconds=settings.beat_seconds,
        deadline_seconds=settings.deadline_seconds,
        reconcile_seconds=settings.reconcile_seconds,
        max_takeovers=settings.max_takeovers,
    )
    liveness = Liveness(house.database, house.queue, worker_id, options)
    sender = Sender(house.database, outside_caller(settings), settings.webhook_retry_seconds)
    # What fetches songs is no lane, and ends with the worker too.
    return Worker(house, engine, liveness, sender, found, {**children, "": house.imports.children}, unbroken)


def paid_call_seconds(settings: Settings) -> float:
    """How long a worker that is told to stop may wait for a call that is paid; nothing where no engine is."""
    keys = (settings.openai_api_key, settings.yandex_api_key, settings.yandex_iam_token)
    if settings.openai_base_url or any(key.get_secret_value() for key in keys):
        return LOADING_SECONDS + settings.remote_timeout_seconds
    return 0.0


def outside_caller(settings: Settings) -> Caller:
    """What calls addresses that people name."""
    allowed = read_networks(settings.webhook_allow, "TENUTO_WEBHOOK_ALLOW")
    return Caller(allowed, settings.webhook_timeout_seconds)


def build_processing(
    settings: Settings, content: ContentStore, queue: EngineClient, engines: EngineConfig
) -> ProcessingService:
    """What takes jobs in."""
    return ProcessingService(
        content.database,
        content,
        queue,
        lane_plan(settings).lane_of,
        pricing=Pricing(price_table(settings), engines),
        importing=import_caller(settings),
        retention_days=settings.job_retention_days,
        deadline_seconds=settings.deadline_seconds,
    )


def build_health(settings: Settings, content: ContentStore, engines: EngineConfig) -> HealthService:
    """What says how all parts are."""
    return HealthService(
        content.database,
        content.storage,
        engines,
        disk_floor_bytes=settings.disk_floor_mb * MEGABYTE,
        deadline_seconds=settings.deadline_seconds,
    )


def build_imports(settings: Settings, songs: SongService) -> ImportService:
    """What brings songs from folders and from elsewhere, and the children that fetch them."""
    limits = FetchLimits(
        seconds=settings.import_seconds,
        max_bytes=settings.max_upload_mb * MEGABYTE,
        max_seconds=int(settings.max_duration_hours * 3600),
    )
    fetchers = ChildPool(FETCHES_AT_ONCE, Limits(memory_bytes=1 << 30, file_bytes=limits.max_bytes + MEGABYTE))
    return ImportService(songs, settings.import_dirs, import_caller(settings), fetchers, limits)


def import_caller(settings: Settings) -> Caller:
    """What calls addresses that songs are fetched from."""
    return Caller(read_networks(settings.import_allow, "TENUTO_IMPORT_ALLOW"), setting="TENUTO_IMPORT_ALLOW")


def open_store(settings: Settings) -> StorageService:
    """Open the store of bytes."""
    return find_store(settings)()


def find_store(settings: Settings) -> Callable[[], StorageService]:
    """What opens the store of bytes; refuses settings that name none, and opens nothing yet."""
    return find_storage(
        settings.actual_storage_url,
        settings.data_dir,
        S3Settings(
            endpoint_url=settings.s3_endpoint_url or None,
            region=settings.s3_region or None,
            access_key=settings.s3_access_key.get_secret_value() or None,
            secret_key=settings.s3_secret_key.get_secret_value() or None,
        ),
    )


def open_database(settings: Settings, *, may_create: bool = True) -> Database:
    """Open the database, whatever its schema."""
    options = DatabaseOptions(
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_recycle_seconds=settings.pool_recycle_seconds,
        connect_timeout_seconds=settings.connect_timeout_seconds,
        ssl=ssl_mode(settings),
        slow_query_ms=settings.slow_query_ms,
        abandoned_seconds=max(1, round(settings.deadline_seconds)),
        may_create=may_create,
    )
    replica = open_engine(parse_url(settings.database_read_url), options) if settings.database_read_url else None
    return Database(open_engine(parse_url(settings.actual_database_url), options), replica)


def ssl_mode(settings: Settings) -> str:
    """PostgreSQL's sslmode; older systems said true or false."""
    words = {"true": "require", "1": "require", "false": "", "0": ""}
    return words.get(settings.database_ssl.lower(), settings.database_ssl)


def prepare_database(settings: Settings) -> migrate.SchemaState:
    """Bring the schema up: ours and the durable engine's."""
    database = open_database(settings)
    try:
        state = migrate.upgrade(database.engine)
        queue_client.migrate(database.engine)
    finally:
        database.dispose()
    return state


def ensure_database(settings: Settings) -> None:
    """Bring an empty database up, so that the first use works; any other is left as it is."""
    database = open_database(settings)
    try:
        schema = migrate.state(database.engine)
        # A first start that was interrupted left our tables without the engine's.
        half_done = schema.is_current and not queue_client.is_migrated(database.engine)
    finally:
        database.dispose()
    if schema.found is None or half_done:
        prepare_database(settings)


def schema_state(settings: Settings) -> migrate.SchemaState:
    """Which schema the database has and which this code needs."""
    database = open_database(settings)
    try:
        return migrate.state(database.engine)
    finally:
        database.dispose()


def check_database(settings: Settings) -> dict[str, object]:
    """Look whether the database is sound, whatever its schema."""
    database = open_database(settings)
    try:
        return DatabaseService(database).check()
    finally:
        database.dispose()


def downgrade_database(settings: Settings, revision: str) -> migrate.SchemaState:
    """Take our schema down to a revision; the durable engine's tables stay."""
    database = open_database(settings)
    try:
        return migrate.downgrade(database.engine, revision)
    finally:
        database.dispose()


def copy_database(
    house: Tenuto, target_url: str, *, force: bool = False, on_table: Callable[[str, int], None]
) -> dict[str, int]:
    """Copy every row to another database, which is made ready when it is new."""
    living = house.health.workers_alive()
    if living and not force:
        raise errors.ConflictError(
            f"{living} worker(s) still work on this database, and what they do meanwhile would be missing in the copy;"
            " stop them first, or use --force."
        )
    target = house.settings.model_copy(update={"database_url": target_url, "database_read_url": ""})
    ensure_database(target)
    other = open_database(target)
    try:
        return copy.copy_rows(house.database.engine, other.engine, on_table)
    finally:
        other.dispose()


def engine_config(settings: Settings) -> EngineConfig:
    """What the engines need to know."""
    if settings.separator not in (registry.AUTO, *registry.names(registry.SEPARATOR)):
        raise errors.SettingsError(f"TENUTO_SEPARATOR names {settings.separator!r}, and there is no such separator.")
    return EngineConfig(
        models_dir=settings.models_dir or settings.data_dir / "models",
        whisper_model=settings.whisper_model,
        device=settings.device,
        compute_type=settings.compute_type,
        allow_fetch=settings.allow_fetch,
        any_model=False,  # A request names a size, or a model that is here; only the settings name others.
        default_engine=settings.default_engine,
        diarizer=settings.diarizer,
        pyannote_model=settings.pyannote_model,
        demucs_model=settings.demucs_model,
        musicgen_model=settings.musicgen_model,
        pocket_models=dict(settings.pocket_models),
        separator=settings.separator,
        offered=tuple(settings.engines),
        openai_api_key=settings.openai_api_key.get_secret_value().strip(),
        openai_base_url=settings.openai_base_url,
        openai_model=settings.openai_model,
        openai_speech_model=settings.openai_speech_model,
        openai_speech_for_v1=settings.openai_speech_for_v1,
        yandex_api_key=settings.yandex_api_key.get_secret_value().strip(),
        yandex_iam_token=settings.yandex_iam_token.get_secret_value().strip(),
        yandex_folder_id=settings.yandex_folder_id,
        yandex_endpoint=settings.yandex_endpoint,
        yandex_operation_endpoint=settings.yandex_operation_endpoint,
        yandex_model=settings.yandex_model,
        remote_timeout_seconds=settings.remote_timeout_seconds,
    )


def call_intervals(settings: Settings) -> dict[str, float]:
    """Seconds between two calls of an engine, where the settings limit them."""
    unknown = sorted(name for name in settings.engine_rate if not registry.kind_of(name))
    if unknown:
        raise errors.SettingsError(f"TENUTO_ENGINE_RATE limits {unknown[0]!r}, and there is no such engine.")
    periods = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
    rates = {name: rate.split("/") for name, rate in settings.engine_rate.items()}
    return {name: periods[period] / int(number) for name, (number, period) in rates.items()}


def price_table(settings: Settings) -> PriceTable:
    """What engines cost; a misspelt engine would cost nothing and nobody would notice."""
    table = read_prices(settings.prices, settings.currency)
    unknown = sorted(name for name in table.engines if not registry.kind_of(name))
    if unknown:
        raise errors.SettingsError(f"TENUTO_PRICES has a price for {unknown[0]!r}, and there is no such engine.")
    return table


def media_limits(settings: Settings) -> MediaLimits:
    """What recordings may be."""
    return MediaLimits(max_duration_seconds=int(settings.max_duration_hours * 3600), max_channels=settings.max_channels)


def file_limits(settings: Settings) -> FileLimits:
    """What uploads may be."""
    return FileLimits(
        max_upload_bytes=settings.max_upload_mb * MEGABYTE,
        disk_floor_bytes=settings.disk_floor_mb * MEGABYTE,
        disk_soft_floor_bytes=settings.disk_soft_floor_mb * MEGABYTE,
        retention_hours=settings.retention_hours,
    )


def lane_plan(settings: Settings, concurrency: int | None = None) -> LanePlan:
    """The queues: one per resource class, per engine with a limit, and per kind that is set apart."""
    at_once = concurrency or settings.actual_concurrency
    return LanePlan(at_once, settings.engine_concurrency, settings.kind_lanes, engine_config(settings))


def job_kinds() -> list[str]:
    """The kinds of jobs this version knows."""
    return list(pipelines.PIPELINES)


def forget_everything(settings: Settings) -> None:
    """Remove every row and every byte; the caller has asked twice."""
    database = open_database(settings)
    try:
        migrate.reset(database.engine)
    finally:
        database.dispose()
    storage = open_store(settings)
    for item in storage.list("content"):
        storage.delete(item.key)
    shutil.rmtree(settings.actual_work_dir, ignore_errors=True)
