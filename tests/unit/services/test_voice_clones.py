"""Samples of voices: kept whole or not at all, for their owner alone, and as long as somebody is spoken by them."""

import io
import threading
import wave
from datetime import UTC, datetime

import pytest

from databases import OWNER, add_owner
from ledgers import database_url
from tagged_songs import tone, wav
from tenuto import bootstrap, errors, settings
from tenuto.db.models import PresentationRow
from tenuto.services.voice_clones import VoiceDetails
from unit.db.rows import new_file

ADA = VoiceDetails("Ada", "Ada agreed by mail.", datetime(2026, 1, 31, tzinfo=UTC))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request, tmp_path):
    with database_url(request.param, tmp_path) as url:
        made = settings.load(_env_file=None, data_dir=tmp_path / "data", database_url=url, disk_soft_floor_mb=0)
        built = bootstrap.build(made)
        yield built
        built.close()


def add(house, details=ADA, *, owner=OWNER, data=None):
    with house.files.upload("ada.wav") as upload:
        upload.write(data or wav(tone()))
        return house.voices.create(owner, upload, details)


def long_wav(seconds, rate=8_000, extra=0):
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"\0\1\1\0" * (seconds * rate + extra))
    return made.getvalue()


def stored(house):
    return {item.key for item in house.content.storage.list("content")}


def test_a_sample_keeps_its_own_rate_and_has_one_channel(house):
    row = add(house, data=long_wav(3, rate=22_050))
    assert (row.sample_rate, row.channels, row.duration_ms, row.media_type) == (22_050, 1, 3000, "audio/wav")
    assert row.size_bytes == 3 * 22_050 * 2 + 44
    assert house.upkeep.verify().sound
    assert not house.upkeep.verify().strays


def test_a_sample_of_just_300_seconds_is_taken_and_no_more(house):
    assert add(house, data=long_wav(300)).duration_ms == 300_000
    with pytest.raises(errors.LimitExceeded, match="300 s"):
        add(house, VoiceDetails("Longer", ADA.consent, ADA.consent_at), data=long_wav(300, extra=1))
    assert len(stored(house)) == 1


@pytest.mark.parametrize(
    ("samples", "why"),
    [(tone(0), "holds no sound"), (tone(0.5), "a second at least"), (tone(3) // 1000, "is silent")],
)
def test_a_sample_in_which_nobody_can_be_heard_is_refused_at_once(house, samples, why):
    with pytest.raises(errors.TenutoError, match=why):
        add(house, data=wav(samples))
    assert not stored(house)


@pytest.mark.parametrize("name", ["Ada\x1b[2J", "Ada\x00", "Ada\u202e"])
def test_a_name_that_would_write_on_the_screen_is_refused(house, name):
    with pytest.raises(errors.ValidationError, match="holds signs that are no text"):
        add(house, VoiceDetails(name, ADA.consent, ADA.consent_at))
    assert not stored(house)


def test_a_voice_is_its_owners_alone(house):
    row, other = add(house), add_owner(house.database)
    for attempt in (house.voices.get, house.voices.sample, house.voices.delete):
        with pytest.raises(errors.NotFound):
            attempt(other, row.uid)
    with pytest.raises(errors.NotFound):
        house.voices.shape(other, row.uid, {"pitch": 1})
    assert house.voices.get_all(other).rows == []
    add(house, owner=other)  # The same name and the same bytes, kept once.
    assert len(stored(house)) == 1
    house.voices.delete(OWNER, row.uid)
    assert len(stored(house)) == 1


def test_a_voice_in_use_is_not_deleted(house):
    row = add(house)
    with house.database.unit_of_work(OWNER) as work:
        file = work.files.add(new_file(storage_key=row.storage_key))
        work.session.add(PresentationRow(title="Plans", file_id=file.id, voice_id=row.id))
    with pytest.raises(errors.ConflictError, match="'Plans'"):
        house.voices.delete(OWNER, row.uid)
    assert house.voices.get(OWNER, row.uid)


def test_of_many_who_bring_the_same_name_one_succeeds(house):
    outcomes, ready = [], threading.Barrier(4)

    def bring(pitch):
        ready.wait()
        try:
            outcomes.append(add(house, data=wav(tone(pitch=pitch))).uid)
        except errors.ConflictError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=bring, args=(200.0 + pitch,)) for pitch in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "conflict" for outcome in outcomes) == [False, True, True, True]
    assert not house.upkeep.verify().strays


def test_what_an_engine_made_of_a_sample_is_kept_with_it(house):
    row = add(house)
    house.voices.shape(OWNER, row.uid, {"engine": "matched"}, {"pitch": {"before": 6.3, "after": 0.6}})
    found = house.voices.get(OWNER, row.uid)
    assert (found.shape["engine"], found.distances["pitch"]["after"]) == ("matched", 0.6)
