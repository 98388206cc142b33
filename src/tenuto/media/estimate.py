"""How long a recording is, from its packets: most are counted, not decoded, and no header is believed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tenuto.domain.media import MediaLimits
from tenuto.media.opening import Opened
from tenuto.media.sound import Tally, decode_packet, packets, too_long

DECODED_SECONDS = 5.0
COUNTING_CPU_SECONDS = 2.5
PADDING_SECONDS = 0.2
CLOCK_EVERY_PACKETS = 1024

BY_BYTES = ("pcm_", "adpcm_", "gsm")
BY_FRAMES = ("aac", "mp1", "mp2", "mp3", "amr", "libopencore", "alac", "ac3", "eac3")
# The most a packet can hold, whatever its time stamps claim: FLAC and Vorbis in samples.
LARGEST_FRAME = {"flac": 65_535, "vorbis": 8_192}
LONGEST_PACKET_SECONDS = 0.2
OPUS_FRAME_MS = (10, 20, 40, 60) * 3 + (10, 20) * 2 + (2.5, 5, 10, 20) * 4


class PacketClock:
    """Tells a packet's length, learned from packets that were decoded."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._seconds = 0.0
        self._bytes = 0
        self._seen: Counter[float] = Counter()

    def learn(self, packet: Any, seconds: float) -> None:
        """Note what a packet gave when it was decoded."""
        if seconds:
            self._seconds += seconds
            self._bytes += packet.size
            self._seen[seconds] += 1

    def measure(self, rate: int) -> Callable[[Any], float]:
        """The way to tell how long a packet's sound is, once enough was learned."""
        usual = self._seen.most_common(1)[0][0] if self._seen else 0.0
        if self._codec.startswith(BY_BYTES) and self._bytes:
            per_byte = self._seconds / self._bytes
            return lambda packet: packet.size * per_byte
        if self._codec.startswith(BY_FRAMES):
            return lambda _packet: usual
        if self._codec in ("opus", "libopus"):
            return lambda packet: opus_seconds(bytes(memoryview(packet)[:2]))
        samples = LARGEST_FRAME.get(self._codec)
        longest = samples / rate if samples else LONGEST_PACKET_SECONDS

        def declared(packet: Any) -> float:
            seconds = float(packet.duration * packet.time_base) if packet.duration and packet.time_base else usual
            return min(max(seconds, 0.0), longest)

        return declared


def opus_seconds(head: bytes) -> float:
    """Length of an Opus packet from its first two bytes (RFC 6716, 3.1)."""
    if not head:
        return 0.0
    count = (1, 2, 2, head[1] & 63 if len(head) > 1 else 0)[head[0] & 3]
    return min(OPUS_FRAME_MS[head[0] >> 3] * count, 120) / 1000


def estimate_seconds(opened: Opened, tally: Tally, limits: MediaLimits) -> tuple[float, bool]:
    """Decode the start and count the rest; say the seconds, and whether all was read.

    Of a recording of very many packets the end is guessed, and a guess never refuses it: decoding will, when it must.
    """
    clock = PacketClock(opened.codec)
    stream = packets(opened, tally)
    for packet in stream:
        before = tally.seconds
        for _ in decode_packet(opened, packet if packet.size else None, tally, limits):
            pass
        clock.learn(packet, tally.seconds - before)
        if tally.seconds >= DECODED_SECONDS:
            break
    for _ in decode_packet(opened, None, tally, limits):
        pass
    counted, whole = _count(stream, clock.measure(max(tally.rate, 1)), limits.max_duration_seconds)
    share_read = opened.source.tell() / max(opened.source.size, 1)
    seconds, promised = tally.seconds + counted, opened.promised_seconds or 0.0
    if seconds > limits.max_duration_seconds:
        raise too_long(limits)
    if not whole:
        guess = promised if seconds <= promised <= limits.max_duration_seconds else seconds / max(share_read, 1e-9)
        return min(guess, limits.max_duration_seconds), False
    # A decoder leaves the padding of the last frames out, and the header knows how much that is.
    return (promised if counted and 0 < seconds - promised < PADDING_SECONDS else seconds), True


def _count(stream: Iterator[Any], measure: Callable[[Any], float], enough_seconds: float) -> tuple[float, bool]:
    """The length of the packets that could be read in the time there is, and whether these are all."""
    counted = 0.0
    deadline = time.process_time() + COUNTING_CPU_SECONDS
    for number, packet in enumerate(stream, 1):
        if packet.size:
            counted += measure(packet)
        if number % CLOCK_EVERY_PACKETS == 0:
            if counted > enough_seconds:
                break
            if time.process_time() > deadline:
                return counted, False
    return counted, True
