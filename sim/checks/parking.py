"""Findings on parking: circling without end, books that do not balance, a start that nobody has counted."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measures.base import RunView
from sim.measures.parking_use import occupied
from sim.site.facts import SiteFacts

MEAN_STAYS = 3.0
"""Least horizon of a demand whose stock nobody has counted."""
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


def unsurveyed(site: SiteFacts, period: str) -> Iterator[tuple[str, float]]:
    """Yield parking demand and mean stays covered where its stock is drawn and the horizon is short.

    The horizon, warm-up and window, covers at least `MEAN_STAYS` or begins with a surveyed stock: a shorter
    one never forgets the stock it began with, and that one was drawn as if the rate had always been the same.
    """
    named = site.periods[period]
    for name, demand in sorted(site.parking_demand.items()):
        covered = demand.covers_stays(period, site.warm_up_s, named.end_s - named.begin_s)
        if covered < MEAN_STAYS:
            yield name, covered


def little(view: RunView) -> Iterator[tuple[str, float]]:
    """Yield area and relative gap where occupancy and arrivals times stay disagree (Little's law).

    L from the stop output (how many stand there, summed over the window) against lambda W of the same
    vehicles: their number, times the mean of their stays within the window, from the stays that the trips
    were charged with. Equal but for rounding to steps, whatever the traffic; else the books are wrong.
    """
    begin_s, end_s = view.facts.window_begin_s, view.facts.window_end_s
    parked = view.tables["parked"]
    planned_s = view.tables["trips"].set_index("id")["stop_s"]
    for name in sorted(view.parking):
        own = parked[(parked["area"] == name) & parked["ended_s"].notna()]
        own = own[(own["started_s"] >= begin_s) & (own["ended_s"] <= end_s)]
        own = own[own["vehicle"].map(planned_s).fillna(0) > 0]  # those leaving are charged with no stay
        if own.empty:
            continue
        charged_s = own["vehicle"].map(planned_s)
        # Beyond the plan they wait to get out: travel, but in the stall.
        waited_s = (own["ended_s"] - own["started_s"] - charged_s).clip(lower=0.0)
        stood_s = float((own["ended_s"] - own["started_s"]).sum())
        expected_s = len(own) * float((charged_s + waited_s).mean())
        gap = abs(stood_s - expected_s)
        if gap > SECONDS_OFF * len(own):
            yield name, gap / stood_s
        lengths_s, vehicles = occupied(view, name)
        # Within one step a car may leave and the next one come: such moments have no length.
        most = int(vehicles[lengths_s > 0].max(initial=0))
        if most > view.parking[name].stalls:
            yield name, most / view.parking[name].stalls - 1
        if (lengths_s * vehicles).sum() < stood_s - SECONDS_OFF * len(own):
            yield name, 1 - float((lengths_s * vehicles).sum()) / stood_s
