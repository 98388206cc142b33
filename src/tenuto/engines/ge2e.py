"""The diarizer that comes along: windows of speech become voiceprints, voiceprints groups, groups turns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenuto.domain.speakers import Turn
from tenuto.engines import clusters, voiceprints
from tenuto.engines.base import Diarization, DiarizeOptions, EngineReport, Progress
from tenuto.engines.config import EngineConfig
from tenuto.engines.sound import open_wave
from tenuto.engines.speech import Speech, find_speech
from tenuto.engines.turns import share_out
from tenuto.engines.windows import Windower, Windows, mean_print

HOP_SECONDS = 0.4
# A longer recording has windows enough to be content with fewer of them.
LONG_SECONDS, LONG_HOP_SECONDS = 1800.0, 0.8
SPEECH_SHARE = 0.1  # of the work
MOST_GUESSED = 8
# Two groups whose means are more alike than this are one voice: halves of one voice were 0.87 to 0.97 alike, two voices
# at most 0.78 in clean sound and 0.86 in noise 20 dB below the speech.
ONE_VOICE = 0.86
# Who speaks less than this, in seconds and as a share of all speech, is not a voice of its own unless asked for.
LEAST_SECONDS, LEAST_SHARE, ENOUGH_SECONDS = 1.6, 0.01, 10.0

Floats = npt.NDArray[np.float32]


class GE2EDiarizer:
    """Speakers by GE2E voiceprints, with nothing to download."""

    name = "ge2e"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._windower: Windower | None = None

    @staticmethod
    def report(config: EngineConfig) -> EngineReport:
        """It is always ready."""
        del config
        detail = "Tells voices apart by voiceprints, offline; the weights come along."
        return EngineReport("ge2e", ready=True, detail=detail, model=voiceprints.MODEL, licence="Apache-2.0")

    def diarize(self, audio: Path, options: DiarizeOptions, progress: Progress) -> Diarization:
        """Return who speaks when in `audio`."""
        self._windower = self._windower or Windower()
        with open_wave(audio) as reader:
            speech = find_speech(
                reader, lambda share: progress(share * SPEECH_SHARE), detector=self._config.speech_detector
            )
            hop = HOP_SECONDS if sum(span.length for span in speech.spans) < LONG_SECONDS else LONG_HOP_SECONDS
            tell = lambda share: progress(SPEECH_SHARE + share * (1 - SPEECH_SHARE))  # noqa: E731 - one line says it
            windows = self._windower.prints(reader, speech.spans, tell, rms=speech.rms, hop=hop)
        progress(1.0)
        if not speech.spans:
            return Diarization((), self.name, detector=speech.detector)
        return _told_apart(speech, windows, options)


def _told_apart(speech: Speech, windows: Windows, options: DiarizeOptions) -> Diarization:
    spoken = sum(span.length for span in speech.spans)
    least_seconds = min(max(LEAST_SECONDS, LEAST_SHARE * spoken), ENOUGH_SECONDS)
    least = max(1, round(least_seconds * len(windows.prints) / max(spoken, least_seconds)))
    labels = choose_groups(windows.prints, options, least)
    number = int(labels.max()) + 1
    sums, counts = clusters.sums_of(windows.prints, labels, number)
    likeness = windows.prints @ voiceprints.unit(sums / counts[:, None]).T
    rows = [np.flatnonzero(windows.span == index) for index in range(len(speech.spans))]
    turns = share_out(speech.spans, [windows.times[row] for row in rows], [likeness[row] for row in rows])
    return Diarization(
        tuple(turns),
        GE2EDiarizer.name,
        voices=_voices(turns, windows),
        voice_model=voiceprints.MODEL,
        detector=speech.detector,
        separation=round(clusters.separation(windows.prints, labels), 3) if number > 1 else None,
    )


def choose_groups(prints: Floats, options: DiarizeOptions, least: int) -> clusters.Labels:
    """Group voiceprints into as many voices as were asked for, or as many as are no two alike."""
    grouping = clusters.group(prints)
    if options.number is not None:
        return _exactly(prints, grouping, options.number, least)
    best = _exactly(prints, grouping, options.at_least, least)
    for number in range(options.at_least + 1, min(options.at_most, MOST_GUESSED) + 1):
        labels = clusters.settle(prints, grouping, number, least)
        if labels is None or clusters.alike(prints, labels) > ONE_VOICE:
            break
        best = labels
    return best


def _exactly(prints: Floats, grouping: clusters.Grouping, number: int, least: int) -> clusters.Labels:
    """That many groups, of at least that many windows when there are such; fewer only when there are fewer windows."""
    for enough in (least, max(1, least // 2), 1):
        labels = clusters.settle(prints, grouping, number, enough)
        if labels is not None:
            return labels
    return grouping.cut(number)


def _voices(turns: Sequence[Turn], windows: Windows) -> tuple[tuple[float, ...], ...]:
    """What each voice is like, by the windows whose middle lies in its turns."""
    number = max((turn.speaker for turn in turns), default=-1) + 1
    times = windows.times * 1000
    owner = np.full(len(times), -1)
    for turn in turns:
        owner[(times >= turn.start_ms) & (times <= turn.end_ms)] = turn.speaker
    return tuple(mean_print(windows.prints[owner == speaker]) for speaker in range(number))
