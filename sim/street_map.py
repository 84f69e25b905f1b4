"""What the page's map is drawn from: the streets as lines, and how the links fared, before and after.

Written beside the other tables when results are written: geometry.json from the network, links.parquet (the
tests) and link_intervals.parquet (the course of the period) from the runs' edge tables.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.apart import Begin, done
from sim.comparison.inference import Floats
from sim.comparison.links import LINK_INTERVALS, LINKS, compare_links
from sim.comparison.pairs import BASELINE
from sim.demand.detours import new_streets
from sim.edits.base import ObjectKey
from sim.measures.spec import MeasureSpec
from sim.runs.campaign import Key
from sim.runs.preflight import Preflight
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.site.network import Edge, Lane, Network
from sim.site.parking import ParkingArea
from sim.site.walking import Point, point
from sim.study import Study
from sim.tables import empty, typed

INTERVAL_S = 900.0
"""Step of the course of the period; shorter intervals of the runs are joined."""

Points = list[tuple[float, float]]
Levels = Mapping[tuple[str, str], Future[tuple[tuple[Floats, Floats], pd.DataFrame]]]
"""By arm and period: delay per vehicle and vehicles of every link, by replicate; and their course."""


def begin_levels(
    study: Study, checked: Preflight, store: Store, runs: Mapping[Key, RunRecord], begin: Begin
) -> Levels:
    """Begin to read how the links fared, every arm and period on its own, for `write_street_map`."""
    edges = sorted(checked.builds[BASELINE, study.periods[0]].network.edges)
    return {
        (arm.id, period): begin(
            _levels,
            [runs.get((arm.id, period, number)) for number in study.replicates],
            store,
            edges,
            checked.builds[arm.id, period].network.whole,
        )
        for period in study.periods
        for arm in study.arms
    }


def write_street_map(
    study: Study,
    checked: Preflight,
    levels: Levels,
    comparison: pd.DataFrame,
    spec: MeasureSpec,
    folder: Path,
) -> None:
    """Write geometry.json, links.parquet and link_intervals.parquet into the study's `tables` folder.

    `spec` is the measure whose smallest effect that matters holds for a link too (control delay). Where the
    comparison withholds its verdict on the primary measure, every link of that arm and period is
    ``not_comparable``.
    """
    network = checked.builds[BASELINE, study.periods[0]].network
    stopping = {id: one.on for id, one in study.site.facts.illegal_stopping.items()}
    touched = {arm.id: touched_by(arm.applied.footprint, network, stopping) for arm in study.arms}
    built = {arm.id: checked.builds[arm.id, study.periods[0]].network for arm in study.arms}
    new = {id: [own.edges[edge] for edge in new_streets(own, study.site)] for id, own in built.items()}
    today = study.site.facts.parking
    lots = {
        arm.id: lots_of(
            arm.applied.footprint,
            built[arm.id],
            {**today, **checked.builds[arm.id, study.periods[0]].parking},
        )
        for arm in study.arms
    }
    text = json.dumps(geometry(network, touched, new, lots), ensure_ascii=False, separators=(",", ":"))
    (folder / "geometry.json").write_text(text + "\n", encoding="utf-8")
    primary = comparison[(comparison["measure"] == study.primary) & (comparison["scope"] == "network")]
    without = primary[primary["verdict"] == "not_comparable"]
    withheld = set(zip(without["arm"], without["period"], strict=True))
    tested, courses = [], []
    for period in study.periods:
        base: tuple[Floats, Floats] | None = None
        for arm in study.arms:
            sides, course = done(levels[arm.id, period])
            courses.append(course.assign(arm=arm.id, period=period))
            if arm.id == BASELINE:
                base = sides
            elif base is not None:
                table = compare_links(
                    sorted(network.edges),
                    base,
                    sides,
                    mcid=(np.nan_to_num(spec.mcid_abs), np.nan_to_num(spec.mcid_rel)),
                    confidence=study.settings.confidence,
                )
                if (arm.id, period) in withheld:
                    table["verdict"] = "not_comparable"
                tested.append(table.assign(arm=arm.id, period=period))
    for name, parts, columns in (("links", tested, LINKS), ("link_intervals", courses, LINK_INTERVALS)):
        kept = [part for part in parts if len(part)]
        table = typed(pd.concat(kept, ignore_index=True), columns) if kept else empty(columns)
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")


def geometry(
    network: Network,
    touched: Mapping[str, tuple[list[str], list[str]]],
    new: Mapping[str, Sequence[Edge]],
    lots: Mapping[str, Mapping[str, Point]],
) -> dict[str, Any]:
    """Return the streets as plain data, metres to one decimal, y to the north.

    `edges[id]`: `line` the middle of the lanes, `lanes` their centre lines, `width_m` their widths (kerb
    first), `name`. `new[arm][id]`: the same of the streets that only a policy has. `junctions[id]`: `at`,
    `signal`, `approaches` {name: edge}. `touched[arm]`: the edges and junctions that a policy may change, and
    where its parking areas lie.
    """
    junctions = {
        one.id: {
            "at": [round(value, 1) for value in one.position_m],
            "signal": one.signal,
            "approaches": {approach.name: approach.edge for approach in one.approaches},
        }
        for one in network.junctions.values()
    }
    return {
        "edges": _streets(network.edges.values()),
        "new": {arm: _streets(own) for arm, own in new.items()},
        "junctions": junctions,
        "touched": {
            arm: {
                "edges": own[0],
                "junctions": own[1],
                "parking": {id: [round(value, 1) for value in at] for id, at in lots.get(arm, {}).items()},
            }
            for arm, own in touched.items()
        },
    }


def _streets(edges: Iterable[Edge]) -> dict[str, Any]:
    found = {}
    for edge in sorted(edges, key=lambda one: one.id):
        lanes = [lane_line(edge, lane) for lane in edge.lanes]
        found[edge.id] = {
            "line": _rounded(_middle(lanes)),
            "lanes": [_rounded(lane) for lane in lanes],
            "width_m": [round(lane.width_m, 2) for lane in edge.lanes],
            "speed_kmh": round(3.6 * edge.speed_mps),
            "name": edge.name,
        }
    return found


def lots_of(
    footprint: Iterable[ObjectKey], network: Network, areas: Mapping[str, ParkingArea]
) -> dict[str, Point]:
    """Return where the parking areas of a footprint have their entrance."""
    own = sorted(id for kind, id in footprint if kind == "parking" and id in areas)
    return {id: point(network, network.edge(areas[id].on, id).id, areas[id].at_m) for id in own}


def touched_by(
    footprint: Iterable[ObjectKey], network: Network, stopping: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return the edges and junctions of a footprint; outlines and rights of way only follow from others.

    `stopping`: the leg or edge of every habit of stopping where one must not.
    """
    signals = {one.signal: one.id for one in network.junctions.values() if one.signal}
    nodes = {one.node: one.id for one in network.junctions.values()}
    edges, junctions = set(), set()
    for kind, id in footprint:
        if kind == "signal_timing":
            junctions.add(signals.get(id.rpartition("@")[0], ""))
        elif kind == "junction":
            junctions.add(nodes.get(id, ""))
        elif kind == "box":
            junctions.add(id)
        elif kind == "illegal_stopping":
            edges.add(network.edge(stopping[id], id).id)
        elif kind in ("edge", "lane", "connection", "signal_link"):
            first = id.partition("->")[0]
            edges.add(first if kind == "edge" else first.rpartition("_")[0])
    return sorted(edges & network.edges.keys()), sorted(junctions - {""})


def _levels(
    records: Sequence[RunRecord | None], store: Store, edges: Sequence[str], whole: Mapping[str, str]
) -> tuple[tuple[Floats, Floats], pd.DataFrame]:
    """Return delay per vehicle and vehicles of every link in the window, by replicate; and their course."""
    delay_s = np.full((len(records), len(edges)), math.nan)
    vehicles = np.full((len(records), len(edges)), math.nan)
    courses = []
    for number, record in enumerate(records):
        if record is None or record.failure or record.digest is None:
            continue
        window = store.facts(record.digest)
        course = _in_window(
            store.read(record.digest, "edges"), window.window_begin_s, window.window_end_s, whole
        )
        total = course.groupby("edge")[["time_loss_s", "vehicles"]].sum().reindex(list(edges))
        vehicles[number] = total["vehicles"].fillna(0.0)
        delay_s[number] = total["time_loss_s"] / total["vehicles"].where(total["vehicles"] > 0)
        courses.append(course)
    if not courses:
        return (delay_s, vehicles), empty({k: v for k, v in LINK_INTERVALS.items() if k not in KEYS})
    sums = pd.concat(courses).groupby(["edge", "begin_s"], as_index=False).sum()
    sums = sums[(sums["vehicles"] > 0) & (sums["vehicle_s"] > 0)]
    course = pd.DataFrame(
        {
            "edge": sums["edge"],
            "begin_s": sums["begin_s"],
            "vehicles": sums["vehicles"] / len(courses),
            "delay_s": sums["time_loss_s"] / sums["vehicles"],
            "delay_ratio": (sums["time_loss_s"] / sums["vehicle_s"]).clip(0.0, 1.0),
        }
    )
    return (delay_s, vehicles), course


KEYS = ("arm", "period")


def _in_window(table: pd.DataFrame, begin_s: float, end_s: float, whole: Mapping[str, str]) -> pd.DataFrame:
    """Sum the intervals whose middle lies in the window into steps of `INTERVAL_S`, parts into edges.

    A link's vehicles are those that entered it or those that left it, whichever are more: on a link that a
    queue never leaves, those who stand there count. Of an edge that was cut its busiest part counts.
    """
    middle = (table["begin_s"] + table["end_s"]) / 2
    inside = table[(middle >= begin_s) & (middle < end_s)]
    step = ((inside["begin_s"] + inside["end_s"]) / 2 - begin_s) // INTERVAL_S
    parts = pd.DataFrame(
        {
            "part": inside["edge"],
            "begin_s": begin_s + INTERVAL_S * step,
            "entered": inside["entered"].astype("float64"),
            "left": inside["left"].astype("float64"),
            "vehicle_s": inside["vehicle_s"].fillna(0.0),
            "time_loss_s": inside["time_loss_s"].fillna(0.0),
        }
    )
    parts = parts.groupby(["part", "begin_s"], as_index=False).sum()
    parts["vehicles"] = parts[["entered", "left"]].max(axis=1)
    parts["edge"] = parts["part"].map(lambda part: whole.get(part, part)) if whole else parts["part"]
    rules = {"vehicle_s": "sum", "time_loss_s": "sum", "vehicles": "max"}
    return parts.groupby(["edge", "begin_s"], as_index=False).agg(rules)


def lane_line(edge: Edge, lane: Lane) -> Points:
    """Draw a lane's centre line: the edge's line moved sideways to where the lane ends."""
    line = list(edge.shape)
    if lane.ends_m is None:
        return line
    (x1, y1), (x2, y2) = line[-2:]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    x, y = lane.ends_m[1]
    aside_m = ((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length
    moved = _moved(line, aside_m)
    return [lane.ends_m[0], *moved[1:-1], lane.ends_m[1]]


def _moved(line: Points, aside_m: float) -> Points:
    """Move a line to its right, corners mitred."""
    normals = []
    for (x1, y1), (x2, y2) in pairwise(line):
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        normals.append(((y2 - y1) / length, -(x2 - x1) / length))
    moved = []
    for i, (x, y) in enumerate(line):
        a, b = normals[max(i - 1, 0)], normals[min(i, len(normals) - 1)]
        scale = aside_m / max(1 + a[0] * b[0] + a[1] * b[1], 0.3)
        moved.append((x + (a[0] + b[0]) * scale, y + (a[1] + b[1]) * scale))
    return moved


def _middle(lanes: Sequence[Points]) -> Points:
    first, last = lanes[0], lanes[-1]
    if len(first) != len(last):
        return first
    return [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(first, last, strict=True)]


def _rounded(line: Points) -> list[list[float]]:
    return [[round(x, 1), round(y, 1)] for x, y in line]
