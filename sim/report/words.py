"""What the numbers allow to be said, and no more: verdicts, gates and findings in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from sim.checks import findings
from sim.comparison.inference import MINIMUM_PAIRS
from sim.labels import Text, catalogue, text
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import decimals_of, number, with_interval
from sim.plots.study_data import StudyData
from sim.site.places import UNTITLED, place

BAD = ("worse", "worse_uncertain")
GOOD = ("improved", "improved_uncertain")

SEVERITIES = ("invalid", "lower_bound", "caution")
"""Worst first."""


class Change(NamedTuple):
    """One row of the comparison, written out."""

    measure: Text
    where: Text
    before: str
    after: str
    difference: str
    interval: str
    relative: str
    relative_interval: str
    unit: str
    mcid: str
    verdict: str
    gate: str
    n_pairs: int
    within_noise: bool = False
    """Its interval overlaps the blank control's."""
    alone: bool = False
    """It is significant by itself and not after Holm's correction for all policies and periods."""


def measure_name(spec: MeasureSpec) -> Text:
    """Name of a measure."""
    return Text(spec.name["zh"], spec.name["en"])


def change(row: Mapping[str, Any], spec: MeasureSpec, titles: Mapping[str, Text] = UNTITLED) -> Change:
    """Write out one row; means get no more digits than their difference deserves or the measure has."""
    decimals = min(decimals_of(row["ci_low"], row["ci_high"], spec.decimals), spec.decimals)
    difference, interval = with_interval(
        row["difference"], row["ci_low"], row["ci_high"], spec.decimals, matters=float(row["mcid"])
    )
    relative, relative_interval = with_interval(
        row["relative"], row["relative_ci_low"], row["relative_ci_high"], 1, percent=True
    )
    before, after, unit = number(row["before"], decimals), number(row["after"], decimals), spec.unit
    if spec.relative_only:  # levels are not to be trusted: the baseline is 100
        before, after, unit = "100", number(100 * (1 + row["relative"]), 0), "%"
        difference, interval = relative, relative_interval
    return Change(
        measure_name(spec),
        place(row["scope"], titles),
        before,
        after,
        difference,
        interval,
        relative,
        relative_interval,
        unit,
        number(row["mcid"], max(decimals_of(0, 2 * row["mcid"], spec.decimals), 0)),
        str(row["verdict"]),
        str(row["gate"]),
        int(row["n_pairs"]),
        bool(row.get("within_noise", False)),
        bool(row.get("alone", False)),
    )


def meaning(row: Mapping[str, Any], spec: MeasureSpec) -> Text:
    """Say in one or two sentences what the verdict of a row means and why it is not more than that."""
    verdict, gate = str(row["verdict"]), str(row["gate"])
    key = verdict
    if verdict == "not_comparable":
        key = (
            "not_comparable.no_pairs" if int(row["n_pairs"]) == 0 and gate != "invalid" else "not_comparable"
        )
    if verdict == "inconclusive":
        low, high, mcid = float(row["ci_low"]), float(row["ci_high"]), float(row["mcid"])
        if int(row["n_pairs"]) < MINIMUM_PAIRS:
            key = "inconclusive.few_pairs"
        elif (
            gate == "lower_bound"
            and spec.censoring == "optimistic"
            and (low > 0 or high < 0 or abs(low) <= mcid)
        ):
            key = "inconclusive.lower_bound"
    said = text(
        f"report.meaning.{key}",
        mcid=number(float(row["mcid"]), max(decimals_of(0, 2 * float(row["mcid"]), spec.decimals), 0)),
        unit=spec.unit,
        n=str(int(row["n_pairs"])),
        least=str(MINIMUM_PAIRS),
    )
    if at_least(row, spec):
        more = text(f"report.at_least.{'improved' if verdict in GOOD else 'worse'}")
        said = Text(said.zh + more.zh, f"{said.en} {more.en}")
    return said


def at_least(row: Mapping[str, Any], spec: MeasureSpec) -> bool:
    """Whether a change is only known to be at least as large as shown: one side had not cleared."""
    return row["gate"] == "lower_bound" and spec.censoring == "optimistic" and row["verdict"] in (*GOOD, *BAD)


class FindingLine(NamedTuple):
    """The same finding of several runs and places, in one line."""

    severity: str
    words: Text
    hint: Text | None
    arms: tuple[Text, ...]
    period: Text
    replicates: int
    places: tuple[Text, ...]
    more_places: int


def finding_lines(data: StudyData, arm: str | None = None, period: str | None = None) -> list[FindingLine]:
    """Return findings in words, worst first: all, or those of one arm and the baseline in one period.

    Grouped by finding and period; the value told is the one farthest from its limit.
    """
    table = data.findings
    if arm is not None:
        table = table[table["arm"].isin(["baseline", arm])]
    if period is not None:
        table = table[table["period"] == period]
    lines: list[tuple[int, str, str, FindingLine]] = []
    for (severity, finding, when), group in table.groupby(["severity", "finding", "period"], sort=True):
        beyond = (group["value"] - group["limit"]).abs().fillna(0.0).to_numpy()
        worst = group.iloc[int(beyond.argmax())]
        scopes = sorted(set(group["scope"]) - {""})
        lines.append(
            (
                SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES),
                str(when),
                str(finding),
                FindingLine(
                    str(severity),
                    finding_words(
                        str(finding), float(worst["value"]), float(worst["limit"]), len(data.passport) > 0
                    ),
                    catalogue().get(f"finding.{finding}.hint"),
                    tuple(data.arm_title(one) for one in _in_order(data, set(group["arm"]))),
                    data.period_title(str(when)),
                    len(set(zip(group["arm"], group["replicate"], strict=True))),
                    tuple(place(scope, data.titles) for scope in scopes[:3]),
                    max(len(scopes) - 3, 0),
                ),
            )
        )
    return [line for *_, line in sorted(lines, key=lambda entry: entry[:3])]


def finding_words(finding: str, value: float, limit: float, passport: bool = True) -> Text:
    """Say a finding; one that this version does not know keeps its name. `passport`: one was taken."""
    if finding == findings.Finding.UNCALIBRATED and not passport:
        return text("finding.uncalibrated.unmeasured")
    if finding not in set(findings.Finding) or math.isnan(value) or math.isnan(limit):
        return Text(finding, finding)
    return findings.words(finding, value, limit)


def shown_gates(lines: Iterable[FindingLine], severity: str) -> list[FindingLine]:
    """Keep the findings that made a gate: those as severe as it."""
    return [line for line in lines if line.severity == severity]


def _in_order(data: StudyData, arms: set[str]) -> list[str]:
    return [entry["id"] for entry in data.study["arms"] if entry["id"] in arms]


def worse_rows(data: StudyData, arm: str, specs: Mapping[str, MeasureSpec]) -> pd.DataFrame:
    """Return the rows of the comparison that got worse, the largest relative to what matters first.

    Where people may go another way, fewer who pass a place are no loss to anybody.
    """
    table = data.comparison
    own = table[(table["arm"] == arm) & table["verdict"].isin(BAD) & table["measure"].isin(list(specs))]
    own = own[~((own["measure"] == data.primary) & (own["scope"] == "network"))]
    if data.study.get("routes", "fixed") != "fixed":
        own = own[~((own["measure"] == "served_flow") & (own["scope"] != "network"))]
    weight = (own["difference"].abs() / own["mcid"].where(own["mcid"] > 0)).fillna(0.0)
    order = pd.DataFrame(
        {
            "certain": own["verdict"] != "worse",
            "weight": -weight,
            "measure": own["measure"],
            "scope": own["scope"],
            "period": own["period"],
        }
    )
    return own.loc[order.sort_values(list(order.columns)).index]
