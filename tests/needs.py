"""What a test needs beyond Python packages: absent means skipped, or failed where everything must be there."""

import os

import pytest


def need(condition, reason):
    """Skip the test unless `condition` holds; fail it when TENUTO_REQUIRE_SERVICES=1."""
    if condition:
        return
    if os.environ.get("TENUTO_REQUIRE_SERVICES") == "1":
        pytest.fail(f"needed here and missing: {reason}")
    pytest.skip(reason)
