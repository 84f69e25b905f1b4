"""Lane blocking by parking (停车占道时间)."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView, Value
from sim.measures.parking_use import areas
from sim.measures.spec import MeasureSpec

SPEC = MeasureSpec(
    id="lane_blocked",
    name={"zh": "停车占道时间", "en": "Lane blocking by parking"},
    definition={
        "zh": "评价时段内停车占用行车道的车辆·秒：进出泊位的操作时间之和，加上在车道上违停的时间。",
        "en": "Vehicle·seconds of the window during which parking blocked a lane: the times of all "
        "movements in and out of stalls, plus illegal stops on the lane.",
    },
    unit="veh·s",
    direction="lower",
    of_network=True,
    decimals=0,
    mcid_abs=30.0,
    mcid_rel=0.1,
    formula="sum over areas of (movements in + out) t_manoeuvre + time stopped on the lane",
    source="manoeuvre time 18 s: HCM (f_p); definition of huandu",
    interval="t",
    censoring="exact",
)


def compute(view: RunView) -> Iterator[Value]:
    """Yield the sum of the network and each area's part, if anybody parks or stops."""
    parked = view.tables["parked"]
    begin_s, end_s = view.facts.window_begin_s, view.facts.window_end_s
    total_s = 0.0
    for name, area in areas(view):
        own = parked[parked["area"] == name]
        moves = int(view.within(own["started_s"]).sum() + view.within(own["ended_s"]).sum())
        total_s += moves * area.holds_up_s
        yield Value(f"parking:{name}", float(moves * area.holds_up_s), moves)
    trips = view.tables["trips"]
    stopping = trips.loc[trips["purpose"].isin(["stopping", "parking"]), "id"]
    on_lane = parked[(parked["area"] == "") & parked["vehicle"].isin(stopping)]
    stood_s = on_lane["ended_s"].fillna(end_s).clip(upper=end_s) - on_lane["started_s"].clip(lower=begin_s)
    if view.parking or len(on_lane):
        yield Value("network", total_s + float(stood_s.clip(lower=0).sum()), len(on_lane))
