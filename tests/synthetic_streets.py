"""The streets of the synthetic study and what its links saw: made from random numbers with known effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sim.comparison.links import LINK_INTERVALS, LINKS, compare_links
from sim.site.network import Approach, Edge, Junction, Lane, Network
from sim.street_map import geometry
from sim.tables import typed

LEGS = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
TOUCHED = {
    "baseline": ([], []),
    "retime": ([], ["J1", "J2"]),
    "lane_use": (["J1.west"], []),
    "both": (["J1.west"], ["J1", "J2"]),
}
MINOR = "J2.south.exit"
"""A link that nobody but three drives."""
STEPS_S = (27000.0, 27900.0, 28800.0, 29700.0)


def streets() -> Network:
    """Two junctions 260 m apart with four legs each, drawn by hand."""
    edges: dict[str, Edge] = {}
    junctions = {}
    for junction, x in (("J1", 0.0), ("J2", 260.0)):
        approaches = []
        for leg, (dx, dy) in LEGS.items():
            inner = (junction, leg) in (("J1", "east"), ("J2", "west"))
            far_m = 245.0 if inner else 200.0
            near, far = (x + 15 * dx, 15.0 * dy), (x + far_m * dx, far_m * dy)
            edge = f"{junction}.{leg}"
            edges[edge] = _edge(edge, far, near, 3 if leg in ("east", "west") else 2)
            if not inner:
                edges[f"{edge}.exit"] = _edge(f"{edge}.exit", near, far, 2)
            approaches.append(Approach(junction, leg, edge, (edge,), 0.0, (), None, None))
        junctions[junction] = Junction(junction, junction, "signals", (x, 0.0), tuple(approaches), junction)
    return Network(edges, (), junctions)


def _edge(id: str, start: tuple[float, float], end: tuple[float, float], lanes: int) -> Edge:
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    right = ((end[1] - start[1]) / length, -(end[0] - start[0]) / length)

    def beside(point: tuple[float, float], index: int) -> tuple[float, float]:
        aside = 3.25 * (lanes - index - 0.5)
        return (point[0] + aside * right[0], point[1] + aside * right[1])

    own = tuple(
        Lane(id, i, length, 3.25, 13.9, frozenset({"passenger"}), (beside(start, i), beside(end, i)))
        for i in range(lanes)
    )
    return Edge(id, "A", "B", own, (start, end), "石杨路" if ".west" in id or ".east" in id else "")


def street_tables(
    arms: Sequence[str], periods: Sequence[str], replicates: int, effects: Mapping[str, Mapping[str, float]]
) -> tuple[dict[str, object], pd.DataFrame, pd.DataFrame]:
    """Return geometry, links and the course of the period; the same arguments give the same numbers."""
    network = streets()
    edges = sorted(network.edges)
    rng = np.random.default_rng(7)
    vehicles = np.array([3.0 if edge == MINOR else 400.0 for edge in edges]) * np.ones((replicates, 1))
    tested, courses = [], []
    for period in periods:
        luck = rng.normal(0, 2, (replicates, 1))
        base = np.array([8.0 if e.endswith("exit") else 95.0 if e == "J1.west" else 45.0 for e in edges])
        before = np.clip(base + luck * base / 45 + rng.normal(0, 1, (replicates, len(edges))), 0.1, None)
        for arm in arms:
            effect = effects.get(arm, {"west": 0.0, "other": 0.0})
            shift = np.array(
                [0.0 if e.endswith("exit") else effect["west" if e == "J1.west" else "other"] for e in edges]
            )
            noise = rng.normal(0, 1.2, (replicates, len(edges)))
            after = before if arm == "baseline" else np.clip(before + shift + noise, 0.1, None)
            for number, step in enumerate(STEPS_S):
                delay = after.mean(axis=0) * (0.6, 1.3, 1.4, 0.7)[number]
                courses.append(
                    pd.DataFrame(
                        {
                            "arm": arm,
                            "period": period,
                            "edge": edges,
                            "begin_s": step,
                            "vehicles": vehicles[0] / len(STEPS_S),
                            "delay_s": delay,
                            "delay_ratio": delay / (delay + 18.0),
                        }
                    )
                )
            if arm != "baseline":
                table = compare_links(
                    edges, (before, vehicles), (after, vehicles), mcid=(2.0, 0.05), confidence=0.95
                )
                tested.append(table.assign(arm=arm, period=period))
    touched = {arm: TOUCHED.get(arm, (["J1.west"], [])) for arm in arms}
    links = typed(pd.concat(tested, ignore_index=True), LINKS)
    return (
        geometry(network, touched, {}, {}),
        links,
        typed(pd.concat(courses, ignore_index=True), LINK_INTERVALS),
    )
