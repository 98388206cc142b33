"""Frame headers of MPEG audio and ADTS, which start a file without any magic."""
# ruff: noqa: PLR2004 - the numbers are the bit layout of ISO 11172-3 and ISO 13818-7; names would hide it

from __future__ import annotations

# Kilobits per second by (version, layer), as the header codes them; index 0 and 15 are not used.
MP3_KBPS = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mp3_frame(header: bytes) -> int:
    """Length of the MPEG audio frame that starts here, 0 when none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kbps_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 0 or rate_index == 3 or kbps_index in (0, 15):
        return 0
    kbps = MP3_KBPS[min(max(version, 2), 3), layer if version == 3 else max(layer, 2)][kbps_index - 1]
    rate = (44_100, 48_000, 32_000)[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    if layer == 3:
        return (12_000 * kbps // rate + padding) * 4
    return (72_000 if layer == 1 and version != 3 else 144_000) * kbps // rate + padding


def adts_frame(header: bytes) -> int:
    """Length of the ADTS frame that starts here, 0 when none does."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size >= 7 else 0
