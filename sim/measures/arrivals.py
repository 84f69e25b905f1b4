"""Arrivals (到达流量): trips that ended in the window."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="arrivals",
    name={"zh": "到达流量", "en": "Arrivals"},
    definition={
        "zh": "评价时段内到达的车辆数，折算为每小时。仅当需求超过通行能力时才说明问题。",
        "en": "Vehicles that arrived in the window, per hour. It informs only where demand exceeds capacity.",
    },
    unit="veh/h",
    direction="higher",
    decimals=0,
    mcid_abs=float("nan"),
    mcid_rel=0.05,
    formula="(number of vehicles with T0 <= arrival < T1) / (T1 - T0)",
    source="SUMO documentation, TripInfo (arrival)",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the arrivals of the network."""
    trips = view.rows("trips", "arrival_s")
    arrived = int((trips["fate"] == "arrived").sum())
    yield Value("network", arrived / view.window_h, arrived)
