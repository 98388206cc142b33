"""A paid voice in real workers: every fault of the service, kill -9 around every call, budgets; charges are counted."""

import contextlib
import shutil
import signal
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import openai_server
import openai_voice
from ledgers import OWNER, TESTS, ledger
from needs import need
from presented import SMALL, add_deck
from tenuto import errors
from tenuto.domain.costs import Period
from tenuto.domain.jobs import JobStatus
from tenuto.pipelines.narrate_names import CHUNK
from tenuto.pipelines.paid_voice import ANSWER
from tenuto.services.processing import Submission

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
DYING = TESTS / "dying_worker.py"
TEXT = "Nothing is lost, and nothing is run twice."
LONG = " ".join(f"This is sentence number {number} of a text that is too long for one call." for number in range(60))
PIECES = 3
POINTS = ["before", "noted", "asked", "in-call", "answered", "child", "told", "recorded", "collecting", "heard"]
IN_DOUBT = ("noted", "asked", "in-call")  # the worker died without knowing whether the service was paid
PRICES = '{"openai-speech:tts-1": {"thousand_characters": 1}, "openai-speech": {"minute": 6}}'

# fault → (code the job fails with, calls, charges, whether a warning tells of a charge in doubt)
FAULTS = {
    "401": ("engine_auth", 1, 0, False),
    "403": ("engine_auth", 1, 0, False),
    "429": ("engine_rate", 2, 0, False),
    "429-after-once": ("", 2, 1, False),
    "quota": ("engine_quota", 2, 0, False),
    "quota-once": ("", 2, 1, False),
    "400": ("engine_refused", 1, 0, False),
    "500": ("engine_unavailable", 2, 0, False),
    "500-once": ("", 2, 1, False),
    "503-once": ("", 2, 1, False),
    "502-once": ("", 2, 2, True),
    "cut-once": ("", 2, 1, True),
    "cut-charged-once": ("", 2, 2, True),
    "half-once": ("", 2, 2, True),
    "slow-once": ("", 2, 2, True),
    "garbage": ("engine_bad_answer", 1, 1, False),
    "mute": ("engine_bad_answer", 1, 1, False),
}


@contextlib.contextmanager
def voiced(kind, folder, **more):
    """The service, and a ledger that leads to it."""
    with openai_server.openai_server() as service, ledger(kind, folder, **settings_for(service, **more)) as here:
        yield service, here


def settings_for(service, **more):
    return {
        "TENUTO_ENGINES": '["fake", "fake-voice", "openai-speech"]',
        "TENUTO_OPENAI_API_KEY": openai_server.KEY,
        "TENUTO_OPENAI_BASE_URL": service.url,
        "TENUTO_PRICES": PRICES,
        "PYTHONPATH": str(TESTS),
        **more,
    }


def say(here, text=TEXT, **options):
    wish = {"text": text, "engine": "openai-speech", "format": "wav", **options}
    return here.house.processing.submit(OWNER, Submission(kind="speak", options=wish)).uid


def narrate(here, folder, notes, **options):
    """A deck whose slides say these texts, and the job that has them said."""
    deck = add_deck(here.house, folder / "deck.pptx", slides=len(notes), notes=dict(enumerate(notes, 1)))
    wish = Submission(file_uid=deck, options={"engine": "openai-speech", **SMALL, **options})
    return here.house.presentations.create_of_file(OWNER, wish)


def drained(here, uid, **environment):
    """The job once a worker has done what it could."""
    assert here.start_worker("--drain", program=DYING, **environment).wait(timeout=240) == 0, here.logs()
    return here.job(uid)


def warned(job):
    return any("was cut off before its answer" in warning and "openai-speech" in warning for warning in job.warnings)


def leaks(folder):
    key = openai_server.KEY.encode()
    return [str(path) for path in Path(folder).rglob("*") if path.is_file() and key in path.read_bytes()]


def own_artifacts(here, uid):
    with here.house.database.reading(OWNER) as work:
        return {(row.kind, row.name) for row in work.artifacts.made_by(work.jobs.get_by_id(uid).id, without="")}


def usage(here):
    with here.house.database.reading(OWNER) as work:
        day = work.jobs.listed(limit=1).rows[0].created_at.date()
        return {(one.key, one.model): one for one in work.usage.by_engine(day, day)}


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_each_fault_is_tried_again_or_told_and_charges_are_known(tmp_path):
    more = {"TENUTO_MAX_ATTEMPTS": "2", "TENUTO_REMOTE_TIMEOUT_SECONDS": "6", "TENUTO_TEST_SLOTS": "5"}
    with voiced("sqlite", tmp_path, **more) as (service, here):
        service.gate_seconds = 9.0
        jobs = {fault: say(here, model=f"gpt-4o-mini-tts.{fault}") for fault in FAULTS}
        drained(here, jobs["401"])
        charged = {f"gpt-4o-mini-tts.{fault}": charges for fault, (_, _, charges, _) in FAULTS.items()}
        here.wait(lambda: all(service.charges[model] >= least for model, least in charged.items()), what="all charges")
        for fault, uid in jobs.items():
            code, calls, charges, doubt = FAULTS[fault]
            job, model = here.job(uid), f"gpt-4o-mini-tts.{fault}"
            assert (job.error_code or "") == code, (fault, job.error_message)
            assert (service.calls[model], service.charges[model]) == (calls, charges), fault
            assert warned(job) == doubt, (fault, job.warnings)
        assert not leaks(tmp_path)


def model_for(point):
    return f"gpt-4o-mini-tts.{'slow-once' if point == 'in-call' else f'ok-{point}'}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_killed_around_a_paid_call_never_pays_for_an_answer_twice(kind, tmp_path):
    with voiced(kind, tmp_path) as (service, here):
        workers = []
        service.gate_seconds = 0.5
        service.on_slow = lambda: workers[-1].kill()  # noqa: PLW0108
        jobs = {point: say(here, LONG, model=model_for(point), title=point) for point in POINTS}
        deaths = 0
        while here.house.processing.unfinished():
            workers.append(worker := here.start_worker("--drain", program=DYING))
            deaths += worker.wait(timeout=120) == -9
            assert worker.returncode in (0, -9), here.logs()
        assert deaths == len(jobs) - 1  # `child` takes only the child along
        for point, uid in jobs.items():
            job = here.job(uid)
            assert job.status is JobStatus.COMPLETED, (point, job.error_message)
            assert service.charges[model_for(point)] == PIECES + (point == "in-call"), point
            assert warned(job) == (point in IN_DOUBT), (point, job.warnings)
            paid = Counter(row.step for row in here.house.processing.steps(OWNER, uid) if row.step.startswith("paid:"))
            assert sorted(paid.values()) == [1] * PIECES, point
            assert own_artifacts(here, uid) == {("speech", "speech.wav")}, point
            assert not (here.settings.actual_work_dir / "receipts" / uid).exists()
        assert None not in service.keys
        assert not leaks(tmp_path)


@pytest.mark.parametrize("point", ["answered", "told", "recorded", "chunk"])
def test_a_deck_goes_on_behind_what_was_paid_for(point, tmp_path):
    with voiced("sqlite", tmp_path) as (service, here):
        notes = [f"Slide {number} says this in a sentence of its own." for number in (1, 2, 3)]
        view = narrate(here, tmp_path, notes, title=point)
        assert here.start_worker("--drain", program=DYING).wait(timeout=120) == -9
        job = drained(here, view.job.uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        asked = Counter(wish["input"] for wish in service.said)
        assert set(notes) == set(asked)
        assert set(asked.values()) == {1}
        assert not warned(job)


def test_two_slides_that_say_the_same_at_once_pay_once(tmp_path):
    with voiced("sqlite", tmp_path, TENUTO_TEST_SLOTS="2", TENUTO_CONCURRENCY="4") as (service, here):
        notes = ["We all say the very same sentence, and at the same time."] * 6
        view = narrate(here, tmp_path, notes)
        job = drained(here, view.job.uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert [wish["input"] for wish in service.said] == [notes[0]]
        steps = {row.step: row.result for row in here.house.processing.steps(OWNER, job.uid) if row.part == -1}
        assert steps["speak"]["made"] == 1
        assert any(
            "may sound wrong: it does not sound like" in warning for warning in job.warnings
        )  # asked once all the same
        assert {(key, one.requests, one.characters) for key, one in usage(here).items()} == {
            (("openai-speech", "gpt-4o-mini-tts"), 1, len(notes[0]))
        }


def test_a_deck_says_who_spoke_and_pays_for_an_edit_alone(tmp_path):
    need(shutil.which("flite"), "the program flite is not installed")
    with voiced("sqlite", tmp_path) as (service, here):
        service.voice = openai_voice.flite
        notes = ["The house is old and the garden is very large.", "Nobody knows what happened to the old machine."]
        view = narrate(here, tmp_path, notes, voice="coral", instructions="Speak slowly.", model="tts-1")
        job = drained(here, view.job.uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert job.engine == "openai-speech"
        told = here.house.presentations.slides(OWNER, view.row.uid)[1][0].spoken
        assert (told["engine"], told["model"], told["voice"]) == ("openai-speech", "tts-1", "coral")
        assert told["checks"] == {"alignment": 1}  # English is listened to, as nobody told when its words are said
        assert "takes no instructions" in " ".join(job.warnings)
        assert job.cost_micros == sum(len(wish["input"]) for wish in service.said) * 1_000

        calls = service.calls.total()
        here.house.presentations.edit(
            OWNER,
            view.row.uid,
            2,
            {"notes": "Quite another thing is said of this old machine, and it is said slowly."},
            revision=0,
        )
        again = here.house.presentations.render(OWNER, view.row.uid, Submission())
        job = drained(here, again.job.uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert service.calls.total() == calls + 1
        assert service.said[-1]["input"] == "Quite another thing is said of this old machine, and it is said slowly."
        with here.house.database.reading(OWNER) as work:
            assert len(work.artifacts.names_of_file(again.row.file_id, CHUNK)) == 2


def test_what_a_text_costs_is_estimated_set_aside_and_counted(tmp_path):
    with voiced("sqlite", tmp_path) as (_, here):
        exact = say(here, LONG, model="tts-1")
        assert here.job(exact).cost_estimate_micros == pytest.approx(len(LONG) * 1_000, rel=0.001)
        by_time = say(here, TEXT)
        assert here.job(by_time).cost_estimate_micros > 0
        drained(here, exact)
        job = here.job(exact)
        assert (job.status, job.cost_micros) == (JobStatus.COMPLETED, job.cost_estimate_micros)
        counted = usage(here)
        assert counted["openai-speech", "tts-1"].requests == PIECES
        mini = counted["openai-speech", "gpt-4o-mini-tts"]
        assert (mini.requests, mini.characters) == (1, len(TEXT))
        assert mini.audio_ms == 8 * (openai_voice.WORD_MS + openai_voice.GAP_MS)
        assert here.job(by_time).cost_micros == round(mini.audio_ms / 60_000 * 6 * 1e6)


def test_a_budget_refuses_a_text_at_the_door_and_a_deck_before_its_first_call(tmp_path):
    with voiced("sqlite", tmp_path) as (service, here):
        said = [f"This is sentence number {number}, and nobody else says the same." for number in range(101, 117)]
        notes, letters = [" ".join(said[:8]), " ".join(said[8:])], sum(map(len, said))
        here.house.budgets.put(OWNER, Period.TOTAL, "openai-speech", Decimal("0.7"))
        with pytest.raises(errors.BudgetExceeded):
            say(here, LONG, model="tts-1")
        view = narrate(here, tmp_path, notes, model="tts-1", language="fr")  # nobody listens to it, which takes long
        job = drained(here, view.job.uid)
        assert (job.error_code, job.cost_micros, service.calls.total()) == ("budget_exceeded", 0, 0), job.error_message
        here.house.budgets.put(OWNER, Period.TOTAL, "openai-speech", Decimal(2))
        here.house.processing.retry(OWNER, job.uid)
        job = drained(here, job.uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert letters * 1_000 == job.cost_micros == job.cost_estimate_micros > 700_000


def test_a_model_without_a_price_passes_no_budget(tmp_path):
    prices = '{"openai-speech:tts-1": {"thousand_characters": 1}}'
    with voiced("sqlite", tmp_path, TENUTO_PRICES=prices) as (_, here):
        unheld = say(here)
        assert "No price is set for the paid engine openai-speech" in here.job(unheld).warnings[0]
        here.house.budgets.put(OWNER, Period.MONTH, "", Decimal(100))
        with pytest.raises(errors.BudgetExceeded, match="gpt-4o-mini-tts"):
            say(here)
        assert say(here, model="tts-1")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_waits_for_a_call_that_is_paid_and_begins_no_other(stop, tmp_path):
    with voiced("sqlite", tmp_path, TENUTO_DRAIN_SECONDS="0") as (service, here):
        asked = threading.Event()
        service.on_slow = asked.set
        uid = say(here, LONG, model="gpt-4o-mini-tts.slow-once")
        worker = here.start_worker(program=DYING)
        assert asked.wait(60), here.logs()
        worker.send_signal(stop)
        service.on_answer = service.gate.set
        threading.Timer(2.0, service.gate.set).start()  # longer than the drain; nobody waits for this by the clock
        assert worker.wait(timeout=60) == 0, here.logs()
        assert service.charges["gpt-4o-mini-tts.slow-once"] == 1
        job = drained(here, uid)
        assert (job.status, service.charges["gpt-4o-mini-tts.slow-once"]) == (JobStatus.COMPLETED, PIECES)
        assert not warned(job)


def test_an_answer_is_kept_when_its_receipt_cannot_be_written_any_more(tmp_path):
    with voiced("sqlite", tmp_path) as (service, here):
        uid = say(here)
        folder = here.settings.actual_work_dir / "receipts" / uid

        def block():
            folder.rmdir()
            folder.write_bytes(b"in the way")

        service.on_answer = block
        job = drained(here, uid)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert service.charges["gpt-4o-mini-tts"] == 1


def test_another_machine_finds_what_the_ledger_has(tmp_path):
    with voiced("sqlite", tmp_path) as (service, here):
        uid = say(here, LONG, title="collecting")
        first = here.start_worker("--drain", program=DYING, TENUTO_WORK_DIR=str(tmp_path / "machine-1"))
        assert first.wait(timeout=60) == -9
        assert {kind for kind, _ in own_artifacts(here, uid)} == {ANSWER}
        shutil.rmtree(tmp_path / "machine-1")
        job = drained(here, uid, TENUTO_WORK_DIR=str(tmp_path / "machine-2"))
        assert (job.status, service.calls.total()) == (JobStatus.COMPLETED, PIECES)
        assert not warned(job)


def test_an_answer_that_nobody_can_hear_is_counted_and_told_when_it_is_asked_for_again(tmp_path):
    with voiced("sqlite", tmp_path, TENUTO_PRICES='{"openai-speech": {"request": 1}}') as (service, here):
        uid = say(here, model="gpt-4o-mini-tts.mute-once")
        job = drained(here, uid)
        assert (job.error_code, job.cost_micros) == ("engine_bad_answer", 1_000_000)
        here.house.processing.retry(OWNER, uid)
        job = drained(here, uid)
        assert (job.status, job.cost_micros) == (JobStatus.COMPLETED, 2_000_000)
        assert service.charges["gpt-4o-mini-tts.mute-once"] == 2
        assert any("both calls are counted" in warning for warning in job.warnings)


def test_calls_keep_to_the_rate_of_the_settings(tmp_path):
    with voiced("sqlite", tmp_path, TENUTO_ENGINE_RATE='{"openai-speech": "60/min"}') as (service, here):
        assert drained(here, say(here, LONG)).status is JobStatus.COMPLETED
        assert len(service.moments) == PIECES
        assert service.moments[-1] - service.moments[0] >= PIECES - 1 - 1  # the first call waits for its child to start


def test_what_cannot_be_said_is_refused_at_the_door(tmp_path):
    empty = {"TENUTO_OPENAI_API_KEY": "", "OPENAI_API_KEY": "", "TENUTO_OPENAI_BASE_URL": ""}
    with voiced("sqlite", tmp_path, **empty) as (_, here):
        with pytest.raises(errors.EngineMissing, match="TENUTO_OPENAI_API_KEY"):
            say(here)
        with pytest.raises(errors.EngineMissing, match="TENUTO_OPENAI_API_KEY"):
            narrate(here, tmp_path, ["One."])
        with pytest.raises(errors.ValidationError, match="cannot take the voice of a sample"):
            narrate(here, tmp_path, ["One."], voice_id="Ada")
        for name in ("model", "instructions"):
            with pytest.raises(errors.ValidationError, match=f"takes no {name}"):
                say(here, engine="fake-voice", **{name: "tts-1"})
        with pytest.raises(errors.ValidationError, match="4,096 characters"):
            say(here, instructions="x" * 4_097)
