"""The curve over stalls: which arms are points of it, and their intervals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.measures import SPECS
from sim.plots.parking_curve import curve, draw, swept, turns
from sim.plots.study_data import StudyData, read_study
from tests.synthetic_study import write_synthetic_study

STALLS = {"lot[stalls=10]": 10, "lot[stalls=30]": 30}


@pytest.fixture
def data(tmp_path: Path) -> StudyData:
    """Today and two numbers of stalls, two replicates; search distance 100, 60 and 20 m, 1 m up and down."""
    folder = write_synthetic_study(tmp_path, replicates=1, two_periods=False, arms=["baseline", "retime"])
    plain = read_study(folder)
    field = "interventions.lot.area.stalls"
    arms = [{"id": arm, "swept": {field: str(stalls)}} for arm, stalls in STALLS.items()]
    other = {"id": "lot[at_m=5]", "swept": {"interventions.lot.area.at_m": "5"}}
    rows = [
        (arm, "am_peak", replicate, measure, scope, value, 9)
        for step, arm in enumerate(["baseline", *STALLS])
        for replicate, sign in ((1, -1.0), (2, 1.0))
        for measure, scope, value in (
            ("search_distance", "network", 100 - 40 * step + sign),
            ("parking_stalls", "parking:old", 7),
            ("parking_stalls", "parking:lot", STALLS.get(arm, 0)),
        )
        if value
    ]
    measures = pd.DataFrame(rows, columns=list(plain.measures.columns))
    return replace(
        plain, study={**plain.study, "arms": [*plain.study["arms"], *arms, other]}, measures=measures
    )


def test_points_go_from_today_upwards_with_t_intervals(data: StudyData) -> None:
    arms = swept(data, "am_peak")["lot"]
    points = curve(data, arms, "am_peak", "search_distance", "network")
    assert [(point.stalls, point.mean) for point in points] == [(0, 100), (10, 60), (30, 20)]
    # n = 2: t(0.975, 1) = 12.706, standard deviation sqrt(2), standard error 1.
    assert [point.high - point.mean for point in points] == pytest.approx([12.706] * 3, abs=0.01)


def test_one_figure_for_a_policy_whose_stalls_alone_are_swept(data: StudyData) -> None:
    (drawing,) = draw(data, SPECS)
    assert (drawing.key, drawing.period, drawing.of) == ("parking_curve", "am_peak", "lot")
    shown = [axes for axes in drawing.figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left").split("\n")[0] for axes in shown] == ["寻泊里程 (m)"]
    assert list(shown[0].lines[0].get_xdata()) == [0, 10, 30]


def test_where_the_curve_turns_is_found(data: StudyData) -> None:
    """100 at none, 60 at 10, 20 at 30: nine tenths of 80, to 28, are gained at 26 stalls."""
    ((measure, _, found),) = turns(data, SPECS, swept(data, "am_peak")["lot"], "am_peak")
    assert (measure, found.way, found.stalls) == ("search_distance", "falls", pytest.approx(26))


def test_bays_that_go_are_counted_from_the_fewest_up(data: StudyData) -> None:
    """Today has 30, the arms keep 10 and none: the baseline is the right end of the curve."""
    kept = {"baseline": 30.0, "lot[keeps=10]": 10.0, "lot[keeps=0]": 0.0}
    rows = [(arm, "am_peak", 1, "parking_stalls", "parking:kerb", n, 1) for arm, n in kept.items() if n] + [
        (arm, "am_peak", 1, "parking_stalls", "network", n + 7, 1) for arm, n in kept.items()
    ]
    rows += [(arm, "am_peak", 1, "parking_stalls", "parking:old", 7.0, 1) for arm in kept]
    field = "interventions.it.keeps"
    arms = [{"id": arm, "swept": {field: arm[-2]}} for arm in kept if arm != "baseline"]
    measures = pd.DataFrame(rows, columns=list(data.measures.columns))
    swept_data = replace(data, study={**data.study, "arms": arms}, measures=measures)
    assert swept(swept_data, "am_peak") == {
        "lot": [(0.0, "lot[keeps=0]"), (10.0, "lot[keeps=10]"), (30.0, "baseline")]
    }


def test_nothing_is_drawn_where_nothing_is_swept(data: StudyData) -> None:
    assert not list(draw(replace(data, study={**data.study, "arms": data.study["arms"][:3]}), SPECS))
