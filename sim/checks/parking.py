"""Findings on parking: circling without end, books that do not balance."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView
from sim.measures.parking_use import PARKERS, occupied

SECONDS_OFF = 2.0
"""A stay may differ by the steps in which it begins and ends."""


def circling(view: RunView) -> Iterator[tuple[float, float]]:
    """Yield (hour of the day at which the first began, patience in min) where searches outlast patience.

    Searches that began in the window: of drivers who parked, gave up or still searched after more than the
    patience of their demand; imported drivers have none.
    """
    made = view.tables["searches"]
    made = made[view.within(made["began_s"])]
    patience_s = {name: item.gives_up_after_min * 60 for name, item in view.site.parking_demand.items()}
    limit_s = made["vehicle"].str.split(".").str[1].map(patience_s).astype("float64")
    late = made[(made["ended_s"] - made["began_s"]) > limit_s]
    if len(late):
        first = int(late["began_s"].argmin())
        yield float(late["began_s"].min()) / 3600, float(limit_s.loc[late.index].iloc[first]) / 60


def little(view: RunView) -> Iterator[tuple[str, float]]:
    """Yield area ('': none is known) and relative gap where Little's law does not hold: L = lambda W.

    Two outputs of the simulator are held against each other, over the whole run of T seconds: L T is what the
    stop output makes of an area's occupancy (seconds that vehicles stood there), lambda W T what the trips
    were charged with (their number, times the mean of their planned stays). Who cannot get out stands longer
    than was planned, but no longer than the time that the trip itself lost, so
    ``charged <= stood <= charged + lost``, but for rounding to steps; whose stay was charged has stood
    somewhere; and no more than its stalls stand in an area at a time. Else the books are wrong.

    Of vehicles that arrived, bar those who stood there from the start: they are charged with no stay.
    """
    trips, parked = view.tables["trips"], view.tables["parked"]
    charged = trips[(trips["fate"] == "arrived") & (trips["stop_s"] > 0) & (trips["purpose"] != "leaving")]
    charged = charged.set_index("id")
    nowhere = charged.index[charged["purpose"].isin(PARKERS)].difference(list(parked["vehicle"]))
    if len(nowhere):
        yield "", len(nowhere) / len(charged)
    elsewhere = parked.loc[~parked["area"].isin(list(view.parking)), "vehicle"]
    stays = parked[parked["vehicle"].isin(charged.index.difference(list(elsewhere)))]
    stood_s = (stays["ended_s"] - stays["started_s"]).groupby(stays["vehicle"]).sum()
    areas = stays.groupby("vehicle")["area"].first()
    for name in sorted(view.parking):
        own = areas.index[areas == name]
        rounding_s = SECONDS_OFF * len(own)
        sums = charged.loc[own, ["stop_s", "time_loss_s"]].sum()
        gap_s = float(stood_s[own].sum()) - float(sums["stop_s"])
        if gap_s < -rounding_s or gap_s > float(sums["time_loss_s"]) + rounding_s:
            yield name, abs(gap_s) / float(sums["stop_s"])
        lengths_s, vehicles = occupied(view, name)
        # Within one step a car may leave and the next one come: such moments have no length.
        most = int(vehicles[lengths_s > 0].max(initial=0))
        if most > view.parking[name].stalls:
            yield name, most / view.parking[name].stalls - 1
