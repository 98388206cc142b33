"""Steps that run engines and media where they are, for tests of how slides are spoken."""

from tenuto import children
from tenuto.domain.media import MediaLimits
from tenuto.engines.config import EngineConfig
from tenuto.media.tools import MediaTools
from tenuto.pipelines.base import Steps


class HerePool:
    """Calls its targets in this process."""

    def call(self, _key, target, payload, **_options):
        return children.run_here(target, payload, lambda _event: None)


class SpeakingSteps(Steps):
    """Counts the calls of engines."""

    def __init__(self, folder, offered=("fake-voice",)):
        self.folder, self.options = folder, {}
        self.engines = EngineConfig(folder, offered=offered)
        self.media = MediaTools(HerePool(), MediaLimits())
        self.calls = []

    def call(self, key, target, payload, on_share, *, timeout_seconds):
        assert timeout_seconds > 0
        self.calls.append((key, payload))
        return children.run_here(target, payload, lambda event: on_share(event["progress"]))

    def should_stop(self):
        return False
