"""From segments to prose: paragraphs at long pauses and changes of speaker, sentences where none were heard."""

from __future__ import annotations

from tenuto.domain.transcripts import Segment, Transcript

PARAGRAPH_PAUSE_MS = 2_000
PARAGRAPH_MAX_MS = 60_000
# Full stops and the like, of other scripts too.
SENTENCE_END = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f", "\u0964", "\u061f")


def paragraphs(transcript: Transcript, *, heard: str) -> str:
    """The transcript as prose, a blank line between paragraphs; `heard` is the text as the engine left it."""
    spoken = [segment for segment in transcript.segments if segment.text.strip()]
    bare = heard == heard.lower()
    groups: list[list[Segment]] = []
    for segment in spoken:
        if groups and _goes_on(groups[-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return "\n\n".join(_paragraph(group, bare=bare) for group in groups)


def _goes_on(group: list[Segment], segment: Segment) -> bool:
    near = segment.start_ms - group[-1].end_ms < PARAGRAPH_PAUSE_MS
    short = segment.end_ms - group[0].start_ms < PARAGRAPH_MAX_MS
    return near and short and segment.speaker == group[-1].speaker


def _paragraph(group: list[Segment], *, bare: bool) -> str:
    texts = [" ".join(segment.text.split()) for segment in group]
    if bare:  # The engine knows no case and no full stops; each of its segments is an utterance.
        texts = [text[:1].upper() + text[1:] + ("" if text.endswith(SENTENCE_END) else ".") for text in texts]
    return " ".join(texts)
