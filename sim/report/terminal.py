"""The verdict table for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.comparison.pairs import BASELINE
from sim.comparison.policy_verdict import policy_verdict, significant_alone, worst_arm
from sim.labels import Lang, Text, label, text
from sim.measures import SPECS
from sim.plots.numbers import with_interval
from sim.plots.study_data import not_simulated

_MOST_DECIMALS = 3


def verdict_table_text(comparison: pd.DataFrame, study: Mapping[str, Any], lang: Lang) -> str:
    """Return the primary measure by policy and period with interval and verdict; verdicts over all periods.

    Parameters
    ----------
    comparison
        Columns `compare.COMPARISON`.
    study
        The content of study.json.
    lang
        ``zh`` or ``en``.
    """
    primary = str(study["primary"])
    alone = significant_alone(comparison, float(study.get("confidence", 0.95)))
    rows = comparison.assign(alone=alone)
    rows = rows[(rows["measure"] == primary) & (rows["scope"] == "network")]
    spec = SPECS.get(primary)
    name = Text(spec.name["zh"], spec.name["en"]) if spec else Text(primary, primary)
    unit, decimals = (spec.unit, spec.decimals) if spec else ("", _MOST_DECIMALS)
    head = text(
        "report.terminal.head",
        measure=name,
        unit=unit or "-",
        percent=f"{100 * float(study.get('confidence', 0.95)):g}",
    )
    columns = ("policy", "period", "before", "after", "change", "interval", "verdict", "gate")
    table = [[label(f"report.column.{column}", lang) for column in columns]]
    policies = [arm for arm in study["arms"] if arm["id"] != BASELINE]
    for arm, following in zip(policies, [*policies[1:], {}], strict=True):
        table += _lines(rows, arm, study, decimals, lang)
        stage, after = arm.get("stage"), following.get("stage")
        if stage and (after or {}).get("policy") != stage["policy"]:
            table.append(_worst_stage(rows, stage, study, lang))
    widths = [max(_width(line[i]) for line in table) for i in range(len(columns))]
    body = ["  ".join(_padded(cell, widths[i]) for i, cell in enumerate(line)).rstrip() for line in table]
    site = study["site"]
    notes = [label("report.terminal.note", lang)]
    if missing := not_simulated(study):
        named = [_title(site["declared_periods"][period], period, lang) for period in missing]
        notes.append(label("report.not_simulated", lang, periods=named))
    if site.get("made_up", True):
        notes.append(label("plot.made_up", lang))
    if not site.get("calibrated", False):
        notes.append(label("report.uncalibrated", lang))
    return "\n".join([head.of(lang), body[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *body[1:], *notes])


def _lines(
    rows: pd.DataFrame,
    arm: Mapping[str, Any],
    study: Mapping[str, Any],
    decimals: int,
    lang: Lang,
) -> list[list[str]]:
    periods, missing = study["periods"], not_simulated(study)
    title = _title(arm.get("title"), arm["id"], lang)
    swept = ", ".join(f"{k.rpartition('.')[2]}={v}" for k, v in (arm.get("swept") or {}).items())
    title += f" [{swept}]" if swept else ""
    title += f" {label('report.card.if_so', lang)}" if arm.get("conditional") else ""
    lines = []
    for period, facts in periods.items():
        chosen = rows[(rows["arm"] == arm["id"]) & (rows["period"] == period)]
        words = [title, _title(facts.get("title"), period, lang)]
        if chosen.empty:
            lines.append([*words, *["-"] * 4, label("report.no_result", lang), ""])
            continue
        row = chosen.iloc[0]
        change, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], decimals)
        before, after = (
            with_interval(row[k], row["ci_low"], row["ci_high"], decimals)[0] for k in ("before", "after")
        )
        gate = str(row["gate"])
        lines.append(
            [
                *words,
                before.lstrip("+"),
                after.lstrip("+"),
                change,
                interval,
                label(f"verdict.{row['verdict']}", lang) + _beside(row, lang),
                label(f"gate.{gate}", lang) if gate else "",
            ]
        )
    complete = all(line[2] != "-" for line in lines)
    if arm.get("permanent", True) and complete and len(periods) + len(missing) > 1:
        found = policy_verdict(rows, str(study["primary"]), arm["id"], not_simulated=missing)
        verdict = label(f"verdict.{found.token}", lang)
        if found.simulated_only:
            verdict += ("" if lang == "zh" else " ") + label("report.simulated_only", lang)
        which = label("report.simulated_periods" if missing else "report.all_periods", lang)
        lines.append([title, which, "", "", "", "", verdict, ""])
    return lines


def _beside(row: pd.Series[Any], lang: Lang) -> str:
    said = [
        f"report.{name}" for name, held in (("noise", "within_noise"), ("alone", "alone")) if row.get(held)
    ]
    return "".join((" " if lang == "en" else "") + label(key, lang) for key in said)


def _worst_stage(
    rows: pd.DataFrame, stage: Mapping[str, Any], study: Mapping[str, Any], lang: Lang
) -> list[str]:
    """Give a policy of several stages the verdict of its worst one, behind the last of them."""
    of_policy = {
        arm["id"]: arm["stage"]["title"]
        for arm in study["arms"]
        if (arm.get("stage") or {}).get("policy") == stage["policy"]
    }
    title = _title(stage["policy_title"], stage["policy"], lang)
    found = {(str(arm), str(period)) for arm, period in zip(rows["arm"], rows["period"], strict=True)}
    if not found >= {(arm, period) for arm in of_policy for period in study["periods"]}:
        which, verdict = "-", "report.no_verdict"
    else:
        worst = worst_arm(rows, str(study["primary"]), of_policy)
        which = _title(of_policy[worst], worst, lang)
        verdict = f"verdict.{policy_verdict(rows, str(study['primary']), worst).token}"
    named = label("report.stages.worst_one", lang, stage=which)
    return [title, named, "", "", "", "", label(verdict, lang), ""]


def _title(words: Mapping[str, Any] | None, otherwise: str, lang: Lang) -> str:
    found = str((words or {}).get(lang) or otherwise)
    return " ".join("".join(c if c.isprintable() else " " for c in found).split())


def _width(cell: str) -> int:
    """Columns of a terminal that a text fills: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))
