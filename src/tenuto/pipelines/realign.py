"""A transcript that was edited gets times for its new words: a job on the transcript of another job.

What people edit meanwhile stays: only segments that still say the same words get the times that were found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tenuto import errors
from tenuto.domain.alignment import put_times, stretch_from_json, stretches, with_guesses, words_to_time
from tenuto.engines import registry
from tenuto.pipelines import sound
from tenuto.pipelines.base import Outcome, Pipeline, Step, Steps
from tenuto.pipelines.listening import ENGINE, heard_times, listen, told

UID = re.compile(r"[0-9a-f-]{36}")


def prepare(steps: Steps) -> Outcome:
    """Decode the recording and settle which words to listen for."""
    transcript = steps.transcript()
    everything = [index for index, part in enumerate(transcript.segments) if words_to_time(part)]
    wanted = everything if steps.options["every_word"] else with_guesses(transcript)
    if wanted:
        sound.decode(steps, lambda share: steps.progress(share, "reading the recording"))
    plan = [asdict(stretch) for stretch in stretches(transcript, wanted)]
    return Outcome({"language": transcript.language, "stretches": plan}, engine=ENGINE)


def align(steps: Steps) -> Outcome:
    """Listen for the words, in parts."""
    plan = steps.result_of("prepare")
    wanted = [stretch_from_json(stretch) for stretch in plan["stretches"]]
    if wanted:
        listen(steps, wanted, plan["language"])
    return Outcome({"stretches": len(wanted)})


def keep(steps: Steps) -> Outcome:
    """Put the times into the transcript as it is now, as an edit that can be undone."""
    transcript = steps.transcript()
    now = {index: words_to_time(part) for index, part in enumerate(transcript.segments)}
    heard = heard_times(steps, "align")
    found = {position: times for position, (words, times) in heard.items() if now.get(position) == words}
    if not found:
        return Outcome({"segments": 0})
    after = put_times(transcript, found, keep_heard=not steps.options["every_word"])
    details = told(transcript, after, found, transcript.language)
    missed = len(heard) - len(found)
    warnings = (f"{missed} segment(s) were edited meanwhile and keep their times.",) if missed else ()
    return Outcome(
        {"segments": len(found)}, transcript=after, edit="realign", details={"times": details}, warnings=warnings
    )


def check_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options in full, or name the one that is wrong."""
    unknown = sorted(set(given) - {"transcript_id", "every_word"})
    if unknown:
        raise errors.ValidationError(f"Unknown option {unknown[0]!r}; timing takes transcript_id and every_word.")
    uid, every_word = given.get("transcript_id"), given.get("every_word", False)
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise errors.ValidationError("transcript_id must be the id of a transcript.")
    if not isinstance(every_word, bool):
        raise errors.ValidationError("every_word must be true or false.")
    return {"transcript_id": uid, "every_word": every_word}


PIPELINE = Pipeline(
    name="realign",
    steps=(
        Step("prepare", "preparing", 10, prepare),
        Step("align", "timing_words", 88, align),
        Step("keep", "keeping", 2, keep),
    ),
    engine_kind=registry.ALIGNER,
    check_options=check_options,
)
