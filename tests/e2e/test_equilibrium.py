"""Ways in equilibrium: an empty policy shows no effect, a crowded way is left by some, and gaps are told.

Beside it: the short run, and demand that a policy may induce.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim.apart import Apart
from sim.sides.side import Sides, side_tables
from sim.site.model import Site
from sim.study import Horizon, Routes
from sim.sumo.site import load
from tests.theory.isolated import PERIOD, TITLE, Evaluated, Facts, evaluate

ANSWERS: tuple[Routes, ...] = ("fixed", "detour", "equilibrium")
DIRECT = "J1.west J2.west J2.east.exit"
ROUND = "J1.west J3.north J4.west J2.south J2.east.exit"
SLOWER = {"kind": "speed_limit", "on": ["J2.west"], "expect": {"speed_kmh": 50}, "speed_kmh": 30}


def leg(bearing_deg: float, *lanes: str, **more: object) -> Facts:
    return {"bearing_deg": bearing_deg, "speed_kmh": 50, "lanes": [{"use": use} for use in lanes], **more}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Draw two ways from J1 to J2, all one-way: a signal lets little of the direct one through."""
    green = {"green_s": 15, "yellow_s": 3, "all_red_s": 2}
    places = {
        "J1": ([0, 0], {"west": leg(270, "through", "through+right", length_m=300, exit_lanes=0),
                        "east": leg(90), "south": leg(180)}),
        "J2": ([600, 0], {"west": leg(270, "through", "through"), "south": leg(180, "right"),
                          "east": leg(90, length_m=300, exit_lanes=2)}),
        "J3": ([0, -250], {"north": leg(0, "left"), "east": leg(90)}),
        "J4": ([600, -250], {"west": leg(270, "left"), "north": leg(0)}),
    }  # fmt: skip
    joined = {"direct": "J1.east J2.west", "a": "J1.south J3.north", "b": "J3.east J4.west",
              "c": "J4.north J2.south"}  # fmt: skip
    plan = {
        "cycle_s": 60,
        "stages": {
            "A": {**green, "green": ["west.through"]},
            "B": {**green, "green_s": 35, "green": ["south.right"]},
        },
    }
    data = {
        "name": "ways", "title": TITLE, "made_up": True, "warm_up_s": 0, "plans": {"day": {"J2": plan}},
        "junctions": {id: {"title": TITLE, "position_m": at, "approaches": legs,
                           "control": "signals" if id == "J2" else "priority"}
                      for id, (at, legs) in places.items()},
        "streets": {id: {"legs": legs.split()} for id, legs in joined.items()},
        "periods": {PERIOD: {"title": TITLE, "begin": "07:30", "end": "07:45", "plan": "day"}},
    }  # fmt: skip
    folder = tmp_path / "ways"
    folder.mkdir()
    (folder / "site.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    counts = {"J1.west,through": 350, "J2.west,through": 350, "J2.south,right": 0, "J3.north,left": 0,
              "J4.west,left": 0}  # fmt: skip
    rows = ["period,start,approach,movement,class,count,taken_at,queue_start_veh,queue_end_veh"]
    rows += [f"{PERIOD},07:30,{movement},car,{n},upstream,," for movement, n in counts.items()]
    (folder / "counts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return load(folder, tmp_path / "results" / ".store")


def digests(done: Evaluated) -> dict[str, str | None]:
    return {arm: run.digest for (arm, _, _), run in done.analysis.runs.items()}


def ways(done: Evaluated, arm: str) -> dict[str, str]:
    trips = done.view(arm=arm).tables["trips"]
    return dict(zip(trips["id"], trips["edges"], strict=True))


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_empty_policy_shows_no_effect(site: Site, answer: Routes) -> None:
    """The very same run, whatever the routes answer with; and the blank control drives the same ways."""
    done = evaluate(site, {"same": {}}, routes=answer, placebo=True, assignment={"iterations_at_most": 3})
    found = digests(done)
    assert found["same"] == found["baseline"] != found["placebo"]
    assert ways(done, "same") == ways(done, "baseline") == ways(done, "placebo")


def test_some_leave_a_crowded_way_until_the_gap_is_small(site: Site) -> None:
    done = evaluate(site, {"slower": {"a": SLOWER}}, routes="equilibrium")
    today, slower = ways(done, "baseline"), ways(done, "slower")
    table = done.analysis.assignment.set_index("arm")
    assert (table["gap"] <= table["target"]).all()
    assert table.loc["baseline", "iterations"] > 1
    chosen = list(today.values())
    assert chosen.count(ROUND) > 50 and chosen.count(DIRECT) > 50
    # A slower street is left by more, and nobody changes over to it.
    assert {today[id] for id, way in slower.items() if way != today[id]} == {DIRECT}
    assert list(slower.values()).count(ROUND) > chosen.count(ROUND)
    assert "ways_unsettled" not in set(done.tables.findings["finding"])


def test_a_gap_that_stays_is_told(site: Site) -> None:
    limits = {"iterations_at_most": 1, "gap": 0.001}
    done = evaluate(site, {"slower": {"a": SLOWER}}, routes="equilibrium", assignment=limits)
    table = done.tables.findings
    rows = table[table["finding"] == "ways_unsettled"]
    assert set(rows["arm"]) == {"baseline", "slower"} and (rows["value"] > 0.001).all()
    assert done.analysis.assignment["iterations"].tolist() == [1, 1]


def test_days_that_were_counted_need_no_asking(site: Site) -> None:
    """With three of them the worst verdict over days is known; of two it is not."""
    done = evaluate(site, {"same": {}})
    days = {day: site.counts.assign(count=site.counts["count"] * factor)
            for day, factor in (("calm", 0.8), ("busy", 1.2))}  # fmt: skip
    study = done.analysis.study

    def counted(*names: str) -> dict[str, pd.DataFrame]:
        there = replace(study, site=replace(site, days={name: days[name] for name in names}))
        return beside(replace(done, analysis=replace(done.analysis, study=there)))

    assert counted("busy") == {}
    tables = counted("calm", "busy")
    before = tables["robustness"].set_index(["axis", "level"])["before"]
    assert before["day", "calm"] < before["demand", "1"] < before["day", "busy"]
    (row,) = tables["break_even"].to_dict("records")
    assert row["days"] == 3 and row["worst_by_day"] != ""


BAN = {"kind": "ban_turn", "movement": "J1.west.right", "expect": {"lanes": 1}}


def beside(done: Evaluated, horizon: Horizon | None = None) -> dict[str, pd.DataFrame]:
    analysis = done.analysis
    if horizon is not None:
        analysis = replace(analysis, study=replace(analysis.study, horizon=horizon))
    with Apart(1) as apart:
        return dict(side_tables(Sides(None, (), None, False), analysis, apart))


def test_the_short_run_starts_from_the_ways_of_today(site: Site) -> None:
    """Where a ban leaves one way, those who went round have to change, and all others drive as settled."""
    policies = {"ban": {"a": BAN}, "slower": {"a": SLOWER}}
    done = evaluate(site, policies, routes="equilibrium", assignment={"iterations_at_most": 3})
    assert list(ways(done, "baseline").values()).count(ROUND) > 50
    table = beside(done)["short_run"].set_index("level")
    assert set(table["arm"]) == {"ban"}, "a slower street neither opens nor closes anything"
    settled, short = table.loc["equilibrium"], table.loc["detour"]
    # Nothing is left to choose: the very same run in the long run, held against the same people of today.
    assert short["before"] == settled["before"] < settled["after"] == short["after"]
    assert set(ways(done, "ban").values()) == {DIRECT}


def test_induced_demand_stands_beside_policies_of_a_year_to_come(site: Site) -> None:
    done = evaluate(site, {"slower": {"a": SLOWER}})
    assert beside(done) == {}
    table = beside(done, Horizon(surveyed=2026, year=2035, growth_per_year=0.0))["induced"]
    assert table["level"].tolist() == ["1", "1.05", "1.1"] and set(table["arm"]) == {"slower"}
    assert len(set(table["before"])) == 1, "today's streets keep their demand"
    assert table["after"].nunique() == 3
    assert not set(table["gate"]) & {"invalid"} and set(table["n_pairs"]) == {1}
