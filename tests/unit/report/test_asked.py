"""Emissions and conflicts on the page: relative changes only, and of conflicts nothing below ten pairs."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.asked import asked
from sim.report.words import change
from tests.synthetic_study import write_synthetic_study


def rows(tmp_path: Path, pairs: int) -> dict[str, list[list[str]]]:
    """Return the cells of both sections: CO2 less by a tenth, crossing conflicts more by 30 to 50 %."""
    write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime"])
    path = tmp_path / "tables" / "comparison.parquet"
    table = pd.read_parquet(path) if path.is_file() else pd.read_csv(path.with_suffix(".csv"))
    of_network = (table["measure"] == "fair_travel_time") & (table["scope"] == "network")
    pattern = table[of_network].iloc[0].to_dict() | {"arm": "retime", "n_pairs": pairs, "gate": ""}
    co2 = {"measure": "co2_emissions", "relative": -0.1, "relative_ci_low": -0.12, "relative_ci_high": -0.08}
    met = {"measure": "crossing_conflicts", "relative": 0.4, "relative_ci_low": 0.3, "relative_ci_high": 0.5}
    more = [pattern | co2 | {"verdict": "improved"}, pattern | met | {"verdict": "inconclusive"}]
    more[1]["direction"] = "none"
    nothing = dict.fromkeys(("relative", "relative_ci_low", "relative_ci_high"), math.nan)
    more.append(more[1] | nothing | {"measure": "merging_conflicts", "before": 0.0, "after": 0.0})
    whole = pd.concat([table, pd.DataFrame(more)], ignore_index=True)
    whole.to_parquet(path)
    whole.to_csv(path.with_suffix(".csv"), index=False)
    sections = [part for part in asked(read_study(tmp_path), SPECS) if part is not None]
    return {
        part.id: [
            [str(getattr(cell.words, "en", cell.words)) + cell.tone for cell in row] for row in part.rows
        ]
        for part in sections
    }


@pytest.mark.parametrize(
    ("pairs", "conflict"),
    [(10, ["+40% [+30, +50]%", "morebad"]), (4, ["—", "fewer than 10 pairs: nothing is said"])],
)
def test_only_relative_changes_are_shown(tmp_path: Path, pairs: int, conflict: list[str]) -> None:
    found = rows(tmp_path, pairs)
    assert found["emissions"][0][2:5] == ["CO2 emitted", "−10.0% [−12.0, −8.0]%", "improvedgood"]
    assert found["conflicts"][0][3:5] == conflict
    assert found["conflicts"][1][3] == "—"
    assert pairs < 10 or found["conflicts"][1][4].startswith("none seen")


def test_levels_of_what_was_asked_for_are_an_index() -> None:
    numbers = {"before": 812.0, "after": 731.0, "difference": -81.0, "ci_low": -90.0, "ci_high": -70.0}
    relative = {"relative": -0.1, "relative_ci_low": -0.11, "relative_ci_high": -0.09, "mcid": 40.0}
    words = {"scope": "network", "verdict": "improved", "gate": "", "n_pairs": 10}
    said = change(numbers | relative | words, SPECS["co2_emissions"])
    assert (said.before, said.after, said.unit) == ("100", "90", "%")
    assert said.difference.startswith("−10.0%")
