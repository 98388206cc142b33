"""A library of many songs: pages and searches, for words that are common, rare, or only begun.

    python benchmarks/song_library.py
    python benchmarks/song_library.py --songs 100000 --database postgresql://postgres@127.0.0.1:5432/bench

The titles are made of words whose frequency falls as in a language: the first stands in a third of all songs, most in a
few. The database that is named must be empty. Times are milliseconds of a whole call, its unit of work included, and of
the processor, which a busy machine does not stretch; the floor beside them is a page of rows of one table by its key.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import insert, text

from tenuto import bootstrap, settings
from tenuto.db.models import BUILT_IN_OWNER, FileRow, SongRow, SongTermRow, new_uid, now
from tenuto.db.repository import encode_cursor
from tenuto.db.work import EVERYONE, Database, UnitOfWork
from tenuto.domain.songs import SongSource, terms

VOCABULARY = 20_000
ARTISTS = 4_000
BATCH = 5_000
TIMES = 30


def main() -> None:
    """Fill once, ask often, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenuto-bench-") as folder:
        given = settings.load(data_dir=folder, database_url=arguments.database, database_read_url="")
        bootstrap.prepare_database(given)
        database = bootstrap.open_database(given)
        began = time.monotonic()
        fill(database, arguments.songs)
        filled = time.monotonic() - began
        found = {name: measured(database, ask) for name, ask in questions(arguments.songs).items()}
        json.dump({"songs": arguments.songs, "filled_seconds": round(filled, 1), "ms": found}, sys.stdout, indent=1)
        print()
        database.dispose()


def fill(database: Database, count: int) -> None:
    """Write songs in bulk, as no door does."""
    with database.unit_of_work(EVERYONE) as work:
        if database.engine.dialect.name == "sqlite":
            work.session.execute(text("PRAGMA cache_size=-262144"))
        for batch in batches(count):
            for model, rows in batch.items():
                work.session.execute(insert(model.__table__), rows)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def batches(count: int) -> Iterator[dict[Any, list[dict[str, Any]]]]:
    """Rows of files, songs and terms."""
    dice = random.Random(7)  # noqa: S311 - songs, not secrets
    words = ["the", "love", *(name(dice) for _ in range(VOCABULARY))]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    artists = [" ".join(dice.choices(words, weights, k=dice.randint(1, 3))).title() for _ in range(ARTISTS)]
    for first in range(1, count + 1, BATCH):
        batch: dict[Any, list[dict[str, Any]]] = {FileRow: [], SongRow: [], SongTermRow: []}
        for number in range(first, min(first + BATCH, count + 1)):
            # The artist of the oldest hundredth has no newer song: nothing is found by walking from the newest on.
            artist = "Zappanale" if number <= count // 100 else dice.choice(artists)
            title = " ".join(dice.choices(words, weights, k=dice.randint(1, 5)))
            add(batch, number, title, artist)
        yield batch


def add(batch: dict[Any, list[dict[str, Any]]], number: int, title: str, artist: str) -> None:
    """One song."""
    same = {"owner_id": BUILT_IN_OWNER, "created_at": now()}
    content = {"sha256": f"{number:064x}", "duration_ms": 200_000}
    sound = {"size_bytes": 1, "media_type": "audio/mpeg", "container": "mp3", "codec": "mp3", "channels": 2}
    plain = {"title": "", "warnings": [], "truncated": False, "sample_rate": 44_100, "name": f"{title}.mp3"}
    place = {"id": number, "uid": new_uid()}
    batch[FileRow].append({**place, **same, **content, **sound, **plain, "storage_key": f"content/{number}"})
    names = {"title": title, "artist": artist, "album": "", "separation": {}, "analysis": {}, "updated_at": now()}
    source = SongSource.LOCAL if number % 10 == 0 else SongSource.UPLOAD
    batch[SongRow].append({**place, "uid": new_uid(), **same, **content, **names, "source": source, "file_id": number})
    batch[SongTermRow] += [
        {"owner_id": BUILT_IN_OWNER, "song_id": number, "term": term} for term in terms(f"{title} {artist}")
    ]


def name(dice: random.Random) -> str:
    """A word of two to four syllables."""
    return "".join(dice.choice("bdfgklmnprstvz") + dice.choice("aeiou") for _ in range(dice.randint(2, 4)))


def questions(count: int) -> dict[str, Callable[[UnitOfWork], Any]]:
    """What people ask a library."""
    middle = encode_cursor(count // 2)
    searches = ["the", "th", "t", "love the", "the love", "the l", "zappanale", "zap", "zappanale the", "the zap"]
    searches += ["baba", "ba", "nothing like it", "the love ba", "love b", "t z"]
    asked: dict[str, Callable[[UnitOfWork], Any]] = {
        "floor: a page of rows": lambda work: work.songs.get_all(limit=50, cursor=middle),
        "newest page": lambda work: work.songs.listed(limit=50),
        "page in the middle": lambda work: work.songs.listed(limit=50, cursor=middle),
        "by source": lambda work: work.songs.get_songs_by_source(SongSource.LOCAL, limit=50),
        "by youtube id": lambda work: work.songs.get_song_by_youtube_id("never"),
    }
    for query in searches:
        asked[f"search {query!r}"] = lambda work, query=query: work.songs.search_songs(query, limit=50)  # type: ignore[misc]
    asked["search 'the', page in the middle"] = lambda work: work.songs.search_songs("the", cursor=middle)
    asked["search 'the' of a source"] = lambda work: work.songs.search("the", {"source": SongSource.LOCAL})
    return asked


def measured(database: Database, ask: Callable[[UnitOfWork], Any]) -> dict[str, float]:
    """Median and slowest of some calls, the processor time of one, and how many songs came."""
    taken, used = [], time.thread_time()
    for _ in range(TIMES):
        began = time.perf_counter()
        with database.reading(BUILT_IN_OWNER) as work:
            found = ask(work)
        taken.append((time.perf_counter() - began) * 1000)
    used = (time.thread_time() - used) * 1000 / TIMES
    items = getattr(found, "items", getattr(found, "rows", ()))
    figures = {"median": statistics.median(taken), "slowest": max(taken), "processor": used}
    return {name: round(figure, 2) for name, figure in figures.items()} | {"found": len(items or ())}


if __name__ == "__main__":
    main()
