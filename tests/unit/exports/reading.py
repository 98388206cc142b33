"""Small readers of the export formats, written from their descriptions and sharing nothing with the writers."""

import html
import re
import unicodedata

SRT_TIME = re.compile(r"(\d{2,}):(\d\d):(\d\d),(\d{3}) --> (\d{2,}):(\d\d):(\d\d),(\d{3})")
VTT_TIME = re.compile(r"(\d{2,}):(\d\d):(\d\d)\.(\d{3}) --> (\d{2,}):(\d\d):(\d\d)\.(\d{3})")
BREAKS = {"\n", "\r", "\t", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"}


def normalised(text):
    """The documented form of a text, letter by letter instead of by patterns."""
    kept = []
    for char in text:
        if unicodedata.category(char) == "Cs":
            kept.append("\ufffd")
        elif char in BREAKS:
            kept.append(" ")
        elif unicodedata.category(char) != "Cc" and char != "\ufeff":
            kept.append(char)
    line = ""
    for position, char in enumerate(kept):
        if not char.isspace():
            line += char
        elif position and kept[position - 1].isspace():
            line = line[:-1] + " " if line else ""
        else:
            line += char
    return line.strip()


def squeezed(text):
    """A text without its spaces, which is what no wrapping can change."""
    return re.sub(r"\s", "", text)


def expected(transcript):
    """(segment, text, name) of what can be read, in the order it starts."""
    rows = []
    for segment in sorted(transcript.segments, key=lambda segment: segment.start_ms):
        text = normalised(segment.text)
        label = segment.speaker or ""
        name = normalised(transcript.speakers.get(label, "")) or normalised(label)
        if text:
            rows.append((segment, text, name))
    return rows


def labelled(transcript):
    """The same as people read it: a single voice that has no name is not labelled."""
    rows = expected(transcript)
    voices = {segment.speaker or "" for segment, *_ in rows}
    if len(voices) == 1 and not any(normalised(transcript.speakers.get(label, "")) for label in voices):
        return [(segment, text, "") for segment, text, _ in rows]
    return rows


def _milliseconds(groups):
    hours, minutes, seconds, rest = map(int, groups)
    assert minutes < 60
    assert seconds < 60
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _read_times(pattern, line):
    match = pattern.fullmatch(line)
    assert match, line
    return _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:])


def read_srt(data):
    """[(start, end, lines)], by the strictest reading: numbered blocks parted by one empty line."""
    text = data.decode()
    if not text:
        return []
    assert text.endswith("\n")
    cues = []
    for number, block in enumerate(text[:-1].split("\n\n"), start=1):
        count, times, *lines = block.split("\n")
        assert count == str(number)
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
        cues.append((*_read_times(SRT_TIME, times), lines))
    return cues


def read_vtt(data):
    """[(start, end, speaker, lines)]; any block but the header that is no cue is an error."""
    text = data.decode()
    assert text.startswith("WEBVTT\n")
    assert text.endswith("\n")
    _, *blocks = text[:-1].split("\n\n")
    cues = []
    for block in blocks:
        times, *lines = block.split("\n")
        assert lines
        assert all(line and "-->" not in line for line in lines)
        voice = re.match(r"<v ([^<>]+)>", lines[0])
        if voice:
            lines[0] = lines[0][voice.end() :]
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", "\n".join(lines))
        speaker = html.unescape(voice[1]) if voice else ""
        cues.append((*_read_times(VTT_TIME, times), speaker, [html.unescape(line) for line in lines]))
    return cues
