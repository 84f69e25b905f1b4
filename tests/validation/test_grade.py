"""Which car-following model knows a slope: what docs/calibration.md says of grades."""

from __future__ import annotations

from tests.validation.grade import MODELS, VEHICLES, flow
from tests.validation.saturation_rig import load_set


def test_only_krauss_ps_knows_a_slope() -> None:
    vehicles = load_set(VEHICLES)
    level, steep = (
        {model: flow(vehicles, model, grade_pct, 8, (1,)).saturation_vph for model in MODELS}
        for grade_pct in (0.0, 6.0)
    )
    print(level, steep)
    assert abs(steep["Krauss"] / level["Krauss"] - 1) < 0.01
    assert steep["KraussPS"] < 0.95 * level["KraussPS"]
