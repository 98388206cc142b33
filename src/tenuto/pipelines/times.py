"""The step that gives words their times where the engine gave none."""

from __future__ import annotations

from tenuto.domain.alignment import guessed_times, put_times, stretches, without_times
from tenuto.pipelines.base import Outcome, Steps
from tenuto.pipelines.listening import heard_times, listen, told

STEP = "times"


def find_times(steps: Steps) -> Outcome:
    """Listen for the words of segments that have none of their own; nothing to do for most engines."""
    transcript = steps.transcript()
    wanted = without_times(transcript)
    if not wanted:
        return Outcome({"segments": 0})
    if steps.options.get("translate"):  # The sound does not say these words.
        found = {position: guessed_times(transcript.segments[position]) for position in wanted}
    else:
        listen(steps, stretches(transcript, wanted), transcript.language)
        found = {position: times for position, (_, times) in heard_times(steps, STEP).items()}
    after = put_times(transcript, found, keep_heard=True)
    details = told(transcript, after, found, transcript.language)
    if steps.options.get("translate"):
        details["engine"] = ""
    guessed = details["guessed_segments"]
    warnings = (
        (f"{guessed} of {len(wanted)} segments have word times that are shared out by letters, not heard.",)
        if guessed
        else ()
    )
    data = {"segments": len(wanted), "engine": details["engine"]}
    return Outcome(data, transcript=after, details={STEP: details}, warnings=warnings)
