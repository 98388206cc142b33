"""Paid engines in a real worker: every fault of the service, and kill -9 around every paid call; charges are counted."""

import contextlib
import os
import signal
import subprocess
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import openai_server
import yandex_server
from ledgers import OWNER, TESTS, ledger, make_recording
from tenuto import errors
from tenuto.domain.costs import Period
from tenuto.domain.jobs import JobStatus
from tenuto.services.processing import Submission

SECRETS = (openai_server.KEY.encode(), yandex_server.KEY.encode())
DYING = TESTS / "dying_worker.py"
PARTS = 3

# fault → (code the job fails with, calls, charges, whether a warning tells of a charge in doubt)
OPENAI_FAULTS = {
    "401": ("engine_auth", 1, 0, False),
    "403": ("engine_auth", 1, 0, False),
    "429": ("engine_rate", 2, 0, False),
    "429-once": ("", 2, 1, False),
    "429-after-once": ("", 2, 1, False),
    "quota": ("engine_quota", 2, 0, False),
    "quota-once": ("", 2, 1, False),
    "400": ("engine_refused", 1, 0, False),
    "413": ("engine_refused", 1, 0, False),
    "500": ("engine_unavailable", 2, 0, False),
    "500-once": ("", 2, 1, False),
    "503-once": ("", 2, 1, False),
    "502-once": ("", 2, 2, True),
    "cut": ("engine_unavailable", 2, 0, True),
    "cut-once": ("", 2, 1, True),
    "cut-charged-once": ("", 2, 2, True),
    "half-once": ("", 2, 2, True),
    "slow-once": ("", 2, 2, True),
    "garbage": ("engine_bad_answer", 1, 1, False),
    "nonsense": ("engine_bad_answer", 1, 1, False),
}
YANDEX_FAULTS = {
    "401": ("engine_auth", 1, 0, False),
    "403": ("engine_auth", 1, 0, False),
    "429": ("engine_rate", 2, 0, False),
    "429-once": ("", 2, 1, False),
    "400": ("engine_refused", 1, 0, False),
    "500": ("engine_unavailable", 2, 0, False),
    "500-once": ("", 2, 1, False),
    "503-once": ("", 2, 1, True),
    "cut-charged-once": ("", 2, 2, True),
    "slow-once": ("", 2, 2, True),
    "poll-503-once": ("", 1, 1, False),
    "poll-429-once": ("", 1, 1, False),
    "failed-once": ("", 2, 2, False),
    "lost": ("engine_refused", 1, 1, False),
    "unready-once": ("", 1, 1, False),
    "half-once": ("", 1, 1, False),
}
MODELS = {"openai": "whisper-1", "yandex": "general"}
POINTS = ["before", "noted", "asked", "in-call", "answered", "child", "told", "recorded", "collecting", "heard"]
# Of these the ledger knows, or is about to; what else happens to a child and its answer is the same on both databases.
AT_THE_LEDGER = ["noted", "in-call", "child", "told", "recorded", "heard"]
IN_DOUBT = ("noted", "asked", "in-call")  # the worker died without knowing whether the service was paid


@contextlib.contextmanager
def services():
    """Both services, and the settings that lead to them."""
    with openai_server.openai_server() as openai, yandex_server.yandex_server() as yandex:
        yield {"openai": openai, "yandex": yandex}


def settings_for(found, **more):
    return {
        "TENUTO_ENGINES": '["fake", "openai", "yandex"]',
        "TENUTO_OPENAI_API_KEY": openai_server.KEY,
        "TENUTO_OPENAI_BASE_URL": found["openai"].url,
        "TENUTO_YANDEX_API_KEY": yandex_server.KEY,
        "TENUTO_YANDEX_ENDPOINT": found["yandex"].url,
        "TENUTO_YANDEX_OPERATION_ENDPOINT": found["yandex"].url,
        "PYTHONPATH": str(TESTS),
        **more,
    }


def submit(here, file, **options):
    return here.house.processing.submit(OWNER, Submission(file_uid=file.uid, options=options)).uid


def warned(job, engine):
    return any("was cut off before its answer" in warning and engine in warning for warning in job.warnings)


def leaks(folder):
    return [
        str(path) for path in Path(folder).rglob("*") if path.is_file() for key in SECRETS if key in path.read_bytes()
    ]


def command_lines():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize(("engine", "faults"), [("openai", OPENAI_FAULTS), ("yandex", YANDEX_FAULTS)])
def test_each_fault_is_tried_again_or_told_and_charges_are_known(engine, faults, tmp_path):
    with (
        services() as found,
        ledger(
            "sqlite",
            tmp_path,
            **settings_for(found, TENUTO_MAX_ATTEMPTS="2", TENUTO_REMOTE_TIMEOUT_SECONDS="6", TENUTO_TEST_SLOTS="5"),
        ) as here,
    ):
        service = found[engine]
        service.gate_seconds = 9.0
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        jobs = {fault: submit(here, file, engine=engine, model=f"{MODELS[engine]}.{fault}") for fault in faults}
        worker = here.start_worker("--drain", program=DYING)
        service.reached.wait(60)
        assert not any(key in line for line in command_lines() for key in SECRETS)
        assert worker.wait(timeout=300) == 0, here.logs()
        # The service may still be at a call that nobody waits for any more.
        charged = {f"{MODELS[engine]}.{fault}": charges for fault, (_, _, charges, _) in faults.items()}
        here.wait(lambda: all(service.charges[model] >= least for model, least in charged.items()), what="all charges")
        for fault, uid in jobs.items():
            code, calls, charges, doubt = faults[fault]
            job, model = here.job(uid), f"{MODELS[engine]}.{fault}"
            assert (job.error_code or "") == code, (fault, job.error_message)
            assert (service.calls[model], service.charges[model]) == (calls, charges), fault
            assert warned(job, engine) == doubt, (fault, job.warnings)
            assert job.status is (JobStatus.FAILED if code else JobStatus.COMPLETED), fault
        assert not leaks(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "points"),
    [("sqlite", POINTS), pytest.param("postgresql", AT_THE_LEDGER, marks=pytest.mark.postgres)],
    ids=["sqlite", "postgresql"],
)
def test_a_worker_killed_around_a_paid_call_never_pays_for_an_answer_twice(kind, points, tmp_path):
    with services() as found, ledger(kind, tmp_path, **settings_for(found)) as here:
        workers = []
        for service in found.values():
            service.gate_seconds = 0.5
            # `in-call`: the service is at work when the worker dies, whichever that is by then.
            service.on_slow = lambda: workers[-1].kill()  # noqa: PLW0108
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        jobs = {
            (engine, point): submit(here, file, engine=engine, model=model_for(engine, point), title=point)
            for engine in MODELS
            for point in points
        }
        deaths = 0
        while here.house.processing.unfinished():
            workers.append(worker := here.start_worker("--drain", program=DYING))
            deaths += worker.wait(timeout=120) == -9
            assert worker.returncode in (0, -9), here.logs()
        assert deaths == len(jobs) - len(MODELS)  # `child` takes only the child along
        for (engine, point), uid in jobs.items():
            job, service = here.job(uid), found[engine]
            assert job.status is JobStatus.COMPLETED, (engine, point, job.error_message)
            assert service.charges[model_for(engine, point)] == PARTS + (point == "in-call"), (engine, point)
            assert warned(job, engine) == (point in IN_DOUBT), (engine, point, job.warnings)
            kept = Counter((row.step, row.part) for row in here.house.processing.steps(OWNER, uid))
            assert all(kept["transcribe:paid-1", part] == 1 for part in range(PARTS)), (engine, point)
            assert not (here.settings.actual_work_dir / "receipts" / uid).exists()
        repeated = Counter(key for key in found["openai"].keys)
        assert set(repeated)
        assert None not in repeated
        assert not leaks(tmp_path)


def model_for(engine, point):
    return f"{MODELS[engine]}.{'slow-once' if point == 'in-call' else f'ok-{point}'}"


@pytest.mark.slow
def test_two_workers_together_keep_to_the_rate_of_calls(tmp_path):
    rate = {"TENUTO_ENGINE_RATE": '{"openai": "60/min"}', "TENUTO_TEST_SLOTS": "2"}
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, **rate)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        jobs = [submit(here, file, engine="openai", title=f"job {number}") for number in range(4)]
        workers = [here.start_worker("--drain", program=DYING) for _ in range(2)]
        assert [worker.wait(timeout=120) for worker in workers] == [0, 0], here.logs()
        assert {here.job(uid).status for uid in jobs} == {JobStatus.COMPLETED}
        moments = found["openai"].moments
        assert len(moments) == 4 * PARTS
        # Turns are a second apart; the first call comes late to the service, as its child has to start.
        assert moments[-1] - moments[0] >= len(moments) - 1 - 2


def test_a_part_that_fails_does_not_cut_off_what_others_have_asked_for(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_TEST_SLOTS="4")) as here:
        found["openai"].gate_seconds = 2.0
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.mixed")
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).error_code == "engine_refused"
        # The one under way is seen to its end; the third part is not asked for any more.
        assert (found["openai"].calls["whisper-1.mixed"], found["openai"].charges["whisper-1.mixed"]) == (2, 1)
        here.house.processing.retry(OWNER, uid)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED
        assert found["openai"].charges["whisper-1.mixed"] == PARTS


def test_another_machine_that_cannot_see_the_receipt_says_that_it_asks_again(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.ok", title="answered")
        first = here.start_worker("--drain", program=DYING, TENUTO_WORK_DIR=str(tmp_path / "machine-1"))
        assert first.wait(timeout=60) == -9
        second = here.start_worker("--drain", program=DYING, TENUTO_WORK_DIR=str(tmp_path / "machine-2"))
        assert second.wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED
        assert warned(here.job(uid), "openai")
        keys = Counter(found["openai"].keys)
        assert sorted(keys.values()) == [1, 1, 2]  # asked again under the same key, which a service may know


def test_an_answer_that_nobody_can_read_is_counted_and_told_when_it_is_asked_for_again(tmp_path):
    prices = '{"openai": {"request": 1}}'
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_PRICES=prices)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.garbage-once")
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        job = here.job(uid)
        assert (job.error_code, job.cost_micros) == ("engine_bad_answer", 1_000_000)
        here.house.processing.retry(OWNER, uid)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        job = here.job(uid)
        assert (job.status, job.cost_micros) == (JobStatus.COMPLETED, 2_000_000)
        assert found["openai"].charges["whisper-1.garbage-once"] == 2
        assert any("both calls are counted" in warning for warning in job.warnings)


def test_a_translation_is_held_and_counted_at_the_price_of_its_own_model(tmp_path):
    prices = '{"openai:whisper-1": {"request": 1}, "openai": {"request": 0.1}}'
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_PRICES=prices)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        wish = {"engine": "openai", "model": "gpt-4o-transcribe", "translate": True}
        here.house.budgets.put(OWNER, Period.MONTH, "", Decimal("0.5"))
        with pytest.raises(errors.BudgetExceeded):
            submit(here, file, **wish)
        here.house.budgets.put(OWNER, Period.MONTH, "", Decimal(1))
        uid = submit(here, file, **wish)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        job = here.job(uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert job.cost_micros == job.cost_estimate_micros == 1_000_000
        assert found["openai"].charges["whisper-1"] == 1


@pytest.mark.parametrize("stop", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]])
def test_a_stop_waits_for_a_call_that_is_paid_and_begins_no_other(stop, tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_DRAIN_SECONDS="0")) as here:
        asked = threading.Event()
        found["openai"].on_slow = asked.set
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.slow-once")
        worker = here.start_worker(program=DYING)
        assert asked.wait(60), here.logs()
        for number in stop:
            worker.send_signal(number)
        assert "transcribe:paid-1" not in {row.step for row in here.house.processing.steps(OWNER, uid)}
        threading.Timer(
            2.0, found["openai"].gate.set
        ).start()  # longer than the drain; nobody waits for this by the clock
        assert worker.wait(timeout=60) == 0, here.logs()
        assert found["openai"].charges["whisper-1.slow-once"] == 1
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        job = here.job(uid)
        assert (job.status, found["openai"].charges["whisper-1.slow-once"]) == (JobStatus.COMPLETED, PARTS)
        assert not warned(job, "openai")


def test_a_second_ctrl_c_does_not_wait_for_a_paid_call(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_DRAIN_SECONDS="0")) as here:
        asked = threading.Event()
        found["openai"].on_slow = asked.set
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.slow-once")
        worker = here.start_worker(program=DYING)
        assert asked.wait(60), here.logs()
        worker.send_signal(signal.SIGINT)
        while worker.poll() is None:
            worker.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(timeout=0.3)
        assert here.job(uid).status is JobStatus.QUEUED
        assert not found["openai"].gate.is_set()


def test_nothing_is_paid_while_receipts_cannot_be_kept(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_MAX_ATTEMPTS="1")) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.ok")
        folder = here.settings.actual_work_dir / "receipts"
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_bytes(b"in the way")
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).error_code == "storage_unavailable"
        assert str(folder) not in here.job(uid).error_message
        assert found["openai"].charges["whisper-1.ok"] == 0
        folder.unlink()
        here.house.processing.retry(OWNER, uid)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED
        assert found["openai"].charges["whisper-1.ok"] == 1
        assert not warned(here.job(uid), "openai")


def test_an_answer_is_kept_when_its_receipt_cannot_be_written_any_more(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 12), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.slow")
        folder = here.settings.actual_work_dir / "receipts" / uid

        def block():
            folder.rmdir()
            folder.write_bytes(b"in the way")
            found["openai"].gate.set()

        found["openai"].on_slow = block
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED, here.job(uid).error_message
        assert found["openai"].charges["whisper-1.slow"] == 1


@pytest.mark.parametrize("speakers", ["off", "2"])
def test_speakers_of_several_parts_are_kept_apart_or_found_over_all(speakers, tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found)) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        uid = submit(here, file, engine="yandex", speakers=speakers)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED, here.job(uid).error_message
        with here.house.database.reading(OWNER) as work:
            said = work.transcripts.load(work.transcripts.of_job(here.job(uid).id))
        labels = {segment.speaker for segment in said.segments if segment.speaker}
        assert labels >= {"1.0", "2.0", "3.0"} if speakers == "off" else not any("." in label for label in labels)
        assert not found["yandex"].begun  # all of it was deleted there


def test_a_retry_by_a_person_pays_only_for_what_was_not_answered(tmp_path):
    with services() as found, ledger("sqlite", tmp_path, **settings_for(found, TENUTO_MAX_ATTEMPTS="1")) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 40), "a.wav")
        uid = submit(here, file, engine="openai", model="whisper-1.500-once")
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).error_code == "engine_unavailable"
        here.house.processing.retry(OWNER, uid)
        assert here.start_worker("--drain", program=DYING).wait(timeout=60) == 0, here.logs()
        assert here.job(uid).status is JobStatus.COMPLETED
        assert found["openai"].charges["whisper-1.500-once"] == PARTS


@pytest.mark.parametrize("engine", ["openai", "yandex"])
def test_a_paid_engine_without_a_key_is_refused_at_the_door(engine, tmp_path):
    with ledger("sqlite", tmp_path, TENUTO_ENGINES='["fake", "openai", "yandex"]', **without_keys()) as here:
        file = here.house.files.save_audio_file(OWNER, make_recording(tmp_path / "a.wav", 2), "a.wav")
        with pytest.raises(errors.EngineMissing, match=f"TENUTO_{engine.upper()}_API_KEY"):
            submit(here, file, engine=engine)
        assert submit(here, file, engine="auto")


def without_keys():
    keys = ("OPENAI_", "YANDEX_", "TENUTO_OPENAI_", "TENUTO_YANDEX_")
    return {name: "" for name in os.environ if name.startswith(keys)}
