"""The people of a replicate as one route file: types, vehicles and pedestrians, explicit. Never a flow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sim.demand import Demand, broken_routes, departs_s
from sim.demand.vehicle_types import BUILT_IN
from sim.errors import BuildError
from sim.labels import Message
from sim.site.network import Edge, Network
from sim.sumo.boxes import changes_type, partner
from sim.sumo.build import ArmBuild
from sim.sumo.manoeuvre_angles import table
from sim.sumo.parking_files import SEARCH_PARAMETERS
from sim.sumo.seekers import distributions
from sim.sumo.xml_file import element, opening, written

PEDESTRIAN = "huandu.pedestrian"
PEDESTRIAN_ATTRIBUTES = {"vClass": "pedestrian", "speedFactor": "1", "speedDev": "0"}
"""Everyone walks at a speed of their own, written with each walk."""
NEAR_M = 5.0
"""Pedestrians begin and end this far from the junction, so that a walk is the crossing and little else."""
ENDS = {
    "depart_lane": "departLane",
    "depart_pos": "departPos",
    "depart_speed": "departSpeed",
    "arrival_lane": "arrivalLane",
    "arrival_pos": "arrivalPos",
}
"""Columns of the demand that say how trips begin and end, as the simulator calls them."""
SHOWN = 5
"""How many broken routes a message lists."""


def write_demand(demand: Demand, arm: ArmBuild, path: Path) -> None:
    """Write one `.rou.xml`, sorted by departure and id; equal demands give equal bytes.

    Raises BuildError where a route, a parking area or an edge of a walk does not exist in the arm.
    """
    _check(demand, arm)
    timed = [*_vehicles(demand, frozenset(arm.parking)), *_walks(demand, arm)]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<routes>\n')
        for id, attributes in written_types(demand, arm).items():
            if not changes_type(id) and (id not in BUILT_IN or set(attributes) - {"vClass"}):
                file.write(element("vType", {"id": id, **attributes}))
        for id, kinds in distributions(demand, arm).items():
            file.write(element("vTypeDistribution", {"id": id, "vTypes": " ".join(kinds)}))
        if len(demand.walks):
            file.write(element("vType", {"id": PEDESTRIAN, **PEDESTRIAN_ATTRIBUTES}))
        file.writelines(text for _, _, text in sorted(timed))
        file.write("</routes>\n")


def written_types(demand: Demand, arm: ArmBuild) -> dict[str, dict[str, str]]:
    """Return all types by id with what is written of them, in order."""
    parks = set(demand.vehicles.loc[demand.vehicles["lot"].isin(list(arm.parking)), "type"])
    parks |= {partner(id) for id in parks} - {None}
    times = {"maneuverAngleTimes": table(arm.parking, arm.network, arm.site.facts.parking, arm.site.network)}
    types = sorted(demand.types.items())
    return {id: _written_type({**own, **times} if id in parks else own) for id, own in types}


def _written_type(attributes: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in sorted(attributes.items()) if key not in ("id", "probability")}


def _check(demand: Demand, arm: ArmBuild) -> None:
    broken = broken_routes(demand, arm.network)
    reasons = [
        Message("{id} ({type_id}): no way from {a} to {b}", id=id, type_id=type_id, a=a, b=b)
        for id, type_id, a, b in broken.head(SHOWN).itertuples(index=False)
    ]
    if len(broken) > SHOWN:
        reasons.append(Message("... {count} vehicles in all", count=len(broken)))
    # Lots that come with the imported files are not ours to check: their areas stand in an additional file.
    ours = {lot for lot in demand.vehicles["lot"] if lot} if arm.parking else set()
    reasons += [Message("no parking area {lot!r}", lot=lot) for lot in sorted(ours - set(arm.parking))]
    edges = {*demand.walks["from_edge"], *demand.walks["to_edge"]}
    reasons += [
        Message("no edge {edge!r} to walk on", edge=edge) for edge in sorted(edges - set(arm.network.edges))
    ]
    if reasons:
        raise BuildError(Message("the demand does not fit the arm:\n- {reasons:-}", reasons=reasons))


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table; column by column, since its texts are slow to fetch one at a time."""
    names = table.columns.tolist()
    for values in zip(*(table[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _vehicles(demand: Demand, ours: frozenset[str]) -> list[tuple[float, str, str]]:
    known: dict[str, str] = {}  # routes and stops repeat, and so do
    places: dict[tuple[str, ...], str] = {}
    types: dict[str, str] = {}
    found = []
    for row in _records(demand.vehicles.assign(departs_s=departs_s(demand.vehicles))):
        route, stops = row["edges"], row["stops"]
        if route not in known:
            known[route] = element("route", {"edges": route}, 2)
        if stops not in known:
            known[stops] = "".join(element("stop", stop, 2) for stop in json.loads(stops))
        ends = tuple(row[name] for name in ENDS)
        if ends not in places:
            places[ends] = written(dict(zip(ENDS.values(), (end or None for end in ends), strict=True)))
        if row["type"] not in types:
            types[row["type"]] = written({"type": row["type"]})
        own = written({"id": row["id"]}) + types[row["type"]]
        text = (
            f'    <vehicle{own} depart="{row["departs_s"]:.2f}"{places[ends]}'
            f' speedFactor="{row["speed_factor"]:.4f}">\n{known[route]}{known[stops]}'
        )
        searches = row["patience_s"] == row["patience_s"] or row["lot"] in ours  # not NaN
        if searches and row["stops"] != "[]":
            text += "".join(element("param", {"key": k, "value": v}, 2) for k, v in _search(row).items())
        found.append((row["departs_s"], row["id"], text + "    </vehicle>\n"))
    return found


def _search(row: Mapping[str, Any]) -> dict[str, str]:
    """Return how a driver looks for a stall: what was found full is not tried again while patience lasts.

    Drivers of an imported model in an area of ours have none of their own: SUMO's ten minutes.
    """
    if row["patience_s"] != row["patience_s"]:  # NaN
        return dict(SEARCH_PARAMETERS)
    own = {"parking.memory": f"{row['patience_s']:g}", "parking.knowledge": f"{row['knowledge']:g}"}
    return {**SEARCH_PARAMETERS, **own}


def _walks(demand: Demand, arm: ArmBuild) -> list[tuple[float, str, str]]:
    found = []
    for row in _records(demand.walks):
        node = arm.network.edges[arm.network.approaches[row["crossing"]].edge].to_node
        person = {"id": row["id"], "type": PEDESTRIAN, "depart": f"{row['scheduled_s']:.2f}"}
        ends = [_at(arm.network, row[side], node) for side in ("from_edge", "to_edge")]
        start_m, end_m = (_near(edge, node) for edge in ends)
        walk = {
            "edges": f"{ends[0].id} {ends[1].id}",
            "arrivalPos": f"{end_m:.2f}",
            "speed": f"{row['speed_mps']:.2f}",
        }
        text = opening("person", {**person, "departPos": f"{start_m:.2f}"}) + element("walk", walk, 2)
        found.append((row["scheduled_s"], row["id"], text + "    </person>\n"))
    return found


def _at(network: Network, edge: str, node: str) -> Edge:
    """Return the part of an edge that begins or ends at a node."""
    parts = [network.edges[part] for part in network.on_parts([edge])]
    return next((part for part in parts if node in (part.from_node, part.to_node)), parts[0])


def _near(edge: Edge, node: str) -> float:
    """Position close to a node on an edge, metres from the edge's start."""
    near_m = min(NEAR_M, edge.length_m / 2)
    return edge.length_m - near_m if edge.to_node == node else near_m
