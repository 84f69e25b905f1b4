"""Every finding: a run that has it, and one just within the limit that has not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.checks import findings
from sim.checks.findings import Finding, Gates
from sim.comparison.compare import compare
from sim.errors import ConfigError
from sim.labels import catalogue
from sim.measures import SPECS, compute
from sim.measures.base import RunView
from tests import tiny_run

Row = tuple[str, str, float, float]


@pytest.fixture(scope="module")
def gates(repo_root: Path) -> Gates:
    return findings.read_gates(repo_root / "configs" / "standards" / "gates.yaml")


def cars(n: int, **other: Any) -> list[dict[str, Any]]:
    """Make cars that all go through from the west and arrive."""
    return [tiny_run.trip(f"v{i}", 1000 + i, "w.up w e", time_loss_s=20.0, **other) for i in range(n)]


def passed(n: int, loss_s: float = 20.0, movement: str = "J1.west.through") -> pd.DataFrame:
    """Make the zones table of n vehicles that made the movement."""
    row = {"movement": movement, "begin_s": 1000, "end_s": 1900, "vehicles": n}
    return tiny_run.table("zones", [{**row, "time_loss_s": loss_s, "travel_time_s": 40, "halts": 1}])


def clean(**tables: pd.DataFrame) -> RunView:
    """Make a calibrated run with nothing to find, but for `tables`."""
    good = {
        "trips": tiny_run.table("trips", cars(40)),
        "zones": passed(40),
        "queues": tiny_run.table("queues", []),
        **tables,
    }
    return tiny_run.view(tables=tiny_run.tables(**good), site=tiny_run.site(calibrated=True))


def rows(view: RunView, gates: Gates, finding: Finding | None = None) -> list[Row]:
    """List finding, scope, value and limit of what is found."""
    table = findings.find(view, gates)
    found = list(zip(table["finding"], table["scope"], table["value"].round(6), table["limit"], strict=True))
    return [row for row in found if finding in (None, row[0])]


def queue(jam_m: float, lane: int = 2, length_m: float = 230) -> pd.DataFrame:
    row = {"approach": "J1.west", "lane": lane, "length_m": length_m, "begin_s": 1000, "end_s": 1060}
    counted = {"jam_max_veh": 5, "vehicles": 5, "occupancy_pct": 10}
    return tiny_run.table("queues", [{**row, "jam_max_m": jam_m, **counted}])


def states(quiet_s: int, halting: int = 20) -> pd.DataFrame:
    """Arrivals every minute, but for one span that long in which that many vehicles stand."""
    arrived, made = 0, []
    for time_s in range(0, 5040, 60):
        blocked = 2000 < time_s <= 2000 + quiet_s
        arrived += 0 if blocked else 1
        made.append(tiny_run.states_row(time_s, arrived, halting if blocked else 0))
    return tiny_run.table("network", made)


def test_a_clean_run_has_no_findings(gates: Gates) -> None:
    assert rows(clean(), gates) == []
    assert list(findings.find(clean(), gates).columns) == list(findings.FOUND)


@pytest.mark.parametrize("count", ["teleports", "collisions", "emergency_braking"])
def test_safety_counts(gates: Gates, count: str) -> None:
    view = replace(clean(), facts=replace(tiny_run.FACTS, **{count: 1}))
    assert rows(view, gates) == [(count, "", 1, 0)]


def test_who_was_held_by_a_closure_is_counted(gates: Gates) -> None:
    view = replace(clean(), facts=replace(tiny_run.FACTS, held_by_closures=3))
    assert rows(view, gates) == [("held_by_closure", "", 3, 0)]


def test_trains_set_past_each_other_are_no_teleports(gates: Gates) -> None:
    site = clean().site.model_copy(update={"trains_pass_after_s": 70.0})
    view = replace(clean(), site=site, facts=replace(tiny_run.FACTS, teleports=4))
    assert rows(view, gates) == [("trains_set_past", "", 4, 0)]
    assert findings.find(view, gates)["severity"].tolist() == ["caution"]


def test_uncleared_cohort_counts_everyone_who_did_not_arrive(gates: Gates) -> None:
    fates = ["inside", "never_inserted", "removed"]
    trips = [{**row, "fate": fate} for row, fate in zip(cars(3), fates, strict=True)]
    late = [tiny_run.trip("late", 4700, "w.up w e", fate="inside")]  # not of the cohort
    view = clean(trips=tiny_run.table("trips", [*cars(43)[3:], *trips, *late]))
    assert rows(view, gates) == [("uncleared_cohort", "", 3, 0)]


@pytest.mark.parametrize(("stop_s", "uncleared"), [(2000.0, []), (600.0, [("uncleared_cohort", "", 1, 0)])])
def test_who_stays_parked_as_planned_has_come_who_cannot_get_out_has_not(
    gates: Gates, stop_s: float, uncleared: list[Row]
) -> None:
    parker = {**cars(1)[0], "id": "p", "fate": "inside", "stop_s": stop_s}
    stay = {"vehicle": "p", "area": "P", "edge": "w.up", "started_s": tiny_run.FACTS.end_s - 2001}
    view = clean(
        trips=tiny_run.table("trips", [*cars(40), parker]),
        parked=tiny_run.table("parked", [{**stay, "ended_s": float("nan")}]),
    )
    assert rows(view, gates, Finding.UNCLEARED_COHORT) == uncleared


def test_insertion_share(gates: Gates) -> None:
    waiting = cars(40, depart_delay_s=2.0)
    view = clean(trips=tiny_run.table("trips", waiting))
    share = round(2 / 22, 6)
    assert rows(view, gates) == [
        ("insertion_share", "", share, 0.05),
        ("insertion_share", "approach:J1.west", share, 0.05),
    ]
    within_rounding = clean(trips=tiny_run.table("trips", cars(40, depart_delay_s=1.0)))
    assert rows(within_rounding, gates) == []  # 4.8 %
    assert rows(clean(trips=tiny_run.table("trips", cars(40, depart_delay_s=1.1))), gates) != []


def test_few_vehicles(gates: Gates) -> None:
    view = clean(trips=tiny_run.table("trips", cars(29)), zones=passed(29))
    assert rows(view, gates) == [("few_vehicles", "movement:J1.west.through", 29, 30)]
    assert rows(clean(trips=tiny_run.table("trips", cars(30)), zones=passed(30)), gates) == []


def late(in_time: int, later: int) -> pd.DataFrame:
    """Make the zones table of vehicles that passed in the window, and after it."""
    row = {"movement": "J1.west.through", "time_loss_s": 20.0, "travel_time_s": 40, "halts": 1}
    after_s = tiny_run.view().facts.window_end_s
    spans = ((1000, 1900, in_time), (after_s, after_s + 900, later))
    return tiny_run.table("zones", [{**row, "begin_s": a, "end_s": b, "vehicles": n} for a, b, n in spans])


def test_unserved_demand_on_every_level(gates: Gates) -> None:
    levels = ["approach:J1.west", "junction:J1", "movement:J1.west.through"]
    hundred = tiny_run.table("trips", cars(100))
    view = clean(trips=hundred, zones=late(89, 11))
    assert rows(view, gates) == [("unserved_demand", scope, 0.89, 0.9) for scope in levels]
    assert rows(clean(trips=hundred, zones=late(90, 10)), gates) == []
    # 9 of 40: a share over the limit, but too few to be more than the end of the window.
    assert rows(clean(zones=late(31, 9)), gates) == []


def test_who_passes_unseen_is_not_unserved(gates: Gates) -> None:
    levels = ["approach:J1.west", "junction:J1", "movement:J1.west.through"]
    hundred = tiny_run.table("trips", cars(100))
    assert rows(clean(trips=hundred, zones=passed(89)), gates) == [
        ("unseen_by_zone", scope, 0.11, 0.1) for scope in levels
    ]
    assert rows(clean(trips=hundred, zones=passed(90)), gates) == []
    assert rows(clean(zones=passed(31)), gates) == []  # a larger share, of few
    # A movement whose every vehicle starts within the zone: nothing to measure, yet served.
    unseen = clean(trips=tiny_run.table("trips", cars(9)), zones=passed(0))
    assert rows(unseen, gates) == [("few_vehicles", "movement:J1.west.through", 0, 30)]


def test_movement_not_served_taints_its_approach_and_junction(gates: Gates) -> None:
    waiting = {"fate": "inside", "arrival_s": None}
    starved = [tiny_run.trip(f"l{i}", 1000 + i, "w.up w n.exit", **waiting) for i in range(5)]
    view = clean(trips=tiny_run.table("trips", [*cars(40), *starved]))
    found = rows(view, gates, Finding.MOVEMENT_NOT_SERVED)
    assert found == [
        ("movement_not_served", scope, 5, 5)
        for scope in ("approach:J1.west", "junction:J1", "movement:J1.west.left")
    ]
    fewer = clean(trips=tiny_run.table("trips", [*cars(40), *starved[1:]]))
    assert rows(fewer, gates, Finding.MOVEMENT_NOT_SERVED) == []


def test_negative_delay(gates: Gates) -> None:
    assert rows(clean(zones=passed(40, loss_s=0.4)), gates) == [
        ("negative_delay", "movement:J1.west.through", -1.1, -1)
    ]
    assert rows(clean(zones=passed(40, loss_s=0.5)), gates) == []


def test_queue_reaches_zone_start(gates: Gates) -> None:
    scopes = ["approach:J1.west", "junction:J1", "movement:J1.west.left", "movement:J1.west.through"]
    expected = [("queue_reaches_zone_start", scope, 223, 230) for scope in scopes]
    assert rows(clean(queues=queue(223)), gates) == expected
    assert rows(clean(queues=queue(222.5)), gates) == []
    # A full short lane is storage overflow, not the end of what can be seen.
    assert rows(clean(queues=queue(50, lane=1, length_m=50)), gates) == []


def test_gridlock(gates: Gates) -> None:
    assert rows(clean(network=states(660)), gates) == [("gridlock", "", pytest.approx(2040 / 3600), 600)]
    assert rows(clean(network=states(600)), gates) == []  # 540 s between first and last quiet minute
    assert rows(clean(network=states(660, halting=19)), gates) == []


def test_uncalibrated(gates: Gates) -> None:
    assert rows(replace(clean(), site=tiny_run.site()), gates) == [("uncalibrated", "", 0, 1)]


def test_an_open_route_set_is_told_of_its_arm_alone() -> None:
    table = findings.find_in_routes("link", {"link"})
    assert table[["finding", "severity", "scope"]].values.tolist() == [["open_route_set", "caution", ""]]
    assert findings.find_in_routes("baseline", {"link"}).empty


def test_run_failed() -> None:
    table = findings.run_failed()
    assert table[["finding", "severity", "scope"]].values.tolist() == [["run_failed", "invalid", ""]]


def test_arms_with_the_same_people_do_not_differ() -> None:
    base = tiny_run.tables()
    shuffled = {name: table.iloc[::-1].reset_index(drop=True) for name, table in base.items()}
    assert findings.find_between(base, base).empty
    assert findings.find_between(base, shuffled).empty
    otherwise = base["trips"].assign(depart_delay_s=99.0, fate="inside")
    otherwise["scheduled_s"] += 0.01  # rounding of outputs
    otherwise["speed_factor"] += 0.004
    assert findings.find_between(base, {**base, "trips": otherwise}).empty


@pytest.mark.parametrize(
    ("column", "value"), [("type", "truck"), ("scheduled_s", 7.0), ("speed_factor", 1.1), ("id", "other")]
)
def test_arms_differ_in_demand(column: str, value: object) -> None:
    base = tiny_run.tables()
    trips = base["trips"].copy()
    trips.loc[0, column] = value
    table = findings.find_between(base, {**base, "trips": trips})
    assert table["finding"].tolist() == ["arms_differ_in_demand"]
    assert table["severity"].tolist() == ["invalid"]
    assert table["value"].tolist() == [2 if column == "id" else 1]


def test_arms_differ_in_pedestrians() -> None:
    base = tiny_run.tables()
    table = findings.find_between(base, {**base, "walks": base["walks"].iloc[1:]})
    assert table["value"].tolist() == [1]


def test_a_missing_or_misspelt_limit_is_refused(tmp_path: Path, repo_root: Path) -> None:
    text = (repo_root / "configs" / "standards" / "gates.yaml").read_text(encoding="utf-8")
    path = tmp_path / "gates.yaml"
    path.write_text(text.replace("teleports:", "teleport:"), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        findings.read_gates(path)
    assert "did you mean teleports?" in str(refused.value)
    assert "teleports: missing" in str(refused.value)


@pytest.mark.parametrize("finding", Finding)
def test_every_finding_has_severity_and_words_in_both_languages(finding: Finding) -> None:
    assert findings.SEVERITY[finding] in {"invalid", "lower_bound", "caution"}
    for text in (findings.words(finding, 0.5, 0.25), findings.hint(finding)):
        assert text.zh
        assert text.en
        assert "{" not in text.zh + text.en


def test_no_words_without_a_finding() -> None:
    known = {f"finding.{finding}" for finding in Finding}
    written = {key.removesuffix(".hint") for key in catalogue() if key.startswith("finding.")}
    assert written == known | {"finding.uncalibrated.unmeasured"}  # of a passport that nobody measured


def test_only_invalid_findings_remove_verdicts() -> None:
    invalid = {finding for finding, severity in findings.SEVERITY.items() if severity == "invalid"}
    of_gaps = {finding for finding in Finding if finding.startswith("minor_")}
    assert len(of_gaps) == 3
    assert invalid == {Finding.RUN_FAILED, Finding.TELEPORTS, Finding.ARMS_DIFFER_IN_DEMAND} | of_gaps


def test_findings_gate_the_comparison_at_their_scope(gates: Gates) -> None:
    """A queue at the zone start shows as a caution on the rows it spoils, and on no other."""
    view = clean(queues=queue(229))
    runs = [(arm, replicate) for arm in ("baseline", "policy") for replicate in range(4)]
    measured, found = [], []
    for arm, replicate in runs:
        key = {"arm": arm, "period": "am", "replicate": replicate}
        measured.append(compute(view).assign(**key))
        found.append(findings.find(view, gates).assign(**key))
    table = compare(pd.concat(measured), pd.concat(found), SPECS, primary="fair_travel_time")
    gate = table.set_index(["measure", "scope"])["gate"]
    assert gate["control_delay", "approach:J1.west"] == "caution"
    assert gate["control_delay", "movement:J1.west.through"] == "caution"
    assert gate["fair_travel_time", "network"] == ""
