"""Opens an untrusted recording with one demuxer, chosen by content, that may read this one file and nothing else."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import av
from av.stream import Discard

from tenuto import errors
from tenuto.domain.media import MediaLimits
from tenuto.media.promise import ogg_is_closed, share_of_data
from tenuto.media.sniff import Kind, sniff

TITLE_CHARACTERS = 300
IO_BYTES = 1 << 16
GENERATE_TIME_STAMPS = 1
LARGEST_POSITION = 1 << 42  # Beyond it file systems refuse, and no recording is four terabytes long.
# Decoders that recordings need; FFmpeg has hundreds more, less used and less tested. No video decoder is among them.
CODECS = frozenset(
    (
        "pcm_s8",
        "pcm_s8_planar",
        "pcm_u8",
        "pcm_s16le",
        "pcm_s16be",
        "pcm_s16le_planar",
        "pcm_s16be_planar",
        "pcm_s24le",
        "pcm_s24be",
        "pcm_s32le",
        "pcm_s32be",
        "pcm_f32le",
        "pcm_f32be",
        "pcm_f64le",
        "pcm_f64be",
        "pcm_alaw",
        "pcm_mulaw",
        "adpcm_ms",
        "adpcm_ima_wav",
        "adpcm_ima_qt",
        "adpcm_g722",
        "adpcm_g726",
        "gsm",
        "gsm_ms",
        "mp1",
        "mp1float",
        "mp2",
        "mp2float",
        "mp3",
        "mp3float",
        "aac",
        "aac_fixed",
        "flac",
        "alac",
        "vorbis",
        "opus",
        "libopus",
        "speex",
        "amrnb",
        "amr_nb",
        "amrwb",
        "amr_wb",
        "libopencore_amrnb",
        "libopencore_amrwb",
        "ac3",
        "ac3_fixed",
        "eac3",
    )
)
OPTIONS = {
    "format_whitelist": "wav,w64,aiff,au,caf,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,aac,amr",
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(CODECS)),
    "max_streams": "64",
    "probesize": str(2 << 20),
}


class Source(io.RawIOBase):
    """The file from `offset` on, without a name a demuxer could act on."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self._file, self._offset = file, offset
        self.size = max(file.seek(0, io.SEEK_END) - offset, 0)
        self.seek(0)

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from anywhere."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        return self._file.read(size)

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to `position` of the recording; -1 when that lies before its start."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self.size}[whence]
        if not 0 <= start + position <= LARGEST_POSITION:
            return -1
        return self._file.seek(self._offset + start + position) - self._offset

    def tell(self) -> int:
        """Where it stands."""
        return self._file.tell() - self._offset


@dataclass(frozen=True)
class Opened:
    """A recording that is open, and the one audio stream in it that counts."""

    kind: Kind
    source: Source
    container: Any
    stream: Any

    @property
    def codec(self) -> str:
        """The decoder's name."""
        return str(self.stream.codec_context.name)

    @property
    def title(self) -> str:
        """The title in the tags, when it is printable."""
        tags = {key.lower(): value for key, value in {**self.container.metadata, **self.stream.metadata}.items()}
        printable = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", tags.get("title", "")))
        return " ".join(printable.split())[:TITLE_CHARACTERS].strip()

    @property
    def promised_seconds(self) -> float | None:
        """What the header says, where it says it; never more than a hint."""
        # Raw frame streams hold no length: what FFmpeg gives for them is a guess from the first bit rate.
        if self.kind.demuxer in ("aac", "amr") or (self.kind.demuxer == "mp3" and not self._has_frame_count()):
            return None
        if self.stream.duration and self.stream.duration > 0:
            return float(self.stream.duration * self.stream.time_base)
        return self.container.duration / av.time_base if (self.container.duration or 0) > 0 else None

    @property
    def share_of_data(self) -> float:
        """How much of the promised bytes is there, above 0."""
        return max(share_of_data(self.source, self.kind.demuxer), 1e-9)

    @property
    def unclosed(self) -> bool:
        """Whether the end of the file is missing, as far as its kind marks the end."""
        return self.kind.demuxer == "ogg" and not ogg_is_closed(self.source)

    def _has_frame_count(self) -> bool:
        position = self.source.tell()
        self.source.seek(0)
        head = self.source.read(1 << 18)
        self.source.seek(position)
        return any(word in head for word in (b"Xing", b"Info", b"VBRI"))


@contextmanager
def open_recording(path: Path, limits: MediaLimits) -> Iterator[Opened]:
    """Open the recording, check what its header says of channels and rate, and close it afterwards."""
    with path.open("rb") as file:
        kind = sniff(file)
        source = Source(file, kind.offset)
        try:
            container = av.open(
                source,
                format=kind.demuxer,
                container_options=OPTIONS,
                metadata_errors="ignore",
                buffer_size=IO_BYTES,
                io_open=_refuse_other_files,
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise errors.BrokenMedia(
                f"The {kind.demuxer} file cannot be opened; it may be cut or damaged: upload it again."
            ) from error
        with container:
            # Making up time stamps needs packets held back, without bound when a file has none. No time stamp is used.
            container.flags &= ~GENERATE_TIME_STAMPS
            stream = _choose_stream(container)
            check_sound(stream.codec_context.channels, stream.codec_context.sample_rate, limits)
            yield Opened(kind, source, container, stream)


def _refuse_other_files(*_: object) -> NoReturn:
    raise errors.UnsupportedMedia("The file asks for other files to be opened: send the recording itself.")


def _choose_stream(container: Any) -> Any:
    audio = list(container.streams.audio)
    if not audio:
        raise errors.UnsupportedMedia("There is no sound in it: send a file with an audio track.")
    known = [stream for stream in audio if stream.codec_context is not None and stream.codec_context.name in CODECS]
    if not known:
        raise errors.UnsupportedMedia("The sound in it is coded in a way this server does not read: send WAV or MP3.")
    for stream in container.streams:
        if stream is not known[0]:
            stream.discard = Discard.all
    return known[0]


def check_sound(channels: int, rate: int, limits: MediaLimits) -> None:
    """Raise when there are too many channels or the rate is odd."""
    if channels < 1 or rate < 1:
        raise errors.BrokenMedia(f"The header tells of {channels} channels at {rate} Hz: the file is damaged.")
    if channels > limits.max_channels:
        raise errors.LimitExceeded(f"It has {channels} channels; this server takes up to {limits.max_channels}.")
    if not limits.min_sample_rate <= rate <= limits.max_sample_rate:
        raise errors.LimitExceeded(
            f"Its sample rate is {rate} Hz; this server takes {limits.min_sample_rate} to {limits.max_sample_rate} Hz."
        )
