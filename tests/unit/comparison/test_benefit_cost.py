"""Benefit and cost: figures worked out by hand, and when there are none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.appraisal import VALUES_FILE, AppraisalValues, CostFacts, read_values
from sim.comparison.benefit_cost import annuity, assumptions, benefit_cost
from sim.comparison.compare import COMPARISON
from sim.comparison.people import PEOPLE
from sim.errors import ConfigError
from sim.loading import parse
from sim.policy import parse_policy
from sim.standard_data import config_path
from sim.tables import empty

COST = CostFacts.model_validate(
    {
        "capital_wan_yuan": {"low": 10, "high": 20},
        "maintenance_wan_yuan_per_year": {"low": 0.5, "high": 1},
        "life_years": {"low": 10, "high": 10},
    }
)
NO_PEOPLE = empty(PEOPLE)
WORDS = {"zh": "测试", "en": "a test"}
ORIGIN = {"source": WORDS, "confidence": WORDS}
VALUES = parse(
    AppraisalValues,
    {
        "value_of_time_yuan_per_h": {"low": 20, "high": 40, **ORIGIN},
        "hours_per_day": {"low": 1, "high": 2, **ORIGIN},
        "days_per_year": {"low": 250, "high": 250, **ORIGIN},
        "discount_rate": {"low": 0.05, "high": 0.05, **ORIGIN},
    },
    "values",
)


def compared(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a comparison of the network: person time as said, the primary measure improved."""
    numbers = {name: math.nan for name, kind in COMPARISON.items() if kind == "float64"}
    usual = dict.fromkeys(COMPARISON, "") | numbers | {"within_noise": False, "scope": "network"}
    usual |= {"arm": "p", "period": "am", "verdict": "improved", "measure": "person_time"}
    own = [usual | row for row in rows]
    primary = [usual | {"period": one["period"], "measure": "fair_travel_time"} for one in own]
    return pd.DataFrame(own + primary)


def appraised(*rows: dict[str, Any], **windows_h: float) -> dict[str, Any]:
    windows_h = windows_h or {"am": 1.0}
    people = pd.DataFrame([trips_of(period) for period in windows_h])
    table = benefit_cost(compared(*rows), {"p": COST}, windows_h, VALUES, "fair_travel_time", people)
    assert len(table) == 1
    return dict(table.iloc[0])


def trips_of(period: str, change_s: float = -36.0, small_h: float = 1.0) -> dict[str, Any]:
    """Return 100 trips in each of 10 replicates: 10 h saved in all at the usual change."""
    numbers = {name: 0 for name, kind in PEOPLE.items() if kind != "string"}
    own = {"arm": "p", "period": period, "group": "all", "name": "", "replicates": 10, "trips": 1000}
    return numbers | own | {"change_s": change_s, "small_h": small_h}


SAVED = {"ci_low": -12.0, "ci_high": -8.0}


def ends(row: dict[str, Any], name: str) -> tuple[float, float]:
    return row[f"{name}_low"], row[f"{name}_high"]


def test_the_figures_are_those_worked_out_by_hand() -> None:
    row = appraised(SAVED)
    assert annuity(0.05, 10) == pytest.approx(7.721735, rel=1e-6)
    assert row["status"] == "given"
    assert ends(row, "person_h") == (8 * 1 * 250, 12 * 2 * 250)
    assert ends(row, "benefit_wan_yuan") == pytest.approx((2000 * 20 / 1e4, 6000 * 40 / 1e4))
    assert ends(row, "npv_wan_yuan") == pytest.approx(((4 - 1) * 7.721735 - 20, (24 - 0.5) * 7.721735 - 10))
    assert ends(row, "bcr") == pytest.approx((1.114178, 13.37013), rel=1e-5)
    assert ends(row, "payback_years") == pytest.approx((10 / 23.5, 20 / 3))
    assert ends(row, "yuan_per_person_h") == pytest.approx((2.99174, 17.95046), rel=1e-5)


@pytest.mark.parametrize(
    ("people", "share", "ratio"),
    [
        ([trips_of("am")], 0.1, 0.9 * 1.114178),
        ([trips_of("am", small_h=0.0)], 0.0, 1.114178),
        ([trips_of("am", small_h=-2.0)], -0.2, math.nan),
        ([trips_of("am", change_s=0.0)], math.nan, math.nan),
        ([], math.nan, math.nan),
    ],
)
def test_what_small_savings_are_of_it_stands_beside_the_ratio(
    people: list[dict[str, Any]], share: float, ratio: float
) -> None:
    table = pd.DataFrame(people) if people else NO_PEOPLE
    found = benefit_cost(compared(SAVED), {"p": COST}, {"am": 1.0}, VALUES, "fair_travel_time", table)
    row = dict(found.iloc[0])
    assert row["small_share"] == pytest.approx(share, nan_ok=True)
    assert row["bcr_large_low"] == pytest.approx(ratio, rel=1e-5, nan_ok=True)


def test_hours_lost_are_a_loss_that_never_comes_back() -> None:
    row = appraised({"ci_low": 8.0, "ci_high": 12.0, "verdict": "worse"})
    assert row["status"] == "given"
    assert ends(row, "person_h") == (-6000, -2000)
    assert row["npv_wan_yuan_high"] == pytest.approx((-4 - 0.5) * 7.721735 - 10)
    assert row["bcr_high"] < 0
    assert ends(row, "payback_years") == (math.inf, math.inf)
    assert math.isnan(row["yuan_per_person_h_low"])


def test_periods_add_up_each_by_the_length_of_its_window() -> None:
    row = appraised({**SAVED}, {**SAVED, "period": "pm"}, am=1.0, pm=0.5)
    assert row["periods"] == "am,pm"
    assert ends(row, "person_h") == ((8 + 16) * 250, (12 + 24) * 2 * 250)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ci_high": 1.0, "verdict": "inconclusive"}, "contains_zero"),
        ({"within_noise": True}, "within_noise"),
        ({"verdict": "not_comparable"}, "withheld"),
        ({"verdict": "inconclusive"}, "withheld"),  # too few pairs, or not settled: chance is not the reason
        ({"ci_low": math.nan, "ci_high": math.nan, "verdict": "inconclusive"}, "withheld"),
        ({"gate": "lower_bound"}, "at_least"),
        ({"gate": "lower_bound", "verdict": "worse", "ci_low": 8.0, "ci_high": 9.0}, "at_most"),
        ({"gate": "lower_bound", "verdict": "inconclusive", "ci_high": 1.0}, "withheld"),
    ],
)
def test_nothing_is_claimed_that_the_verdict_does_not_bear(change: dict[str, Any], status: str) -> None:
    row = appraised(SAVED | change)
    assert row["status"] == status
    assert math.isnan(row["npv_wan_yuan_low"]) == (status not in ("at_least", "at_most"))
    assert ends(row, "capital_wan_yuan") == (10, 20), "what it costs is known all the same"


def test_a_period_that_is_missing_or_a_primary_measure_without_verdict_withholds() -> None:
    assert appraised(SAVED, am=1.0, pm=1.0)["status"] == "withheld"
    table = compared(SAVED)
    table.loc[table["measure"] == "fair_travel_time", "verdict"] = "not_comparable"
    found = benefit_cost(table, {"p": COST}, {"am": 1.0}, VALUES, "fair_travel_time", NO_PEOPLE)
    assert list(found["status"]) == ["withheld"]


def test_who_states_no_cost_has_no_row() -> None:
    assert benefit_cost(compared(SAVED), {}, {"am": 1.0}, VALUES, "fair_travel_time", NO_PEOPLE).empty


def test_what_it_rests_on_is_a_table() -> None:
    table = assumptions(VALUES).set_index("name")
    assert (table.loc["hours_per_day", "low"], table.loc["hours_per_day", "high"]) == (1, 2)
    assert table.loc["hours_per_day", "source_en"] == "a test"


def test_costs_that_cannot_be_are_refused_with_their_place() -> None:
    policy = {
        "site": "s",
        "title": WORDS,
        "cost": {"capital_wan_yuan": {"low": 5, "high": 4}, "life_years": {"low": 0, "high": 8}},
        "interventions": {
            "a": {
                "kind": "retime_signal",
                "junction": "J1",
                "expect": {"cycle_s": 60},
                "cycle_s": 70,
                "cost_wan_yuan": 9,
            }
        },
    }
    with pytest.raises(ConfigError) as caught:
        parse_policy("p", policy, "p.yaml")
    said = str(caught.value)
    assert "p.yaml.cost.capital_wan_yuan: low 5 lies above high 4" in said
    assert "p.yaml.cost.life_years.low" in said
    own = COST.model_dump() | {"capital_wan_yuan": {"low": 1, "high": 4}}
    with pytest.raises(ConfigError, match="4 is less than the interventions cost together: 9"):
        parse_policy("p", policy | {"cost": own}, "p.yaml")


def test_the_values_that_ship_are_ranges_with_sources() -> None:
    values = read_values(config_path(Path(), *VALUES_FILE))
    assert all(value.low < value.high for value in values.__dict__.values())
    assert values.value_of_time_yuan_per_h.made_up
