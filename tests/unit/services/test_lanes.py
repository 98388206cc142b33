"""A job waits in one lane, and a worker that takes some kinds serves no lane that may hold another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import errors
from tenuto.bootstrap import engine_config
from tenuto.pipelines.registry import PIPELINES
from tenuto.services.lanes import LanePlan
from tenuto.settings import load

CONFIG = engine_config(load(_env_file=None, engines=["fake", "pocketsphinx"]))
KINDS = st.sets(st.sampled_from(sorted(PIPELINES)), min_size=1)


def plan(own=(), **limits):
    return LanePlan(4, limits, sorted(own), CONFIG)


def test_without_a_wish_all_kinds_share_the_lanes_of_their_length():
    assert [lane.name for lane in plan().lanes()] == ["cpu", "short"]
    assert plan().lane_of("transcribe", "fake", None) == "cpu"
    assert plan(own=["transcribe"]).lane_of("transcribe", "fake", None) == "kind-transcribe"
    assert plan(own=["transcribe"], fake=1).lane_of("transcribe", "fake", None) == "engine-fake"


@given(KINDS, KINDS, st.booleans())
def test_a_worker_of_some_kinds_serves_all_their_lanes_and_no_other_kind(own, kinds, limited):
    made = plan(own, **({"fake": 1} if limited else {}))
    where = {kind: {f"kind-{kind}" if kind in own else "cpu"} for kind in PIPELINES}
    where["transcribe"] = {made.lane_of("transcribe", engine, None) for engine in ("auto", "fake")}
    try:
        served = {lane.name for lane in made.lanes_for(kinds)}
    except errors.SettingsError:
        assert set(PIPELINES) - own - kinds  # Only kinds that share a lane can stand in the way.
        return
    for kind, lanes in where.items():
        assert lanes <= served if kind in kinds else not lanes & served


def test_kinds_that_share_a_lane_are_not_told_apart():
    with pytest.raises(errors.SettingsError, match="TENUTO_KIND_LANES"):
        plan().lanes_for(["transcribe"])
    assert plan().lanes_for(PIPELINES) == plan().lanes()


def test_names_nobody_knows_are_refused():
    with pytest.raises(errors.SettingsError, match="dance"):
        plan(own=["dance"])
    with pytest.raises(errors.SettingsError, match="nobody"):
        plan(nobody=1)
