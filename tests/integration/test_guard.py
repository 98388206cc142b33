"""What may be made up is flagged in a whole job, said by it, and never removed."""

import json
import wave

import numpy as np
import pytest

from ledgers import OWNER, ledger, make_recording
from recordings import SAMPLE_RATE, as_wave, real_clips, shipped_recording, write_wave
from tenuto.domain.guard import over_silence
from tenuto.domain.jobs import JobStatus
from tenuto.domain.transcripts import Segment
from tenuto.media.levels import levels
from tenuto.services.processing import Submission


def test_a_loop_is_flagged_and_told(tmp_path):
    with ledger("sqlite", tmp_path) as here:
        # The fake engine hears the same beep as the same word.
        source = make_recording(tmp_path / "beeps.wav", 30)
        file = here.house.files.save_audio_file(OWNER, source, "beeps.wav")
        wish = Submission(file_uid=file.uid, options={"engine": "fake", "speakers": "off"})
        uid = here.house.processing.submit(OWNER, wish).uid
        here.start_worker("--drain").wait(timeout=60)
        job, row = here.job(uid), here.house.transcripts.of_job(OWNER, uid)
        assert job.status is JobStatus.COMPLETED
        count = row.details["guard"]["repeated"]
        assert (count > 0, row.details["guard"]["over_silence"]) == (True, 0)
        assert [warning for warning in job.warnings if warning.startswith(f"{count} of ")]
        exported = json.loads(here.house.exports.render(OWNER, uid, "json").data)
        assert sum("repeated" in segment["flags"] for segment in exported["segments"]) == count
        assert exported["text"] == row.original_text


def samples_of(path):
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), np.int16).astype(float)


def spoken_and_silent(recordings):
    """Recordings with four seconds of silence behind each, and where both are in ms."""
    sound, spoken, silent, place = [], [], [], 0
    for recording in recordings:
        samples = samples_of(recording)
        length = len(samples) * 1000 // SAMPLE_RATE
        sound += [samples, np.zeros(4 * SAMPLE_RATE)]
        spoken.append((place, place + length))
        silent.append((place + length + 1000, place + length + 3000))
        place += length + 4000
    return np.concatenate(sound), spoken, silent


@pytest.mark.parametrize("gain_db", [0, -20])
@pytest.mark.parametrize("noise_db", [-120, -75, -60, -50])
def test_real_speech_is_never_taken_for_silence_and_silence_always_is(gain_db, noise_db, tmp_path):
    shipped = as_wave(shipped_recording()[0], tmp_path / "shipped.wav")
    sound, spoken, silent = spoken_and_silent([shipped, *(path for path, _ in real_clips())])
    noise = np.random.default_rng(1).normal(0, 32_768 * 10 ** (noise_db / 20), len(sound))
    wav = write_wave(tmp_path / "all.wav", np.clip(sound * 10 ** (gain_db / 20) + noise, -32_768, 32_767))
    heard = [Segment(start, end, "really said") for start, end in spoken]
    invented = [Segment(start, end, "Thank you for watching.") for start, end in silent]
    assert over_silence([*heard, *invented], levels(wav)) == set(range(len(heard), len(heard) + len(invented)))
