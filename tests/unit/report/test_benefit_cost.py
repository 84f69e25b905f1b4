"""Benefit and cost on page, card and document: ranges, or words."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.benefit_cost import BENEFIT_COST
from sim.plots.numbers import range_words
from sim.plots.study_data import StudyData, read_study
from sim.report.benefit_cost import benefit_cost, benefit_lines
from sim.tables import typed
from tests.synthetic_study import write_synthetic_study

GIVEN = {
    "person_h": (2000, 6000), "benefit_wan_yuan": (4, 24), "npv_wan_yuan": (3.165, 171.46),
    "bcr": (1.114, 13.37), "bcr_large": (0.8355, 10.03),
    "payback_years": (0.4255, math.inf), "yuan_per_person_h": (2.99, 17.95),
    "capital_wan_yuan": (10, 20), "maintenance_wan_yuan": (0, 0), "life_years": (10, 10),
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> StudyData:
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime", "lane_use"])
    rows = []
    for arm, status in (("retime", "given"), ("lane_use", "contains_zero")):
        row = dict.fromkeys(BENEFIT_COST, math.nan)
        row |= {"arm": arm, "periods": "am_peak", "status": status, "made_up": True, "source": "quote"}
        for name, (low, high) in GIVEN.items():
            if status == "given" or name in ("capital_wan_yuan", "maintenance_wan_yuan", "life_years"):
                row |= {f"{name}_low": low, f"{name}_high": high}
        rows.append(row | ({"small_share": 0.25} if status == "given" else {}))
    table = typed(pd.DataFrame(rows), BENEFIT_COST)
    table.to_parquet(tmp_path / "tables" / "benefit_cost.parquet")
    return read_study(tmp_path)


def test_every_figure_is_a_range_and_zero_is_said_in_words(data: StudyData) -> None:
    section = benefit_cost(data)
    assert section is not None
    given, open_ = ([getattr(cell.words, "en", cell.words) for cell in row] for row in section.rows)
    figures = ["2000 ~ 6000", "4 ~ 24", "3.2 ~ 170", "1.1 ~ 13", "0.43 ~ ∞", "3 ~ 18", "25% → 0.84 ~ 10"]
    assert given[2:-1] == figures
    assert open_[2:-1] == ["—"] * 7
    assert "contains zero" in open_[-1]
    assert section.rows[0][4].tone == "good"


def test_cards_say_it_and_what_it_rests_on(data: StudyData) -> None:
    said = [line.en for line in benefit_lines(data, "retime")]
    assert "benefit-cost ratio 1.1 ~ 13" in said[0]
    assert "less than 30 s → benefit-cost ratio without it: 25% → 0.84 ~ 10" in said[1]
    assert any("costs are made up" in line for line in said)
    assert not any("ratio 1.1" in line.en for line in benefit_lines(data, "lane_use"))
    assert benefit_lines(data, "both") == ()


def test_without_the_table_nothing_is_shown(data: StudyData) -> None:
    (data.folder / "tables" / "benefit_cost.parquet").unlink()
    assert benefit_cost(data) is None
    assert benefit_lines(data, "retime") == ()


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.0, 0.0), "0"),
        ((0.123, 0.456), "0.12 ~ 0.46"),
        ((-3.14, 15.0), "−3.1 ~ 15"),
        ((12.34, 56780.0), "12 ~ 57\u00a0000"),
        ((0.00384, 0.388), "0.0038 ~ 0.39"),
        ((0.4, math.inf), "0.4 ~ ∞"),
    ],
)
def test_ranges_have_two_digits(ends: tuple[float, float], words: str) -> None:
    assert range_words(*ends) == words
