"""Writers for FLAC and Ogg: hours of silence in kilobytes, with checksums that are right or wrong at will."""

import struct


def crc_table(polynomial, bits):
    """Table for a checksum that takes the highest bit first."""
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return table


CRC8, CRC16, CRC32 = crc_table(0x07, 8), crc_table(0x8005, 16), crc_table(0x04C11DB7, 32)


def crc8(data):
    value = 0
    for byte in data:
        value = CRC8[value ^ byte]
    return value


def crc16(data):
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ CRC16[value >> 8 ^ byte]
    return value


def crc32(data):
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ CRC32[value >> 24 ^ byte]
    return value


# FLAC

RATE_CODES = {
    88_200: 1,
    176_400: 2,
    192_000: 3,
    8000: 4,
    16_000: 5,
    22_050: 6,
    24_000: 7,
    32_000: 8,
    44_100: 9,
    48_000: 10,
}
BITS_CODES = {8: 1, 16: 4, 24: 6}


def flac_block(kind, data=b"", *, last=False, size=None):
    """A metadata block."""
    claimed = len(data) if size is None else size
    return bytes((kind | 0x80 * last,)) + claimed.to_bytes(3, "big") + data


def streaminfo(*, rate=8000, channels=1, bits=16, samples=0, block=65_535, last=True):
    """The block every FLAC starts with; 0 samples means unknown."""
    packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | samples
    return flac_block(0, struct.pack(">HH", block, block) + bytes(6) + packed.to_bytes(8, "big") + bytes(16), last=last)


def coded_number(number):
    """A frame number in the manner of UTF-8, up to 31 bits."""
    if number < 0x80:
        return bytes((number,))
    tail = []
    limit = 0x40
    while number >= limit:
        tail.append(0x80 | number & 0x3F)
        number >>= 6
        limit = 0x20 if limit == 0x40 else limit >> 1
    lead = (0xFF00 >> (len(tail) + 1)) & 0xFF
    return bytes((lead | number, *reversed(tail)))


def flac_frame(number, *, samples=65_535, rate=8000, channels=1, bits=16, value=0, spoil=None):
    """A frame that holds one value all along; `spoil` names a checksum to get wrong."""
    head = bytes((0xFF, 0xF8, 0x70 | RATE_CODES.get(rate, 0), (channels - 1) << 4 | BITS_CODES[bits] << 1))
    head += coded_number(number) + struct.pack(">H", samples - 1)
    head += bytes((crc8(head) ^ (spoil == "crc8"),))
    body = head + (b"\0" + value.to_bytes(bits // 8, "big", signed=True)) * channels
    return body + struct.pack(">H", crc16(body) ^ (spoil == "crc16"))


def flac(seconds, *, rate=8000, channels=1, bits=16, claimed=None, blocks=(), **options):
    """A FLAC of one constant value; `claimed` is the number of samples it promises."""
    total = round(seconds * rate)
    count = -(-total // 65_535)
    claimed = total if claimed is None else claimed
    info = streaminfo(rate=rate, channels=channels, bits=bits, samples=claimed, last=not blocks)
    frames = []
    for number in range(count):
        samples = min(65_535, total - number * 65_535)
        frames.append(flac_frame(number, samples=samples, rate=rate, channels=channels, bits=bits, **options))
    return b"fLaC" + info + b"".join(blocks) + b"".join(frames)


# Ogg


def ogg_page(packets=(), *, granule=0, serial=1, number=0, flags=0, spoil=False, lacing=None):
    """A page of whole packets; `lacing` is the segment table it claims instead of the true one."""
    table = b""
    for packet in packets:
        table += b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
    table = table if lacing is None else lacing
    head = b"OggS" + struct.pack("<BBQII", 0, flags, granule & (2**64 - 1), serial, number)
    tail = bytes((len(table),)) + table + b"".join(packets)
    checksum = crc32(head + bytes(4) + tail) ^ spoil
    return head + struct.pack("<I", checksum) + tail


def long_packet(packet, *, serial, number):
    """The pages that one long packet is spread over."""
    pages = []
    for start in range(0, len(packet) + 1, 255 * 255):
        piece = packet[start : start + 255 * 255]
        lacing = b"\xff" * (len(piece) // 255)
        lacing += bytes((len(piece) % 255,)) if len(lacing) < 255 else b""
        place = number + len(pages)
        pages.append(ogg_page([piece], serial=serial, number=place, flags=1 if start else 0, lacing=lacing))
    return pages


def ogg_pages(data):
    """The pages of an Ogg file, whole."""
    pages, position = [], 0
    while position < len(data):
        table = data[position + 27 : position + 27 + data[position + 26]]
        end = position + 27 + len(table) + sum(table)
        pages.append(data[position:end])
        position = end
    return pages


def rewrite_page(page, *, granule=None, serial=None, spoil=False, fix=True):
    """The same page with another granule, serial or checksum."""
    fields = bytearray(page)
    if granule is not None:
        fields[6:14] = struct.pack("<Q", granule & (2**64 - 1))
    if serial is not None:
        fields[14:18] = struct.pack("<I", serial)
    if fix:
        fields[22:26] = bytes(4)
        fields[22:26] = struct.pack("<I", crc32(fields) ^ spoil)
    return bytes(fields)


OPUS_TAGS = b"OpusTags" + struct.pack("<I", 6) + b"tenuto" + struct.pack("<I", 0)


def opus_head(*, channels=1, preskip=0, rate=48_000, gain=0, family=0, mapping=b""):
    """The first packet of an Opus stream."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, preskip, rate, gain, family) + mapping


def opus(packets, *, head=None, tags=OPUS_TAGS, granules=lambda packet: packet * 960, per_page=250, ends=True):
    """An Ogg Opus file; `granules` tells a page's granule from the number of packets so far."""
    serial = 7
    pages = [ogg_page([opus_head() if head is None else head], serial=serial, flags=2)]
    pages += long_packet(tags, serial=serial, number=1)
    for start in range(0, len(packets), per_page):
        some = packets[start : start + per_page]
        last = start + per_page >= len(packets)
        granule = granules(start + len(some))
        pages.append(ogg_page(some, granule=granule, serial=serial, number=len(pages), flags=4 * (last and ends)))
    return b"".join(pages)


# Sixty milliseconds of narrow-band silence, twice, in one packet of which nothing was sent.
OPUS_120_MS = bytes((3 << 3 | 1,))
