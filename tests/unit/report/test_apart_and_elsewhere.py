"""The sections of attribution and robustness: what they say, in which order, and their figures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.factorial import ATTRIBUTION
from sim.comparison.robustness import LEVELS, ROBUSTNESS, break_even
from sim.measures import SPECS
from sim.plots import robustness, waterfall
from sim.plots.study_data import StudyData, read_study
from sim.report.apart_and_elsewhere import apart_and_elsewhere, worst_day
from sim.tables import typed
from tests.synthetic_study import write_synthetic_study

PERIOD = "am_peak"
VERDICTS = {
    "retime": ["inconclusive", "equivalent", "improved", "improved_uncertain", "worse"],
    "lane_use": ["improved"] * 5,
}


@pytest.fixture
def data(tmp_path: Path) -> StudyData:
    """Two policies, retime first in the study, lane_use first in the alphabet."""
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime", "lane_use"])
    rows = []
    for arm in ("lane_use", "retime"):
        worlds = [
            ("demand", f"{level:g}", level, verdict)
            for level, verdict in zip(LEVELS, VERDICTS[arm], strict=True)
        ]
        for axis, level, factor, verdict in [*worlds, ("vehicles", "sigma_half", 1.0, "improved")]:
            change = 3.0 if verdict == "worse" else -5.0
            gate = "lower_bound" if factor == 1.2 else ""
            rows.append(
                (arm, PERIOD, axis, level, factor, "lower", 60.0, 60.0 + change, change, change - 2,
                 change + 2, 3.0, 4, gate, verdict)
            )  # fmt: skip
    strip = typed(pd.DataFrame(rows, columns=list(ROBUSTNESS)), ROBUSTNESS)
    parts = [
        ("retime", PERIOD, "total", "", -6.0, -8.0, -4.0, 4, "2^2", "caution"),
        ("retime", PERIOD, "share", "j1", -7.5, -9.0, -6.0, 4, "2^2", "caution"),
        ("retime", PERIOD, "share", "j2", 1.5, 0.5, 2.5, 4, "2^2", "caution"),
        ("retime", PERIOD, "interaction", "j1 * j2", 0.1, -1.0, 1.2, 4, "2^2", "caution"),
    ]
    tables = {
        "robustness": strip,
        "break_even": break_even(strip),
        "attribution": typed(pd.DataFrame(parts, columns=list(ATTRIBUTION)), ATTRIBUTION),
    }
    for name, table in tables.items():
        table.to_parquet(tmp_path / "tables" / f"{name}.parquet")
    return read_study(tmp_path)


def cells(rows: tuple[tuple[object, ...], ...]) -> list[list[str]]:
    return [[str(getattr(cell.words, "en", cell.words)) for cell in row] for row in rows]


def test_the_strip_is_in_the_order_of_the_study_with_its_checks(data: StudyData) -> None:
    section = apart_and_elsewhere(data, SPECS)[1]
    assert section is not None
    rows = cells(section.rows)
    titles = [row[0] for row in rows]
    assert titles == ["Retime both signals"] * 6 + ["Second left lane on the western approach"] * 6
    worlds = [*(f"demand {percent}%" for percent in (80, 90, 100, 110, 120)), "vehicle set sigma_half"]
    assert [row[2] for row in rows[:6]] == worlds
    assert [row[-1] for row in rows[:6]] == ["", "", "", "", "lower bound", ""]
    retime, lane_use = (cell.words.en for cell in section.words)
    assert "a benefit is shown from 100% to 110% of the demand; it vanishes above 116%" in retime
    assert "Worst over days of −10/0/+10% demand: negligible effect (demand 90%)" in retime
    assert "on average it does not vanish between 80% and 120%" in lane_use
    assert "improved (demand 100%)" in lane_use
    assert ["negligible effect (demand 90%)" in line.en for line in worst_day(data, "retime")] == [True]


def test_counted_days_are_named_and_lead_the_card(data: StudyData) -> None:
    strip = data.optional("robustness")
    assert strip is not None
    model = strip[strip["axis"] == "vehicles"].assign(factor=1.0)
    days = [model.assign(axis="day", level=name, verdict=told) for name, told in (
        ("2026-05-12", "improved"), ("2026-05-15", "worse"))]  # fmt: skip
    more = model.assign(axis="saturation", level="0.9", verdict="equivalent")
    strip = typed(pd.concat([strip, *days, more]), ROBUSTNESS)
    for name, table in (("robustness", strip), ("break_even", break_even(strip))):
        table.to_parquet(data.folder / "tables" / f"{name}.parquet")
    data = read_study(data.folder)
    section = apart_and_elsewhere(data, SPECS)[1]
    assert section is not None
    worlds = [row[2] for row in cells(section.rows)][:9]
    assert {"counted day 2026-05-12", "counted day 2026-05-15", "saturation flow 90%"} <= set(worlds)
    (headline,) = worst_day(data, "lane_use")
    assert "over 3 counted days the worst verdict is: worse (counted day 2026-05-15)" in headline.en
    assert "3 个调查日，最差结论为" in headline.zh and "（调查日 2026-05-15）" in headline.zh
    assert len(list(robustness.draw(data, SPECS))) == 1
    alone = strip[(strip["axis"] == "day") | (strip["factor"].eq(1) & (strip["axis"] == "demand"))]
    for name, table in (("robustness", alone), ("break_even", break_even(alone))):
        table.to_parquet(data.folder / "tables" / f"{name}.parquet")
    data = read_study(data.folder)
    section = apart_and_elsewhere(data, SPECS)[1]
    assert section is not None
    for cell in section.words:
        assert "worst over 3 counted days" in cell.words.en and "vanish" not in cell.words.en
    assert len(list(robustness.draw(data, SPECS))) == 1


def test_shares_are_named_and_toned(data: StudyData) -> None:
    section = apart_and_elsewhere(data, SPECS)[0]
    assert section is not None
    assert [row[2] for row in cells(section.rows)] == ["Whole policy", "j1", "j2", "Interaction j1 × j2"]
    assert [row[4] for row in cells(section.rows)] == ["", "125%", "−25%", ""]
    assert [row[3].tone for row in section.rows] == ["good", "good", "bad", ""]


def test_both_are_drawn(data: StudyData) -> None:
    assert [drawing.key for drawing in robustness.draw(data, SPECS)] == ["robustness"]
    assert [drawing.of for drawing in waterfall.draw(data, SPECS)] == ["retime"]
