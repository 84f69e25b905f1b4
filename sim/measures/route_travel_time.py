"""Travel time along a named route (路径行程时间)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="route_travel_time",
    name={"zh": "路径行程时间", "en": "Route travel time"},
    definition={
        "zh": "评价时段内驶完指定路径全程的车辆的平均行程时间，含途中的停留（公交停站、停车）。时段末仍在途"
        "的车辆不在其中。",
        "en": "Mean travel time of the vehicles that drove the whole named route and completed it in the "
        "window. Stops on the way (bus stops, parking) are in it, vehicles still on it at the end are not.",
    },
    unit="s/veh",
    direction="lower",
    of_network=False,
    decimals=1,
    mcid_abs=2.0,
    mcid_rel=0.05,
    formula="mean travel time between the sections at the route's start and end",
    source="SUMO documentation, Multi-Entry-Exit Detectors (E3)",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the mean of every named route of the site; NaN where nobody completed it."""
    times_s = {str(zone): float(time_s) for zone, time_s in view.served["travel_time_s"].items()}
    for name in view.site.routes:
        scope = f"route:{name}"
        yield Value(scope, times_s.get(scope, math.nan), view.served_vehicles.get(scope, 0))
