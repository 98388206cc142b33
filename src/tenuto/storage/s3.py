"""Objects in a bucket of an S3 service.

Importing this needs boto3; `tenuto.storage.registry` says so when it is absent.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

import boto3.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from tenuto import errors
from tenuto.storage.base import StoredObject
from tenuto.storage.durable import PIECE_BYTES, STORED_MODE, make_folder, open_regular, os_errors
from tenuto.storage.keys import check_prefix, check_range, fetched_path, is_key, split_key
from tenuto.storage.s3_errors import no_bucket, s3_errors
from tenuto.storage.s3_reader import S3Reader
from tenuto.storage.s3_settings import S3Settings

_READ_AHEAD_BYTES = 4 << 20
_MULTIPART_BYTES = 32 << 20
_PART_BYTES = 16 << 20


def _connect(settings: S3Settings) -> Any:
    """Make a client; nothing is sent yet. One client serves all threads."""
    config = Config(
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
    )
    if settings.endpoint_url is not None:
        # Other services than AWS rarely have a host name per bucket, and many refuse its newer checksums.
        config = config.merge(
            Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=config,
    )


class S3Storage:
    """A store in a bucket, below a prefix; `spool` is a local folder for files on their way in."""

    def __init__(self, bucket: str, prefix: str, spool: Path, settings: S3Settings) -> None:
        self.bucket = bucket
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._spool = spool
        self._client = _connect(settings)
        self._transfer = TransferConfig(
            multipart_threshold=_MULTIPART_BYTES,
            multipart_chunksize=_PART_BYTES,
            max_concurrency=4,
            num_download_attempts=settings.attempts,
            preferred_transfer_client="classic",
        )

    def spool_dir(self) -> Path:
        """Folder for files on their way in."""
        with os_errors(f"Making the spool folder {self._spool}"):
            make_folder(self._spool)
        return self._spool

    def adopt(self, source: Path, key: str) -> None:
        """Upload a finished file under `key`, in parts when it is large, and remove it here."""
        path = self._path(key)
        with os_errors(f"Storing {key!r}"):
            try:
                os.close(open_regular(source))
            except FileNotFoundError as error:
                raise errors.NotFound(f"There is no file {source} to store as {key!r}.") from error
            with s3_errors(self.bucket):
                self._client.upload_file(str(source), self.bucket, path, Config=self._transfer)
            source.unlink(missing_ok=True)

    def put(self, key: str, data: bytes) -> None:
        """Store a small object."""
        path = self._path(key)
        with s3_errors(self.bucket):
            self._client.put_object(Bucket=self.bucket, Key=path, Body=data)

    def fetch(self, key: str, into: Path) -> Path:
        """Download the object to a file in folder `into`."""
        path, target = self._path(key), fetched_path(key, into)
        partial = target.with_name(f"{target.name}+{secrets.token_hex(8)}")
        self._head(key)
        with os_errors(f"Fetching {key!r} into {into}"):
            into.mkdir(parents=True, exist_ok=True)
            try:
                with s3_errors(self.bucket, key):
                    self._client.download_file(self.bucket, path, str(partial), Config=self._transfer)
                partial.chmod(STORED_MODE)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        return target

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start; what is read is fetched in ranges."""
        reader = S3Reader(self._client, self.bucket, self._path(key), self._head(key))
        return cast("BinaryIO", io.BufferedReader(reader, _READ_AHEAD_BYTES))

    def read_range(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """Yield up to `length` bytes from `start`; fewer when the object ends before."""
        check_range(start, length)
        # Asked first, because a range of nothing cannot be asked for, and one beyond the end is no error.
        length = min(length, self.stat(key).size_bytes - start)
        if length <= 0:
            return
        with s3_errors(self.bucket, key):
            span = f"bytes={start}-{start + length - 1}"
            answer = self._client.get_object(Bucket=self.bucket, Key=self._path(key), Range=span)
            with closing(answer["Body"]) as body:  # as its own context it hands out the unchecked stream below it
                while piece := body.read(PIECE_BYTES):
                    yield piece

    def stat(self, key: str) -> StoredObject:
        """Size and time of one object."""
        head = self._head(key)
        return StoredObject(key, head["ContentLength"], head["LastModified"].timestamp())

    def exists(self, key: str) -> bool:
        """Whether the key is there."""
        try:
            self._head(key)
        except errors.NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is fine."""
        path = self._path(key)
        with s3_errors(self.bucket):
            self._client.delete_object(Bucket=self.bucket, Key=path)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with `prefix`, a page at a time."""
        check_prefix(prefix)
        with s3_errors(self.bucket):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._prefix + prefix):
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self._prefix)
                    if is_key(key):
                        yield StoredObject(key, item["Size"], item["LastModified"].timestamp())

    def free_bytes(self) -> int | None:
        """A bucket has no such number."""
        return None

    def check(self) -> str:
        """Write, read, list and delete a small object."""
        key, data = f"check/{secrets.token_hex(8)}", secrets.token_bytes(16)
        self.put(key, data)
        read = b"".join(self.read_range(key, 0, len(data)))
        listed = [item.key for item in self.list(key)]
        self.delete(key)
        if read != data or listed != [key]:
            raise errors.StorageError(f"The bucket {self.bucket!r} gave back something else than was stored.")
        return f"The bucket {self.bucket!r} can be written, read, listed and deleted from."

    def _path(self, key: str) -> str:
        split_key(key)
        return self._prefix + key

    def _head(self, key: str) -> dict[str, Any]:
        path = self._path(key)
        try:
            with s3_errors(self.bucket, key):
                return cast("dict[str, Any]", self._client.head_object(Bucket=self.bucket, Key=path))
        except errors.NotFound:
            # The answer has no body that would tell a missing key from a missing bucket with everything in it.
            self._require_bucket()
            raise

    def _require_bucket(self) -> None:
        try:
            with s3_errors(self.bucket, "bucket"):
                self._client.head_bucket(Bucket=self.bucket)
        except errors.NotFound as error:
            raise no_bucket(self.bucket) from error
