"""Vehicles that come to a closed lane or way while it is closed: with fixed routes they would stand there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from sim.demand.routing import Router
from sim.demand.tables import Demand
from sim.edits.closures import while_closed
from sim.site.model import Closure
from sim.site.network import Network


def stopped_by_closures(demand: Demand, network: Network, closures: Sequence[Closure]) -> pd.DataFrame:
    """List vehicles with a way before them that is closed between their departure and their coming there.

    They come there after free-flow time. Columns `id, type, from_edge, to_edge`: one row per vehicle, at the
    first such step. Who is delayed into a closure is not foreseen, and waits there until it ends.
    """
    times_s = sorted({time_s for c in closures for time_s in (c.begin_s, c.end_s)})
    spans = [(a, b, while_closed(network, closures, a, b)) for a, b in pairwise(times_s)]
    vclass = {id: attributes.get("vClass", "passenger") for id, attributes in demand.types.items()}
    closed: dict[str, list[tuple[float, float, frozenset[tuple[str, str]]]]] = {}
    for name in sorted({vclass[type_id] for type_id in demand.vehicles["type"].unique()}):
        every = Router(network, name).links
        closed[name] = [(a, b, every - Router(then, name).links) for a, b, then in spans]
    rows = []
    columns = ["id", "type", "scheduled_s", "edges"]
    for id, type_id, depart_s, text in demand.vehicles[columns].itertuples(index=False):
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
    return pd.DataFrame(rows, columns=["id", "type", "from_edge", "to_edge"])
