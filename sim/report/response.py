"""Where a policy that rests on people's response breaks even: "if illegal stopping falls to y, then ..."."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

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
        if math.isnan(value := break_even(response, gain, mcid)):
            yield text("report.card.no_break_even", **at)
            continue
        least, most = sorted(break_even(response, end, mcid) for end in ends)
        sure = not math.isnan(break_even(response, min(ends), mcid))
        key = "report.card.break_even" if sure else "report.card.break_even_open"
        yield text(key, **at, value=f"{value:.3g}", least=f"{least:.3g}", most=f"{most:.3g}")
