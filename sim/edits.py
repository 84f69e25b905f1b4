"""The small closed vocabulary of edits that interventions are written in.

Each edit says what it expects to find, and which objects it may change (`footprint`): a function of the baseline and of
the edit's own fields, fixed before anything is built. `sim.sumo.build` executes edits; `sim.sumo.proof` holds the built
arm against the baseline and refuses whatever differs outside the footprint.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.network import Network
from sim.parking import ParkingArea

ObjectKey = tuple[str, str]
"""(kind, id): kind is one of edge, lane, connection, crossing, junction, signal, parking, bus_stop."""

LaneLink = tuple[int, str, int]
"""(from lane index, to edge, to lane index), lanes counted from the kerb."""


@dataclass(frozen=True, slots=True)
class SetConnections:
    """Re-mark an approach: replace the connections that leave `edge`. Needs the junction's programs remapped."""

    edge: str
    expected: frozenset[LaneLink]
    wanted: frozenset[LaneLink]

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Connections leaving the edge, the junction's right-of-way table, and its signal."""
        node = network.edges[self.edge].to_node
        keys = {f"{self.edge}_{lane}->{to}_{to_lane}" for lane, to, to_lane in self.expected | self.wanted}
        signals = {c.signal for c in network.connections_from.get(self.edge, ()) if c.signal}
        return frozenset(
            {("connection", key) for key in keys} | {("junction", node)} | {("signal", signal) for signal in signals}
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
        """The one signal."""
        return frozenset({("signal", self.signal)})


@dataclass(frozen=True, slots=True)
class AddParking:
    """Open a parking area that is not there yet. Off the road: lanes and permissions stay as they are.

    `takes`: share of the drivers wishing to park at an existing lot who now wish for this one.
    """

    id: str
    area: ParkingArea
    takes: tuple[tuple[str, float], ...] = ()

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """The one parking area."""
        return frozenset({("parking", self.id)})


Edit = SetConnections | SetTiming | AddParking
