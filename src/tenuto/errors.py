"""Every error tenuto raises on purpose.

TenutoError                     error
├── ValidationError             invalid            the request makes no sense
│   ├── SettingsError           bad_settings       a setting cannot be used
│   └── ForbiddenAddress        forbidden_address  a URL this server does not call
├── NotFound                    not_found          it does not exist, or is not yours
│   └── ModelNotFound           model_not_found    no model of that name
├── ConflictError               conflict           the state does not allow this
│   ├── InvalidTransition       invalid_transition a job cannot move that way
│   ├── StaleRevision           stale_revision     it was edited meanwhile    (retryable)
│   └── Fenced                  fenced             another worker holds the job now
├── AccessDenied                unauthorized       the key is missing or wrong
├── BudgetExceeded              budget_exceeded    it would cost more than a budget allows
├── RejectedFile                rejected_file      the upload cannot be taken
│   ├── TooLarge                too_large          more bytes than allowed
│   ├── UnsupportedMedia        unsupported_media  not a recording we can open
│   ├── BrokenMedia             broken_media       a recording, but damaged
│   └── LimitExceeded           limit_exceeded     too long, too many channels, odd rate
├── JobError                    job_failed         a job ended badly
│   ├── Cancelled               cancelled          someone asked it to stop
│   ├── PoisonJob               poison_job         it took down too many workers
│   └── UnknownWork             unknown_work       no pipeline or step of that name
├── EngineError                 engine_failed      an engine could not do it
│   ├── EngineMissing           engine_missing     a package or model is not installed
│   ├── EngineCrashed           engine_crashed     native code died            (retryable)
│   ├── EngineTimeout           engine_timeout     it took too long            (retryable)
│   └── RemoteError             engine_remote      a service elsewhere could not do it
│       ├── RemoteDenied        engine_auth        the service knows no such key
│       ├── RemoteQuota         engine_quota       the account there is empty  (retryable, after a long wait)
│       ├── RemoteBusy          engine_rate        too many calls for now      (retryable)
│       ├── RemoteDown          engine_unavailable the service did not answer  (retryable)
│       ├── RemoteRefused       engine_refused     the service will not do this
│       └── RemoteNonsense      engine_bad_answer  an answer nobody can read
└── ServiceError                unavailable        a backing system failed     (retryable)
    ├── NotReady                not_ready          it is still being made
    ├── DatabaseError           database_unavailable
    ├── StorageError            storage_unavailable
    ├── StorageFull             storage_full       no room on the disk
    └── SchemaMismatch          schema_mismatch    the schema is not this code's
"""

from __future__ import annotations

import errno
from typing import ClassVar


class TenutoError(Exception):
    """Something went wrong in tenuto."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, **details: object) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().split("\n")[0])
        self.details = details

    @property
    def message(self) -> str:
        """What a person reads."""
        return str(self.args[0])


class ValidationError(TenutoError):
    """The request makes no sense."""

    code = "invalid"


class SettingsError(ValidationError):
    """A setting cannot be used."""

    code = "bad_settings"


class ForbiddenAddress(ValidationError):
    """The address leads where this server does not call."""

    code = "forbidden_address"


class NotFound(TenutoError):
    """It does not exist."""

    code = "not_found"


class ModelNotFound(NotFound):
    """There is no model of that name."""

    code = "model_not_found"


class ConflictError(TenutoError):
    """The state does not allow this."""

    code = "conflict"


class InvalidTransition(ConflictError):
    """The job cannot move to that status."""

    code = "invalid_transition"


class StaleRevision(ConflictError):
    """It was edited meanwhile; read it again and repeat the change."""

    code = "stale_revision"
    retryable = True


class Fenced(ConflictError):
    """Another worker holds this job now."""

    code = "fenced"


class AccessDenied(TenutoError):
    """The API key is missing or wrong."""

    code = "unauthorized"


class BudgetExceeded(TenutoError):
    """It would cost more than a budget allows."""

    code = "budget_exceeded"


class RejectedFile(TenutoError):
    """The file cannot be taken."""

    code = "rejected_file"


class TooLarge(RejectedFile):
    """The file is larger than this server takes."""

    code = "too_large"


class UnsupportedMedia(RejectedFile):
    """The file is not a recording this server can open."""

    code = "unsupported_media"


class BrokenMedia(RejectedFile):
    """The recording is damaged and holds no sound that can be read."""

    code = "broken_media"


class LimitExceeded(RejectedFile):
    """The recording is beyond a limit of this server."""

    code = "limit_exceeded"


class JobError(TenutoError):
    """The job failed."""

    code = "job_failed"


class Cancelled(JobError):
    """The job was cancelled."""

    code = "cancelled"


class PoisonJob(JobError):
    """The job took down too many workers and is not tried again."""

    code = "poison_job"


class UnknownWork(JobError):
    """This version of tenuto does not know that kind of work."""

    code = "unknown_work"


class EngineError(TenutoError):
    """The engine could not do it."""

    code = "engine_failed"


class EngineMissing(EngineError):
    """A package or a model the engine needs is not installed."""

    code = "engine_missing"


class EngineCrashed(EngineError):
    """The engine's process died."""

    code = "engine_crashed"
    retryable = True


class EngineTimeout(EngineError):
    """The engine took too long."""

    code = "engine_timeout"
    retryable = True


class RemoteError(EngineError):
    """The service an engine calls could not do it."""

    code = "engine_remote"


class RemoteDenied(RemoteError):
    """The service an engine calls does not accept this server's key."""

    code = "engine_auth"


class RemoteQuota(RemoteError):
    """The account at the service an engine calls has nothing left."""

    code = "engine_quota"
    retryable = True


class RemoteBusy(RemoteError):
    """The service an engine calls takes no more calls for now."""

    code = "engine_rate"
    retryable = True


class RemoteDown(RemoteError):
    """The service an engine calls did not answer, or broke while it did."""

    code = "engine_unavailable"
    retryable = True


class RemoteRefused(RemoteError):
    """The service an engine calls refused the request."""

    code = "engine_refused"


class RemoteNonsense(RemoteError):
    """The service an engine calls answered with something that cannot be used."""

    code = "engine_bad_answer"


class ServiceError(TenutoError):
    """A system tenuto depends on did not answer."""

    code = "unavailable"
    retryable = True


class NotReady(ServiceError):
    """It is still being made."""

    code = "not_ready"


class DatabaseError(ServiceError):
    """The database did not answer."""

    code = "database_unavailable"


class StorageError(ServiceError):
    """The storage did not answer."""

    code = "storage_unavailable"


class StorageFull(ServiceError):
    """There is no room left on the disk."""

    code = "storage_full"


class SchemaMismatch(ServiceError):
    """The database's schema is not the one this version needs."""

    code = "schema_mismatch"
    retryable = False


def _family(root: type[TenutoError]) -> list[type[TenutoError]]:
    return [root, *(member for child in root.__subclasses__() for member in _family(child))]


BY_CODE: dict[str, type[TenutoError]] = {member.code: member for member in _family(TenutoError)}


def from_code(code: str, message: str, **details: object) -> TenutoError:
    """Return the error that `code` names; one that crossed a process or the wire."""
    return BY_CODE.get(code, TenutoError)(message, **details)


def as_ours(problem: Exception) -> TenutoError:
    """Return the error that people may read for whatever was raised: no path, nothing internal stands in it."""
    if isinstance(problem, TenutoError):
        return problem
    if isinstance(problem, MemoryError):
        return EngineError("The work needed more memory than allowed.")
    if isinstance(problem, OSError) and problem.errno is not None:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            return StorageFull("There was no room left on the worker's disk; free some and it goes on.")
        if problem.errno == errno.EFBIG:
            return EngineError("The work wanted to write a larger file than allowed.")
        return StorageError(f"The worker could not read or write a file: {problem.strerror}.")
    return EngineError(f"An error in tenuto itself ended the work ({type(problem).__name__}); see the worker's log.")
