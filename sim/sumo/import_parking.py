"""Parking areas of a SUMO model as the site's own: facts to edit, rerouters of ours, capacities corrected.

Models made from maps carry nominal capacities (1000 at every gate): what really stands there has to be said
(`corrected`), and what was replaced is said in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sim.labels import Message
from sim.site.network import Edge, Network
from sim.site.parking import STALL_ALONG_M
from sim.sumo.import_files import ModelFiles, Written

LEAST_M = 1.0
"""An entrance that the model gives no length."""
END_M = 0.2
"""Left free at the end of a lane."""


def own_areas(
    files: ModelFiles, network: Network, corrected: Mapping[int, int]
) -> tuple[ModelFiles, dict[str, Any], list[Message]]:
    """Take parking areas, and the rerouters between them, out of a model's files.

    Areas in the lane (`onRoad`), on edges that cars may not use or on lanes that the network lacks stay as
    they are. Capacities that the kerb has room for are kerb bays, others lots beside the street. Areas of one
    kind that lie on the same metres are moved along their street.

    Parameters
    ----------
    corrected
        Capacity as written -> stalls that stand there.

    Returns
    -------
    tuple
        The files without them; `parking` of site.yaml by id; remarks, the corrections among them.
    """
    edges = {lane.id: edge for edge in network.edges.values() for lane in edge.lanes}
    taken = {id: edge for id, place in files.places.items() if (edge := _edge(place, edges)) is not None}
    found = {id: _area(id, files.places[id], edge, corrected) for id, edge in taken.items()}
    moved = sum(_apart(edge, found) for edge in {edge.id: edge for edge in taken.values()}.values())
    rerouters = [written for written in files.behaviour if _between(written, taken)]
    left = replace(
        files,
        places={id: place for id, place in files.places.items() if id not in taken},
        behaviour=[written for written in files.behaviour if written not in rerouters],
    )
    remarks = [
        Message(
            "{count} parking areas: the site's own, `parking` in site.yaml is yours to edit", count=len(found)
        ),
        *_corrections((_stated(files.places[id]) for id in taken), corrected),
    ]
    if moved:
        remarks.append(
            Message(
                "{count} parking areas lay on the metres of another: moved along their street", count=moved
            )
        )
    if rerouters:
        remarks.append(Message("{count} parking rerouters: replaced by huandu's own", count=len(rerouters)))
    return left, found, remarks


def _edge(written: Written, edges: Mapping[str, Edge]) -> Edge | None:
    element = written.element
    if element.tag != "parkingArea" or element.get("onRoad") in ("true", "1"):
        return None
    edge = edges.get(element.get("lane", ""))
    return edge if edge is not None and any(lane.for_cars for lane in edge.lanes) else None


def _stated(written: Written) -> int:
    return int(written.element.get("roadsideCapacity", "0")) + len(written.element.findall("space"))


def _area(id: str, written: Written, edge: Edge, corrected: Mapping[int, int]) -> dict[str, Any]:
    element, whole_m = written.element, _room_m(edge)
    start_m, end_m = (
        float(element.get(name, default)) for name, default in (("startPos", 0.0), ("endPos", whole_m))
    )
    start_m, end_m = (value + whole_m if value < 0 else value for value in (start_m, end_m))
    end_m = min(end_m, whole_m)
    start_m = max(0.0, min(start_m, end_m - LEAST_M))
    stated = _stated(written)
    stalls = max(corrected.get(stated, stated), 1)
    length_m = round(end_m - start_m, 2)
    fits = stalls * STALL_ALONG_M[0] <= length_m
    title = element.get("name") or id
    return {
        "title": {"zh": title, "en": title},
        "kind": "kerb" if fits else "off_street",
        "on": edge.id,
        "at_m": round(start_m, 2),
        "length_m": length_m,
        "stalls": stalls,
    }


def _room_m(edge: Edge) -> float:
    return max(min(lane.length_m for lane in edge.lanes if lane.for_cars) - END_M, LEAST_M)


def _apart(edge: Edge, areas: Mapping[str, dict[str, Any]]) -> int:
    """Move areas of one kind on an edge so that none overlaps; return how many were moved.

    Each goes downstream to where there is room, those at the end back again; where all together do not fit,
    they share the edge evenly.
    """
    moved = 0
    for kind in ("kerb", "off_street"):
        own = [area for area in areas.values() if area["on"] == edge.id and area["kind"] == kind]
        own.sort(key=lambda area: float(area["at_m"]))
        before = [(area["at_m"], area["length_m"]) for area in own]
        if sum(area["length_m"] for area in own) > _room_m(edge):
            share_m = _room_m(edge) / len(own)
            for number, area in enumerate(own):
                area["at_m"], area["length_m"] = round(number * share_m, 2), round(share_m - 0.01, 2)
        least_m = 0.0
        for area in own:
            area["at_m"] = round(max(area["at_m"], least_m), 2)
            least_m = area["at_m"] + area["length_m"]
        most_m = _room_m(edge)
        for area in reversed(own):
            area["at_m"] = round(min(area["at_m"], most_m - area["length_m"]), 2)
            most_m = area["at_m"]
        moved += sum(was != (area["at_m"], area["length_m"]) for was, area in zip(before, own, strict=True))
    return moved


def _between(written: Written, taken: Mapping[str, Edge]) -> bool:
    """Whether a rerouter sends drivers to one of these areas: SUMO would miss it among the model's own."""
    return any(child.get("id") in taken for child in written.element.iter("parkingAreaReroute"))


def _corrections(stated: Iterable[int], corrected: Mapping[int, int]) -> list[Message]:
    counted = Counter(stated)
    return [
        Message(
            "capacity {stated} of {count} parking areas taken as {stalls} stalls: not measured, correct them",
            stated=number,
            count=counted[number],
            stalls=stalls,
        )
        for number, stalls in sorted(corrected.items())
        if counted[number]
    ]
