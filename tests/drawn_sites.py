"""A drawn site for tests without SUMO: two junctions of four legs on one street, one lane for everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sim.demand import read_counts
from sim.loading import parse
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.site.network import Approach, Connection, CrossingLink, Edge, Junction, Lane, Movement, Network

LEGS = (
    "north",
    "east",
    "south",
    "west",
)  # clockwise: left is the next, through the one after, right the third
TURNS = ("left", "through", "right")
STREET = {"J1.east": "J2.west", "J2.west": "J1.east"}
HEADER = "period,start,approach,movement,class,count,taken_at,queue_start_veh,queue_end_veh"
EVERYONE = frozenset({"passenger", "bus", "truck", "pedestrian"})


def facts(**more: object) -> SiteFacts:
    """Return the facts of the two junctions; `more` adds or replaces top-level keys."""

    def leg(junction: str, name: str) -> dict[str, object]:
        own: dict[str, object] = {
            "bearing_deg": 90 * LEGS.index(name),
            "speed_kmh": 50,
            "lanes": [{"use": "left+through+right"}],
            "crossing": {"length_m": 12},
        }
        return own if f"{junction}.{name}" in STREET else {**own, "length_m": 300, "exit_lanes": 1}

    junctions = {
        junction: {
            "title": {"zh": junction, "en": junction},
            "position_m": [300 * i, 0],
            "approaches": {name: leg(junction, name) for name in LEGS},
        }
        for i, junction in enumerate(("J1", "J2"))
    }
    written = {
        "name": "two",
        "title": {"zh": "两口", "en": "Two junctions"},
        "made_up": True,
        "junctions": junctions,
        "streets": {"main": {"legs": ["J1.east", "J2.west"]}},
        "periods": {"am": {"title": {"zh": "早", "en": "AM"}, "begin": "07:30", "end": "08:00"}},
        **more,
    }
    return parse(SiteFacts, written, "site.yaml")


def network() -> Network:
    """Return the network that belongs to `facts`."""
    edges: dict[str, Edge] = {}

    def add(id: str, from_node: str, to_node: str) -> None:
        lane = Lane(id, 0, 300.0, 3.25, 13.9, EVERYONE)
        edges[id] = Edge(id, from_node, to_node, (lane,), ((0.0, 0.0), (300.0, 0.0)))

    for junction in ("J1", "J2"):
        for name in LEGS:
            id = f"{junction}.{name}"
            if id in STREET:
                add(id, STREET[id][:2], junction)
            else:
                add(id, f"{id}.end", junction)
                add(f"{id}.exit", junction, f"{id}.end")
    junctions = {}
    connections: list[Connection] = []
    for junction in ("J1", "J2"):
        approaches = []
        for i, name in enumerate(LEGS):
            id = f"{junction}.{name}"
            movements = []
            for turn, direction in enumerate(TURNS, 1):
                target = f"{junction}.{LEGS[(i + turn) % 4]}"
                link = Connection(id, 0, STREET.get(target, f"{target}.exit"), 0, direction)
                connections.append(link)
                movements.append(Movement(junction, name, direction, link.to_edge, (link,)))
            exit_edge = STREET.get(id, f"{id}.exit")
            crossing = CrossingLink(junction, (id, exit_edge), 12.0)
            approaches.append(
                Approach(junction, name, id, (id,), 90.0 * i, tuple(movements), exit_edge, crossing)
            )
        junctions[junction] = Junction(junction, junction, "signals", (0.0, 0.0), tuple(approaches))
    return Network(edges, tuple(connections), junctions)


def row(approach: str, movement: str, count: float, start: str = "07:30", **more: object) -> str:
    """Write one line of counts.csv."""
    own: Mapping[str, object] = {
        "kind": "car",
        "taken_at": "upstream",
        "queue": ("", ""),
        "period": "am",
        **more,
    }
    start_veh, end_veh = own["queue"]  # type: ignore[misc]
    fields = (
        own["period"],
        start,
        approach,
        movement,
        own["kind"],
        count,
        own["taken_at"],
        start_veh,
        end_veh,
    )
    return ",".join(map(str, fields))


def balanced_rows() -> list[str]:
    """Return counts that fit together: 60 from every entry and quarter, a third each way."""
    rows = []
    for start in ("07:30", "07:45"):
        for junction in ("J1", "J2"):
            for name in LEGS:
                # Into the street: 20 from the far end and from each side, as counted at their own junction.
                rows += [row(f"{junction}.{name}", turn, 20, start) for turn in TURNS]
    return rows


def write_counts(folder: Path, rows: Iterable[str]) -> Path:
    """Write a counts.csv."""
    path = folder / "counts.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def site(folder: Path, rows: Iterable[str] | None = None, **more: object) -> Site:
    """Return a whole site with its counts; nothing of it is a file but these."""
    own = facts(**more)
    counts = read_counts(write_counts(folder, balanced_rows() if rows is None else rows), own)
    return Site(folder, own, network(), folder / "none.net.xml", {}, counts)
