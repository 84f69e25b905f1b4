"""Computed timing on an imported network: demand from the routes of its vehicles, built and proved local."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import fields
from pathlib import Path

import pytest

from sim.demand.imported import Trip
from sim.errors import ConfigError
from sim.interventions.fixed_time import design_flows
from sim.policy import apply, empty_policy
from sim.signals.corridor import corridor
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests.sites import policy_of, street

ROUTES = {"W_J1 J1_J2 J2_E": 900, "E_J2 J2_J1 J1_W": 450, "N1_J1 J1_S1": 300, "N2_J2 J2_S2": 120}
"""Vehicles in the hour by route."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    imported = {
        "network": "net.net.xml",
        "trips": "demand/trips.csv.gz",
        "vehicle_types": "demand/vehicle_types.json",
    }
    found = street(tmp_path_factory.mktemp("street"), imported=imported)
    (found.folder / "demand").mkdir()
    begin_s = found.periods["am"].begin_s
    with gzip.open(found.folder / "demand" / "trips.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Trip)], restval="")
        writer.writeheader()
        for number, (edges, vehicles) in enumerate(ROUTES.items()):
            for i in range(vehicles):
                depart_s = begin_s + i * 3600 / vehicles - 15
                row = {"id": f"{number}.{i}", "depart_s": depart_s, "type": "car", "edges": edges}
                writer.writerow({**row, "stops": "[]"})
    types = {"types": {"car": {"vClass": "passenger"}}, "distributions": {}}
    (found.folder / "demand" / "vehicle_types.json").write_text(json.dumps(types), encoding="utf-8")
    return found


def test_flows_are_those_of_the_routes(site: Site) -> None:
    flows = design_flows(site, "am")
    west = site.network.approach_of_edge["W_J1"]
    through = next(m for m in west.movements if m.to_edge == "J1_J2")
    assert flows[through.id] == pytest.approx(900, rel=0.02)
    assert sum(flows.values()) == pytest.approx(900 * 2 + 450 * 2 + 300 + 120, rel=0.02)


def test_both_kinds_are_built_and_change_nothing_else(site: Site, tmp_path: Path) -> None:
    cycles = {j: site.signals["am"][j].programs["0"].cycle_s for j in ("J1", "J2")}
    policies = (
        policy_of(
            a={"kind": "optimise_splits", "junction": "J1", "expect": {"cycle_s": cycles["J1"]}},
            b={
                "kind": "optimise_splits",
                "junction": "J2",
                "expect": {"cycle_s": cycles["J2"]},
                "by": "storage",
            },
        ),
        policy_of(
            c={"kind": "coordinate", "junctions": ["J1", "J2"], "expect": {"cycles_s": cycles}, "cycle_s": 80}
        ),
    )
    base = build(site, apply(empty_policy(), site, "baseline"), "am", tmp_path)
    for policy in policies:
        applied = apply(policy, site, "policy")
        proof = prove(base, build(site, applied, "am", tmp_path), applied.footprint, applied.edits)
        assert proof.objects == {("signal_timing", "J1@am"), ("signal_timing", "J2@am")}
        assert len(applied.change_log) == len(policy.interventions)


def test_the_street_takes_its_green_from_the_side(site: Site) -> None:
    cycle_s = site.signals["am"]["J1"].programs["0"].cycle_s
    given = {"kind": "optimise_splits", "junction": "J1", "expect": {"cycle_s": cycle_s}, "cycle_s": cycle_s}
    applied = apply(policy_of(a=given), site, "policy")
    program = site.signals["am"]["J1"].programs["0"]
    (edit,) = applied.edits
    west = site.network.approach_of_edge["W_J1"]
    link = next(c.link for m in west.movements if m.to_edge == "J1_J2" for c in m.connections)
    before = sum(i.duration_s for i in program.intervals if i.state[link] == "G")
    after = sum(d for i, d in zip(program.intervals, edit.durations_s, strict=True) if i.state[link] == "G")
    assert after != before


def test_a_corridor_needs_a_street(site: Site) -> None:
    found = corridor(site.network, ["J2", "J1"], {}, "x")
    assert found.out[0] is not None
    assert found.out[0].edges == ("J2_J1",)
    with pytest.raises(ConfigError, match="a corridor has two junctions or more"):
        corridor(site.network, ["J1"], {}, "x")
