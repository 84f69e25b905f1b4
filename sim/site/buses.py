"""Bus stops (公交站) and the lines that serve them: as facts of a site, and as they lie in a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from sim.errors import Problems, near
from sim.labels import Message
from sim.loading import Bilingual, Facts
from sim.site.network import Edge, Network

PASSENGERS_ENTER = "bus"
"""The class a stop's lane must be open to."""


class BusStop(Facts):
    """A stop: `on` an approach or edge, from `at_m` (counted from its upstream end) on.

    Without a `bay` (港湾式) buses stop on the lane and hold up who is behind.
    """

    on: str
    at_m: float = Field(ge=0)
    length_m: float = Field(20.0, ge=10, le=150)
    bay: bool = False
    title: Bilingual | None = None


class BusLine(Facts):
    """Buses from `origin` to `exit` (legs at the edge of the model) by their stops, at a headway.

    They come in addition to the counts: buses of lines are not counted there. Everybody aboard is in the
    vehicle set's occupancy; who gets on or off is in the dwell time.
    """

    origin: str
    exit: str
    stops: tuple[str, ...] = Field(min_length=1)
    headway_min: float = Field(gt=0, le=180)
    dwell_s: float = Field(20.0, ge=0, le=600)
    title: Bilingual | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.stops)) != len(self.stops):
            raise ValueError(Message("a line stops at each of its stops once"))
        return self


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop on an edge of the site: metres from the edge's upstream end, lanes counted from the kerb."""

    edge: str
    lane: int
    at_m: float
    length_m: float
    bay: bool = False

    @property
    def end_m(self) -> float:
        """Where it ends."""
        return round(self.at_m + self.length_m, 3)


def overlap(one: Stop, other: Stop) -> bool:
    """Whether two stops take the same metres of a lane."""
    same = (one.edge, one.lane) == (other.edge, other.lane)
    return same and one.at_m < other.end_m and other.at_m < one.end_m


def bus_lane(edge: Edge) -> int | None:
    """Return the lane nearest to the kerb that buses may use."""
    return next((lane.index for lane in edge.lanes if PASSENGERS_ENTER in lane.allow), None)


def placed(
    network: Network, on: str, at_m: float, length_m: float, bay: bool, path: str, problems: Problems
) -> Stop | None:
    """Return a stop where somebody asks for it; None, with the problem noted, where it cannot lie."""
    if on not in network.approaches and on not in network.edges:
        known = {*network.approaches, *network.edges}
        problems.add(f"{path}.on", Message("no approach or edge {on!r}", on=on), near(on, known))
        return None
    edge, own_m = network.spot(on, at_m, f"{path}.on")
    lane = bus_lane(edge)
    if lane is None:
        problems.add(f"{path}.on", Message("no lane of {edge!r} is open to buses", edge=edge.id))
    elif own_m + length_m > edge.length_m + 0.01:
        what = Message(
            "the stop would end at {end_m:g} m, but {edge!r} is {length_m:.1f} m long",
            end_m=round(own_m + length_m, 2), edge=edge.id, length_m=edge.length_m,
        )  # fmt: skip
        problems.add(f"{path}.at_m", what, Message("a stop lies on one edge"))
    else:
        return Stop(edge.id, lane, round(own_m, 3), length_m, bay)
    return None
