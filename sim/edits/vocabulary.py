"""The small closed vocabulary of edits that interventions are written in.

Each edit says what it expects to find, and which objects it may change (`footprint`): a function of the
baseline and of the edit's own fields, fixed before anything is built. `sim.sumo.build` executes edits;
`sim.sumo.proof` holds the built arm against the baseline and refuses whatever differs outside the footprint.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.site.network import Connection, Network
from sim.site.parking import ParkingArea

ObjectKey = tuple[str, str]
"""(kind, id). Kinds: edge, lane, connection, crossing, junction (type, position, shape, incoming lanes),
right_of_way (how the paths through a junction run and yield), signal_link (what one connection or crossing is
shown in every program), signal_timing (`timing_key`: durations, cycle, offset and switching in one period),
parking, bus_stop, and `other` for whatever else the files hold."""

SHARED_KINDS = frozenset({"right_of_way"})
"""Kinds that several edits may touch without contradicting each other: a junction's right of way
follows from all connections together, in whatever order they were edited."""

LaneLink = tuple[int, str, int]
"""(from lane index, to edge, to lane index), lanes counted from the kerb."""


def lane_link(connection: Connection) -> LaneLink:
    """Name a connection as an edit of its edge does."""
    return (connection.from_lane, connection.to_edge, connection.to_lane)


def connection_key(edge: str, link: LaneLink) -> str:
    """`Connection.key` of a link that leaves `edge`."""
    return f"{edge}_{link[0]}->{link[1]}_{link[2]}"


def timing_key(period: str, signal: str) -> ObjectKey:
    """Key a signal's timing in one period: a new morning plan does not excuse a change in the evening."""
    return ("signal_timing", f"{signal}@{period}")


@dataclass(frozen=True, slots=True)
class SetConnections:
    """Re-mark an approach: replace the connections that leave `edge`. Its signal's programs follow."""

    edge: str
    expected: frozenset[LaneLink]
    wanted: frozenset[LaneLink]

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the edge's connections, what signals show them, and how the junction's paths yield."""
        keys = {connection_key(self.edge, link) for link in self.expected | self.wanted}
        return frozenset(
            {("right_of_way", network.edges[self.edge].to_node)}
            | {("connection", key) for key in keys}
            | {("signal_link", key) for key in keys}
        )


@dataclass(frozen=True, slots=True)
class SetTiming:
    """Give a program other durations, cycle or offset; which links are green when is not touched."""

    period: str
    signal: str
    program: str
    expected_durations_s: tuple[float, ...]
    expected_offset_s: float
    durations_s: tuple[float, ...]
    offset_s: float

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the timing of the one signal in the one period."""
        return frozenset({timing_key(self.period, self.signal)})


@dataclass(frozen=True, slots=True)
class AddParking:
    """Open a parking area that is not there yet. Off the road: lanes and permissions stay as they are.

    `area.on` is the edge it lies on and `area.at_m` counts along that edge, as in `Site.facts`.

    `takes`: share of the drivers wishing to park at an existing lot who now wish for this one.
    """

    id: str
    area: ParkingArea
    takes: tuple[tuple[str, float], ...] = ()

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the one parking area."""
        return frozenset({("parking", self.id)})


Edit = SetConnections | SetTiming | AddParking
