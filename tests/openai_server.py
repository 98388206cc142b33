"""A server on loopback that speaks OpenAI's audio API: real multipart, real errors, and a count of what it charged.

What it does wrong is chosen by the model's name after a dot: `whisper-1.429-once` answers 429 to the first call and
well to the next; without `-once` it goes on for ever. It charges when it has made an answer, whether that arrives or not.
"""

import contextlib
import hashlib
import io
import json
import threading
import time
import wave
from collections import Counter
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai_voice

KEY = "sk-test-planted-7f3a9c"
WORDS = ["Tenuto", "holds", "every", "note", "for", "its", "full", "length."]


def parse(content_type, body):
    """Fields and file of a form."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert message.is_multipart(), content_type
    fields, file = {}, None
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename():
            file = (part.get_filename(), part.get_payload(decode=True))
        else:
            fields.setdefault(name, []).append(part.get_payload(decode=True).decode())
    return fields, file


def heard(duration):
    """Words with times, one every half second."""
    count = max(1, min(40, int(duration / 0.5)))
    return [
        {"word": WORDS[index % len(WORDS)], "start": index * 0.5, "end": min(duration, index * 0.5 + 0.4)}
        for index in range(count)
    ]


def answer(model, form, duration):
    words = heard(duration)
    text = " ".join(word["word"] for word in words)
    usage = {"type": "duration", "seconds": int(duration) + 1}
    segments = [
        {
            "id": number,
            "start": group[0]["start"],
            "end": group[-1]["end"],
            "text": " " + " ".join(w["word"] for w in group),
        }
        for number, group in enumerate(words[first : first + 8] for first in range(0, len(words), 8))
    ]
    kind = form.get("response_format", ["json"])[0]
    if kind == "verbose_json":
        if "translations" in model:  # The real one gives them no words and takes no such wish.
            assert "timestamp_granularities[]" not in form
            words = []
        else:
            assert form["timestamp_granularities[]"] == ["word", "segment"]
        rest = {
            "avg_logprob": -0.2,
            "compression_ratio": 1,
            "no_speech_prob": 0,
            "seek": 0,
            "temperature": 0,
            "tokens": [1],
        }
        segments = [{**segment, **rest} for segment in segments]
        return {
            "task": "transcribe",
            "language": "english",
            "duration": duration,
            "text": text,
            "segments": segments,
            "usage": usage,
        } | ({"words": words} if words else {})
    if kind == "diarized_json":
        assert form["chunking_strategy"] == ["auto"]
        segments = [
            {**s, "id": f"seg_{s['id']}", "type": "transcript.text.segment", "speaker": "AB"[s["id"] % 2]}
            for s in segments
        ]
        return {"task": "transcribe", "duration": duration, "text": text, "segments": segments, "usage": usage}
    logprobs = [{"token": word["word"], "logprob": -0.1, "bytes": []} for word in words]
    return {"text": text, "usage": usage} | ({"logprobs": logprobs} if form.get("include[]") == ["logprobs"] else {})


def problem(message, kind="invalid_request_error", code=None):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class OpenAIServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.charges, self.calls = Counter(), Counter()  # by model
        self.keys, self.forms, self.moments = [], [], []
        self.said = []  # what was asked for as speech
        self.voice = openai_voice.tones
        self.on_answer = lambda: None  # called when speech was made, before it is sent
        self.on_slow = lambda: None  # called when a slow answer has been asked for
        self.gate = threading.Event()  # slow answers wait for it
        self.gate_seconds = 30.0
        self.reached, self.second = threading.Event(), threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """A client that was killed is part of the game."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OpenAIServer

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["authorization"] != f"Bearer {KEY}":
            given = self.headers["authorization"]
            return self.send(401, problem(f"Incorrect API key provided: {given}", code="invalid_api_key"))
        is_speech = self.path.endswith("/speech")
        if is_speech:
            form, file = openai_voice.checked(json.loads(body)), None
            model = form["model"]
        else:
            form, file = parse(self.headers["content-type"], body)
            model = form["model"][0]
        with self.server.lock:
            self.server.calls[model] += 1
            number = self.server.calls[model]
            self.server.moments.append(time.monotonic())
            self.server.keys.append(self.headers.get("idempotency-key"))
            (self.server.said if is_speech else self.server.forms).append(form)
        self.server.reached.set()
        fault = model.partition(".")[2]
        if fault.endswith("-once"):
            fault = fault.removesuffix("-once") if number == 1 else ""
        if fault == "mixed":  # the first call is refused once another is under way; all others take their time
            fault = "400" if number == 1 else "slow"
            if number > 1:
                self.server.second.set()
            self.server.second.wait(30)
        if fault.startswith("ok"):  # a name of one's own, to be counted by
            fault = ""
        if is_speech:
            name = form["voice"]["id"] if isinstance(form["voice"], dict) else form["voice"]
            if name not in openai_voice.VOICES:
                return self.send(400, problem(f"Invalid value: {name!r}. Supported values are: 'alloy', 'nova'"))
            return getattr(self, f"fault_{fault}".replace("-", "_"))(lambda: self.spoken(model, form))
        with wave.open(io.BytesIO(file[1])) as sound:
            assert (sound.getframerate(), sound.getnchannels()) == (16_000, 1)
            duration = sound.getnframes() / 16_000
        return getattr(self, f"fault_{fault}".replace("-", "_"))(lambda: self.charged(model, form, duration))

    def spoken(self, model, form):
        with self.server.lock:
            self.server.charges[model] += 1
        rate, samples = self.server.voice(form["input"])
        self.server.on_answer()
        return openai_voice.streamed(rate, samples[:: max(1, round(form.get("speed", 1.0)))])

    def charged(self, model, form, duration):
        with self.server.lock:
            self.server.charges[model] += 1
        return answer(self.path + model, form, duration)

    def fault_(self, made):
        self.send(200, made())

    def fault_401(self, _made):
        self.send(401, problem(f"Incorrect API key provided: {self.headers['authorization']}.", code="invalid_api_key"))

    def fault_403(self, _made):
        self.send(403, problem("Country not supported", code="unsupported_country_region_territory"))

    def fault_429(self, _made):
        self.send(429, problem("Rate limit reached", "requests", "rate_limit_exceeded"))

    def fault_429_after(self, _made):
        self.send(429, problem("Rate limit reached", "requests", "rate_limit_exceeded"), {"retry-after": "1"})

    def fault_quota(self, _made):
        self.send(
            429,
            problem("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
            {"retry-after": "1"},
        )

    def fault_400(self, _made):
        self.send(400, problem("Invalid file format.\x1b[31m\nSupported formats: wav"))

    def fault_413(self, _made):
        self.send(413, problem("Maximum content size limit exceeded"))

    def fault_500(self, _made):
        self.send(500, problem("The server had an error", "server_error"))

    def fault_503(self, _made):
        self.send(503, b"<html>upstream is away</html>", {"retry-after": "1"}, "text/html")

    def fault_502(self, made):
        """What stands in front gave up; the work was done."""
        made()
        self.send(502, b"<html>bad gateway</html>", kind="text/html")

    def fault_cut(self, _made):
        """The line breaks before there is an answer."""
        self.close_connection = True

    def fault_cut_charged(self, made):
        """The line breaks after the work was done."""
        made()
        self.close_connection = True

    def fault_half(self, made):
        whole = made()
        whole = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        self.send(200, whole[: len(whole) // 2], length=len(whole))
        self.close_connection = True

    def fault_slow(self, made):
        self.server.on_slow()
        self.server.gate.wait(self.server.gate_seconds)
        with contextlib.suppress(OSError):
            self.send(200, made())

    def fault_garbage(self, made):
        made()
        self.send(200, b'{"text": "half', kind="application/json")

    def fault_mute(self, made):
        """A WAV without a sample."""
        made()
        self.send(200, openai_voice.streamed(24_000, openai_voice.np.zeros(0)), kind="audio/wav")

    def fault_nonsense(self, made):
        self.send(200, {**made(), "segments": [{"text": "x", "start": "soon", "end": None}]})

    def send(self, status, body, headers=None, kind="application/json", length=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data) if length is None else length))
        self.send_header("x-request-id", hashlib.sha256(data).hexdigest()[:12])
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def openai_server():
    """The server, running."""
    server = OpenAIServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
