"""Sections on parking: which lot next, where curves over stalls turn, all that was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from sim.comparison.inference import paired_t
from sim.comparison.pairs import BASELINE
from sim.interventions.unlimited_parking import ENOUGH
from sim.labels import Text, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import NOTHING, number, with_interval
from sim.plots.parking_curve import Arms, swept, turns
from sim.plots.study_data import StudyData, records
from sim.report.section import Cell, Section, keys, section
from sim.report.words import BAD, GOOD, change

HOURS = "person_time"
DAYS_A_YEAR = 250
"""Working days: a gain per year counts the simulated window once on each of them and nothing else."""
FEWEST = 2


class Gain(NamedTuple):
    """Person hours that an arm saves per stall it adds and year, with its interval."""

    arm: str
    stalls: float
    value: float
    low: float
    high: float
    verdict: str


def parking(data: StudyData, specs: Mapping[str, MeasureSpec]) -> list[Section | None]:
    """Return the sections, None for each that the folder has no data for."""
    return [_next_lot(data), _curves(data, specs), _measured(data, specs)]


def gains(data: StudyData, period: str) -> list[Gain]:
    """Return what each arm that adds stalls saves per stall and year, the greatest saving first.

    The interval is the comparison's own, scaled: ``-difference / stalls * DAYS_A_YEAR``.
    """
    today = _mean(data, BASELINE, period, "parking_stalls")
    found = []
    for arm in data.policies:
        id = str(arm["id"])
        added = _mean(data, id, period, "parking_stalls") - today
        row = data.row(id, period, HOURS)
        if row is None or not added > 0 or _unlimited(data, id, period):
            continue
        scale = -DAYS_A_YEAR / added
        low, high = scale * row["ci_high"], scale * row["ci_low"]
        found.append(Gain(id, added, scale * row["difference"], low, high, str(row["verdict"])))
    return sorted(found, key=lambda gain: (gain.verdict == "not_comparable", -gain.value))


def told_apart(data: StudyData, period: str, first: Gain, other: Gain, rivals: int) -> bool:
    """Whether the first saves more per stall than another, for the same people (Bonferroni over rivals)."""
    table = pd.DataFrame(
        {arm: data.values(arm, period, HOURS) for arm in (BASELINE, first.arm, other.arm)}
    ).dropna()
    if len(table) < FEWEST:
        return False
    ours, theirs = ((table[BASELINE] - table[gain.arm]) / gain.stalls for gain in (first, other))
    return paired_t((ours - theirs).to_numpy(), 1 - 0.05 / max(rivals, 1)).ci_low > 0


def _next_lot(data: StudyData) -> Section | None:
    rows, words = [], []
    for period in data.periods:
        found = gains(data, period)
        if len(found) < FEWEST:
            continue
        first, rest = found[0], found[1:]
        apart = {gain.arm: told_apart(data, period, first, gain, len(rest)) for gain in rest}
        words.append(Cell(_answer(data, period, found, apart)))
        for gain in found:
            value, interval = with_interval(gain.value, gain.low, gain.high, 1)
            state = "first" if gain is first else "behind" if apart[gain.arm] else "not_apart"
            rows.append(
                (
                    *keys(data, {"arm": gain.arm, "period": period}),
                    Cell(number(gain.stalls, 0)),
                    *(Cell(_levels(data, gain.arm, period, m, d)) for m, d in _BESIDE),
                    Cell(f"{value} {interval}", _tone(gain)),
                    Cell(text(f"report.next_lot.{state}")),
                )
            )
    names = ("policy", "period", "stalls_added", "gave_up", "search_m", "per_stall_year", "rank")
    return section("next_lot", names, rows, "tables/comparison.csv", words=words)


_BESIDE = (("gave_up_parking", 2), ("search_distance", 0))


def _answer(data: StudyData, period: str, found: list[Gain], apart: Mapping[str, bool]) -> Text:
    first = found[0]
    same = [data.arm_title(arm) for arm, clear in apart.items() if not clear]
    state = "alone" if not same else "among"
    if not first.low > 0:
        relief = _relief(data, period, found)
        if relief is None:
            return text("report.next_lot.answer.unseen", period=data.period_title(period))
        levels = _levels(data, relief.arm, period, *_BESIDE[0])
        title, best = data.period_title(period), data.arm_title(relief.arm)
        return text("report.next_lot.answer.relief", period=title, best=best, levels=levels)
    return text(
        f"report.next_lot.answer.{state}",
        period=data.period_title(period),
        first=data.arm_title(first.arm),
        others=same,
    )


def _relief(data: StudyData, period: str, found: list[Gain]) -> Gain | None:
    """Return the arm in which fewest give up per stall it adds, of those whose interval is clear of zero."""
    rows = [(gain, data.row(gain.arm, period, _BESIDE[0][0])) for gain in found]
    clear = [(row["difference"] / gain.stalls, gain) for gain, row in rows if row and row["ci_high"] < 0]
    return min(clear, key=lambda pair: pair[0])[1] if clear else None


def _curves(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    rows = []
    for period in data.periods:
        for policy, arms in swept(data, period).items():
            for measure, scope, found in turns(data, specs, arms, period):
                spec = specs[measure]
                who = text("plot.parking_curve.through") if scope.startswith("purpose:") else Text("", "")
                at, low, high = (_stalls(value, arms) for value in (found.stalls, found.low, found.high))
                rows.append(
                    (
                        Cell(policy),
                        Cell(data.period_title(period)),
                        Cell(Text(spec.name["zh"] + who.zh, spec.name["en"] + who.en)),
                        Cell(text(f"report.turning.{found.way}"), _TONES[found.way]),
                        Cell(at),
                        Cell(NOTHING if math.isnan(found.low) else f"[{low}, {high}]"),
                    )
                )
    names = ("policy", "period", "measure", "curve", "turns_at", "interval")
    return section("parking_curve", names, rows, "tables/measures.parquet")


_TONES = {"falls": "good", "rises": "bad", "level": ""}


def _stalls(value: float, arms: Arms) -> str:
    """Write a number of stalls; where nothing turned among those tried, that it is more."""
    return f"> {number(arms[-1][0], 0)}" if math.isinf(value) else number(value, 0)


def _mean(data: StudyData, arm: str, period: str, measure: str) -> float:
    return float(data.values(arm, period, measure).mean())


def _unlimited(data: StudyData, arm: str, period: str) -> bool:
    """Whether an arm has areas without a limit: nothing that could be built."""
    table = data.measures
    own = (table["arm"] == arm) & (table["period"] == period) & (table["measure"] == "parking_stalls")
    return bool((own & table["scope"].str.startswith("parking:") & (table["value"] >= ENOUGH)).any())


def _levels(data: StudyData, arm: str, period: str, measure: str, decimals: int) -> str:
    """Write a measure before and after."""
    return " → ".join(number(_mean(data, id, period, measure), decimals) for id in (BASELINE, arm))


def _tone(gain: Gain) -> str:
    return "good" if gain.low > 0 else "bad" if gain.high < 0 else ""


def _measured(data: StudyData, specs: Mapping[str, MeasureSpec]) -> Section | None:
    table = data.comparison
    about = table["scope"].str.startswith("parking:") | table["scope"].isin(
        ["purpose:parking", "purpose:leaving"]
    )
    own = table[(about | table["measure"].str.contains("parking")) & table["measure"].isin(list(specs))]
    own = own[own["n_pairs"] > 0]
    same = (own[["difference", "ci_low", "ci_high"]] == 0).all(axis=1)
    rows = []
    for row in records(own[~same]):
        one = change(row, specs[str(row["measure"])], data.titles)
        tone = "good" if one.verdict in GOOD else "bad" if one.verdict in BAD else ""
        directed = row["direction"] != "none"
        rows.append(
            (
                *keys(data, row),
                Cell(one.where),
                Cell(one.measure),
                Cell(f"{one.before} → {one.after} {one.unit}".strip()),
                Cell(f"{one.difference} {one.interval}"),
                Cell(text(f"verdict.{one.verdict}") if directed else "—", tone if directed else ""),
            )
        )
    names = ("policy", "period", "places", "measure", "level", "interval", "verdict")
    words = [Cell(text("report.parking.same", n=str(int(same.sum()))))] if same.any() else []
    return section("parking", names, rows, "tables/comparison.csv", words=words, shown_empty=bool(words))
