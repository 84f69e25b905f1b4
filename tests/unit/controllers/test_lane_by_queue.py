import pytest

from sim.controllers import make_controller
from sim.controllers.base import SignalView, Switch
from sim.errors import ConfigError

FIELDS = {
    "kind": "lane_by_queue",
    "signal": "C",
    "lane": "w_1",
    "today_lanes": ["w_0"],
    "then_lanes": ["w_2"],
    "today": {":C_1_0": ["bus", "passenger"]},
    "then": {":C_2_0": ["passenger"]},
    "spans_s": [[100, 400]],
    "every_s": 20,
    "more_veh": 2,
}
TO_THEN = {"C": Switch({":C_2_0": ("passenger",)}, (":C_1_0",))}
TO_TODAY = {"C": Switch({":C_1_0": ("bus", "passenger")}, (":C_2_0",))}


def view(today: int, own: int, then: int) -> dict[str, SignalView]:
    queue_veh = {"w_0": today, "w_1": own, "w_2": then}
    return {"C": SignalView("C", 0, 0, "r", ("w_0",), queue_veh, queue_veh)}


@pytest.fixture
def law():  # type: ignore[no-untyped-def]
    return make_controller(FIELDS, "controllers[0]")


def decided(law, begin_s, queues):  # type: ignore[no-untyped-def]
    """Show one view every five seconds and return the last answer, after nothing but silence."""
    *before, last = [law.decide(view(*q), begin_s + 5 * n) for n, q in enumerate(queues)]
    assert not any(before)
    return last


def test_it_changes_when_the_other_use_queues_longer_on_average(law):  # type: ignore[no-untyped-def]
    assert decided(law, 100, [(2, 0, 2), (2, 0, 2), (2, 0, 6), (2, 0, 7)]) == TO_THEN
    # mean of own and then lanes, 2, against 3: not enough to go back, then enough
    assert decided(law, 120, [(3, 2, 2)] * 4) == {}
    assert decided(law, 140, [(5, 2, 2)] * 4) == TO_TODAY


def test_its_own_queue_counts_for_the_use_that_runs(law):  # type: ignore[no-untyped-def]
    assert decided(law, 100, [(4, 8, 8)] * 4) == {}  # eight against the mean of four and eight
    assert decided(law, 120, [(4, 6, 8)] * 4) == TO_THEN


def test_it_leaves_the_lane_alone_outside_the_hours_and_goes_back_at_their_end(law):  # type: ignore[no-untyped-def]
    assert decided(law, 60, [(0, 0, 9)] * 8) == {}
    assert decided(law, 380, [(0, 0, 9)] * 4) == TO_THEN
    assert law.decide(view(0, 0, 9), 400) == TO_TODAY
    assert law.decide(view(0, 0, 9), 405) == {}


def test_it_looks_every_time(law):  # type: ignore[no-untyped-def]
    assert law.signals == ("C",)
    assert law.due(17.0) == ("C",)


@pytest.mark.parametrize(
    ("fields", "words"), [({"then_lanes": []}, "a lane beside it"), ({"every_s": 1}, "interval_s <= every_s")]
)
def test_bad_fields_are_refused_with_their_place(fields, words):  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=words):
        make_controller({**FIELDS, **fields}, "controllers[0]")
