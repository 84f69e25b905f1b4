"""Pedestrian delay (行人过街延误), simulated."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value, mean
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="pedestrian_delay",
    name={"zh": "行人过街平均延误", "en": "Pedestrian delay"},
    definition={
        "zh": "评价时段内需要过街的行人的平均损失时间（仿真值，未过完的行人按已耗时间计入）。",
        "en": "Mean time lost by pedestrians who wanted to cross in the window (simulated; those not yet "
        "across count with their whole time so far).",
    },
    unit="s/ped",
    direction="lower",
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="(1/n) sum_i time_loss_i over walks with T0 <= scheduled_i < T1",
    source="GA/T 527.2-2024 B.15 行人过街平均延误 (name, second-hand); SUMO documentation, TripInfo (walks)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of all walks, and of every crossed leg and junction."""
    walks = view.rows("walks", "scheduled_s")
    if walks.empty:
        return
    so_far_s = view.facts.end_s - walks["scheduled_s"]
    walks = walks.assign(time_loss_s=walks["time_loss_s"].where(walks["fate"] == "arrived", so_far_s))
    yield mean("network", walks["time_loss_s"])
    for junction in view.junctions:
        legs = [approach.id for approach in junction.approaches]
        here = walks[walks["crossing"].isin(legs)]
        for leg, group in here.groupby("crossing", sort=True):
            yield mean(f"approach:{leg}", group["time_loss_s"])
        if len(here):
            yield mean(f"junction:{junction.id}", here["time_loss_s"])
