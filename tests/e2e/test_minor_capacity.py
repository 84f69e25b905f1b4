"""Signals at a junction without any get a verdict only where today's minor capacity has been observed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.checks.minor_capacity import gap_capacity
from sim.site.facts import FieldValues
from sim.site.right_of_way import gives_way
from tests.theory.isolated import PERIOD, Evaluated, Facts, draw, evaluate, junction, site_data, stage

SIGNALS: Facts = {
    "kind": "signalise",
    "junction": "J1",
    "expect": {"control": "priority"},
    "plan": {"stages": {"EW": stage(["east.through", "west.through"], 30),
                        "NS": stage(["north.through", "south.through"], 30)}},
}  # fmt: skip
MINOR = ["J1.north", "J1.south"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A street of 700 vehicles an hour each way; more come from the north than its gaps hold."""
    major = {"speed_kmh": 60, "lanes": [{"use": "through"}], "exit_lanes": 1}
    minor = {**major, "speed_kmh": 40}
    data = site_data(15, warm_up_s=300, plans={})
    data["periods"][PERIOD].pop("plan")
    data["junctions"]["J1"] = {
        **junction(east=major, west=major, north=minor, south=minor),
        "control": "priority",
    }
    flows = {"east.through": 700, "west.through": 700, "north.through": 700, "south.through": 40}
    site = draw(tmp_path_factory.mktemp("minor"), data, flows)
    assert [id for id in site.network.approaches if gives_way(site.network, id)] == MINOR
    return evaluate(site, {"p": {"a": SIGNALS}}, replicates=4, clear_factor=1)


def observed(done: Evaluated, vph: float | None) -> Evaluated:
    """The same runs, as if somebody had counted so many vehicles an hour from the north."""
    study = done.analysis.study
    values = {} if vph is None else {"J1.north": FieldValues(gap_capacity_vph={PERIOD: vph}, source="x")}
    site = replace(study.site, facts=study.site.facts.model_copy(update={"field_values": values}))
    return Evaluated(replace(done.analysis, study=replace(study, site=site), measured={}))


def outcome(done: Evaluated) -> tuple[str, list[str]]:
    table, found = done.tables.comparison, done.tables.findings
    row = table[(table["measure"] == "fair_travel_time") & (table["scope"] == "network")].iloc[0]
    assert row["difference"] < 0  # the numbers are shown, whatever the verdict is
    own = found[(found["arm"] == "p") & (found["severity"] == "invalid")]
    assert sorted(set(own["replicate"])) in ([], [1, 2, 3, 4])
    return str(row["verdict"]), sorted(set(own["finding"]))


def test_the_verdict_waits_for_an_observation_that_agrees(done: Evaluated) -> None:
    queues = [done.view(replicate).rows("queues") for replicate in (1, 2, 3, 4)]
    north = gap_capacity(rows[rows["approach"] == "J1.north"] for rows in queues)
    print(north)
    assert 100 < north.vph < 650
    assert outcome(observed(done, None)) == ("not_comparable", ["minor_capacity_unobserved"])
    assert outcome(observed(done, 1.1 * north.vph)) == ("improved", [])
    assert outcome(observed(done, 1.5 * north.vph)) == ("not_comparable", ["minor_capacity_differs"])
