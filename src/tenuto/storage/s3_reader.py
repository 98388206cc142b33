"""An S3 object as a file that can be read and sought."""

from __future__ import annotations

import io
import os
from contextlib import closing
from typing import Any

from tenuto.storage.s3_errors import s3_errors


class S3Reader(io.RawIOBase):
    """Reads one version of an object, one range a call: put an `io.BufferedReader` in front."""

    def __init__(self, client: Any, bucket: str, path: str, head: dict[str, Any]) -> None:
        self._client, self._bucket, self._path = client, bucket, path
        self._size, self._etag = head["ContentLength"], head["ETag"]
        self._position = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """Any position costs the same."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"There is no position {base + offset}.")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill as much of `buffer` as the object has bytes for."""
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        span = f"bytes={self._position}-{self._position + wanted - 1}"
        # An object replaced while it is read would give a mixture of both.
        with s3_errors(self._bucket, self._path):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._path, Range=span, IfMatch=self._etag)
            with closing(answer["Body"]) as body:  # as its own context it hands out the unchecked stream below it
                data = body.read()
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
