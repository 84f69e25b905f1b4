"""The section of the moving picture: what `sim.replay` recorded, as much as the page has room for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.labels import Text, text, understood
from sim.measures.spec import MeasureSpec
from sim.plots.numbers import number
from sim.plots.study_data import StudyData
from sim.policy import BASELINE
from sim.report.street_map import as_html
from sim.report.words import measure_name

MOST_CHARACTERS = 4_500_000
"""Of all pictures on the page, which is to stay under 10 MB."""
WORDS = ("play", "pause", "counts")


def replay(data: StudyData, specs: Mapping[str, MeasureSpec]) -> dict[str, Any]:
    """Return `heads` and `pictures` as JSON that is harmless HTML, and `lacking`: why a picture is not there.

    A picture is shown only if both its runs are still the study's.
    """
    digests = {(run.arm, run.period, run.replicate): run.digest for run in data.runs}
    heads, pictures, lacking, room = [], [], [], MOST_CHARACTERS
    for one in data.replay:
        title = _title(data, one)
        key = (one["period"], one["replicate"])
        if [digests.get((arm, *key)) for arm in (BASELINE, one["arm"])] != one["digests"]:
            lacking.append(text("report.replay.other_runs", picture=title))
            continue
        if one["failure"]:
            lacking.append(text("report.replay.failed", picture=title, reason=understood(one["failure"])))
            continue
        content = as_html(one)
        room -= len(content)
        if room < 0:
            lacking.append(text("report.replay.no_room", picture=title))
            continue
        heads.append({"name": _both(title), "said": _both(_said(one, specs[data.primary]))})
        pictures.append(content)
    words = {key: _both(text(f"report.replay.{key}")) for key in WORDS}
    return {
        "heads": as_html({"pictures": heads, "words": words}),
        "pictures": pictures,
        "lacking": lacking,
    }


def _title(data: StudyData, one: Mapping[str, Any]) -> Text:
    arm, period = data.arm_title(one["arm"]), data.period_title(one["period"])
    return Text(f"{arm.zh} · {period.zh}", f"{arm.en} · {period.en}")


def _said(one: Mapping[str, Any], primary: MeasureSpec) -> Text:
    """Say which replicate this is and how its difference lies to the others."""
    return text(
        "report.replay.said",
        replicate=str(one["replicate"]),
        pairs=str(one["pairs"]),
        measure=measure_name(primary),
        change=number(float(one["change"]), 1, sign=True),
        median=number(float(one["median"]), 1, sign=True),
        unit=primary.unit,
        minutes=number((one["end_s"] - one["begin_s"]) / 60, 0),
    )


def _both(words: Text) -> list[str]:
    return [words.zh, words.en]
