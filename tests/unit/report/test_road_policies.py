"""What stands beside policies that change roads: in which order, under which names, and on the card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from sim.comparison.robustness import ROBUSTNESS
from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.road_policies import horizon_words, road_policies, short_run_lines
from sim.report.words import worse_rows
from sim.tables import typed
from tests.synthetic_study import write_synthetic_study

WORLDS = {
    "short_run": [("routes", "detour", 1.0, 4.0, "worse"), ("routes", "equilibrium", 1.0, -5.0, "improved")],
    "induced": [
        ("induced", "1.1", 1.1, 1.0, "inconclusive"),
        ("induced", "1", 1.0, -5.0, "improved"),
        ("induced", "1.05", 1.05, -3.0, "improved"),
    ],
}


def test_the_result_stands_first_and_what_is_beside_it_below(tmp_path: Path) -> None:
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "both"])
    assert road_policies(read_study(tmp_path), SPECS) == [None, None]
    assert short_run_lines(read_study(tmp_path), "both", "s") == []
    for name, worlds in WORLDS.items():
        rows = [
            ("both", "am_peak", axis, level, factor, "lower", 60.0, 60.0 + change, change, change - 2,
             change + 2, 3.0, 10, "", verdict)
            for axis, level, factor, change, verdict in worlds
        ]  # fmt: skip
        table = typed(pd.DataFrame(rows, columns=list(ROBUSTNESS)), ROBUSTNESS)
        table.to_parquet(tmp_path / "tables" / f"{name}.parquet")
    data = read_study(tmp_path)
    short, induced = road_policies(data, SPECS)
    assert short is not None and induced is not None
    named = [[getattr(row[2].words, "en", "") for row in part.rows] for part in (short, induced)]
    assert named == [
        ["equilibrium (the result)", "short run (one detour, no equilibrium)"],
        ["none induced (the result)", "policy with 5% more demand", "policy with 10% more demand"],
    ]
    assert short.rows[1][4].words == "+4.0 [+2.0, +6.0]" and short.rows[1][5].tone == "bad"
    (line,) = short_run_lines(data, "both", "s")
    assert "one detour, no equilibrium" in line.en and "+4.0 [+2.0, +6.0] s" in line.en


def test_the_year_is_said_and_that_none_is_named_where_works_take_years(tmp_path: Path) -> None:
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "both"])
    data = read_study(tmp_path)
    assert horizon_words(data) == []
    for kind in ("add_link", "widen_road", "open_road", "convert_junction"):
        policies = {"both": {"interventions": {"a": {"kind": kind}}}}
        written = {**data.study, "config": {**data.study["config"], "policies": policies}}
        (none,) = horizon_words(replace(data, study=written))
        assert "names no year" in none.en
    horizon = {"surveyed": 2026, "year": 2035, "growth_per_year": 0.01, "factor": 1.0937, "cut_out": True}
    demand, induced, cut = horizon_words(replace(data, study={**data.study, "horizon": horizon}))
    assert "For 2035: counts of 2026 grown by 1% a year" in demand.en and "1.09" in demand.en
    assert "nor was its effect computed" in induced.en and "lower bound" in cut.en


def test_where_people_may_go_another_way_fewer_who_pass_a_place_are_no_loss(tmp_path: Path) -> None:
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "both"])
    data = read_study(tmp_path)
    worse = replace(data, comparison=data.comparison.assign(verdict="worse"))
    fixed = worse_rows(replace(worse, study={**data.study, "routes": "fixed"}), "both", SPECS)
    answering = worse_rows(replace(worse, study={**data.study, "routes": "equilibrium"}), "both", SPECS)
    assert {"served_flow", "control_delay"} <= set(fixed["measure"])
    assert set(fixed["measure"]) - set(answering["measure"]) == {"served_flow"}
