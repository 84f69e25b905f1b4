"""One place as it is today: the facts of `scenarios/<site>/site.yaml`, typed.

A site is either *drawn* here (junctions, approaches, lanes, streets: no XML by hand) or *imported* (it points
at a network file, from which approaches and movements follow). All else is the same.

Lanes are listed from left to right as the driver sees them: lane 1 next to the median, the last at the kerb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sim.labels import Message
from sim.loading import Bilingual, Facts
from sim.signals.plan import SignalPlan
from sim.site import clock
from sim.site.buses import BusLine, BusStop
from sim.site.clock import Clock
from sim.site.parking import IllegalStopping, ParkingArea, ParkingDemand

Direction = Literal["left", "through", "right", "uturn"]
DIRECTIONS: tuple[Direction, ...] = ("uturn", "left", "through", "right")  # from the median to the kerb
VehicleClass = Literal["car", "bus", "truck", "motorcycle", "bicycle"]
Control = Literal["signals", "priority", "right_before_left"]


def _lane_use(value: str) -> str:
    parts = value.split("+")
    unknown = [part for part in parts if part not in DIRECTIONS]
    if unknown or len(set(parts)) != len(parts):
        raise ValueError(
            Message(
                "lane use {value!r}: write left, through, right, uturn joined by '+', e.g. through+right",
                value=value,
            )
        )
    return "+".join(sorted(parts, key=DIRECTIONS.index))


LaneUse = Annotated[str, AfterValidator(_lane_use)]
"""What one lane may do, e.g. `left`, `through+right`; normalised to the order of DIRECTIONS."""


seconds = clock.seconds


class Lane(Facts):
    """One lane at the stop line; `length_m` only for a short lane (展宽车道), which begins that far up."""

    use: LaneUse
    width_m: float = Field(3.25, gt=2.0, le=6.0)
    length_m: float | None = Field(None, ge=15.0)


class Crossing(Facts):
    """A zebra across one leg (人行横道)."""

    length_m: float = Field(gt=2.0, le=80.0)
    width_m: float = Field(4.0, gt=1.0, le=20.0)


class ApproachFacts(Facts):
    """One leg of a junction (进口道), named after where it comes from.

    `length_m` is the leg's length to the edge of the model; a street to another junction leaves it out.
    `exit_lanes` is the number of lanes leaving the junction on this leg; a street has it from its other end.
    `solid_line_m` is how far up from the stop line nobody changes lanes (导向车道线, solid lines).
    """

    bearing_deg: float = Field(ge=0, lt=360)
    speed_kmh: float = Field(gt=5, le=120)
    lanes: tuple[Lane, ...] = ()
    exit_lanes: int | None = Field(None, ge=0, le=8)
    length_m: float | None = Field(None, ge=50, le=5000)
    solid_line_m: float | None = Field(None, ge=15.0, le=300.0)
    grade_pct: float = Field(0.0, ge=-12, le=12)
    crossing: Crossing | None = None
    median_m: float = Field(0.0, ge=0, le=40)
    """Width of what lies between the two directions (中央分隔带), all along the leg; a street says it at both
    ends."""
    title: Bilingual | None = None


class JunctionFacts(Facts):
    """A junction (交叉口): where it is, what controls it, its legs."""

    title: Bilingual
    position_m: tuple[float, float]
    control: Control = "signals"
    approaches: Mapping[str, ApproachFacts]


class StreetFacts(Facts):
    """A street between two junctions, written as the two legs it joins: `J1.east` and `J2.west`."""

    legs: tuple[str, str]
    title: Bilingual | None = None


class ImportedNetwork(Facts):
    """A network made by somebody else, normalised once at import; paths are relative to the site's folder."""

    network: str
    signals: str | None = None
    additional: str | None = None
    vehicle_types: str | None = None
    trips: str | None = None
    sha256: Mapping[str, str] = Field(default_factory=dict)
    source: str = ""
    not_carried_over: tuple[str, ...] = ()


class Period(Facts):
    """A named part of the day (时段), the evaluation window [begin, end)."""

    title: Bilingual
    begin: Clock
    end: Clock
    day: Literal["weekday", "weekend"] = "weekday"
    plan: str | None = None
    pedestrians_per_15min: Mapping[str, float | tuple[float, ...]] = Field(default_factory=dict)

    @property
    def begin_s(self) -> int:
        """Start of the evaluation window, seconds since midnight (T0)."""
        return seconds(self.begin)

    @property
    def end_s(self) -> int:
        """End of the evaluation window, seconds since midnight (T1)."""
        return seconds(self.end)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_s <= self.begin_s:
            raise ValueError(
                Message("the period ends ({end}) before it begins ({begin})", end=self.end, begin=self.begin)
            )
        return self


class NamedRoute(Facts):
    """A route whose travel time is reported, by the legs or edges entered, e.g. `[J1.west, J2.west]`."""

    title: Bilingual
    via: tuple[str, ...] = Field(min_length=1)


class Location(Facts):
    """Where a site lies, degrees (WGS 84)."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class FieldValues(Facts):
    """What was measured in the street, of one movement or of a whole approach (saturation flow: per lane)."""

    saturation_vph: float | None = Field(None, ge=300, le=3000)
    startup_lost_s: float | None = Field(None, ge=-2, le=10)
    free_speed_kmh: float | None = Field(None, gt=5, le=150)
    gap_capacity_vph: Mapping[str, Annotated[float, Field(gt=0, le=3000)]] | None = None
    """Of an approach that gives way: period -> what it discharged while its queue never cleared, veh/h."""
    source: str = Field(min_length=1)
    """Who measured it, when and how."""


class SiteFacts(Facts):
    """The whole of `site.yaml`. Counts stand beside it in `counts.csv`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Bilingual
    description: Bilingual | None = None
    made_up: bool
    location: Location | None = None
    """For the map of several sites; nothing else depends on it."""
    junctions: Mapping[str, JunctionFacts] = Field(default_factory=dict)
    streets: Mapping[str, StreetFacts] = Field(default_factory=dict)
    imported: ImportedNetwork | None = None
    plans: Mapping[str, Mapping[str, SignalPlan]] = Field(default_factory=dict)
    parking: Mapping[str, ParkingArea] = Field(default_factory=dict)
    parking_demand: Mapping[str, ParkingDemand] = Field(default_factory=dict)
    illegal_stopping: Mapping[str, IllegalStopping] = Field(default_factory=dict)
    bus_stops: Mapping[str, BusStop] = Field(default_factory=dict)
    bus_lines: Mapping[str, BusLine] = Field(default_factory=dict)
    periods: Mapping[str, Period] = Field(min_length=1)
    routes: Mapping[str, NamedRoute] = Field(default_factory=dict)
    measured_junctions: tuple[str, ...] | None = None
    warm_up_s: int = Field(900, ge=0)
    enters_full_exit_share: float = Field(0.0, ge=0, le=1)
    """Share of drivers who enter the junction although the exit is full; the same in every arm."""
    passes_blocker_after_s: float | None = Field(10.0, gt=0)
    """Drivers find a way round a vehicle that has stood in the junction so long, in every arm; null: never.

    Without it two turning vehicles that each wait for the other's queue to clear lock the junction for good,
    which drivers do not. Such a passing is counted as a junction collision. An imported site that does not
    write it keeps its authors' model: never.
    """
    trains_pass_after_s: float | None = Field(None, gt=0)
    """Imported sites: trains that have stood head-on on a single track so long are set past each other.

    The model's own `time-to-teleport.bidi`, the same in every arm. Without it one meeting locks the track,
    and with it the streets across, for good. Every such passing is counted and shown.
    """
    departure_jitter_s: float = Field(60.0, ge=0)
    """Imported demand only: half-width of the uniform shift of each departure between replicates."""
    field_values: Mapping[str, FieldValues] = Field(default_factory=dict)
    """Movement or approach -> what was measured there; the capacity passport holds the model against it."""
    calibrated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _imports_keep_their_model(cls, data: object) -> object:
        if isinstance(data, Mapping) and data.get("imported") is not None:
            return {"passes_blocker_after_s": None, **data}
        return data

    @model_validator(mode="after")
    def _one_source_of_geometry(self) -> Self:
        if bool(self.junctions) == (self.imported is not None):
            raise ValueError(
                Message(
                    "a site either draws its `junctions` or names an `imported` network, not both or neither"
                )
            )
        return self
