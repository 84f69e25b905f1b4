"""What every edit is, and how the objects are called that edits change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from sim.site.model import Site
from sim.site.network import Connection, Network

ObjectKey = tuple[str, str]
"""(kind, id). Kinds: edge, lane, connection, crossing, junction (type, position, shape, incoming lanes),
right_of_way (how the paths through a junction run and yield), precedence (which way through a junction
goes before which, where the network says so), signal_link (what one connection or crossing is
shown in every program), signal_timing (`timing_key`: durations, cycle, offset and switching in one period),
parking, bus_stop, closure, box (黄格线), habit (what drivers do: in no file), and `other` for whatever else
the files hold. `geometry` of an edge, lane,
crossing or junction allows its outline, its length, what enters it and how paths through it are drawn to
change, and nothing else."""

SHARED_KINDS = frozenset({"geometry", "right_of_way"})
"""Kinds that several edits may touch without contradicting each other: a junction's right of way
and the outlines follow from all connections and lanes together, in whatever order they were edited."""

LaneLink = tuple[int, str, int]
"""(from lane index, to edge, to lane index), lanes counted from the kerb."""


class Edit(ABC):
    """One change of a site, as a frozen dataclass: fields, what they expect to find, and nothing of files.

    Lanes are counted from the kerb, keys are those of `sim.site.network`.
    """

    __slots__ = ()

    structural: ClassVar[bool] = False
    """Whether it changes the street network itself, so that its signals' links are numbered anew."""

    @abstractmethod
    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the objects it may change: of the network it finds and its own fields, before any build."""

    @abstractmethod
    def applied(self, site: Site) -> Site:
        """Return the site as it is afterwards; ValueError where the site is not as expected.

        The one description of the change: the build writes what differs between the two sites, and the proof
        looks in the files for what stands here.
        """

    def concerns(self, period: str) -> bool:
        """Whether it says anything on a period."""
        return True


def lane_link(connection: Connection) -> LaneLink:
    """Name a connection as an edit of its edge does."""
    return (connection.from_lane, connection.to_edge, connection.to_lane)


def connection_key(edge: str, link: LaneLink) -> str:
    """`Connection.key` of a link that leaves `edge`."""
    return f"{edge}_{link[0]}->{link[1]}_{link[2]}"


def timing_key(period: str, signal: str) -> ObjectKey:
    """Key a signal's timing in one period: a new morning plan does not excuse a change in the evening."""
    return ("signal_timing", f"{signal}@{period}")
