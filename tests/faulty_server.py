"""A real server that kills itself, once, at the point TENUTO_TEST_DIE_AT names; run as a program.

Points on the way of an upload that becomes a job: spooled (half of it is written), probed, stored (bytes, no row yet), recorded (the
file's row is committed), submitted (the job is committed, nobody was told).
"""

import os
import signal
import sys

from tenuto import settings
from tenuto.api.server import serve
from tenuto.media.tools import MediaTools
from tenuto.services.content import ContentStore
from tenuto.services.files import FileService, Upload
from tenuto.services.processing import ProcessingService

WORK = "from tenuto import bootstrap, settings; from tenuto.worker.main import work; work(bootstrap.build(settings.load()))"


def dying_after(owner, name, point):
    original = getattr(owner, name)

    def wrapped(self, *arguments, **options):
        result = original(self, *arguments, **options)
        if os.environ.get("TENUTO_TEST_DIE_AT") == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, wrapped)


dying_after(Upload, "write", "spooled")
dying_after(MediaTools, "probe", "probed")
dying_after(ContentStore, "keep", "stored")
dying_after(FileService, "accept", "recorded")
dying_after(ProcessingService, "submit", "submitted")
serve(settings.load(), int(os.environ.get("TENUTO_WORKERS", "1")), worker_command=[sys.executable, "-c", WORK])
