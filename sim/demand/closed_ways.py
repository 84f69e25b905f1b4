"""Vehicles that come to a closed lane or way while it is closed: foreseen before a run, counted after it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from sim.demand.routing import IGNORING, Router, usable
from sim.demand.tables import Demand
from sim.edits.closures import while_closed
from sim.site.model import Closure
from sim.site.network import Connection, Network

Span = tuple[float, float, frozenset[tuple[str, str]]]
"""From, until, and the steps from edge to edge that are closed in between."""


class Driven(NamedTuple):
    """What a vehicle did: when it set out, its edges, and when it left each of them, as far as it came."""

    id: str
    depart_s: float
    edges: tuple[str, ...]
    left_s: tuple[float, ...]


def stopped_by_closures(demand: Demand, network: Network, closures: Sequence[Closure]) -> pd.DataFrame:
    """List vehicles with a way before them that is closed between their departure and their coming there.

    They come there after free-flow time. Columns `id, type, from_edge, to_edge`: one row per vehicle, at the
    first such step. Who is delayed into a closure is not foreseen, and waits there until it ends.
    """
    columns = ["id", "type", "from_edge", "to_edge"]
    if not closures:
        return pd.DataFrame([], columns=columns)
    vclass = {id: attributes.get("vClass", "passenger") for id, attributes in demand.types.items()}
    names = {vclass[type_id] for type_id in demand.vehicles["type"].unique()}
    closed = {name: closed_steps(network, closures, name) for name in sorted(names)}
    rows = []
    asked = ["id", "type", "scheduled_s", "edges"]
    for id, type_id, depart_s, text in demand.vehicles[asked].itertuples(index=False):
        edges = text.split()
        steps = list(pairwise(edges))
        if not any(pairs.intersection(steps) for _, _, pairs in closed[vclass[type_id]]):
            continue
        ends_s = network.free_times_s(edges)
        met = (
            step
            for step, end_s in zip(steps, ends_s, strict=False)
            for a, b, pairs in closed[vclass[type_id]]
            if step in pairs and a <= depart_s + end_s and depart_s < b
        )
        if (step := next(met, None)) is not None:
            rows.append((id, type_id, *step))
    return pd.DataFrame(rows, columns=columns)


def held_by_closures(
    driven: Iterable[Driven], demand: Demand, network: Network, closures: Sequence[Closure]
) -> frozenset[str]:
    """Return the ids of those who stood before a way that was closed to them until it opened.

    In free flow they would have come to the end of their edge before the way opened, and they left it
    afterwards. Who queued behind them for another way is not among them; who was on a street when it was
    closed drives on and is not, either.
    """
    vclass = {id: attributes.get("vClass", "passenger") for id, attributes in demand.types.items()}
    types = dict(zip(demand.vehicles["id"], demand.vehicles["type"], strict=True))
    closed = {name: closed_steps(network, closures, name, inside=False) for name in set(vclass.values())}
    found = set()
    for one in driven:
        left_s = (*one.left_s, *[math.inf] * (len(one.edges) - len(one.left_s)))
        came_s = (one.depart_s, *left_s)
        for step, from_s, to_s in zip(pairwise(one.edges), came_s, left_s, strict=False):
            there_s = from_s + network.edges[step[0]].free_time_s
            spans = closed[vclass[types[one.id]]]
            if any(step in steps and there_s < end_s <= to_s for _, end_s, steps in spans):
                found.add(one.id)
                break
    return frozenset(found)


def closed_steps(
    network: Network, closures: Sequence[Closure], vclass: str, inside: bool = True
) -> list[Span]:
    """Return which steps from edge to edge are closed to a class, and when.

    `inside`: with the ways out of a closed street. Nobody can reach them; who was on the street when it was
    closed drives them.
    """
    times_s = sorted({time_s for c in closures for time_s in (c.begin_s, c.end_s)})
    every = Router(network, vclass).links
    found = []
    for begin_s, end_s in pairwise(times_s):
        then = while_closed(network, closures, begin_s, end_s)
        still = Router(then, vclass).links if inside else _let_in(network, then, vclass)
        found.append((begin_s, end_s, every - still))
    return found


def _let_in(network: Network, then: Network, vclass: str) -> frozenset[tuple[str, str]]:
    """Return the steps that whoever is on their first edge may make, whether that edge is closed or not."""

    def open_to(way: Connection) -> bool:
        lane = then.edges[way.to_edge].lanes[way.to_lane]
        return vclass == IGNORING or (vclass in lane.allow and (way.allow is None or vclass in way.allow))

    pairs = zip(network.connections, then.connections, strict=True)
    return frozenset(
        (now.from_edge, now.to_edge) for was, now in pairs if usable(network, was, vclass) and open_to(now)
    )
