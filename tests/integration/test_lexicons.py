"""A lexicon through a whole job: offered, applied, shown, taken back; and a broken one costs the prose only."""

from types import SimpleNamespace

import pytest

from ledgers import OWNER, ledger, make_recording
from tenuto.db.models import LexiconRuleRow
from tenuto.domain.jobs import JobStatus
from tenuto.domain.lexicons import Lexicon, Rule
from tenuto.engines.fake import VOCABULARY
from tenuto.pipelines.polish import hot_words
from tenuto.services.processing import Submission

BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
RULES = [Rule(word, f"{word} {word}") for word in VOCABULARY] + [Rule(r"\[(fake)\]", r"(\1)", "regex")]


def run(here, **options):
    source = make_recording(here.folder / "talk.wav", 12)
    file = here.house.files.save_audio_file(OWNER, source, "talk.wav")
    wish = Submission(file_uid=file.uid, options={"engine": "fake", "speakers": "off", **options})
    job = here.house.processing.submit(OWNER, wish)
    here.start_worker("--drain").wait(timeout=60)
    return here.job(job.uid), here.house.transcripts.of_job(OWNER, job.uid)


@BOTH
def test_a_lexicon_corrects_what_was_heard_and_can_be_undone(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        here.house.lexicons.create(OWNER, "Twice", rules=RULES)
        plain_job, plain = run(here)
        job, row = run(here, lexicon_id="Twice")
        assert (job.status, job.error_message) == (JobStatus.COMPLETED, None)
        assert not [warning for warning in job.warnings if warning not in plain_job.warnings]
        assert row.original_text == plain.original_text
        assert row.processed_text.count("(fake)") == plain.original_text.count("[fake]") > 0
        before = here.house.exports.transcript(OWNER, plain_job.uid)
        after = here.house.exports.transcript(OWNER, job.uid)
        for old, new in zip(before.segments, after.segments, strict=True):
            assert len(new.words) == 2 * len(old.words)
            assert (new.start_ms, new.end_ms) == (old.start_ms, old.end_ms)
            assert [word.start_ms for word in new.words[::2]] == [word.start_ms for word in old.words]
        found = here.house.transcripts.corrections(OWNER, row.uid)
        assert found["changes"] == len(found["shown"]) == sum(len(old.words) + 1 for old in before.segments)
        assert row.details["lexicon"] == {"id": job.options["lexicon_id"], "name": "Twice", "changes": found["changes"]}
        assert found["undone"] is False
        here.house.editing.undo(OWNER, row.uid, revision=row.revision)
        assert here.house.exports.transcript(OWNER, job.uid).text == row.original_text
        assert here.house.transcripts.corrections(OWNER, row.uid)["undone"] is True


@BOTH
def test_a_broken_lexicon_leaves_the_transcript_and_a_warning(kind, tmp_path):
    with ledger(kind, tmp_path) as here:
        lexicon = here.house.lexicons.create(OWNER, "Broken").row
        with here.house.database.unit_of_work(OWNER) as work:
            work.session.add(
                LexiconRuleRow(lexicon_id=lexicon.id, position=0, kind="regex", pattern="(", replacement="")
            )
        job, row = run(here, lexicon_id=lexicon.uid)
        assert job.status is JobStatus.COMPLETED
        assert [warning for warning in job.warnings if "'polish'" in warning and "RE2" in warning]
        assert row.original_text.startswith("[fake]")
        assert row.processed_text is None
        assert here.house.exports.transcript(OWNER, job.uid).text == row.original_text


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("point", ["computed:polish", "recorded:polish"])
def test_a_worker_that_dies_over_it_corrects_once(kind, point, tmp_path):
    with ledger(kind, tmp_path) as here:
        here.house.lexicons.create(OWNER, "Twice", rules=RULES)
        job, _ = run(here, lexicon_id="Twice", extra={"die_at": point})
        assert here.workers[-1].returncode == -9
        here.start_worker("--drain").wait(timeout=60)
        row = here.house.transcripts.of_job(OWNER, job.uid)
        assert here.job(job.uid).status is JobStatus.COMPLETED
        edits = here.house.editing.history(OWNER, row.uid)[1].rows
        assert [(edit.kind, edit.actor, edit.undone) for edit in edits] == [("lexicon", "tenuto", False)]
        assert row.revision == 1
        words = [
            word.text for segment in here.house.exports.transcript(OWNER, job.uid).segments for word in segment.words
        ]
        assert words[::2] == words[1::2]
        assert " ".join(words[::2]) == row.original_text.replace("[fake] ", "")


def steps_with(lexicon, *given):
    return SimpleNamespace(options={"hot_words": list(given)}, lexicon=lambda: lexicon)


def test_engines_are_told_what_the_lexicon_wants_to_read():
    lexicon = Lexicon("Names", tuple(Rule("x", f"word {number}") for number in range(600)))
    offered = hot_words(steps_with(lexicon, "mine", "word 3"), "whisper")
    assert offered[:4] == ["mine", "word 3", "word 0", "word 1"]
    assert len(offered) == 500
    assert hot_words(steps_with(lexicon, "mine"), "pocketsphinx") == ["mine"]
    assert hot_words(steps_with(None, "mine"), "whisper") == ["mine"]
