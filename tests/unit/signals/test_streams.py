"""What green each stream gets, read off programs; what the rules leave a stage; who is on a corridor."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.interventions.fixed_time import design_flows, fixed_time_program
from sim.signals.corridor import corridor
from sim.signals.design_rules import design_rules
from sim.signals.greens import Discharge
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.signals.streams import timing_problem
from sim.site.model import Site
from sim.sumo.site import load
from tests.sites import site_in_memory

TEXTBOOK = Discharge(1650, 3.0, 3.0)
"""L_s = 3 and a yellow of 3 s in use: effective green is displayed green."""


def in_memory(*intervals: Interval) -> tuple[Site, SignalProgram]:
    program = SignalProgram("J1", "p", intervals)
    return site_in_memory({"am": {"J1": SignalControl("J1", {"p": program}, "p")}}), program


def test_effective_green_of_two_plain_stages(repo_root: Path) -> None:
    site, program = in_memory(
        Interval(30, "Gr", "A"),
        Interval(3, "yr"),
        Interval(25, "rG", "B"),
        Interval(3, "ry"),
        Interval(2, "rr"),
    )
    flows = {"J1.north.through": 660.0, "J1.west.through": 330.0}
    rules = design_rules(repo_root)
    found = timing_problem(program, site.network, flows, TEXTBOOK, rules)
    assert found.fixed_s == 8
    north, west = found.streams
    assert (north.shares, north.constant_s, north.flow_ratio) == ((1, 0), 0, 0.4)
    assert west.shares == (0, 1)
    assert west.saturation((30, 25), 63) == pytest.approx(0.2 * 63 / 25)
    measured = timing_problem(program, site.network, flows, Discharge(1650, 2.5, 0.5), rules)
    assert measured.streams[0].constant_s == -2


def test_an_overlap_runs_in_both_stages_and_through_the_time_between(repo_root: Path) -> None:
    # North is green in A, between, and in B; west in C.
    site, program = in_memory(
        Interval(20, "Gr", "A"),
        Interval(3, "Gr"),
        Interval(15, "Gr", "B"),
        Interval(3, "yr"),
        Interval(25, "rG", "C"),
        Interval(3, "ry"),
    )
    found = timing_problem(
        program, site.network, {"J1.north.through": 1.0}, TEXTBOOK, design_rules(repo_root)
    )
    total_s = found.streams[0].effective_s(found.present_s)
    assert total_s == pytest.approx(38)  # 20 + 3 + 15, start-up loss and yellow cancel


def test_a_stream_that_nobody_uses_is_left_out(repo_root: Path) -> None:
    site, program = in_memory(Interval(30, "Gr"), Interval(3, "yr"), Interval(25, "rG"), Interval(3, "ry"))
    found = timing_problem(
        program, site.network, {"J1.north.through": 1.0}, TEXTBOOK, design_rules(repo_root)
    )
    assert [stream.name for stream in found.streams] == ["J1.north.through"]


def test_rules_of_another_name_are_refused(repo_root: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean chinese"):
        design_rules(repo_root, "chinse")


@pytest.fixture(scope="module")
def shiqiaopu(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return load(repo_root / "scenarios" / "shiqiaopu", tmp_path_factory.mktemp("store"))


def test_flows_are_the_counts_of_the_period(shiqiaopu: Site) -> None:
    flows = design_flows(shiqiaopu, "am_peak")
    counts = shiqiaopu.counts
    own = counts[
        (counts["period"] == "am_peak") & (counts["approach"] == "J1.west") & (counts["movement"] == "left")
    ]
    cars = own.loc[own["class"] == "car", "count"].sum()
    assert flows["J1.west.left"] >= cars > 0
    assert set(flows) == set(shiqiaopu.network.movements)


def test_who_walks_sets_the_shortest_green(shiqiaopu: Site, repo_root: Path) -> None:
    program = fixed_time_program(shiqiaopu, shiqiaopu.network.junctions["J1"], "am_peak", None, "x")
    flows = design_flows(shiqiaopu, "am_peak")
    found = timing_problem(program, shiqiaopu.network, flows, TEXTBOOK, design_rules(repo_root))
    least = {stage.name: stage.least_s for stage in found.stages}
    lengths = {c.edges: c.length_m for c in shiqiaopu.network.crossings if c.signal == program.signal}
    assert len(lengths) == 4
    assert least["B"] == least["D"] == 7  # left turns alone
    assert 7 + min(lengths.values()) - 5 <= least["A"] <= 7 + max(lengths.values()) - 5 + 1
    bare = timing_problem(
        program, shiqiaopu.network, flows, TEXTBOOK, design_rules(repo_root, "unconstrained")
    )
    bare_s = {stage.name: stage.least_s for stage in bare.stages}
    assert bare_s["B"] == bare_s["D"] == 5  # A and C: what is left for those who walk at their end


def test_a_bay_holds_what_it_is_long(shiqiaopu: Site, repo_root: Path) -> None:
    program = fixed_time_program(shiqiaopu, shiqiaopu.network.junctions["J1"], "am_peak", None, "x")
    flows = design_flows(shiqiaopu, "am_peak")
    found = timing_problem(program, shiqiaopu.network, flows, TEXTBOOK, design_rules(repo_root))
    storage = {stream.name: stream.storage_veh for stream in found.streams}
    assert storage["J1.west.left"] == pytest.approx(80 / 7.5, rel=0.1)


def test_a_corridor_finds_its_street_both_ways(shiqiaopu: Site) -> None:
    found = corridor(shiqiaopu.network, ["J1", "J2"], design_flows(shiqiaopu, "am_peak"), "x")
    assert found.out[0] is not None
    assert found.home[0] is not None
    assert 12 < found.out[0].travel_s < 20  # 260 m between the junctions at 50 km/h
    assert [m.id for m in found.out_moves if m] == ["J1.west.through", "J2.west.through"]
    assert [m.id for m in found.home_moves if m] == ["J1.east.through", "J2.east.through"]
