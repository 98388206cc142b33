import pytest

from hostile.canary import canary_watch
from hostile.corpus import write_corpus


@pytest.fixture(scope="session")
def watch(tmp_path_factory):
    """The canary no recording may reach."""
    with canary_watch(tmp_path_factory.mktemp("canary")) as watched:
        yield watched


@pytest.fixture(scope="session")
def corpus(tmp_path_factory, watch):
    """Every hostile file, by the name of its case."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), watch.canary)
