"""Which lot next: the ranking per stall, who can be told apart, and what the answer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.compare import compare
from sim.measures import SPECS
from sim.plots.study_data import StudyData, read_study
from sim.report.parking import gains, parking
from sim.tables import FINDINGS, MEASURES, empty, typed
from tests.synthetic_study import write_synthetic_study

PERIOD = "am_peak"
STALLS = {"baseline": 100, "small": 110, "large": 140, "same": 140, "unlimited": 5000}
SAVED = {"baseline": 0.0, "small": 2.0, "large": 4.0, "same": 4.0, "unlimited": 30.0}
"""Person hours per window: 0.2 a stall in the small lot, 0.1 in the large ones."""
REPLICATES = range(1, 11)


def study(
    folder: Path, saved: Mapping[str, float], noise: float, gave_up: Mapping[str, float] | None = None
) -> StudyData:
    """Five arms; replicates differ by 50 hours, which all arms share, and arms by their noise."""
    write_synthetic_study(folder, replicates=1, two_periods=False, arms=["baseline", "retime"])
    rows = []
    for number, (arm, hours) in enumerate(saved.items()):
        for r in REPLICATES:
            own = noise * (1 if (r + number) % 2 else -1) * (arm != "baseline")
            rows += [
                (arm, PERIOD, r, "person_time", "network", 100 + 50 * (r % 3) - hours + own, 9),
                (arm, PERIOD, r, "parking_stalls", "network", STALLS[arm], 9),
                (arm, PERIOD, r, "parking_stalls", "parking:P", STALLS[arm], 9),
                (arm, PERIOD, r, "gave_up_parking", "network", (gave_up or {}).get(arm, 0.1), 9),
                (arm, PERIOD, r, "search_distance", "network", 50.0, 9),
            ]
    measures = typed(pd.DataFrame(rows, columns=list(MEASURES)), MEASURES)
    plain = read_study(folder)
    table = compare(measures, empty(FINDINGS), SPECS, primary="person_time", replicates=[*REPLICATES])
    arms = [{"id": arm, "title": {"zh": f"“{arm}”", "en": arm}, "swept": {}} for arm in saved]
    return replace(plain, study={**plain.study, "arms": arms}, measures=measures, comparison=table)


def test_lots_are_ranked_by_what_a_stall_saves_in_a_year(tmp_path: Path) -> None:
    found = gains(study(tmp_path, SAVED, 0.1), PERIOD)
    assert [gain.arm for gain in found] == ["small", "large", "same"], "nobody can build without a limit"
    assert [gain.value for gain in found] == pytest.approx([0.2 * 250, 0.1 * 250, 0.1 * 250])
    first = found[0]
    # Ten differences, +-0.1 about the mean: s = 0.1 sqrt(10/9), t(0.975, 9) = 2.262.
    assert first.high - first.value == pytest.approx(2.262 * 0.1 / 3 / 10 * 250, rel=1e-3)
    assert [gain.stalls for gain in found] == [10, 40, 40]


def test_the_answer_names_the_first_where_it_can_be_told_apart(tmp_path: Path) -> None:
    section = parking(study(tmp_path, SAVED, 0.1), SPECS)[0]
    assert section is not None
    (answer,) = section.words
    assert "build 'small' next" in str(answer.words[1])
    assert [row[-1].words[1] for row in section.rows] == ["first", "behind the first", "behind the first"]


def test_noise_leaves_lots_together(tmp_path: Path) -> None:
    """Noise of 1.2 hours, opposite in `small` and `large` and alike in `small` and `same`.

    Per stall it is 0.12 + 0.03 against `large`, more than their 0.1; against `same` 0.12 - 0.03.
    """
    section = parking(study(tmp_path, SAVED, 1.2), SPECS)[0]
    assert section is not None
    assert "cannot be told from large." in str(section.words[0].words[1])


def test_where_nothing_is_saved_no_lot_is_named(tmp_path: Path) -> None:
    section = parking(study(tmp_path, dict.fromkeys(SAVED, 0.0), 1.0), SPECS)[0]
    assert section is not None
    assert "the first saving cannot be told from zero" in str(section.words[0].words[1])


def test_where_no_hours_are_saved_the_lot_that_spares_most_from_giving_up_is_named(tmp_path: Path) -> None:
    """Ten stalls take give-ups from 10 to 2 %, forty to nothing: per stall the ten do more."""
    gave_up = {"small": 0.02, "large": 0.0}
    section = parking(study(tmp_path, dict.fromkeys(SAVED, 0.0), 1.0, gave_up), SPECS)[0]
    assert section is not None
    assert "'small' spares most drivers from giving up (share 0.10 → 0.02)" in str(section.words[0].words[1])


def test_a_study_without_parking_has_no_such_section(tmp_path: Path) -> None:
    write_synthetic_study(tmp_path, replicates=2)
    assert parking(read_study(tmp_path), SPECS) == [None, None, None]
