"""From a storage URL to the store."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from tenuto import errors
from tenuto.storage.base import StorageService
from tenuto.storage.local import LocalStorage
from tenuto.storage.s3_settings import S3Settings

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*|")
_FORMS = "Use 'file:', 'file:///a/folder' or 's3://bucket/prefix'."


def open_storage(url: str, data_dir: Path, s3: S3Settings | None = None) -> StorageService:
    """Open the store that `url` names; `file:` is the folder `files` in `data_dir`."""
    return find_storage(url, data_dir, s3)()


def find_storage(url: str, data_dir: Path, s3: S3Settings | None = None) -> Callable[[], StorageService]:
    """What opens the store that `url` names; a URL that names none is refused, and nothing is opened yet."""
    if url in {"", "file:"}:
        return lambda: LocalStorage(data_dir / "files")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise errors.SettingsError(f"The storage URL cannot be read: {error}. {_FORMS}") from error
    if "@" in parts.netloc:
        raise errors.SettingsError("The storage URL holds credentials. Set the access key and the secret key apart.")
    if parts.query or parts.fragment:
        raise errors.SettingsError(f"The storage URL {url!r} has a '?' or '#'. {_FORMS}")
    if parts.scheme == "file":
        folder = _local_folder(url, parts.netloc, parts.path)
        return lambda: LocalStorage(folder)
    if parts.scheme == "s3":
        return _find_s3(parts.netloc, parts.path.strip("/"), data_dir / "spool", s3 or S3Settings())
    raise errors.SettingsError(f"The storage URL {url!r} is of no known kind. {_FORMS}")


def _local_folder(url: str, host: str, path: str) -> Path:
    folder = unquote(path)
    if host or not folder.startswith("/") or "\0" in folder or ".." in folder.split("/"):
        raise errors.SettingsError(f"The storage URL {url!r} is no absolute path of this machine. {_FORMS}")
    return Path(folder)


def _find_s3(bucket: str, prefix: str, spool: Path, settings: S3Settings) -> Callable[[], StorageService]:
    if not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        raise errors.SettingsError(f"'s3://{bucket}/{prefix}' names no bucket and prefix. {_FORMS}")
    if settings.endpoint_url is not None and not re.match("https?://[^/]", settings.endpoint_url):
        raise errors.SettingsError(f"The S3 endpoint {settings.endpoint_url!r} is no http:// or https:// address.")
    try:
        module = importlib.import_module("tenuto.storage.s3")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"boto3", "botocore", "s3transfer"}:
            raise
        raise errors.SettingsError("S3 storage needs the package boto3: pip install 'tenuto[s3]'") from error
    return lambda: cast("StorageService", module.S3Storage(bucket, prefix, spool, settings))
