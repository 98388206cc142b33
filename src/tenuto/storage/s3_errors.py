"""What goes wrong between us and an S3 service, in our words.

`details["retryable"]` is False where trying again cannot help before a person acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from boto3.exceptions import Boto3Error, RetriesExceededError
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from tenuto import errors

_MISSING = {"NoSuchKey", "NotFound", "404"}
_FULL = {"XMinioStorageFull", "QuotaExceeded", "EntityTooLargeQuota", "InsufficientStorage", "507"}
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,  # the object was replaced while it was read
    HTTPStatus.TOO_MANY_REQUESTS,
}


@contextmanager
def s3_errors(bucket: str, key: str = "") -> Iterator[None]:
    """Raise what boto3 raises as errors of the storage; `key` is what was asked for, if anything."""
    try:
        yield
    except Boto3Error as error:
        # Its transfers wrap the answer of the service, one by chaining and one in a field.
        inner = error.last_exception if isinstance(error, RetriesExceededError) else error.__context__
        raise _explain(inner if isinstance(inner, ClientError) else error, bucket, key) from error
    except (ClientError, BotoCoreError) as error:
        raise _explain(error, bucket, key) from error
    except RecursionError as error:
        # botocore asks for the bucket's region without end when it is sent elsewhere and not told where.
        message = f"The storage sends us on from bucket {bucket!r} without end. Check the endpoint and the region."
        raise errors.StorageError(message, retryable=False) from error


def _explain(error: Exception, bucket: str, key: str) -> errors.TenutoError:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        message = f"No credentials for the bucket {bucket!r} were found. Set an access key and a secret key."
        return errors.StorageError(message, retryable=False)
    if not isinstance(error, ClientError):
        return errors.StorageError(f"The storage of bucket {bucket!r} did not answer: {error}")
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _explain_answer(code, status, bucket, key)


def _explain_answer(code: str, status: int, bucket: str, key: str) -> errors.TenutoError:
    if code == "NoSuchBucket":
        return no_bucket(bucket)
    if key and (code in _MISSING or (status == HTTPStatus.NOT_FOUND and not code)):
        return errors.NotFound(f"There is no object {key!r} in the storage.")
    if code in _FULL or status == HTTPStatus.INSUFFICIENT_STORAGE:
        return errors.StorageFull(f"The storage of bucket {bucket!r} is full ({code}). Make room and try again.")
    if status in _REFUSED:
        message = (
            f"The storage refused access to bucket {bucket!r} ({code}). Check the access key, the secret key, the"
            " clock, and that the key may get, put, delete and list objects there."
        )
        return errors.StorageError(message, retryable=False, code=code)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return errors.StorageError(f"The storage of bucket {bucket!r} failed ({status} {code}). Try again.", code=code)
    message = f"The storage refused a request for bucket {bucket!r} ({status} {code}). Check the storage settings."
    return errors.StorageError(message, retryable=False, code=code)


def no_bucket(bucket: str) -> errors.StorageError:
    """The error for a bucket that is not there."""
    message = f"There is no bucket {bucket!r}. Make it, or correct the storage URL, the endpoint or the region."
    return errors.StorageError(message, retryable=False, code="NoSuchBucket")
