import re
from xml.etree import ElementTree

import pytest

from sim.errors import BuildError
from sim.loading import parse
from sim.site.network import Connection, Edge, Lane, Network
from sim.site.parking import ParkingArea
from sim.sumo.parking_files import parking_xml

CARS, NOBODY = frozenset({"passenger"}), frozenset({"pedestrian"})


def edge(id: str, length_m: float) -> Edge:
    lanes = (Lane(id, 0, length_m, 2.0, 1.4, NOBODY), Lane(id, 1, length_m, 3.2, 13.9, CARS))
    return Edge(id, "a", "b", lanes, ((0, 0), (1, 0)))


# A street of three edges, and a way back from its end to its start that is too long to be searched.
EDGES = {e.id: e for e in (edge("one", 200), edge("two", 400), edge("three", 300), edge("back", 2000))}
WAYS = (("one", "two"), ("two", "three"), ("three", "back"), ("back", "one"))
NETWORK = Network(EDGES, tuple(Connection(a, 1, b, 1, "through") for a, b in WAYS), {})


def area(on: str, at_m: float, stalls: int, kind: str = "off_street") -> ParkingArea:
    title = {"zh": "场", "en": "Lot"}
    return parse(
        ParkingArea, {"title": title, "kind": kind, "on": on, "at_m": at_m, "stalls": stalls}, "parking"
    )


def alternatives(parking: dict[str, ParkingArea]) -> dict[str, list[tuple[str, str]]]:
    root = ElementTree.fromstring(parking_xml(parking, NETWORK, {}, parking))
    return {
        rerouter.attrib["id"]: [
            (a.attrib["id"], a.attrib["visible"]) for a in rerouter.iter("parkingAreaReroute")
        ]
        for rerouter in root.iter("rerouter")
    }


def test_areas_stand_beside_the_lane_at_the_kerb_that_cars_may_use() -> None:
    assert re.findall(r"<parkingArea .*/>", parking_xml({"P": area("two", 40, 30)}, NETWORK, {}, {})) == [
        '<parkingArea id="P" lane="two_1" startPos="40" endPos="50" roadsideCapacity="30" angle="3"/>'
    ]


def test_hours_stand_in_the_file_also_where_no_area_sends_drivers_there() -> None:
    """An area that no other can offer says nowhere else that it closes, and the proof reads files."""
    alone = area("two", 40, 30)
    shut = alone.model_copy(update={"hours": ("09:30", "16:30")})
    before, after = (parking_xml({"P": one}, NETWORK, {}, {}) for one in (alone, shut))
    assert before != after
    (param,) = ElementTree.fromstring(after).iter("param")
    assert param.attrib["value"] == "09:30-16:30"


def test_a_full_area_sends_drivers_to_the_nearest_ahead() -> None:
    parking = {"A": area("one", 50, 10), "B": area("two", 10, 25), "C": area("three", 10, 40, "kerb")}
    found = alternatives(parking)
    assert found["parking.A"] == [("A", "false"), ("B", "true"), ("C", "false")]
    assert found["parking.B"] == [("B", "true"), ("C", "false")]
    assert found["parking.C"] == [("C", "false")]  # 2 km round: out of reach


def test_on_one_edge_only_what_lies_ahead_is_near() -> None:
    found = alternatives({"A": area("one", 50, 10), "B": area("one", 100, 10)})
    assert found["parking.A"] == [("A", "false"), ("B", "false")]
    assert found["parking.B"] == [("B", "false")]


def test_of_many_areas_the_nearest_ten_are_known_whatever_a_policy_adds_or_takes() -> None:
    """One gate every 12 m: from the first, the next 10 are known; a new one comes on top, one that goes is
    not replaced. So no policy changes what is offered between two areas that it does not touch."""
    today = {f"P{n:02}": area("two", 12 * n, 5) for n in range(30)}
    first = [other for other, _ in alternatives(today)["parking.P00"]]
    assert first == [f"P{n:02}" for n in range(11)]
    new = area("two", 6, 5)
    less = {id: a for id, a in {**today, "new": new}.items() if id != "P05"}
    root = ElementTree.fromstring(parking_xml(less, NETWORK, {}, today))
    of_first = next(r for r in root.iter("rerouter") if r.attrib["id"] == "parking.P00")
    offered = [a.attrib["id"] for a in of_first.iter("parkingAreaReroute")]
    assert offered == ["P00", "new", *(id for id in first[1:] if id != "P05")]


def test_an_area_beyond_its_edge_is_refused() -> None:
    with pytest.raises(BuildError, match="no lane for cars on 'one' reaches to 205 m"):
        parking_xml({"A": area("one", 195, 10)}, NETWORK, {}, {})
