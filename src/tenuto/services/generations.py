"""GenerationService: music is asked for, one piece or many at once, and looked up in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from tenuto import errors
from tenuto.db.generations import Origin
from tenuto.db.models import GenerationRow, JobRow, PromptRow
from tenuto.db.repository import Page
from tenuto.db.work import Database, UnitOfWork
from tenuto.domain.generations import EVERYTHING, PromptOrder, Wanted, other_seeds, seed_of_prompt
from tenuto.media.encoding import file_ending
from tenuto.pipelines.compose import MUSIC
from tenuto.pipelines.compose import PIPELINE as COMPOSE
from tenuto.pipelines.first_words import first_words
from tenuto.services.processing import ProcessingService, Submission, Terms

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class MusicWish:
    """What somebody asks for: music by each of some prompts, each in so many takes."""

    prompts: Sequence[str] = ()
    takes: int | None = None  # each with a seed of its own; None for one piece
    options: Mapping[str, Any] = field(default_factory=dict)  # of a job that composes; a seed is that of the first take
    priority: int = 5
    hold: bool = False
    idempotency_key: str | None = None
    request_id: str = ""


@dataclass(frozen=True)
class Piece:
    """One piece that is about to be accepted."""

    wish: Submission
    take: int

    @property
    def prompt(self) -> str:
        """What it is to be composed from."""
        return str(self.wish.options["prompt"])

    def with_seed(self, seed: int) -> Piece:
        """The same with another seed."""
        return replace(self, wish=replace(self.wish, options={**self.wish.options, "seed": seed}))


@dataclass(frozen=True)
class Likeness:
    """What pieces are to be like."""

    parent: GenerationRow
    varied: bool  # with seeds that nothing like it had yet, chosen when the pieces are written


class GenerationService:
    """Generated music: asking for it, finding it, deleting it."""

    def __init__(self, database: Database, processing: ProcessingService) -> None:
        self.database, self.processing = database, processing

    def create(self, owner_id: int, wish: MusicWish) -> list[GenerationRow]:
        """Accept all of it or nothing, in one transaction; each piece comes with its job."""
        _check_number(wish)
        seeds = [_seed_in(wish, number) for number in range(len(wish.prompts))]
        takes = wish.takes or 1
        plans = [(prompt, seeds_of(prompt, seed, takes)) for prompt, seed in zip(wish.prompts, seeds, strict=True)]
        return self._accept(owner_id, _pieces(wish, plans, _request(wish)))

    def again(self, owner_id: int, uid: str, wish: MusicWish) -> list[GenerationRow]:
        """Music like a piece: its prompt, settings and seed but for what is wished otherwise; takes are variations."""
        with self.database.reading(owner_id) as work:
            row = work.generations.view(uid)
        prompt = wish.prompts[0] if wish.prompts else row.job.options["prompt"]
        like = replace(wish, prompts=[prompt], options={**_settings(row, prompt), **wish.options})
        _check_number(like)
        seeds = seeds_of(prompt, _seed_in(like, 0), wish.takes or 1)
        # What makes a request the same is what was sent: the seeds depend on what was made like it before.
        pieces = _pieces(like, [(prompt, seeds)], f"{uid} {_request(wish)}")
        return self._accept(owner_id, pieces, Likeness(row, wish.takes is not None and "seed" not in wish.options))

    def _accept(self, owner_id: int, pieces: Sequence[Piece], like: Likeness | None = None) -> list[GenerationRow]:
        if earlier := self._earlier(owner_id, pieces):
            return earlier
        terms = [self.processing.settle(piece.wish, None) for piece in pieces]
        try:
            with self.database.unit_of_work(owner_id) as work:
                return self._write(work, pieces, terms, like)
        except errors.ConflictError:  # The same request, sent twice at once, may have been faster.
            if earlier := self._earlier(owner_id, pieces):
                return earlier
            raise

    def _earlier(self, owner_id: int, pieces: Sequence[Piece]) -> list[GenerationRow]:
        """What this very request made when it was sent before, but for what was deleted since."""
        with self.database.reading(owner_id) as work:
            return _of_jobs(work, self._submitted(work, pieces))

    def _submitted(self, work: UnitOfWork, pieces: Sequence[Piece]) -> list[JobRow]:
        found = (self.processing.submitted(work, piece.wish) for piece in pieces)
        return [job for job in found if job is not None]

    def _write(
        self, work: UnitOfWork, pieces: Sequence[Piece], terms: Sequence[Terms], like: Likeness | None
    ) -> list[GenerationRow]:
        ids = work.prompts.count_uses(Counter(piece.prompt for piece in pieces))
        if self._submitted(work, pieces):  # Counting waited for whoever counts the same prompts.
            raise errors.ConflictError("The same request was accepted just now.")
        if like and like.varied:
            pieces = _varied(work, pieces, like.parent, ids)
        jobs = []
        for piece, term in zip(pieces, terms, strict=True):
            origin = Origin(ids[piece.prompt], like.parent.uid if like else None, piece.take)
            jobs.append(self.processing.submit_in(work, piece.wish, term, origin))
        return _of_jobs(work, jobs)

    def get(self, owner_id: int, uid: str) -> GenerationRow:
        """One piece, with its job and its prompt."""
        with self.database.reading(owner_id) as work:
            return work.generations.view(uid)

    def listed(
        self, owner_id: int, wanted: Wanted = EVERYTHING, *, limit: int = 50, cursor: str | None = None
    ) -> Page[GenerationRow]:
        """A page of pieces, newest first."""
        with self.database.browsing(owner_id) as work:
            return work.generations.listed(wanted, limit=limit, cursor=cursor)

    def counts(self, owner_id: int) -> dict[str, int]:
        """Status → number of pieces."""
        with self.database.browsing(owner_id) as work:
            return work.jobs.counts().get(COMPOSE.name, {})

    def delete(self, owner_id: int, uid: str) -> int:
        """Remove a piece that is finished with its job and all its files; return how many bytes that freed."""
        return self.processing.delete(owner_id, self.get(owner_id, uid).job.uid)

    def prompts(
        self,
        owner_id: int,
        query: str = "",
        *,
        order: PromptOrder = PromptOrder.NEWEST,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[PromptRow]:
        """A page of prompts: the newest first, or those that were used most."""
        with self.database.browsing(owner_id) as work:
            return work.prompts.listed(query, order=order, limit=limit, cursor=cursor)

    def delete_prompt(self, owner_id: int, uid: str) -> None:
        """Forget a prompt, and how often it was used, once no music of it is there."""
        with self.database.unit_of_work(owner_id) as work:
            row = work.prompts.held(uid)
            if number := work.prompts.pieces(row):
                pieces = "a piece" if number == 1 else f"{number} pieces"
                raise errors.ConflictError(f"The prompt has {pieces} of music; delete that first.")
            work.prompts.delete(row)


def music_name(row: GenerationRow) -> str:
    """What the file of the music is called among the artifacts of its job."""
    return f"{MUSIC}.{file_ending(row.format)}"


def seeds_of(prompt: str, seed: int | None, takes: int) -> list[int | None]:
    """The seeds of takes: the one that is given or follows from the prompt, then others; one take may do without."""
    if takes == 1:
        return [seed]
    first = seed_of_prompt(prompt) if seed is None else seed
    return [first, *islice(other_seeds(first), takes - 1)]


def _check_number(wish: MusicWish) -> None:
    prompts, takes = len(wish.prompts), 1 if wish.takes is None else wish.takes
    if not prompts:
        raise errors.ValidationError("There is no prompt to compose from.", field="prompts")
    if takes < 1:
        raise errors.ValidationError("takes must be 1 or more.", field="takes")
    if prompts * takes > MOST_AT_ONCE:
        raise errors.ValidationError(
            f"{prompts} prompts in {takes} takes each are {prompts * takes} pieces; one request takes {MOST_AT_ONCE} at"
            " most, so send several.",
            field="prompts" if prompts > 1 else "takes",
        )


def _seed_in(wish: MusicWish, number: int) -> int | None:
    """The seed that a wish names for one of its prompts; refuses options that make no sense."""
    try:
        seed: int | None = COMPOSE.check_options({**wish.options, "prompt": wish.prompts[number]})["seed"]
    except errors.ValidationError as error:
        if len(wish.prompts) == 1 or error.details.get("field") != "prompt":
            raise
        raise errors.ValidationError(
            f"Prompt {number + 1} of {len(wish.prompts)}: {error.message}", field="prompts"
        ) from error
    return seed


def _settings(row: GenerationRow, prompt: str) -> dict[str, Any]:
    """The options of a piece, as they turned out: its seed, and the engine where one was to be chosen."""
    options = {**row.job.options, "seed": row.seed, "engine": row.engine}
    if options.get("title") == first_words(row.job.options["prompt"]) and prompt != row.job.options["prompt"]:
        del options["title"]
    return options


def _request(wish: MusicWish) -> str:
    """What is the same when the same is asked for."""
    asked = [list(wish.prompts), wish.takes, dict(wish.options), wish.priority, wish.hold]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _pieces(wish: MusicWish, plans: Sequence[tuple[str, Sequence[int | None]]], request: str) -> list[Piece]:
    """Each prompt with each of its seeds; together they are one request, known again by its key."""
    found: list[Piece] = []
    for prompt, seeds in plans:
        for take, seed in enumerate(seeds, 1):
            submission = Submission(
                kind=COMPOSE.name,
                options={**wish.options, "prompt": prompt, "seed": seed},
                priority=wish.priority,
                hold=wish.hold,
                idempotency_key=_key(wish.idempotency_key, len(found)),
                request_id=wish.request_id,
                part_of=f"{request}:{len(found)}",
            )
            found.append(Piece(submission, take))
    return found


def _varied(
    work: UnitOfWork, pieces: Sequence[Piece], parent: GenerationRow, prompt_ids: Mapping[str, int]
) -> list[Piece]:
    """The same pieces, each with a seed that nothing of their prompt, and nothing like their parent, had yet."""
    work.generations.hold(parent)  # Counting waited for whoever counts the same prompt; there may be another prompt.
    used = work.generations.seeds_like(parent, prompt_ids.values())
    given = pieces[0].wish.options["seed"]
    first = seed_of_prompt(pieces[0].prompt) if given is None else given
    return [piece.with_seed(seed) for piece, seed in zip(pieces, other_seeds(first, used), strict=False)]


def _key(given: str | None, number: int) -> str | None:
    """The key of each job of a request; the first has the one that was given."""
    if given is None or number == 0:
        return given
    return f"{hashlib.sha256(given.encode()).hexdigest()}:{number}"


def _of_jobs(work: UnitOfWork, jobs: Sequence[JobRow]) -> list[GenerationRow]:
    """In the order of the jobs."""
    rows = work.generations.of_jobs([job.id for job in jobs])
    return [rows[job.id] for job in jobs]
