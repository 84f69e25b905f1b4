"""Plans become programs: letters, overlaps, shifts, turns that give way, and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.errors import ConfigError
from sim.loading import parse
from sim.signals.from_plan import program_of
from sim.signals.plan import SignalPlan
from sim.signals.program import GREEN, SignalProgram
from sim.site.network import Network
from sim.sumo.plain import NETWORK_FILE, build_network, names_of
from sim.sumo.read_network import read_network
from tests.crossroads import STAGES, Facts, crossroads


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = tmp_path_factory.mktemp("crossroads")
    facts = crossroads()
    build_network(facts, folder)
    return read_network(folder / NETWORK_FILE, names_of(facts))


def program(network: Network, **stages: Any) -> SignalProgram:
    plan = parse(SignalPlan, {"stages": stages or STAGES, "offset_s": 10}, "plan")
    return program_of(plan, network.junctions["J1"], network, "plan")


def column(found: SignalProgram, network: Network, name: str) -> str:
    """Return one letter per second of what a movement or crossing sees."""
    if name.startswith("crossing "):
        crossing = network.approaches[f"J1.{name.split()[1]}"].crossing
        assert crossing is not None
        links = {crossing.link}
    else:
        links = {c.link for c in network.movements[f"J1.{name}"].connections}
    shown = {
        "".join(i.state[k] * round(i.duration_s) for i in found.intervals) for k in links if k is not None
    }
    assert len(shown) == 1, "lanes of one movement differ"
    return shown.pop()


def problems(network: Network, **stages: Any) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        program(network, **stages)
    return [str(problem) for problem in refused.value.problems]


def test_the_plan_on_the_wall(network: Network) -> None:
    found = program(network)
    assert found.cycle_s == 90
    assert found.offset_s == 10
    assert column(found, network, "east.through") == "G" * 30 + "y" * 3 + "r" * 57
    assert column(found, network, "east.left") == "r" * 35 + "G" * 15 + "y" * 3 + "r" * 37
    assert column(found, network, "north.left") == "r" * 55 + "g" * 30 + "y" * 3 + "r" * 2
    assert column(found, network, "crossing north") == "G" * 22 + "r" * 68, "walking ends with its flash"
    for approach in ("north", "east", "south", "west"):
        assert column(found, network, f"{approach}.right") == "g" * 90, "free right turn"


def test_stages_can_be_read_back(network: Network) -> None:
    stages = program(network).stages()
    assert [(s.name, s.green_s, s.intergreen_s) for s in stages] == [("A", 30, 5), ("B", 15, 5), ("C", 30, 5)]


def test_a_movement_of_two_stages_running_stays_green_between_them(network: Network) -> None:
    both = {**STAGES, "B": {**STAGES["B"], "green": ["east.left", "east.through"]}}
    with_west = {**both, "D": {**STAGES["B"], "green": ["west.left"]}}
    found = program(network, **with_west)
    assert column(found, network, "east.through") == "G" * 50 + "y" * 3 + "r" * 57
    assert column(found, network, "west.through") == "G" * 30 + "y" * 3 + "r" * 77
    assert [s.name for s in found.stages()] == ["A", "B", "C", "D"]


def test_an_overlap_runs_over_the_end_of_the_cycle(network: Network) -> None:
    last = {**STAGES["B"], "green": ["east.left", "east.through"]}
    found = program(network, A=STAGES["A"], C=STAGES["C"], B=last, D={**STAGES["B"], "green": ["west.left"]})
    assert column(found, network, "east.through").count("y") == 6
    around = program(network, A=STAGES["A"], D={**STAGES["B"], "green": ["west.left"]}, C=STAGES["C"], B=last)
    assert column(around, network, "east.through") == "G" * 30 + "y" * 3 + "r" * 57 + "G" * 20


def test_protected_then_permissive_is_permissive_in_between(network: Network) -> None:
    stages = {
        "A": {**STAGES["A"], "permissive": ["east.left", "west.left"]},
        "B": STAGES["B"],
        "C": STAGES["C"],
    }
    assert (
        column(program(network, **stages), network, "east.left") == "g" * 35 + "G" * 15 + "y" * 3 + "r" * 37
    )


def test_a_stage_is_as_long_as_its_plan_says_also_where_somebody_stays_green_into_the_next(
    network: Network,
) -> None:
    common = {"green_s": 20, "yellow_s": 3, "all_red_s": 2}
    stages = {
        "A": {**common, "green": ["north.left", "north.through"]},
        "B": {**common, "green": ["north.through", "south.through"], "crossings": ["east", "west"]},
        "C": {**common, "green": ["south.through", "south.left"]},
        "D": {**common, "green": ["east.left", "west.left"]},
        "E": {**common, "green": ["east.through", "west.through"], "crossings": ["north", "south"]},
    }
    found = program(network, **stages)
    assert column(found, network, "north.through").startswith("G" * 45 + "y")
    assert [(s.name, s.green_s, s.intergreen_s) for s in found.stages()] == [(n, 20, 5) for n in "ABCDE"]
    assert column(found.retimed({"A": 30}), network, "north.left").startswith("G" * 30 + "y")


def test_late_start_and_early_cut(network: Network) -> None:
    shifted = {**STAGES["A"], "late_start_s": {"west.through": 4}, "early_cut_s": {"west.through": 6}}
    found = program(network, **{**STAGES, "A": shifted})
    assert column(found, network, "west.through") == "r" * 4 + "G" * 20 + "y" * 3 + "r" * 63
    assert column(found, network, "east.through") == "G" * 30 + "y" * 3 + "r" * 57
    assert [(s.name, s.green_s) for s in found.stages()] == [("A", 30), ("B", 15), ("C", 30)]
    longer = found.retimed({"A": 40})
    assert column(longer, network, "west.through").count("G") == 30
    assert longer.cycle_s == 100


@pytest.mark.parametrize(("crossings", "letter"), [(["east", "west"], "g"), ([], "G")])
def test_a_right_turn_in_a_stage_gives_way_only_where_somebody_walks(
    network: Network, crossings: list[str], letter: str
) -> None:
    stage = {**STAGES["C"], "green": [*STAGES["C"]["green"], "north.right"], "crossings": crossings}
    walk = {"green": ["west.right"], "crossings": ["east", "west"], "green_s": 20}
    found = program(
        network, **{**STAGES, "C": {**stage, "permissive": ["north.left", "south.left"]}, "D": walk}
    )
    assert set(column(found, network, "north.right")) == {letter, "y", "r"}


def test_a_right_turn_gives_way_to_its_own_and_its_exits_crossing(network: Network) -> None:
    foes = network.foes
    for approach, to in {"north": "west", "east": "north", "south": "east", "west": "south"}.items():
        for connection in network.movements[f"J1.{approach}.right"].connections:
            for zebra in (approach, to):
                crossing = network.approaches[f"J1.{zebra}"].crossing
                assert crossing is not None
                assert crossing.key in foes[connection.key]


def test_every_interval_is_free_of_conflicts_and_the_cycle_is_exact(network: Network) -> None:
    found = program(network)
    for interval in found.intervals:
        green = [
            key
            for link, keys in network.links["J1"].items()
            if interval.state[link] == "G"
            for key in keys
        ]  # fmt: skip
        assert not [(a, b) for a in green for b in green if b in network.foes[a]]
        assert interval.duration_s > 0
    assert sum(i.duration_s for i in found.intervals) == 90
    assert any(c in GREEN for c in found.intervals[0].state)


def test_a_u_turn_that_no_stage_names_goes_with_the_left_turn(tmp_path: Path) -> None:
    def turn_back(data: Facts) -> None:
        data["junctions"]["J1"]["approaches"]["east"]["lanes"][0]["use"] = "uturn+left"

    facts = crossroads(turn_back)
    build_network(facts, tmp_path)
    network = read_network(tmp_path / NETWORK_FILE, names_of(facts))
    found = program(network)
    assert column(found, network, "east.left") == "r" * 35 + "G" * 15 + "y" * 3 + "r" * 37
    assert column(found, network, "east.uturn") == "r" * 35 + "g" * 15 + "y" * 3 + "r" * 37


def test_fractions_of_a_second_add_up(network: Network) -> None:
    stages = {name: {**stage, "green_s": stage["green_s"] + 1 / 3} for name, stage in STAGES.items()}
    assert program(network, **stages).cycle_s == pytest.approx(91, abs=2e-3)


def test_conflicting_greens_are_refused_once_per_pair(network: Network) -> None:
    found = problems(
        network, **{**STAGES, "A": {**STAGES["A"], "green": [*STAGES["A"]["green"], "east.left"]}}
    )
    assert any(p.startswith("plan.stages.A: ") and "east.left" in p and "west.through" in p for p in found)
    assert all("cross each other and are both green (list the one that gives way" in p for p in found)
    assert len(found) == len(set(found))


def test_a_left_turn_over_a_walking_crossing_is_refused(network: Network) -> None:
    found = problems(network, **{**STAGES, "B": {**STAGES["B"], "crossings": ["south"]}})
    assert any("east.left" in p and "crossing south" in p for p in found), found


def test_unknown_and_unserved_are_named_together(network: Network) -> None:
    stage = {**STAGES["A"], "green": ["east.trough"], "crossings": ["nord", "south"]}
    first = problems(network, **{**STAGES, "A": stage})
    assert first == [
        "plan.stages.A.green[0]: no movement 'east.trough' at junction 'J1' "
        "(did you mean east.through or west.through or east.right?)",
        "plan.stages.A.crossings[0]: no crossing on a leg 'nord' of junction 'J1' (did you mean north?)",
    ]
    assert problems(network, A={**STAGES["A"], "crossings": ["south"]}, B=STAGES["B"]) == [
        "plan.stages: no stage serves the movement 'north.left'",
        "plan.stages: no stage serves the movement 'north.through'",
        "plan.stages: no stage serves the movement 'south.left'",
        "plan.stages: no stage serves the movement 'south.through'",
        "plan.stages: no stage lets the crossing 'east' walk (list it in a stage's `crossings`)",
        "plan.stages: no stage lets the crossing 'north' walk (list it in a stage's `crossings`)",
        "plan.stages: no stage lets the crossing 'west' walk (list it in a stage's `crossings`)",
    ]


def test_shifts_that_leave_no_green_are_refused(network: Network) -> None:
    stage = {**STAGES["A"], "late_start_s": {"east.through": 20}, "early_cut_s": {"east.through": 10}}
    found = problems(
        network, **{**STAGES, "A": {**stage, "early_cut_s": {**stage["early_cut_s"], "east.left": 3}}}
    )
    assert found == [
        "plan.stages.A.early_cut_s.east.left: not green in this stage (known: east.through, west.through)",
        "plan.stages.A: late start 20 s and early cut 10 s leave 'east.through' none of the green of 30 s",
    ]


@pytest.mark.parametrize("green_s", [0, -5])
def test_a_stage_without_green_is_refused(green_s: float) -> None:
    stages = {**STAGES, "B": {**STAGES["B"], "green_s": green_s}}
    with pytest.raises(ConfigError, match=r"stages\.B\.green_s"):
        parse(SignalPlan, {"stages": stages}, "plan")
