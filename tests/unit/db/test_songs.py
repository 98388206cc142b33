"""The library in both databases: found by words, each owner's own, shown with the latest job in one statement."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from databases import OWNER, add_owner
from tenuto import errors
from tenuto.db import songs as songs_module
from tenuto.db.models import JobRow, SongRow
from tenuto.db.work import EVERYONE
from tenuto.domain.lyrics import plain
from tenuto.domain.lyrics_limits import MAX_LANGUAGE_LETTERS, check_lyrics
from tenuto.domain.songs import SongSource, terms
from unit.db.rows import new_file

WORDS = ("the", "there", "them", "blue", "bells", "b", "ночь", "café", "don't", "東京")


def add_song(work, title, artist="The Bells", **given):
    file = work.files.add(new_file(expires_at=None))
    content = {"sha256": file.storage_key[-64:].rjust(64, "0"), "file_id": file.id}
    return work.songs.create(SongRow(**{"title": title, "artist": artist, **content, **given}))


def add_job(work, song, **given):
    job = JobRow(kind="separate", file_id=song.file_id, **given)
    work.jobs.submit(job, actor="owner")
    work.song_jobs.attach(job, song)
    return job


def titles(page):
    return [view.row.title for view in page.items]


@contextmanager
def counted(database):
    """The statements that were sent."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith("SELECT songs"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_songs_come_with_their_latest_job_in_one_query(database):
    with database.unit_of_work(OWNER) as work:
        made = [add_song(work, f"Song {number}") for number in range(5)]
        jobs = [add_job(work, song) for song in made[:3] for _ in range(3)]
        work.lyrics.put(made[0], plain("la la"), origin="plain")
    with counted(database) as sent, database.reading(OWNER) as work:
        page = work.songs.listed(limit=50)
    assert len(sent) == 1
    assert [view.job and view.job.uid for view in page.items] == [None, None, jobs[8].uid, jobs[5].uid, jobs[2].uid]
    assert [view.lyrics_origin for view in page.items] == [None, None, None, None, "plain"]
    assert all(view.file.id == view.row.file_id for view in page.items)


def test_everything_of_a_song_is_its_owners(database):
    other = add_owner(database)
    with database.unit_of_work(OWNER) as work:
        mine = add_song(work, "Mine", youtube_id="abc", source=SongSource.YOUTUBE)
        add_job(work, mine)
        work.lyrics.put(mine, plain("secret words"), origin="plain")
    with database.reading(other) as work:
        assert work.songs.listed().items == []
        for query in ("mine", "min", "bells mine", "the bells mi"):
            assert work.songs.search_songs(query).items == [], query
        assert work.songs.get_songs_by_source(SongSource.YOUTUBE).items == []
        assert work.songs.get_song_by_youtube_id("abc") is None
        assert work.songs.by_content(mine.sha256) is None
        assert work.songs.of_file(mine.file_id) is None
        assert work.songs.jobs(mine).rows == []
        assert work.songs.imported() == {}
        assert work.lyrics.of_song(mine.id) is None
    with database.unit_of_work(other) as work:
        for look in (work.songs.get_by_id, work.songs.view, work.songs.held):
            with pytest.raises(errors.NotFound):
                look(mine.uid)
        add_song(work, "Mine", youtube_id="abc", sha256=mine.sha256)  # The same song may be in two libraries.


def test_the_predecessors_queries_answer(database):
    with database.unit_of_work(OWNER) as work:
        old = add_song(work, "Old", source=SongSource.LOCAL)
        new = add_song(work, "New", source=SongSource.YOUTUBE, youtube_id="xyz")
    with database.unit_of_work(OWNER) as work:
        assert [row.id for row in work.songs.get_all().rows] == [new.id, old.id]
        assert work.songs.get_by_id(old.uid).title == "Old"
        assert titles(work.songs.get_songs_by_source(SongSource.LOCAL)) == ["Old"]
        assert work.songs.get_song_by_youtube_id("xyz").id == new.id
        work.songs.update(work.songs.get_by_id(old.uid), title="Ancient")
        assert titles(work.songs.search_songs("old")) == []
        assert titles(work.songs.search_songs("anc")) == ["Ancient"]
        work.songs.delete(work.songs.get_by_id(old.uid))
        assert titles(work.songs.search_songs("bells")) == ["New"]


def test_songs_are_counted_without_being_read(database):
    other = add_owner(database)
    with database.unit_of_work(OWNER) as work:
        add_song(work, "One")
        add_song(work, "Two", source=SongSource.LOCAL)
        gone = add_song(work, "Three")
        work.songs.delete(gone)
    with pytest.raises(errors.NotFound), database.unit_of_work(OWNER) as work:
        work.songs.get(add_song(work, "Four").id + 1)
    with database.unit_of_work(other) as work:
        add_song(work, "Five")
    sent = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with database.reading(OWNER) as work:
        assert work.songs.counts() == {"local": 1, "upload": 1}
    assert not [statement for statement in sent if "FROM songs" in statement]
    with database.reading(EVERYONE) as work:
        assert work.songs.counts() == {"local": 1, "upload": 2}


@pytest.mark.parametrize("column", ["sha256", "youtube_id"])
def test_the_database_itself_keeps_songs_single(database, column):
    same = {column: "a" * 11}
    with database.unit_of_work(OWNER) as work:
        add_song(work, "One", **same)
    with pytest.raises(errors.ConflictError), database.unit_of_work(OWNER) as work:
        add_song(work, "Two", **same)


def test_lyrics_that_changed_meanwhile_are_not_overwritten(database):
    with database.unit_of_work(OWNER) as work:
        song = add_song(work, "One")
        assert work.lyrics.put(song, plain("a"), origin="plain", revision=0).revision == 1
        assert work.lyrics.put(song, plain("b"), origin="plain").revision == 2
        with pytest.raises(errors.StaleRevision):
            work.lyrics.put(song, plain("c"), origin="aligned", revision=1)
        assert work.lyrics.of_song(song.id).text == "b"


def expected(names, query):
    """What a search should find, the slow way."""
    words = terms(query)
    if not words:
        return []
    *whole, beginning = words
    found = [
        title
        for title, artist in names
        if set(whole) <= set(terms(f"{title} {artist}"))
        and any(term.startswith(beginning) for term in terms(f"{title} {artist}"))
    ]
    return found[::-1]


NAME = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


# With bounds this small, few songs take every way through the search that many take otherwise.
@pytest.mark.parametrize("few", [(1, 1), (2, 3), (3000, 5000)])
@settings(max_examples=15)
@given(names=st.lists(st.tuples(NAME, NAME), min_size=1, max_size=8), query=NAME, cut=st.integers(0, 3))
def test_a_search_finds_what_has_all_the_words(shared_database, few, names, query, cut):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(songs_module, "FEW_OF_A_WORD", few[0])
        patch.setattr(songs_module, "FEW_OF_A_BEGINNING", few[1])
        look_for(shared_database, names, query[: len(query) - cut])


def look_for(shared_database, names, query):
    owner = add_owner(shared_database)
    numbered = [(f"{title} n{number}", artist) for number, (title, artist) in enumerate(names)]
    with shared_database.unit_of_work(owner) as work:
        for title, artist in numbered:
            add_song(work, title, artist)
    with shared_database.reading(owner) as work:
        seen, cursor = [], None
        while True:
            page = work.songs.search_songs(query, limit=2, cursor=cursor)
            seen += titles(page)
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == expected(numbered, query)


@pytest.mark.parametrize("query", ['"', "%", "_", "a' OR 1=1 --", "x" * 5000, "a " * 5000, "\U0010ffff", "NEAR(a b)"])
def test_no_query_is_too_odd(database, query):
    with database.unit_of_work(OWNER) as work:
        add_song(work, "Blue")
        assert work.songs.search_songs(query).items in ([], ())


def test_lyrics_may_say_their_language_as_long_as_they_can(database):
    with database.unit_of_work(OWNER) as work:
        said = check_lyrics(replace(plain("a"), language="x" * MAX_LANGUAGE_LETTERS))
        assert work.lyrics.put(add_song(work, "Blue"), said, origin="json").language == said.language
