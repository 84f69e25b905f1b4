"""Where a policy that rests on people's response breaks even: "if illegal stopping falls to y, then ..."."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.study_data import StudyData


def break_even(response: Mapping[str, Any], gain: float, mcid: float) -> float:
    """Return the response at which a gain is just the smallest change that matters; NaN: not by `after`.

    The gain is taken to grow in proportion to the response, from none at `before` to `gain` at `after`:
    ``y = before - (before - after) mcid / gain``. Nothing is said of responses beyond the one simulated.
    """
    if not gain >= mcid > 0:
        return math.nan
    before, after = float(response["before"]), float(response["after"])
    return before - (before - after) * mcid / gain


def break_even_beside(response: Mapping[str, Any], gain: float, own: float, mcid: float) -> float:
    """Return the same where the response is of one of several interventions, which adds `own` to the gain.

    The others gain ``gain - own`` whatever people do: infinite where that is enough, NaN where no response
    up to `after` is.
    """
    if gain - own >= mcid > 0:
        return math.inf
    return break_even(response, own, mcid - (gain - own))


def added_last(attribution: pd.DataFrame, name: str) -> float:
    """Return what an intervention adds where all others are there; NaN where its design does not tell.

    `attribution`: columns `sim.comparison.factorial.ATTRIBUTION`, of one policy and period. With the shares
    and interactions of two or three factors as defined there, ``y(all) - y(all others)`` is its share, half
    of what it brings together with each other one, and a sixth of what all three bring together.
    """
    if not set(attribution["design"]) <= {"2^2", "2^3"}:
        return math.nan
    of = {row["names"]: float(row["difference"]) for row in attribution.to_dict("records")}
    weights = {2: 1 / 2, 3: 1 / 6}
    together = {names: names.split(" * ") for names in of if " * " in names}
    more = (weights[len(parts)] * of[names] for names, parts in together.items() if name in parts)
    return of.get(name, math.nan) + sum(more)


def break_even_lines(data: StudyData, spec: MeasureSpec, arm: Mapping[str, Any]) -> Iterator[Text]:
    """Say per period how far people have to go along for the primary measure to gain enough to matter."""
    response = arm.get("response")
    if not response:
        return
    words = {key: Text(response[key]["zh"], response[key]["en"]) for key in ("name", "unit", "between")}
    words["to"] = text("report.response." + ("falls" if response["after"] < response["before"] else "rises"))
    for period in data.periods:
        row = data.row(str(arm["id"]), period, data.primary)
        if row is None or row["verdict"] == "not_comparable":
            continue
        less = -1.0 if spec.direction == "lower" else 1.0
        gain, *ends = (less * float(row[name]) for name in ("difference", "ci_low", "ci_high"))
        mcid = float(row["mcid"])
        at = {"period": data.period_title(period), "after": f"{response['after']:g}", **words}
        if response.get("of"):
            yield _beside_others(data, str(arm["id"]), period, response, gain, mcid, less, at)
            continue
        if math.isnan(value := break_even(response, gain, mcid)):
            yield text("report.card.no_break_even", **at)
            continue
        least, most = sorted(break_even(response, end, mcid) for end in ends)
        sure = not math.isnan(break_even(response, min(ends), mcid))
        key = "report.card.break_even" if sure else "report.card.break_even_open"
        yield text(key, **at, value=f"{value:.3g}", least=f"{least:.3g}", most=f"{most:.3g}")


def _beside_others(
    data: StudyData,
    arm: str,
    period: str,
    response: Mapping[str, Any],
    gain: float,
    mcid: float,
    less: float,
    at: Mapping[str, Any],
) -> Text:
    table = data.optional("attribution")
    if table is None:
        return text("report.card.break_even_unknown", **at)
    own = less * added_last(table[(table["arm"] == arm) & (table["period"] == period)], response["of"])
    if math.isnan(own):  # it only stands together with another one, or they are too many
        return text("report.card.break_even_apart", **at)
    value = break_even_beside(response, gain, own, mcid)
    if math.isinf(value):
        return text("report.card.break_even_anyway", **at)
    if math.isnan(value):
        return text("report.card.no_break_even", **at)
    return text("report.card.break_even_beside", **at, value=f"{value:.3g}")
