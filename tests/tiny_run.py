"""One hand-made run that every measure can be worked out for by hand: two legs, one signal, eight vehicles.

    w.up (200 m, 1 lane) - w (50 m, 2 lanes) -> J1 -> e (east), n.exit (north)
    s (100 m, 1 lane) ------------------------> J1

The window is [1000, 4600), one hour. Lane 1 of the west approach (left turn) is a short lane of 50 m.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from sim.loading import parse
from sim.measures.base import RunView
from sim.signals.greens import Discharge
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.facts import SiteFacts
from sim.site.network import Approach, Connection, Edge, Junction, Lane, Movement, Network
from sim.site.parking import ParkingArea
from sim.tables import ASKED_TABLES, FREE_FLOW, RUN_TABLES, RunFacts, empty, typed

CARS = frozenset({"passenger", "bus"})


def edge(name: str, ends: str, length_m: float, lanes: int = 1, speed_mps: float = 10.0) -> Edge:
    """Make an edge between the nodes of `ends`, e.g. `A-B`."""
    start, end = ends.split("-")
    own = tuple(Lane(name, i, length_m, 3.25, speed_mps, CARS) for i in range(lanes))
    return Edge(name, start, end, own, ((0.0, 0.0), (length_m, 0.0)))


def network(**changed: Edge) -> Network:
    """Build the network; edges given by name replace those of the same name."""
    edges = {
        "w.up": edge("w.up", "A-B", 200),
        "w": edge("w", "B-J1", 50, lanes=2),
        "s": edge("s", "C-J1", 100),
        "e": edge("e", "J1-D", 100),
        "n.exit": edge("n.exit", "J1-E", 100),
        **changed,
    }
    through = Connection("w", 0, "e", 0, "through", "J1", 0)
    left = Connection("w", 1, "n.exit", 0, "left", "J1", 1)
    ahead = Connection("s", 0, "n.exit", 0, "through", "J1", 2)
    right = Connection("s", 0, "e", 0, "right", "J1", 3)
    west = Approach(
        "J1",
        "west",
        "w",
        ("w.up", "w"),
        270.0,
        (
            Movement("J1", "west", "left", "n.exit", (left,)),
            Movement("J1", "west", "through", "e", (through,)),
        ),
    )
    south = Approach(
        "J1",
        "south",
        "s",
        ("s",),
        180.0,
        (
            Movement("J1", "south", "through", "n.exit", (ahead,)),
            Movement("J1", "south", "right", "e", (right,)),
        ),
    )
    feeding = tuple(Connection("w.up", 0, "w", lane, "through") for lane in (0, 1))
    return Network(
        edges=edges,
        connections=(*feeding, through, left, ahead, right),
        junctions={"J1": Junction("J1", "J1", "signals", (0.0, 0.0), (west, south), "J1")},
    )


CYCLE = ((0, "GGrr"), (30, "yyrr"), (33, "rrrr"), (35, "rrGg"), (55, "rryy"), (58, "rrrr"))
"""Seconds of the cycle of 60 s and states; noted, it begins 20 s before each full minute."""


def control(kind: str = "static") -> SignalControl:
    """Cycle 60 s: 30 s for the west leg, 20 s for the south leg, whose right turn gives way."""
    states = [(30, "GGrr"), (3, "yyrr"), (2, "rrrr"), (20, "rrGg"), (3, "rryy"), (2, "rrrr")]
    program = SignalProgram("J1", "huandu", tuple(Interval(s, state) for s, state in states), kind=kind)
    return SignalControl("J1", {"huandu": program}, "huandu")


def site(**facts: object) -> SiteFacts:
    """Facts of an imported site with one named route."""
    written = {
        "name": "tiny",
        "title": {"zh": "小", "en": "Tiny"},
        "made_up": True,
        "imported": {"network": "net.net.xml"},
        "periods": {"am": {"title": {"zh": "早", "en": "AM"}, "begin": "00:16", "end": "01:16"}},
        "routes": {"R": {"title": {"zh": "干道", "en": "Main"}, "via": ["w.up", "w", "e"]}},
        **facts,
    }
    return parse(SiteFacts, written, "site.yaml")


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Type rows as the run table of that name; empty where there are none."""
    columns = {**RUN_TABLES, **ASKED_TABLES}[name]
    given = list(rows)
    return typed(pd.DataFrame(given), columns) if given else empty(columns)


def trip(name: str, scheduled_s: float, edges: str, **other: Any) -> dict[str, Any]:
    """Make one row of the trips table: a car that arrived without any delay, unless `other` says else."""
    row: dict[str, Any] = {
        "id": name,
        "type": "car",
        "vehicle_class": "car",
        "purpose": "through",
        "origin": edges.split(maxsplit=1)[0],
        "destination": edges.rsplit(maxsplit=1)[-1],
        "edges": edges,
        "scheduled_s": scheduled_s,
        "depart_delay_s": 0.0,
        "duration_s": 50.0,
        "stop_s": 0.0,
        "time_loss_s": 0.0,
        "stopped_s": 0.0,
        "stops": 0,
        "route_m": 0.0,
        "free_time_s": 35.0,
        "speed_factor": 1.0,
        "occupancy": 1.0,
        "fate": "arrived",
        **other,
    }
    inserted = row["fate"] != "never_inserted"
    depart_s = scheduled_s + row["depart_delay_s"] if inserted else float("nan")
    row.setdefault("depart_s", depart_s)
    row.setdefault("arrival_s", depart_s + row["duration_s"] if row["fate"] == "arrived" else float("nan"))
    return row


TRIPS = (
    # Before the window, past the stop line within it.
    trip("x", 990, "w.up w e"),
    # Parks on w.up for 980 s: at the stop line at 900 + 25 + 980 = 1905.
    trip("p", 900, "w.up w e", purpose="parking", duration_s=1030, stop_s=980),
    # The cohort.
    trip("a", 1000, "w.up w e", depart_delay_s=2, time_loss_s=10, stops=1, route_m=300),
    trip(
        "b",
        2000,
        "w.up w n.exit",
        type="bus",
        vehicle_class="bus",
        purpose="bus",
        duration_s=80,
        stop_s=20,
        time_loss_s=20,
        stops=2,
        route_m=300,
        occupancy=30,
    ),
    trip("c", 3000, "s n.exit", depart_delay_s=2000, duration_s=0, fate="never_inserted"),
    trip(
        "d", 4000, "s e", depart_delay_s=4, duration_s=96, time_loss_s=60, stops=3, route_m=50, fate="inside"
    ),
    trip(
        "y",
        4590,
        "w.up w n.exit",
        purpose="parking",
        duration_s=60,
        time_loss_s=5,
        route_m=350,
        occupancy=2,
    ),
)

ZONES = (
    ("J1.west.through", 100, 9, 500, 500, 9),  # before the window
    ("J1.west.through", 1000, 1, 10, 30, 1),
    ("J1.west.through", 1900, 3, 20, 40, 2),
    ("J1.west.through", 4600, 9, 500, 500, 9),  # after it
    ("J1.west.left", 1900, 1, 25, 50, 3),
    ("route:R", 1000, 1, 10, 90, 1),
    ("route:R", 1900, 3, 20, 110, 2),
)

QUEUES = (
    (1, 50 + 180, 940, 999.0),  # before the window
    (1, 230, 1000, 45.0),
    (1, 230, 1060, 10.0),
    (2, 230, 1000, 30.0),
    (2, 230, 1060, 225.0),
)


EMISSIONS = (
    ("a", 100.0, 0.1, 0.01, 30.0),
    ("b", 500.0, 2.0, 0.05, 160.0),
    ("d", 80.0, 0.05, 0.002, 25.0),
    ("y", 60.0, 0.02, 0.001, 20.0),
)
"""Vehicle, then g of CO2, NOx, PMx and fuel; c was never inserted."""


NAN = float("nan")
CONFLICTS = (
    ("a", "", "none", NAN, NAN, NAN, NAN, NAN, NAN, NAN),
    ("b", "", "none", NAN, NAN, NAN, NAN, NAN, NAN, NAN),
    ("a", "b", "crossing", 1500.0, 3.0, 4.0, 8.0, 1.2, 4.0, NAN),
    ("b", "a", "crossing", 1500.0, 3.0, 4.0, 8.0, 1.2, 4.0, NAN),  # the same one, seen by the other
    ("a", "d", "rear_end", 1600.0, 900.0, 0.0, 9.0, 1.4, 3.5, NAN),  # far from the junction
    ("b", "d", "rear_end", 1700.0, 0.0, 0.0, 1.0, 1.4, 1.0, NAN),  # closing up in a queue
    ("b", "e", "other", 1800.0, 0.0, 0.0, 5.0, 1.0, 1.0, NAN),
    ("before", "e", "merging", 10.0, 0.0, 0.0, 5.0, 1.0, 1.0, NAN),  # not of the cohort
)
"""Columns of `tables.CONFLICTS`; a and b are observed."""

STOP_LINES = (
    ("a", "J1.west.through", 1030.0, 1064.0),  # on yellow; the next green begins at 1060
    ("p", "J1.west.through", 1905.0, 1905.0),
    ("x", "J1.west.through", 990.0, 990.0),  # before the window
    ("b", "J1.west.left", 2045.0, 2166.0),  # on green; two more begin before it passes
    ("d", "J1.south.right", 4014.0, NAN),  # on red; greens begin at 4035, 4095, ...
    ("e", "J1.south.through", 4597.0, 4640.0),  # on yellow; the next green begins at 4615
)
"""Vehicle, movement, when it would have reached the stop line, and when it passed."""


def tables(**changed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All run tables; tables given by name replace those of the same name."""
    zones = [
        {
            "movement": movement,
            "begin_s": begin_s,
            "end_s": begin_s + 900,
            "vehicles": n,
            "time_loss_s": loss_s,
            "travel_time_s": time_s,
            "halts": halts,
        }
        for movement, begin_s, n, loss_s, time_s, halts in ZONES
    ]
    queues = [
        {
            "approach": "J1.west",
            "lane": lane,
            "length_m": length_m,
            "begin_s": begin_s,
            "end_s": begin_s + 60,
            "jam_max_m": jam_m,
            "jam_max_veh": jam_m / 7.5,
            "vehicles": 5,
            "occupancy_pct": 10.0,
        }
        for lane, length_m, begin_s, jam_m in QUEUES
    ]
    walks = [
        {
            "id": name,
            "crossing": "J1.west",
            "scheduled_s": scheduled_s,
            "duration_s": 20 + loss_s,
            "time_loss_s": loss_s,
            "fate": fate,
        }
        for name, scheduled_s, loss_s, fate in (
            ("w0", 10, 99, "arrived"),
            ("w1", 1200, 10, "arrived"),
            ("w2", 1300, 30, "arrived"),
        )
    ]
    parked = [
        {"vehicle": "p", "area": "P", "edge": "w.up", "started_s": 920, "ended_s": 1900},
        {"vehicle": "q", "area": "P", "edge": "w.up", "started_s": 4000, "ended_s": float("nan")},
    ]
    states = [states_row(60.0 * minute, arrived=minute, halting=0) for minute in range(84)]
    rows = {
        "trips": TRIPS,
        "walks": walks,
        "zones": zones,
        "queues": queues,
        "parked": parked,
        "searches": [],
        "network": states,
        "edges": [],
        "emissions": [
            {"vehicle": name, "co2_g": co2, "nox_g": nox, "pmx_g": pmx, "fuel_g": fuel}
            for name, co2, nox, pmx, fuel in EMISSIONS
        ],
        "stop_lines": [dict(zip(ASKED_TABLES["stop_lines"], row, strict=True)) for row in STOP_LINES],
        "signal_states": [
            {"signal": "J1", "begin_s": begin_s + second, "state": state}
            for begin_s in range(-20, 5000, 60)
            for second, state in CYCLE
        ],
        "conflicts": [dict(zip(ASKED_TABLES["conflicts"], row, strict=True)) for row in CONFLICTS],
    }
    return {**{name: table(name, given) for name, given in rows.items()}, **changed}


def states_row(time_s: float, arrived: int, halting: int) -> dict[str, Any]:
    """Make one row of the network table."""
    return {
        "time_s": time_s,
        "running": halting,
        "halting": halting,
        "waiting": 0,
        "arrived": arrived,
        "mean_speed_mps": 5.0,
    }


def free_flow(**time_loss_s: float) -> pd.DataFrame:
    """Free-flow time loss of the west leg's movements, unless given."""
    given = time_loss_s or {"J1.west.through": 1.5, "J1.west.left": 3.0}
    rows = [{"movement": name, "time_loss_s": loss_s, "n": 60} for name, loss_s in given.items()]
    return typed(pd.DataFrame(rows), FREE_FLOW)


FACTS = RunFacts(
    begin_s=0,
    window_begin_s=1000,
    window_end_s=4600,
    end_s=5000,
    teleports=0,
    collisions=0,
    emergency_braking=0,
)

PARKING = {
    "P": ParkingArea.model_validate(
        {"title": {"zh": "场", "en": "Lot"}, "kind": "off_street", "on": "w.up", "at_m": 100, "stalls": 2}
    )
}


def view(**changed: Any) -> RunView:
    """Make the run as measures see it; fields given by name replace those of the same name."""
    return replace(
        RunView(
            tables=tables(),
            facts=FACTS,
            network=network(),
            site=site(),
            controls={"J1": control()},
            free_flow=free_flow(),
            parking=PARKING,
            discharge=Discharge(1800.0, startup_lost_s=3.0, end_gain_s=1.0),
            pce={"bus": 2.0},
        ),
        **changed,
    )
