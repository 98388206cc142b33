"""Decks in a ledger, and what became of them."""

from decks import make_deck
from ledgers import OWNER
from tenuto.domain.presentations import Findings
from tenuto.pipelines.base import Outcome
from tenuto.services.presentation_jobs import keep_presentation
from tenuto.services.processing import Submission

SMALL = {"width": 320, "height": 180}
ENGINES = '["pocketsphinx", "fake", "fake-voice"]'
FAKE = {"engine": "fake-voice", **SMALL}
NOTES = {number: f"Slide {number} says this. And it says that." for number in range(1, 200)}


def add_deck(house, path, *, owner=OWNER, **deck):
    """The id of the file of a deck, which is made now."""
    return house.files.save_audio_file(owner, make_deck(path, **{"notes": NOTES, "slides": 3, **deck})).uid


def narrate(house, file_uid, *, owner=OWNER, **options):
    """Have a deck filmed; the presentation, with its job."""
    return house.presentations.create_of_file(owner, Submission(file_uid=file_uid, options={**FAKE, **options}))


def read(house, view):
    """What the first step of the job does, without a worker: the deck's slides are there afterwards."""
    deck = house.media.read_deck(house.content.storage.fetch(view.file.storage_key, house.settings.actual_work_dir))
    with house.database.unit_of_work(None) as work:
        keep_presentation(work, work.jobs.get(view.job.id), Outcome(presentation=Findings(deck=deck)))


def presented(house, path, *, owner=OWNER, options=FAKE, **deck):
    """A presentation whose deck was read, and whose job was cancelled."""
    view = narrate(house, add_deck(house, path, owner=owner, **deck), owner=owner, **options)
    read(house, view)
    house.processing.cancel(owner, view.job.uid)
    return house.presentations.get(owner, view.row.uid)


def slides_of(house, uid, owner=OWNER):
    """The slides in the order of the video."""
    return house.presentations.slides(owner, uid)[1]
