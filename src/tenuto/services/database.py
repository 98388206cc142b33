"""DatabaseService: numbers about the ledger, and whether the database is sound."""

from __future__ import annotations

from tenuto.db import inspection, migrate
from tenuto.db.work import EVERYONE, Database
from tenuto.pipelines.compose import PIPELINE as COMPOSE
from tenuto.queue import client as queue_client


class DatabaseService:
    """Looks at the database as a whole; also works on one whose schema is another's."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get_database_stats(self) -> dict[str, object]:
        """Jobs by kind and status, files, transcripts, songs, music, prompts, connections and schema."""
        with self.database.browsing(EVERYONE) as work:
            jobs, totals, songs = work.jobs.counts(), work.files.totals(), work.songs.counts()
            music, prompts = work.generations.totals(), work.prompts.total()
            size, transcripts = inspection.size_bytes(work.session), inspection.count_transcripts(work.session)
        return {
            "database": self.database.ping(),
            "size_bytes": size,
            "schema": migrate.state(self.database.engine).found,
            "jobs": jobs,
            "jobs_total": sum(number for kind in jobs.values() for number in kind.values()),
            "files": sum(count for _, _, count, _ in totals),
            "file_bytes": sum(total for *_, total in totals),
            "transcripts": transcripts,
            "songs": sum(songs.values()),
            "generations": jobs.get(COMPOSE.name, {}),
            "generations_total": sum(jobs.get(COMPOSE.name, {}).values()),
            "prompts": prompts,
            "music_seconds": music.seconds,
            "music_bytes": music.size_bytes,
            "pool": self.database.pool_numbers(),
        }

    def check(self) -> dict[str, object]:
        """Whether schema, queue and stored rows are as they should be."""
        schema = migrate.state(self.database.engine)
        queue_ready = queue_client.is_migrated(self.database.engine)
        problems = inspection.find_damage(self.database.engine)
        if schema.found is None:
            problems.append("The database is empty; run `tenuto db init`.")
        elif not schema.is_current:
            problems.append(f"The schema is {schema.found} and this version needs {schema.needed}.")
        elif not queue_ready:
            problems.append("The queue's tables are missing; run `tenuto db migrate`.")
        return {
            "sound": not problems,
            "database": self.database.ping(),
            "schema": schema.found,
            "schema_needed": schema.needed,
            "queue_ready": queue_ready,
            "problems": problems,
        }
