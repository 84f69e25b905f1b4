"""The map: streets drawn from the network, links before, after and their difference; and a card's sketch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from sim.labels import Text, text
from sim.measures.level_of_service import Scale, Standard, grade
from sim.measures.level_of_service import title as grade_title
from sim.plots.numbers import number, with_interval
from sim.plots.street_map import scale_s
from sim.plots.study_data import StudyData, records
from sim.plots.style import VERDICT_MARKS
from sim.report.templating import unbroken
from sim.site.places import place

STANDARD, RATIO = "gbt_33171_2016", "delay_time_ratio"
"""The grades' table and its scale: of the simulation, no official index."""
SKETCH_MARGIN_M, SKETCH_LEAST_M = 60.0, 320.0


def map_json(data: StudyData, standards: Mapping[str, Standard]) -> Markup | None:
    """Return everything that the map's script draws, as JSON that is harmless HTML; None without streets.

    Lists run over the edges in the order of `edges`: today's streets, then those that only a policy has
    (with its id as `arm`); periods and arms as the study has them.
    """
    if not data.geometry or data.links.empty:
        return None
    edges = sorted(data.geometry["edges"])
    new = [(arm["id"], id) for arm in data.policies for id in sorted(new_streets(data, arm["id"]))]
    place_of = {
        arm["id"]: {edge: index for index, edge in enumerate(edges)}
        | {id: len(edges) + index for index, (own, id) in enumerate(new) if own == arm["id"]}
        for arm in data.study["arms"]
    }
    places = len(edges) + len(new)
    scale = standards[STANDARD].scales[RATIO] if STANDARD in standards else None
    content = {
        "edges": [_edge(id, data.geometry["edges"][id]) for id in edges]
        + [_edge(id, new_streets(data, arm)[id]) | {"arm": arm} for arm, id in new],
        "junctions": [
            {"id": id, "at": one["at"], "name": _both(place(f"junction:{id}", data.titles))}
            for id, one in sorted(data.geometry["junctions"].items())
        ],
        "periods": [
            {"id": id, "name": _both(data.period_title(id)), "steps": _steps(data, id)} for id in data.periods
        ],
        "arms": [{"id": arm["id"], "name": _both(data.arm_title(arm["id"]))} for arm in data.policies],
        "scale_s": round(scale_s(data), 1),
        "grades": [_both(grade_title(scale, name)) for name in scale.grades] if scale else [],
        "levels": {
            arm["id"]: {
                period: _levels(data, arm["id"], period, place_of[arm["id"]], places, scale)
                for period in data.periods
            }
            for arm in data.study["arms"]
        },
        "changes": {
            arm["id"]: {
                period: _changes(data, arm["id"], period, place_of[arm["id"]], places)
                for period in data.periods
            }
            for arm in data.policies
        },
        "words": {
            key: _both(text(f"report.map.{key}"))
            for key in (
                "delay",
                "before",
                "after",
                "change",
                "vehicles",
                "whole",
                "pairs",
                "untested",
                "from",
                "new",
            )
        }
        | {
            verdict: _both(text(f"report.map.verdict.{verdict}"))
            for verdict in ("improved", "worse", "equivalent", "inconclusive", "not_comparable")
        },
        "marks": dict(VERDICT_MARKS),
    }
    return as_html(content)


def as_html(content: Any) -> Markup:
    """Write JSON so that no name in it can end the element that holds it or begin another."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def new_streets(data: StudyData, arm: str) -> Mapping[str, Any]:
    """Return the streets that only this policy has, by id; none where the study does not say."""
    found: Mapping[str, Any] = (data.geometry.get("new") or {}).get(arm) or {}
    return found


def _edge(id: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": id,
        "name": one.get("name", ""),
        "line": one["line"],
        "lanes": one["lanes"],
        "width": round(sum(one["width_m"]), 1),
    }


def _steps(data: StudyData, period: str) -> list[float]:
    own = data.link_intervals[data.link_intervals["period"] == period]
    return [float(value) for value in sorted(set(own["begin_s"]))]


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Join the steps of a period: delay per vehicle, and time lost over time spent."""
    lost = table["delay_s"] * table["vehicles"]
    spent = lost / table["delay_ratio"].where(table["delay_ratio"] > 0)
    sums = table.assign(lost=lost, spent=spent).groupby(["arm", "period", "edge"], as_index=False)
    whole = sums[["vehicles", "lost", "spent"]].sum()
    whole["delay_s"] = whole["lost"] / whole["vehicles"]
    whole["delay_ratio"] = (whole["lost"] / whole["spent"].where(whole["spent"] > 0)).fillna(0.0)
    return whole


def _levels(
    data: StudyData,
    arm: str,
    period: str,
    place_of: Mapping[str, int],
    places: int,
    scale: Scale | None,
) -> list[dict[str, Any]]:
    """Delay, vehicles and grade of every link: the whole period first, then step by step."""
    table = data.link_intervals
    own = table[(table["arm"] == arm) & (table["period"] == period)]
    parts = [_whole(own), *(own[own["begin_s"] == step] for step in _steps(data, period))]
    return [_level(part, place_of, places, scale) for part in parts]


def _level(
    part: pd.DataFrame, place_of: Mapping[str, int], places: int, scale: Scale | None
) -> dict[str, Any]:
    delay: list[float | None] = [None] * places
    vehicles, grades = [0] * places, [0] * places
    names = list(scale.grades) if scale else []
    for row in records(part):
        index = place_of.get(str(row["edge"]))
        if index is None:
            continue
        delay[index] = round(float(row["delay_s"]), 1)
        vehicles[index] = round(float(row["vehicles"]))
        if scale:
            grades[index] = names.index(grade(scale, float(row["delay_ratio"])))
    return {"delay": delay, "n": vehicles, "grade": grades}


def _changes(data: StudyData, arm: str, period: str, place_of: Mapping[str, int], places: int) -> list[Any]:
    """Per link that was tested: verdict, change, interval, pairs, vehicles on both sides; else null."""
    table = data.links
    found: list[Any] = [None] * places
    for row in records(table[(table["arm"] == arm) & (table["period"] == period)]):
        index = place_of.get(str(row["edge"]))
        if index is None or not _tested(row):
            continue
        change, interval = with_interval(row["difference"], row["ci_low"], row["ci_high"], 1)
        found[index] = [
            str(row["verdict"]),
            number(float(row["before"]), 1),
            number(float(row["after"]), 1),
            change,
            unbroken(interval),
            int(row["n_pairs"]),
            round(float(row["vehicles_before"])),
            round(float(row["vehicles_after"])),
        ]
    return found


def _tested(row: Mapping[str, Any]) -> bool:
    """Whether a link has a test, or would have one if the verdict were not withheld."""
    return not math.isnan(float(row["q"])) or row["verdict"] == "not_comparable"


def _both(words: Text) -> list[str]:
    return [words.zh, words.en]


def link_counts(data: StudyData, arm: str, period: str) -> Text | None:
    """Say how many links were tested, how many of them got better and worse, and how many were not."""
    table = data.links
    own = table[(table["arm"] == arm) & (table["period"] == period)]
    if own.empty:
        return None
    tested = own.loc[own["q"].notna(), "verdict"]
    return text(
        "report.map.counts",
        better=str(int((tested == "improved").sum())),
        worse=str(int((tested == "worse").sum())),
        same=str(int((tested == "equivalent").sum())),
        open=str(int(tested.isin(["inconclusive", "not_comparable"]).sum())),
        tested=str(len(tested)),
        left=str(len(own) - len(tested)),
    )


def sketch(data: StudyData, arm: str) -> Markup | None:
    """Draw where a policy changes something: what it touches in colour, the streets around it in grey."""
    touched = (data.geometry.get("touched") or {}).get(arm) or {}
    edges = [id for id in touched.get("edges", ()) if id in data.geometry["edges"]]
    known = data.geometry["junctions"] if data.geometry else {}
    junctions = [id for id in touched.get("junctions", ()) if id in known]
    new = new_streets(data, arm)
    lots: Mapping[str, Any] = touched.get("parking") or {}
    if not edges and not junctions and not new and not lots:
        return None
    around = [tuple(known[id]["at"]) for id in junctions]
    named = {*junctions, *(j for j, one in known.items() if set(one["approaches"].values()) & set(edges))}
    # A long street is touched at its stop line: the sketch looks there, not at its far end.
    around += [tuple(data.geometry["edges"][id]["line"][-1]) for id in edges]
    around += [tuple(point) for one in new.values() for point in one["line"]]
    around += [tuple(at) for at in lots.values()]
    left, bottom, width, height = _frame(around)
    parts = [
        Markup('<svg class="sketch" viewBox="{} {} {} {}" role="img" aria-label="{}">').format(
            _1(left), _1(-bottom - height), _1(width), _1(height), text("report.sketch").zh
        )
    ]
    wide = width / 300  # so that thin lines are about a pixel
    shown = [
        id
        for id, one in data.geometry["edges"].items()
        if _near(one["line"], left, bottom, width, height) and "line" in one
    ]
    for names, colour in ((shown, "#c9cfd6"), (edges, "#e69f00")):
        for id in names:
            one = data.geometry["edges"][id]
            for lane, lane_width in zip(one["lanes"], one["width_m"], strict=True):
                parts.append(
                    Markup('<path d="{}" stroke="{}" stroke-width="{}"/>').format(
                        _path(lane), colour, _1(max(0.86 * lane_width, wide))
                    )
                )
    for one in new.values():
        parts.append(
            Markup('<path d="{}" stroke="#e69f00" stroke-width="{}" stroke-dasharray="{} {}"/>').format(
                _path(one["line"]), _1(max(sum(one["width_m"]), 2 * wide)), _1(9 * wide), _1(4 * wide)
            )
        )
    for id, one in known.items():
        x, y = one["at"]
        if not (left <= x <= left + width and bottom <= y <= bottom + height):
            continue
        if id in junctions:
            parts.append(
                Markup('<circle cx="{}" cy="{}" r="{}" stroke="#00568a" stroke-width="{}"/>').format(
                    _1(x), _1(-y), _1(9 * wide), _1(2.5 * wide)
                )
            )
        if id in named or len(known) <= 12:  # noqa: PLR2004 - room for names
            parts.append(
                Markup('<text x="{}" y="{}" font-size="{}">{}</text>').format(
                    _1(x + 11 * wide), _1(-y - 8 * wide), _1(12 * wide), id
                )
            )
    for x, y in lots.values():
        parts.append(
            Markup(
                '<rect x="{}" y="{}" width="{}" height="{}" rx="{}" fill="#00568a"/>'
                '<text x="{}" y="{}" font-size="{}" text-anchor="middle" class="lot">P</text>'
            ).format(
                *(_1(value) for value in (x - 8 * wide, -y - 8 * wide, 16 * wide, 16 * wide, 3 * wide)),
                *(_1(value) for value in (x, -y + 5 * wide, 13 * wide)),
            )
        )
    metres = round_length(width / 4)
    x, y = left + 0.04 * width, -bottom - 0.05 * height
    parts.append(
        Markup(
            '<path d="M{} {}h{}" stroke="#1d2329" stroke-width="{}"/>'
            '<text x="{}" y="{}" font-size="{}">{} m</text>'
        ).format(_1(x), _1(y), metres, _1(1.5 * wide), _1(x), _1(y - 4 * wide), _1(10 * wide), metres)
    )
    return Markup("").join([*parts, Markup("</svg>")])


def _frame(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height (3:2) of what is shown around these points, metres."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width = max(max(xs) - min(xs) + 2 * SKETCH_MARGIN_M, SKETCH_LEAST_M)
    height = max(max(ys) - min(ys) + 2 * SKETCH_MARGIN_M, width * 2 / 3)
    width = height * 3 / 2
    return (min(xs) + max(xs) - width) / 2, (min(ys) + max(ys) - height) / 2, width, height


def _near(line: Iterable[Sequence[float]], left: float, bottom: float, width: float, height: float) -> bool:
    xs, ys = zip(*((p[0], p[1]) for p in line), strict=True)
    return bool(
        max(xs) >= left and min(xs) <= left + width and max(ys) >= bottom and min(ys) <= bottom + height
    )


def _path(line: Iterable[Sequence[float]]) -> str:
    return "M" + "L".join(f"{_1(x)} {_1(-y)}" for x, y in line)


def _1(value: float) -> str:
    return f"{value:.1f}"


def round_length(most: float) -> int:
    """Return the longest of 1, 2, 5 times a power of ten that is no longer than `most`."""
    power = 10 ** math.floor(math.log10(most))
    return int(max(step * power for step in (1, 2, 5) if step * power <= most))
