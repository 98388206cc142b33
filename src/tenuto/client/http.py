"""The client itself: one method per route, errors as `tenuto.errors` raises them in the server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self
from urllib.parse import quote

from tenuto import errors
from tenuto.client.shapes import (
    Estimate,
    Event,
    Export,
    File,
    Job,
    JobLog,
    Page,
    Segment,
    StepRecord,
    Transcript,
    read,
    read_job,
    read_segment,
)

if TYPE_CHECKING:
    import httpx

# What a proxy or another server answers has no code of ours.
BY_STATUS: Mapping[int, type[errors.TenutoError]] = {
    401: errors.AccessDenied,
    402: errors.BudgetExceeded,
    403: errors.AccessDenied,
    404: errors.NotFound,
    409: errors.ConflictError,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.ValidationError,
    502: errors.ServiceError,
    503: errors.ServiceError,
    504: errors.ServiceError,
    507: errors.StorageFull,
}
FAILURE = 400
PARTIAL = 206
PIECE_BYTES = 8 << 20


class Client:
    """A tenuto server at an address."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        api_key: str = "",
        timeout_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx  # noqa: PLC0415 - who only needs the shapes does not wait for it

        self.url = url.rstrip("/")
        try:
            self._http = httpx.Client(
                base_url=self.url,
                timeout=timeout_seconds,
                transport=transport,
                headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise errors.ValidationError(f"{url!r} is not the address of a server: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def upload(self, path: Path, name: str = "") -> File:
        """Bring a recording."""
        try:
            with path.open("rb") as file:
                headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
                address = f"/api/files/raw?name={quote(name or path.name, safe='')}"
                return read(File, self._json("PUT", address, content=file, headers=headers, timeout=None))
        except OSError as error:
            raise errors.NotFound(f"{path} cannot be read: {error.strerror}.") from error

    def files(self, *, limit: int = 50, cursor: str | None = None) -> Page[File]:
        """A page of files, newest first."""
        found = self._json("GET", "/api/files", params=_given(limit=limit, cursor=cursor))
        return Page([read(File, item) for item in found["items"]], found.get("next_cursor"))

    def file(self, file_id: str) -> File:
        """One file."""
        return read(File, self._json("GET", f"/api/files/{_part(file_id)}"))

    def delete_file(self, file_id: str) -> None:
        """Remove a file nobody works on."""
        self._send("DELETE", f"/api/files/{_part(file_id)}")

    def submit(
        self,
        file_id: str,
        *,
        kind: str = "transcribe",
        options: Mapping[str, Any] | None = None,
        priority: int = 5,
        idempotency_key: str = "",
    ) -> Job:
        """Ask for work on a file."""
        wish = {"kind": kind, "file_id": file_id, "options": dict(options or {}), "priority": priority}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return read_job(self._json("POST", "/api/jobs", json=wish, headers=headers))

    def estimate(self, file_id: str, *, kind: str = "transcribe", options: Mapping[str, Any] | None = None) -> Estimate:
        """What work on a file would cost; no job is made."""
        wish = {"kind": kind, "file_id": file_id, "options": dict(options or {})}
        return read(Estimate, self._json("POST", "/api/jobs/estimate", json=wish))

    def submit_song(
        self, song_id: str, *, kind: str, options: Mapping[str, Any] | None = None, idempotency_key: str = ""
    ) -> Job:
        """Ask for work on a song of the library."""
        wish = {"kind": kind, "song_id": song_id, "options": dict(options or {})}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return read_job(self._json("POST", "/api/jobs", json=wish, headers=headers))

    def begin(self, kind: str, options: Mapping[str, Any], *, idempotency_key: str = "") -> Job:
        """Ask for work that needs no file, such as speech."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        wish = {"kind": kind, "options": dict(options)}
        return read_job(self._json("POST", "/api/jobs", json=wish, headers=headers))

    def generate(self, wish: Mapping[str, Any], *, like: str = "", idempotency_key: str = "") -> list[dict[str, Any]]:
        """Ask for music by a prompt or several, or for more like a piece; what was accepted, each with its job."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        address = f"/api/generations/{_part(like)}/again" if like else "/api/generations"
        return list(self._json("POST", address, json=dict(wish), headers=headers)["items"])

    def artifact(self, job_id: str, name: str) -> bytes:
        """A file that a job made."""
        return self.download(artifact_address(job_id, name))

    def jobs(self, *, status: str = "", kind: str = "", limit: int = 50, cursor: str | None = None) -> Page[Job]:
        """A page of jobs, newest first."""
        wanted = _given(status=status, kind=kind, limit=limit, cursor=cursor)
        found = self._json("GET", "/api/jobs", params=wanted)
        return Page([read_job(item) for item in found["items"]], found.get("next_cursor"))

    def job(self, job_id: str) -> Job:
        """One job."""
        return read_job(self._json("GET", f"/api/jobs/{_part(job_id)}"))

    def cancel(self, job_id: str) -> Job:
        """Stop a job that waits or runs."""
        return read_job(self._json("POST", f"/api/jobs/{_part(job_id)}/cancel"))

    def start(self, job_id: str) -> Job:
        """Queue a job that is held."""
        return read_job(self._json("POST", f"/api/jobs/{_part(job_id)}/start"))

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again."""
        return read_job(self._json("POST", f"/api/jobs/{_part(job_id)}/retry"))

    def delete_job(self, job_id: str) -> None:
        """Remove a finished job with its transcript."""
        self._send("DELETE", f"/api/jobs/{_part(job_id)}")

    def log(self, job_id: str) -> JobLog:
        """What happened to a job, and the steps it finished."""
        found = self._json("GET", f"/api/jobs/{_part(job_id)}/log")
        events = [read(Event, item) for item in found.get("events", [])]
        return JobLog(events, [read(StepRecord, item) for item in found.get("steps", [])])

    def watch(self, job_id: str) -> Iterator[Job]:
        """The job each time it changes, until it is finished."""
        import httpx  # noqa: PLC0415 - as above

        patience = httpx.Timeout(30.0, read=60.0)
        with (
            self._translated(),
            self._http.stream("GET", f"/api/jobs/{_part(job_id)}/events", timeout=patience) as answer,
        ):
            if answer.status_code >= FAILURE:
                answer.read()
                raise _error(answer)
            yield from (read_job(json.loads(data)) for data in _event_data(answer.iter_lines()))

    def result(self, job_id: str) -> dict[str, Any]:
        """Everything a finished job made, with segments and words."""
        return self._json("GET", f"/api/jobs/{_part(job_id)}/result")

    def export(self, job_id: str, format_name: str) -> Export:
        """A job's transcript in a format."""
        answer = self._send("GET", f"/api/jobs/{_part(job_id)}/export/{_part(format_name)}")
        name = answer.headers.get("Content-Disposition", "").partition('filename="')[2].partition('"')[0]
        return Export(answer.content, answer.headers.get("Content-Type", ""), name or f"transcript.{format_name}")

    def transcripts(self, *, limit: int = 50, cursor: str | None = None) -> Page[Transcript]:
        """A page of transcripts, newest first."""
        found = self._json("GET", "/api/transcripts", params=_given(limit=limit, cursor=cursor))
        return Page([read(Transcript, item) for item in found["items"]], found.get("next_cursor"))

    def transcript(self, transcript_id: str) -> Transcript:
        """One transcript."""
        return read(Transcript, self._json("GET", f"/api/transcripts/{_part(transcript_id)}"))

    def segments(self, transcript_id: str) -> Iterator[Segment]:
        """All segments of a transcript, in order."""
        after: int | None = -1
        while after is not None:
            address = f"/api/transcripts/{_part(transcript_id)}/segments"
            found = self._json("GET", address, params=_given(after=None if after < 0 else after))
            yield from (read_segment(item) for item in found["items"])
            after = found.get("next_after")

    def engines(self) -> list[dict[str, Any]]:
        """The engines the server offers, and whether they can work."""
        return list(self._json("GET", "/api/engines")["items"])

    def health(self) -> dict[str, Any]:
        """How the server's parts are; also when some are failing."""
        answer = self._request("GET", "/health")
        if "components" not in answer.text:
            raise _error(answer)
        return dict(answer.json())

    def storage_stats(self) -> dict[str, Any]:
        """What takes space."""
        return self._json("GET", "/storage/stats")

    def cleanup(self, *, dry_run: bool = False, force: bool = False) -> dict[str, Any]:
        """Remove what is past its time."""
        params = {"dry_run": str(dry_run).lower(), **({"force": "true"} if force else {})}
        return self._json("POST", "/admin/cleanup", params=params)

    def ask(self, method: str, address: str, *, json: Any = None, **params: Any) -> dict[str, Any]:
        """Any route that takes and answers JSON; what answers nothing gives an empty dictionary."""
        answer = self._send(method, address, json=json, params=_given(**params))
        return dict(answer.json()) if answer.content else {}

    def download(self, address: str, **params: Any) -> bytes:
        """Any route that answers bytes."""
        return self._send("GET", address, params=_given(**params)).content

    def fetch(self, address: str, target: BinaryIO) -> None:
        """Any route that serves ranges: what it answers is written piece by piece, so that little of it is held."""
        first, size = 0, 1
        validator: dict[str, str] = {}
        while first < size:
            wanted = {"Range": f"bytes={first}-{first + PIECE_BYTES - 1}", **validator}
            answer = self._send("GET", address, headers=wanted)
            partial = answer.status_code == PARTIAL
            if first and not partial:
                raise errors.ConflictError(f"{address} was replaced while it was being fetched; fetch it again.")
            target.write(answer.content)
            first += len(answer.content)
            size = int(answer.headers["content-range"].rpartition("/")[2]) if partial else first
            validator = {"If-Range": answer.headers["etag"]} if partial else {}

    def send(self, address: str, data: bytes, media_type: str) -> dict[str, Any]:
        """Any route that takes bytes in place of what it has."""
        return self._json("PUT", address, content=data, headers={"Content-Type": media_type})

    def _json(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        answer = self._send(method, address, **request)
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            raise errors.ServiceError(f"{self.url} does not answer like a tenuto server; check TENUTO_URL.") from None
        return found

    def _send(self, method: str, address: str, **request: Any) -> httpx.Response:
        answer = self._request(method, address, **request)
        if answer.status_code >= FAILURE:
            raise _error(answer)
        return answer

    def _request(self, method: str, address: str, **request: Any) -> httpx.Response:
        with self._translated():
            return self._http.request(method, address, **request)

    def _translated(self) -> _Translated:
        return _Translated(self.url)


class _Translated:
    """What the network did becomes an error of ours."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        import httpx  # noqa: PLC0415 - as above

        if isinstance(error, httpx.TransportError | httpx.InvalidURL):
            raise errors.ServiceError(
                f"The server at {self.url} cannot be reached ({error}); is it running, and is TENUTO_URL right?"
            ) from error


def _error(answer: httpx.Response) -> errors.TenutoError:
    try:
        body = answer.json()
        code, detail = str(body["code"]), str(body.get("detail") or body.get("title") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        kind = BY_STATUS.get(answer.status_code, errors.ServiceError)
        return kind(f"The server answered {answer.status_code} {answer.reason_phrase}.", status=answer.status_code)
    known = {name: body[name] for name in ("request_id", "song_id", "job_id") if body.get(name)}
    if body.get("errors"):
        known["field"] = body["errors"][0].get("field")
    if code not in errors.BY_CODE:
        kind = BY_STATUS.get(answer.status_code, errors.TenutoError)
        return kind(detail, status=answer.status_code, **known)
    return errors.from_code(code, detail, status=answer.status_code, **known)


def _event_data(lines: Iterator[str]) -> Iterator[str]:
    """The data of each event of a stream; comments and names are passed over."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def artifact_address(job_id: str, name: str) -> str:
    """Where a file lies that a job made."""
    return f"/api/jobs/{_part(job_id)}/artifacts/{_part(name)}"


def _part(value: str) -> str:
    """A piece of a path; an id typed by a person may hold anything."""
    return "-" if value in ("", ".", "..") else quote(value, safe="")
