"""The child's side of fetching a song from a video site by yt-dlp, in a process that reaches public addresses only.

yt-dlp follows links that sites give it. So it is not only the first address that is judged: every connection of this
process is, at the moment it is made, and whatever would connect by other means than Python's own sockets is kept out.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tenuto import errors
from tenuto.outside.urls import Network, may_call, read_networks

NATIVE = ("curl_cffi", "requests", "websockets", "urllib3")
MESSAGE_LETTERS = 300
TOO_MANY, BROKEN = 429, 500
# One file that is loaded as it is: lists of pieces would be put together by a program that opens addresses itself.
FORMAT = "bestaudio[protocol^=http]/best[protocol^=http]"


def fetch(payload: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Write the sound behind an address to a file; return what the site says of it."""
    target = Path(payload["target"])
    # What is marked as absent makes yt-dlp take Python's own sockets.
    for name in NATIVE:
        sys.modules[name] = None  # type: ignore[assignment]
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    try:
        import yt_dlp  # noqa: PLC0415 - an extra
    except ImportError:
        raise errors.EngineMissing(
            "Songs are fetched from video sites by yt-dlp, which is not installed here: pip install 'tenuto[youtube]'."
        ) from None
    with judged_connections(read_networks(payload["allowed"], "TENUTO_IMPORT_ALLOW")) as refused:
        try:
            with yt_dlp.YoutubeDL(_options(target, payload["max_bytes"])) as loader:
                loader.add_progress_hook(_Progress(emit))
                found = loader.extract_info(payload["url"], download=False)
                _check(found, payload["max_seconds"])
                loader.process_info(found)
        except yt_dlp.utils.YoutubeDLError as error:
            if refused:
                raise refused[0] from error
            raise _translated(error) from error
    if not target.is_file() or not target.stat().st_size:
        raise errors.TooLarge(f"The song is larger than the {payload['max_bytes'] >> 20} MB this server takes.")
    return _facts(found)


class _Progress:
    """Tells how much of a file is here, at most a hundred times."""

    def __init__(self, emit: Callable[[dict[str, Any]], None]) -> None:
        self._emit, self._told = emit, 0.0

    def __call__(self, news: dict[str, Any]) -> None:
        total = news.get("total_bytes") or news.get("total_bytes_estimate")
        share = min(1.0, news.get("downloaded_bytes", 0) / total) if total else 0.0
        if share >= self._told + 0.01:
            self._told = share
            self._emit({"progress": share})


def _translated(error: Exception) -> errors.RemoteError:
    """What a site's answer means: whether it pays to ask again."""
    from yt_dlp.networking.exceptions import HTTPError, TransportError  # noqa: PLC0415 - an extra

    for cause in _causes(error):
        if isinstance(cause, HTTPError) and cause.status == TOO_MANY:
            return errors.RemoteBusy(f"The site wants to be asked later: {_said(error)}")
        if isinstance(cause, TransportError) or (isinstance(cause, HTTPError) and cause.status >= BROKEN):
            return errors.RemoteDown(f"The site did not answer: {_said(error)}")
    return errors.RemoteRefused(f"The site did not give this song: {_said(error)}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error of yt-dlp and those it stands for, which hang on it in two ways."""
    while error is not None:
        yield error
        inner = (getattr(error, "exc_info", None) or (None, None))[1]
        error = inner if inner is not None and inner is not error else getattr(error, "cause", None)


def _options(target: Path, max_bytes: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "outtmpl": {"default": str(target).replace("%", "%%")},
        "max_filesize": max_bytes,
        "noplaylist": True,
        "playlist_items": "1",
        "extract_flat": "in_playlist",
        "nopart": True,
        "overwrites": True,
        "cachedir": False,
        "fixup": "never",
        "postprocessors": [],
        "proxy": "",
        "logger": logging.getLogger("yt_dlp"),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "retries": 2,
        "extractor_retries": 1,
        "socket_timeout": 15,
    }


def _check(found: Any, max_seconds: int) -> None:
    if not found or found.get("_type", "video") != "video":
        raise errors.ValidationError("The address is that of a list, not of one song; give the songs one by one.")
    if found.get("is_live") or found.get("live_status") in ("is_live", "is_upcoming"):
        raise errors.ValidationError("This is live and has no end; it cannot be kept as a song.")
    if (found.get("duration") or 0) > max_seconds:
        raise errors.LimitExceeded(f"It is longer than the {max_seconds / 3600:.4g} h this server takes.")


def _facts(found: Any) -> dict[str, Any]:
    is_youtube = str(found.get("extractor_key", "")).startswith("Youtube")
    return {
        "youtube_id": str(found.get("id", "")) if is_youtube else "",
        "title": str(found.get("track") or found.get("title") or ""),
        "artist": str(found.get("artist") or found.get("creator") or ""),
        "channel": str(found.get("uploader") or found.get("channel") or ""),
        "album": str(found.get("album") or ""),
        "address": str(found.get("webpage_url") or ""),
    }


def _said(error: Exception) -> str:
    """What yt-dlp said, in one line, without its advice to report a bug."""
    words = " ".join(str(error).removeprefix("ERROR: ").partition("; please report")[0].split())
    return f"{words[:MESSAGE_LETTERS].rstrip('.')}."


@contextmanager
def judged_connections(allowed: Sequence[Network]) -> Iterator[list[errors.ForbiddenAddress]]:
    """Refuse every connection of this process to an address that is not called; what was refused is told."""
    refused: list[errors.ForbiddenAddress] = []
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def judge(its: socket.socket, place: Any) -> None:
        if its.family not in (socket.AF_INET, socket.AF_INET6):
            return
        # A name here would be resolved behind our back.
        try:
            address = ip_address(str(place[0]).partition("%")[0])
        except ValueError:
            address = None
        if address is None or not may_call(address, allowed):
            refused.append(
                errors.ForbiddenAddress(
                    "The song leads into a private or reserved network, and this server does not call there;"
                    " its operator can allow it with TENUTO_IMPORT_ALLOW."
                )
            )
            raise ConnectionRefusedError("this address is not called")

    def judged(its: socket.socket, place: Any) -> None:
        judge(its, place)
        connect(its, place)

    def judged_ex(its: socket.socket, place: Any) -> int:
        judge(its, place)
        return connect_ex(its, place)

    socket.socket.connect, socket.socket.connect_ex = judged, judged_ex  # type: ignore[method-assign, assignment]
    try:
        yield refused
    finally:
        socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]
