"""The passport's judgement, on numbers made by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from sim.calibration.passport import (
    MEASURED,
    PassportRules,
    passing_share,
    passport,
    radius_factor,
    read_passport_rules,
    width_factor,
)
from sim.loading import parse
from sim.site.facts import SiteFacts
from sim.standard_data import SOURCE
from sim.tables import typed
from tests import tiny_run

THROUGH = "J1.west.through"


@pytest.fixture(scope="module")
def rules() -> PassportRules:
    return read_passport_rules(SOURCE / "standards" / "passport.yaml")


def site(**changed: Any) -> SiteFacts:
    return tiny_run.site().model_copy(update=changed)


def measured(**changed: Any) -> pd.DataFrame:
    row = {
        "movement": THROUGH, "lanes": 1, "vehicles": 100, "heavy_share": 0.0, "two_wheeler_share": 0.0,
        "headways": 60, "saturation_vph": 1650.0, "saturation_se_vph": 5.0, "startup_lost_s": 2.5,
        "free_speed_kmh": 36.0, **changed,
    }  # fmt: skip
    return typed(pd.DataFrame([row]), MEASURED)


def judged(rules: PassportRules, facts: SiteFacts | None = None, **changed: Any) -> dict[str, Any]:
    table = passport(measured(**changed), tiny_run.network(), facts or site(), rules)
    return {str(key): value for key, value in table.iloc[0].items()}


def test_a_model_like_the_general_values_passes(rules: PassportRules) -> None:
    row = judged(rules)
    assert (row["status"], row["notes"]) == ("pass", "")
    assert row["saturation_vph_target"] == 1650 and row["saturation_vph_against"] == "general"
    assert row["speed_limit_kmh"] == pytest.approx(36)


@pytest.mark.parametrize(
    ("changed", "failing"),
    [
        ({"saturation_vph": 1484.0}, "saturation_vph"),
        ({"startup_lost_s": 1.4}, "startup_lost_s"),
        ({"free_speed_kmh": 40.0}, "free_speed_kmh"),
    ],
)
def test_each_quantity_can_fail(rules: PassportRules, changed: dict[str, float], failing: str) -> None:
    row = judged(rules, **changed)
    assert row["status"] == "fail" and row[f"{failing}_status"] == "fail"
    assert [row[f"{n}_status"] for n in changed if n != failing] == []


def test_field_values_come_before_general_ones_and_a_movement_before_its_approach(
    rules: PassportRules,
) -> None:
    source = {"source": "counted"}
    values = {
        "J1.west": {"saturation_vph": 1400, "startup_lost_s": 3.4, **source},
        THROUGH: {"saturation_vph": 1500, **source},
    }
    facts = parse(SiteFacts, {**tiny_run.site().model_dump(exclude_unset=True), "field_values": values}, "x")
    row = judged(rules, facts, saturation_vph=1500.0)
    assert (row["saturation_vph_target"], row["saturation_vph_against"]) == (1500, "field")
    assert (row["startup_lost_s_target"], row["startup_lost_s_status"]) == (3.4, "pass")
    assert row["free_speed_kmh_against"] == "general"


def test_heavy_vehicles_lower_what_is_expected(rules: PassportRules) -> None:
    assert judged(rules, heavy_share=0.2)["saturation_vph_target"] == pytest.approx(1650 * 0.8)


def test_two_wheelers_make_it_inapplicable(rules: PassportRules) -> None:
    assert judged(rules, two_wheeler_share=0.1)["status"] == "pass"
    row = judged(rules, two_wheeler_share=0.11)
    assert (row["status"], row["notes"]) == ("not_applicable", "two_wheelers")


def test_too_few_vehicles_are_no_pass(rules: PassportRules) -> None:
    row = judged(rules, saturation_vph=math.nan, startup_lost_s=math.nan)
    assert (row["status"], row["saturation_vph_status"]) == ("not_measured", "not_measured")


def test_the_share_that_passes(rules: PassportRules) -> None:
    tables = [
        passport(measured(saturation_vph=vph), tiny_run.network(), site(), rules) for vph in (1650.0, 1000.0)
    ]
    assert passing_share(pd.concat(tables)) == 0.5
    assert math.isnan(passing_share(tables[0].iloc[:0]))


def test_factors() -> None:
    assert [width_factor(w) for w in (2.8, 3.25, 3.5, 4.0)] == pytest.approx([0.92, 1, 1, 1.025])
    assert [radius_factor(r) for r in (9.0, 15.0, math.inf)] == pytest.approx([0.8, 1, 1])
