"""Which engines can be asked about."""

import pytest

from tenuto import errors
from tenuto.engines.config import EngineConfig
from tenuto.services.engines import EngineService


@pytest.fixture
def service(tmp_path):
    return EngineService(EngineConfig(models_dir=tmp_path, offered=("pocketsphinx",)))


def test_engines_of_every_kind_can_be_looked_at(service):
    names = [report.name for report in service.reports()]
    assert {"pocketsphinx", "ge2e", "pyannote"} <= set(names)
    assert [service.report(name).name for name in names] == names


@pytest.mark.parametrize("name", ["fake", "nobody", "os:system", ""])
def test_what_is_not_on_offer_is_refused(service, name):
    with pytest.raises(errors.ValidationError, match="choose one of: auto, pocketsphinx"):
        service.report(name)


def test_what_has_nothing_to_fetch_says_so(service):
    with pytest.raises(errors.ValidationError, match="ge2e has nothing to fetch"):
        service.fetch("ge2e", lambda _here, _all: None)
