"""Any program is read the same way: stages, limits, who goes when, coordination."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim.loading import parse
from sim.signals.from_plan import program_of
from sim.signals.plan import SignalPlan
from sim.signals.program import Interval, SignalProgram
from sim.signals.reading import Reading, read
from sim.signals.windows import Window, green_windows, longest, shortest, windows
from sim.site.network import Network
from tests.crossroads import STAGES


@pytest.fixture
def network(crossroads_network: Network) -> Network:
    return crossroads_network


def program(network: Network, **more: Any) -> SignalProgram:
    plan = parse(SignalPlan, {"stages": STAGES, "offset_s": 10}, "plan")
    return replace(program_of(plan, network.junctions["J1"], network, "plan"), **more)


def windows_of(reading: Reading, name: str) -> list[tuple[float, float, str]]:
    return [tuple(w) for group in reading.groups if group.name == name for w in group.windows]  # type: ignore[misc]


def test_the_plan_on_the_wall_comes_back(network: Network) -> None:
    found = read(program(network), network)
    assert (found.cycle_s, found.offset_s, found.kind, found.coordinated) == (90, 10, "static", True)
    a, b, c = found.stages
    assert [s.name for s in found.stages] == ["A", "B", "C"]
    assert [s.begin_s for s in found.stages] == [0, 35, 55]
    assert [s.green_s for s in found.stages] == [30, 15, 30]
    assert {(s.yellow_s, s.all_red_s) for s in found.stages} == {(3, 2)}
    assert set(a.protected) == {"J1.east.through", "J1.west.through"}
    assert a.crossings == ("J1.north", "J1.south")
    assert (a.clearance_s, b.clearance_s, c.clearance_s) == (8, 0, 8)
    assert {"J1.north.left", "J1.south.left"} <= set(c.permissive)
    assert {"J1.north.right", "J1.east.right"} <= set(found.free), "right turns that no stage names"
    assert not set(found.free) & {name for s in found.stages for name in (*s.protected, *s.permissive)}
    assert {s.min_green_s for s in found.stages} == {None}


def test_what_a_movement_and_a_crossing_see(network: Network) -> None:
    found = read(program(network), network)
    assert windows_of(found, "J1.east.left") == [
        (0, 35, "r"),
        (35, 50, "G"),
        (50, 53, "y"),
        (53, 90, "r"),
    ] or (windows_of(found, "J1.east.left") == [(35, 50, "G"), (50, 53, "y"), (53, 125, "r")])
    crossing = next(g for g in found.groups if g.name == "J1.north" and g.kind == "crossing")
    assert [w for w in crossing.windows if w.letter == "G"] == [Window(0, 22, "G")]
    left = next(g for g in found.groups if g.name == "J1.west.left")
    assert (left.bearing_deg, left.exit_bearing_deg) == (270, 0), "from the west it leaves to the north"


def test_limits_of_an_actuated_program(network: Network) -> None:
    static = program(network)
    intervals = tuple(replace(i, min_s=10, max_s=50) if i.name == "A" else i for i in static.intervals)
    actuated = replace(static, kind="actuated", intervals=intervals)
    found = read(actuated, network)
    first = found.stages[0]
    assert first.green_s == 30, "as written"
    assert (first.min_green_s, first.max_green_s) == (18, 58), "10 to 50 s and the 8 s in which walkers clear"
    assert not found.coordinated
    assert read(replace(actuated, params=(("coordinated", "true"),)), network).coordinated
    assert shortest(actuated).cycle_s == 90 - 12
    assert longest(actuated).cycle_s == 90 + 28
    assert shortest(static) is static


def test_a_nema_program_is_laid_out_ring_by_ring(network: Network) -> None:
    links = len(program(network).intervals[0].state)
    column = {
        m: next(c.link for c in network.movements[f"J1.{m}"].connections)
        for m in ("east.left", "west.through")
    }

    def phase(name: str, movement: str, longest_s: float) -> Interval:
        state = "".join("G" if k == column[movement] else "r" for k in range(links))
        extra = (("vehext", "2"), ("yellow", "3"), ("red", "2"))
        return Interval(99, state, name, min_s=7, max_s=longest_s, extra=extra)

    nema = SignalProgram(
        "J1", "n", (phase("1", "east.left", 20), phase("6", "west.through", 30)), kind="NEMA",
        params=(("ring1", "1"), ("ring2", "6"), ("coordinatePhases", "6")),
    )  # fmt: skip
    found = read(nema, network)
    assert [(s.name, s.green_s, s.yellow_s, s.all_red_s) for s in found.stages] == [
        ("1", 20, 3, 2),
        ("6", 30, 3, 2),
    ]
    assert {(s.begin_s, s.min_green_s) for s in found.stages} == {(0, 7)}, "the rings begin together"
    assert found.cycle_s == 35
    assert windows_of(found, "J1.east.left")[0] == (0, 20, "G")
    assert windows_of(found, "J1.west.through")[0] == (0, 30, "G")
    assert found.coordinated


def test_runs_over_the_end_of_the_cycle_are_one() -> None:
    wrapped = SignalProgram(
        "S", "p", (Interval(5, "G"), Interval(3, "y"), Interval(20, "r"), Interval(4, "g"))
    )
    assert windows(wrapped, 0) == (
        Window(5, 8, "y"),
        Window(8, 28, "r"),
        Window(28, 32, "g"),
        Window(0, 5, "G"),
    ) or (
        set(windows(wrapped, 0))
        == {Window(0, 5, "G"), Window(5, 8, "y"), Window(8, 28, "r"), Window(28, 32, "g")}
    )
    assert green_windows(wrapped, 0) == (Window(28, 37, "G"),)
