import pytest

from sim.controllers import make_controller
from sim.controllers.base import Advance, Hold, SignalView
from sim.errors import ConfigError

LANES = ("n_0", "e_0", "")


def view(state: str, elapsed_s: float, queue: dict[str, int]) -> dict[str, SignalView]:
    queue_veh = {"n_0": 0, "e_0": 0, **queue}
    return {"C": SignalView("C", 0, elapsed_s, state, LANES, queue_veh, queue_veh)}


@pytest.fixture
def law():  # type: ignore[no-untyped-def]
    fields = {
        "kind": "queue_extension",
        "signals": ["C"],
        "min_green_s": 10,
        "max_green_s": 40,
        "interval_s": 2,
    }
    return make_controller(fields, "controllers[0]")


def test_it_holds_at_least_the_minimum_green(law):  # type: ignore[no-untyped-def]
    assert law.decide(view("Grr", 4, {}), 4) == {"C": Hold(3)}


def test_it_ends_an_empty_green_after_the_minimum(law):  # type: ignore[no-untyped-def]
    assert law.decide(view("Grr", 10, {"e_0": 7}), 10) == {"C": Advance()}


def test_it_holds_while_its_own_queue_stands(law):  # type: ignore[no-untyped-def]
    assert law.decide(view("Grr", 38, {"n_0": 1}), 38) == {"C": Hold(3)}


def test_it_ends_at_the_maximum_whatever_stands(law):  # type: ignore[no-untyped-def]
    assert law.decide(view("Grr", 40, {"n_0": 9}), 40) == {"C": Advance()}


@pytest.mark.parametrize("state", ["yrr", "rrr", "Gyr", "GGG"])
def test_it_leaves_intergreens_and_what_nobody_waits_for_alone(law, state):  # type: ignore[no-untyped-def]
    assert law.decide(view(state, 60, {"n_0": 9}), 60) == {}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "queue_extention", "signals": ["C"]}, "did you mean queue_extension"),
        ({"kind": "queue_extension", "signals": []}, "names no signals"),
        ({"kind": "queue_extension", "signals": ["C"], "max_green_s": 5}, "min_green_s <= max_green_s"),
        ({"kind": "queue_extension", "signals": ["C"], "interval_s": 0}, "interval_s > 0"),
        ({"kind": "queue_extension", "signals": ["C"], "green_s": 5}, "green_s"),
    ],
)
def test_bad_fields_are_refused_with_their_place(fields, words):  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=words) as caught:
        make_controller(fields, "controllers[0]")
    assert caught.value.problems[0].path.startswith("controllers[0]")
