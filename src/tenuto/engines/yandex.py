"""Yandex SpeechKit v3: a recognition is begun, waited for and fetched; its beginning is paid. The extra `yandex`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.domain.transcripts import Transcript
from tenuto.engines.base import EngineReport, Progress, TranscribeOptions
from tenuto.engines.config import EngineConfig
from tenuto.engines.remote import length_if_heard, require_sendable
from tenuto.engines.yandex_answers import language_code, segments_of
from tenuto.engines.yandex_errors import of_code, translated

INSTALL = "pip install 'tenuto[yandex]'"
MODEL = "general"
RECOGNIZER, OPERATIONS = "stt.api.cloud.yandex.net:443", "operation.api.cloud.yandex.net:443"
MAX_BYTES = 60 * 1024 * 1024
MAX_MESSAGE = 64 * 1024 * 1024
CALL_SECONDS = 60.0  # for what is quick: asking how far it is, deleting
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0  # the service allows five questions a second
PATIENCE = 6  # questions in a row that may fail for a passing reason
NOT_FOUND = 5


class YandexTranscriber:
    """Fifteen languages, speakers told apart, numbers and punctuation as written."""

    block_seconds = 1600.0  # a block may become a fifth longer: 61 MB, of the 62.9 that fit into a call
    parallel_blocks = True
    paid = True
    keeps_results = True
    hears_hot_words = False

    name = "yandex"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._secrets = (config.yandex_api_key, config.yandex_iam_token)
        require_sendable(*self._secrets, config.yandex_folder_id)
        self._channels: dict[str, Any] = {}

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """Say whether the packages are here and a key is set; asks nobody."""
        if importlib.util.find_spec("yandex") is None or importlib.util.find_spec("grpc") is None:
            return EngineReport("yandex", ready=False, detail=f"Its stubs are not installed; install them: {INSTALL}.")
        if not config.yandex_api_key and not (config.yandex_iam_token and config.yandex_folder_id):
            detail = (
                "No key is set: give TENUTO_YANDEX_API_KEY, or TENUTO_YANDEX_IAM_TOKEN and TENUTO_YANDEX_FOLDER_ID."
            )
            return EngineReport("yandex", ready=False, detail=detail)
        version = importlib.metadata.version("yandexcloud")
        where = config.yandex_endpoint or RECOGNIZER
        detail = f"yandexcloud {version}, calls {where}; each recognition is paid."
        return EngineReport("yandex", ready=True, detail=detail, model=config.yandex_model or MODEL, licence="service")

    def transcribe(self, audio: Path, options: TranscribeOptions, progress: Progress) -> Transcript:
        """Both verbs in a row, and no trace left."""
        progress(0.0)
        receipt = self.submit(audio, options, key="")
        transcript = self.collect(receipt, progress)
        self.forget(receipt)
        return transcript

    def submit(self, audio: Path, options: TranscribeOptions, *, key: str) -> dict[str, Any]:
        """Begin a recognition; the receipt is the name of its operation."""
        length, is_heard = length_if_heard(audio)
        model = options.model or self._config.yandex_model or MODEL
        warnings = ["The engine yandex cannot use hot words; they changed nothing."] if options.hot_words else []
        language = options.language.split("-")[0] if options.language else None
        receipt = {"model": model, "duration_ms": length, "language": language, "warnings": warnings}
        if not is_heard:
            return {**receipt, "operation": "", "requests": 0}
        if audio.stat().st_size > MAX_BYTES:
            raise errors.EngineError("Yandex SpeechKit takes 60 MB at a time, and this piece is larger.", unpaid=True)
        request = _request(audio.read_bytes(), model, language_code(options.language))
        extra = (("idempotency-key", key),) if key else ()
        seconds = self._config.remote_timeout_seconds
        with translated(*self._secrets):
            begun = self._recognizer().RecognizeFile(request, metadata=(*self._login(), *extra), timeout=seconds)
        return {**receipt, "operation": begun.id, "requests": 1}

    def collect(self, receipt: dict[str, Any], progress: Progress) -> Transcript:
        """Wait for the operation and read what it brought; costs nothing, however often."""
        length = int(receipt["duration_ms"])
        segments, language = (), None
        if receipt["operation"]:
            self._wait(receipt["operation"], length, progress)
            segments, language = self._results(receipt["operation"], length)
        progress(1.0)
        return Transcript(
            segments,
            language=language or receipt["language"],
            duration_ms=length,
            engine=self.name,
            model=receipt["model"],
            warnings=tuple(receipt["warnings"]),
        )

    def forget(self, receipt: dict[str, Any]) -> None:
        """Delete the results at the service, which would keep them for three days."""
        if receipt["operation"]:
            request = _stubs().DeleteRecognitionRequest(operation_id=receipt["operation"])
            with translated(*self._secrets):
                self._recognizer().DeleteRecognition(request, metadata=self._login(), timeout=CALL_SECONDS)

    def _wait(self, operation_id: str, length_ms: int, progress: Progress) -> None:
        """Ask now and then until the operation is done; what is passing is borne for a while."""
        from yandex.cloud.operation import operation_service_pb2 as messages  # noqa: PLC0415 - an extra

        deadline = time.monotonic() + max(self._config.remote_timeout_seconds, length_ms / 1000)
        begun, pause, failures = time.monotonic(), FIRST_WAIT_SECONDS, 0
        while True:
            try:
                with translated(*self._secrets):
                    request = messages.GetOperationRequest(operation_id=operation_id)
                    operation = self._operations().Get(request, metadata=self._login(), timeout=CALL_SECONDS)
            except errors.TenutoError as error:
                failures = self._bear(error, failures + 1)
            else:
                failures = 0
                if operation.done:
                    _require_success(operation, *self._secrets)
                    return
            if time.monotonic() > deadline:
                raise errors.EngineTimeout("Yandex SpeechKit has not finished; its results are asked for again later.")
            # How far it is nobody says; it usually needs a tenth of the sound's length.
            progress(0.9 * min(1.0, (time.monotonic() - begun) / (1.0 + length_ms / 10_000)))
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_WAIT_SECONDS)

    def _results(self, operation_id: str, length_ms: int) -> tuple[Any, str | None]:
        """Read the whole stream of results; one that broke off is read again from its start."""
        failures = 0
        while True:
            try:
                with translated(*self._secrets):
                    request = _services().GetRecognitionRequest(operation_id=operation_id)
                    timeout = self._config.remote_timeout_seconds
                    stream = self._recognizer().GetRecognition(request, metadata=self._login(), timeout=timeout)
                    return segments_of(stream, length_ms, speakers=True)
            except errors.TenutoError as error:
                # The operation is done and its results may still be on their way to where they are kept.
                failures = self._bear(error, failures + 1, not_found_passes=True)
                time.sleep(min(FIRST_WAIT_SECONDS * 2**failures, LONGEST_WAIT_SECONDS))

    def _bear(self, error: errors.TenutoError, failures: int, *, not_found_passes: bool = False) -> int:
        """Return how many failures there were, or raise the last one when it will not pass or was one too many."""
        missing = error.details.get("grpc_code") == NOT_FOUND
        passes = error.retryable or (missing and not_found_passes)
        if passes and failures < PATIENCE:
            return failures
        if missing:
            raise errors.RemoteRefused(
                "Yandex SpeechKit no longer knows the recognition that was paid for; it keeps results for three days."
                " A retry begins, and pays for, a new one.",
                void=True,
            ) from error
        raise error

    def _login(self) -> tuple[tuple[str, str], ...]:
        key, token = self._secrets
        who = ("authorization", f"Api-Key {key}" if key else f"Bearer {token}")
        folder = self._config.yandex_folder_id
        return (who, ("x-folder-id", folder)) if folder else (who,)

    def _recognizer(self) -> Any:
        from yandex.cloud.ai.stt.v3 import stt_service_pb2_grpc  # noqa: PLC0415 - an extra

        return stt_service_pb2_grpc.AsyncRecognizerStub(self._channel(self._config.yandex_endpoint or RECOGNIZER))

    def _operations(self) -> Any:
        from yandex.cloud.operation import operation_service_pb2_grpc  # noqa: PLC0415 - an extra

        endpoint = self._config.yandex_operation_endpoint or OPERATIONS
        return operation_service_pb2_grpc.OperationServiceStub(self._channel(endpoint))

    def _channel(self, endpoint: str) -> Any:
        import grpc  # noqa: PLC0415 - an extra

        if endpoint not in self._channels:
            limits = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
            # Its own retries would be paid calls nobody hears of.
            options = [*limits, ("grpc.enable_retries", 0)]
            if endpoint.startswith("http://"):
                self._channels[endpoint] = grpc.insecure_channel(endpoint.removeprefix("http://"), options)
            else:
                login = grpc.ssl_channel_credentials()
                self._channels[endpoint] = grpc.secure_channel(endpoint.removeprefix("https://"), login, options)
        return self._channels[endpoint]


def _stubs() -> Any:
    from yandex.cloud.ai.stt.v3 import stt_pb2  # noqa: PLC0415 - an extra

    return stt_pb2


def _services() -> Any:
    from yandex.cloud.ai.stt.v3 import stt_service_pb2  # noqa: PLC0415 - an extra

    return stt_service_pb2


def _request(sound: bytes, model: str, language: str) -> Any:
    stt = _stubs()
    restriction, normalization, labeling = (
        stt.LanguageRestrictionOptions,
        stt.TextNormalizationOptions,
        stt.SpeakerLabelingOptions,
    )
    container = stt.ContainerAudio(container_audio_type=stt.ContainerAudio.WAV)
    return stt.RecognizeFileRequest(
        content=sound,
        recognition_model=stt.RecognitionModelOptions(
            model=model,
            audio_format=stt.AudioFormatOptions(container_audio=container),
            text_normalization=normalization(
                text_normalization=normalization.TEXT_NORMALIZATION_ENABLED, literature_text=True
            ),
            language_restriction=restriction(restriction_type=restriction.WHITELIST, language_code=[language]),
            audio_processing_type=stt.RecognitionModelOptions.FULL_DATA,
        ),
        speaker_labeling=labeling(speaker_labeling=labeling.SPEAKER_LABELING_ENABLED),
    )


def _require_success(operation: Any, *secrets: str) -> None:
    """An operation that failed was not paid, and must be begun anew."""
    if operation.WhichOneof("result") == "error":
        error = of_code(operation.error.code, operation.error.message, {}, *secrets)
        error.details["void"] = True
        raise error
