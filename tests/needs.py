"""What a test needs beyond Python packages: absent means skipped, or failed where everything must be there."""

import os
from importlib.util import find_spec

import pytest


def need(condition, reason):
    """Skip the test unless `condition` holds; fail it when TENUTO_REQUIRE_SERVICES=1."""
    if condition:
        return
    if os.environ.get("TENUTO_REQUIRE_SERVICES") == "1":
        pytest.fail(f"needed here and missing: {reason}")
    pytest.skip(reason)


def need_neural(*packages):
    """Skip a test, or a whole module, unless torch and the like are here; fail it in `make neural`, which brings them."""
    missing = [package for package in packages if find_spec(package) is None]
    if not missing:
        return
    reason = f"{' and '.join(missing)} not installed: `make neural` runs this"
    if os.environ.get("TENUTO_REQUIRE_NEURAL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)
