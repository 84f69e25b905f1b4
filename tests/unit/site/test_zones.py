"""Zones on hand-made streets: W -> A -> B -> E, with a side street from S into the street between A and B."""

import pytest

from sim.errors import BuildError, ConfigError
from sim.site.network import Approach, Connection, Edge, Junction, Lane, Movement, Network
from sim.site.zones import Point, zones
from sim.sumo.detectors import timed_types

CARS = frozenset({"passenger"})


def edge(id: str, length_m: float, lanes: int = 1) -> Edge:
    kinds = tuple(Lane(id, i, length_m, 3.2, 10.0, CARS) for i in range(lanes))
    return Edge(id, id[0], id[1], kinds, ((0.0, 0.0), (length_m, 0.0)))


def link(a: str, b: str, direction: str = "through", lanes: tuple[int, int] = (0, 0)) -> Connection:
    return Connection(a, lanes[0], b, lanes[1], direction)


def junction(id: str, *ways: tuple[str, tuple[str, ...], Connection], signal: str | None = None) -> Junction:
    approaches = tuple(
        Approach(
            id,
            way.from_edge,
            way.from_edge,
            chain,
            0.0,
            (Movement(id, way.from_edge, name, way.to_edge, (way,)),),
        )
        for name, chain, way in ways
    )
    return Junction(id, id, "signals" if signal else "priority", (0.0, 0.0), approaches, signal)


def network(ab_m: float, middle: str = "priority") -> Network:
    """W-A-M-B-E; at M a side street comes in from S. `ab_m` is split evenly before and behind M."""
    edges = [edge("WA", 500), edge("AM", ab_m / 2), edge("MB", ab_m / 2, 2), edge("BE", 200), edge("SM", 90)]
    wa, am, mb = link("WA", "AM"), link("AM", "MB"), link("MB", "BE")
    bay, side = link("AM", "MB", "through", (0, 1)), link("SM", "MB", "right")
    junctions = {
        "A": junction("A", ("through", ("WA",), wa), signal="A"),
        "B": junction("B", ("through", ("MB",), mb), signal="B"),
    }
    if middle == "priority":
        junctions["M"] = junction("M", ("through", ("AM",), am), ("right", ("SM",), side))
    return Network({e.id: e for e in edges}, (wa, am, bay, mb, side), junctions)


def test_an_entry_edge_is_measured_from_30_m_and_an_exit_to_100_m() -> None:
    found = zones(network(900), ["A", "B"])
    assert found.movements["A.WA.through"].entries == (Point("WA_0", 30.0),)
    assert found.movements["B.MB.through"].exits == (Point("BE_0", 100.0),)


@pytest.mark.parametrize(("leaving_m", "exit_m"), [(300, 100.0), (110, 90.0), (48, 28.0), (24, 12.0)])
def test_whole_vehicles_pass_the_section_before_they_leave_the_model(leaving_m: float, exit_m: float) -> None:
    whole = network(900)
    shorter = Network({**whole.edges, "BE": edge("BE", leaving_m)}, whole.connections, whole.junctions)
    assert zones(shorter, ["A", "B"]).movements["B.MB.through"].exits == (Point("BE_0", exit_m),)


def test_a_zone_begins_where_its_vehicles_start() -> None:
    def entries(starting: int) -> tuple[Point, ...]:
        ways = [("WA", "AM", "MB", "BE")] * (100 - starting) + [("MB", "BE")] * starting
        return zones(network(240), ["A", "B"], ways=ways).movements["B.MB.through"].entries

    far = zones(network(240), ["A", "B"]).movements["B.MB.through"].entries
    assert entries(10) == far
    assert entries(11) == (Point("MB_0", 30.0), Point("MB_1", 30.0))


def test_vehicles_that_end_on_the_approach_do_not_count() -> None:
    ways = [("WA", "AM", "MB", "BE")] * 10 + [("MB",)] * 90
    assert zones(network(240), ["A", "B"], ways=ways) == zones(network(240), ["A", "B"])


def test_zones_partition_the_street() -> None:
    found = zones(network(240), ["A", "B"])
    end = found.movements["A.WA.through"].exits
    assert end == (Point("AM_0", 40.0),)  # a third of what leads to the next junction
    assert set(end) < set(found.movements["B.MB.through"].entries)


def test_a_side_street_enters_at_its_end() -> None:
    found = zones(network(240), ["A", "B"])
    assert Point("SM_0", 89.9) in found.movements["B.MB.through"].entries


def test_a_zone_longer_than_its_reach_ends_at_a_minor_junction() -> None:
    found = zones(network(900), ["A", "B"])
    assert found.movements["B.MB.through"].entries == (Point("MB_0", 150.0), Point("MB_1", 150.0))


def test_a_short_exit_is_still_inside_its_edge() -> None:
    short = network(0.6)
    point = zones(short, ["A"]).movements["A.WA.through"].exits[0]
    assert 0 < point.position_m < short.edges["AM"].length_m


def test_the_lane_that_goes_on_is_watched_upstream_and_the_short_lane_is_not() -> None:
    found = {queue.lane: queue for queue in zones(network(240), ["B"]).queues}
    assert found[2].lanes == ("AM_0", "MB_0")  # lane 1 is at the median
    assert found[2].length_m == pytest.approx(200.0)
    assert found[1].lanes == ("MB_1",)
    assert found[1].length_m == 120.0


def test_places_come_from_the_site_and_lanes_from_the_arm() -> None:
    site, arm = network(900), network(900)
    wider = {**arm.edges, "WA": edge("WA", 500, 3)}
    found = zones(site, ["A"], arm=Network(wider, arm.connections, arm.junctions))
    assert found.movements["A.WA.through"].entries == tuple(Point(f"WA_{i}", 30.0) for i in range(3))
    gone = {id: e for id, e in arm.edges.items() if id != "AM"}
    with pytest.raises(BuildError, match="AM"):
        zones(site, ["A"], arm=Network(gone, (), arm.junctions))


def test_named_routes_run_from_the_first_edge_to_the_end_of_the_last() -> None:
    found = zones(network(240), ["A"], {"all": ("WA", "BE")})
    route = found.routes["route:all"]
    assert (route.entries, route.exits) == ((Point("WA_0", 30.0),), (Point("BE_0", 199.9),))
    with pytest.raises(ConfigError, match="XX"):
        zones(network(240), ["A"], {"bad": ("WA", "XX")})


def test_movements_are_not_about_bicycles_and_trains() -> None:
    types = {"car": {}, "bus": {"vClass": "bus"}, "bike": {"vClass": "bicycle"}, "tram": {"vClass": "tram"}}
    assert timed_types(types) == ("bus", "car")
    assert timed_types({"car": {}, "lorry": {"vClass": "truck"}}) == ()  # everyone: no filter is written
