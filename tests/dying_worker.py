"""A real worker that is killed around its first paid call, at the point a job's title names; run as a program.

Each point is met once per job. `asked` and `answered` and `collecting` are met in the child (`dying_child`), which kills the
worker from there; `child` kills the child alone. Recordings are cut into parts of fifteen seconds. Everything else is tenuto's own code.
"""

import os
import signal
import sys
from pathlib import Path

from tenuto import bootstrap, logs, settings
from tenuto.engines.openai import OpenAITranscriber
from tenuto.engines.yandex import YandexTranscriber
from tenuto.services import running
from tenuto.services.run import Run
from tenuto.worker import main as worker_main

MARKS = Path(os.environ["TENUTO_TEST_RAN"]).parent
REMOTE = ("tenuto.engines.remote", "tenuto.engines.remote_voice")
IN_CHILD = ("asked", "answered", "child", "collecting")


def is_time(job, point):
    """Whether this is the point, for the first time."""
    if job.options.get("title") != point:
        return False
    try:
        os.close(os.open(MARKS / f"died-{job.uid}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def die(job, point):
    if is_time(job, point):
        os.kill(os.getpid(), signal.SIGKILL)


class DyingRun(Run):
    def note(self, name, part, known):
        if known.get("open"):
            die(self.job, "before")
        super().note(name, part, known)
        if known.get("open"):
            die(self.job, "noted")

    def call(self, key, target, payload, on_share, **options):
        verb = target.partition(":")[2]
        module = target.partition(":")[0]
        for point in IN_CHILD:
            mine = verb == ("collect" if point == "collecting" else "submit")
            if module in REMOTE and mine and is_time(self.job, point):
                target, payload = f"dying_child:{verb}", {**payload, "die_at": point, "module": module}
        answer = super().call(key, target, payload, on_share, **options)
        if verb == "submit":
            die(self.job, "told")
        return answer

    def keep(self, name, part, kept):
        super().keep(name, part, kept)
        die(self.job, "recorded" if kept.usage else "chunk")

    def _keep_part(self, index, started, kept, **options):
        super()._keep_part(index, started, kept, **options)
        if not options:
            die(self.job, "heard")


def main():
    running.Run = DyingRun
    OpenAITranscriber.block_seconds = YandexTranscriber.block_seconds = 15.0
    given = settings.load()
    logs.configure("INFO", "text")
    slots = int(os.environ.get("TENUTO_TEST_SLOTS", "1"))
    worker_main.work(bootstrap.build(given), concurrency=slots, drain="--drain" in sys.argv)


main()
