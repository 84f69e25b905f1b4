"""Measure what a grade takes from a lane's saturation flow, by car-following model.

    python -m tests.validation.grade

rewrites docs/validation/grade.md: one lane of the rig (`saturation_rig`), level and uphill, with the model
that huandu drives with and with KraussPS, which knows slopes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sim.vehicles import VehicleSet
from tests.validation.saturation_rig import Rig, Saturation, load_set, measure

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation" / "grade.md"
VEHICLES = "sigma_zero"
MODELS = ("Krauss", "KraussPS")
GRADES_PCT = (0.0, 3.0, 6.0)
SEEDS = (1, 2, 3)


def flow(
    vehicles: VehicleSet, model: str, grade_pct: float, cycles: int, seeds: tuple[int, ...]
) -> Saturation:
    """Return what a lane of cars discharges uphill."""
    return measure(vehicles, seeds=seeds, rig=Rig(cycles=cycles, grade_pct=grade_pct, car_following=model))


def page() -> str:
    """Measure everything and write the page."""
    vehicles = load_set(VEHICLES)
    lines = [
        f"| {model} | {grade_pct:.0f} % | {one.saturation_vph:.0f} | {one.saturation_se_vph:.0f} "
        f"| {one.startup_lost_s:.2f} |"
        for model in MODELS
        for grade_pct in GRADES_PCT
        for one in [flow(vehicles, model, grade_pct, Rig().cycles, SEEDS)]
    ]
    return TEXT.format(when=f"{datetime.now(UTC):%Y-%m-%d}", vehicles=VEHICLES, lines="\n".join(lines))


TEXT = """\
# What a grade takes

Made by `python -m tests.validation.grade` on {when}, SUMO 1.28.0: one lane of cars uphill, limit 50 km/h,
45 s of green in 100 s, a queue that never clears, {vehicles}, three seeds of forty cycles.
S: veh/h of green.

| car following | grade | S | standard error | start-up loss, s |
| --- | --- | --- | --- | --- |
{lines}

Krauss, which huandu drives with, does not know slopes. The capacity passport takes an uphill grade off what
it expects (6 % on 6 %), so a steep approach stands too high in the model by about that much, and from 1 % on
its row says so ([calibration](../calibration.md)). KraussPS knows them; how much a real street loses, only a
count there says (`saturation_vph`), and `huandu calibrate` fits headway and acceleration to it.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
