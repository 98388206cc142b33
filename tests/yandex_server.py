"""A server on loopback that speaks SpeechKit's recognizer v3 and its operations, on the official stubs, and counts charges.

What it does wrong is chosen by the model's name after a dot, as in `openai_server`. It charges when a recognition was
begun, whether its answer arrives or not.
"""

import contextlib
import io
import threading
import time
import uuid
import wave
from collections import Counter
from concurrent import futures

import grpc
from google.protobuf import any_pb2, empty_pb2
from yandex.cloud.ai.stt.v3 import stt_pb2 as stt
from yandex.cloud.ai.stt.v3 import stt_service_pb2_grpc as recognizer
from yandex.cloud.operation import operation_pb2 as operation
from yandex.cloud.operation import operation_service_pb2_grpc as operations

from openai_server import heard

KEY = "AQVN-test-planted-91be"
MAX_INLINE = 60 * 1024 * 1024
LIMITS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
CODES = {
    "401": grpc.StatusCode.UNAUTHENTICATED,
    "403": grpc.StatusCode.PERMISSION_DENIED,
    "429": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "billing": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "400": grpc.StatusCode.INVALID_ARGUMENT,
    "500": grpc.StatusCode.INTERNAL,
    "503": grpc.StatusCode.UNAVAILABLE,
}


class YandexServer(recognizer.AsyncRecognizerServicer, operations.OperationServiceServicer):
    def __init__(self):
        self.lock = threading.Lock()
        self.charges, self.calls, self.polls, self.reads = Counter(), Counter(), Counter(), Counter()  # by model
        self.begun, self.deleted, self.keys, self.requests = {}, [], [], []
        self.seconds = 0.2  # how long an operation takes
        self.on_slow = lambda: None
        self.gate = threading.Event()
        self.gate_seconds = 30.0
        self.reached = threading.Event()
        self.polled = threading.Event()

    def fault_of(self, model, counter):
        """What goes wrong with this call; counts it."""
        with self.lock:
            counter[model] += 1
            number = counter[model]
        fault = model.partition(".")[2]
        if fault.endswith("-once"):
            fault = fault.removesuffix("-once") if number == 1 else ""
        return "" if fault.startswith("ok") else fault

    def check(self, context):
        login = dict(context.invocation_metadata()).get("authorization", "")
        if login != f"Api-Key {KEY}":
            context.abort(
                grpc.StatusCode.UNAUTHENTICATED, f"Unknown api key '{login}'" if login else "The token is missing"
            )

    def RecognizeFile(self, request, context):  # noqa: N802 - the stubs' name
        self.check(context)
        model = request.recognition_model.model
        fault = self.fault_of(model, self.calls)
        with self.lock:
            self.keys.append(dict(context.invocation_metadata()).get("idempotency-key"))
            self.requests.append(request.recognition_model)
        self.reached.set()
        if not request.WhichOneof("AudioSource") or len(request.content) > MAX_INLINE:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "audio source is empty or too large")
        if fault in CODES:
            if fault == "429":
                context.set_trailing_metadata((("retry-after", "1"),))
            said = {"billing": "The billing account is not active", "401": f"Unknown key {KEY}"}.get(fault, "as told")
            context.abort(CODES[fault], said)
        if fault == "slow":
            self.on_slow()
            self.gate.wait(self.gate_seconds)
        with self.lock:
            self.charges[model] += 1
        begun = operation.Operation(id="f8d" + uuid.uuid4().hex[:17], description="recognition")
        begun.created_at.GetCurrentTime()
        self.begun[begun.id] = (time.monotonic(), request)
        if fault == "cut-charged":
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        return begun

    def known(self, operation_id, context):
        if operation_id not in self.begun:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Operation {operation_id} not found")
        began, request = self.begun[operation_id]
        return request.recognition_model.model, time.monotonic() - began > self.seconds, request

    def Get(self, request, context):  # noqa: N802 - the stubs' name
        self.check(context)
        model, done, _ = self.known(request.operation_id, context)
        fault = self.fault_of(model, self.polls)
        self.polled.set()
        if fault == "poll-503":
            context.abort(grpc.StatusCode.UNAVAILABLE, "try later")
        if fault == "poll-429":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many requests")
        if fault == "lost":
            self.begun.pop(request.operation_id, None)
            context.abort(grpc.StatusCode.NOT_FOUND, "Operation not found")
        answer = operation.Operation(id=request.operation_id, done=done and fault != "stuck")
        if fault == "failed":
            answer.done = True
            answer.error.code, answer.error.message = 13, "internal error of the recognizer"
        elif answer.done:
            packed = any_pb2.Any()
            packed.Pack(empty_pb2.Empty())
            answer.response.CopyFrom(packed)
        return answer

    def GetRecognition(self, request, context):  # noqa: N802 - the stubs' name
        self.check(context)
        model, done, begun = self.known(request.operation_id, context)
        fault = self.fault_of(model, self.reads)
        if not done or fault == "unready":
            context.abort(grpc.StatusCode.NOT_FOUND, "operation data is not ready")
        with wave.open(io.BytesIO(begun.content)) as sound:
            words = heard(sound.getnframes() / sound.getframerate())
        groups = [words[first : first + 8] for first in range(0, len(words), 8)]
        for number, group in enumerate(groups):
            yield from results(number, group, str(number % 2))
            if fault == "half":
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

    def DeleteRecognition(self, request, context):  # noqa: N802 - the stubs' name
        self.check(context)
        self.known(request.operation_id, context)
        self.deleted.append(request.operation_id)
        del self.begun[request.operation_id]
        return empty_pb2.Empty()


def results(number, group, speaker):
    """What the service says of one utterance: as heard, then refined, then its end."""
    times = [(round(word["start"] * 1000), round(word["end"] * 1000), word["word"]) for word in group]
    end = times[-1][1]
    cursors = stt.AudioCursors(received_data_ms=end, final_time_ms=end, final_index=number)
    words = [
        stt.Word(text=text.lower().strip("."), start_time_ms=start, end_time_ms=stop) for start, stop, text in times
    ]
    plain = " ".join(word.text for word in words)
    languages = [stt.LanguageEstimation(language_code="en-US", probability=1.0)]
    alternative = stt.Alternative(
        words=words, text=plain, start_time_ms=times[0][0], end_time_ms=end, languages=languages
    )
    final = stt.AlternativeUpdate(alternatives=[alternative], channel_tag=speaker)
    yield stt.StreamingResponse(audio_cursors=cursors, final=final, channel_tag=speaker)
    nice = stt.Alternative(
        words=words, text=" ".join(word["word"] for word in group), start_time_ms=times[0][0], end_time_ms=end
    )
    refined = stt.FinalRefinement(
        final_index=number, normalized_text=stt.AlternativeUpdate(alternatives=[nice], channel_tag=speaker)
    )
    yield stt.StreamingResponse(audio_cursors=cursors, final_refinement=refined, channel_tag=speaker)
    yield stt.StreamingResponse(audio_cursors=cursors, eou_update=stt.EouUpdate(time_ms=end), channel_tag=speaker)


@contextlib.contextmanager
def yandex_server():
    """The server, running; `url` is both its recognizer's and its operations' address."""
    fake = YandexServer()
    server = grpc.server(futures.ThreadPoolExecutor(16), options=LIMITS)
    recognizer.add_AsyncRecognizerServicer_to_server(fake, server)
    operations.add_OperationServiceServicer_to_server(fake, server)
    fake.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield fake
    finally:
        fake.gate.set()
        server.stop(0).wait()
