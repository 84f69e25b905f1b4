"""Parking areas (停车场, 路内泊位), who wants to park, and who stops where it is forbidden (违停)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from sim.labels import Message
from sim.loading import Bilingual, Facts
from sim.site.clock import Clock, seconds

KERB_MANOEUVRE_S = 18
"""A car getting into or out of a parallel bay holds up the lane for so long (HCM, f_p; high confidence)."""
OFF_STREET_MANOEUVRE_S = 3
"""SUMO's own time for turning off without reversing."""
STALL_ALONG_M: Mapping[int, float] = {0: 6.0, 30: 5.0, 45: 3.6, 60: 3.0, 90: 2.5}
"""Kerb taken by one stall, by its angle to the kerb (GB/T 51149 and common layouts; medium confidence)."""
SEEN_FROM_AFAR_STALLS = 25
"""An off-street lot of this size shows its free stalls unless it says otherwise."""


class ParkingArea(Facts):
    """Stalls on a street or beside it.

    `on` names the approach (`J1.north`) or the network edge the entrance lies on; `at_m` is measured from its
    upstream end to the entrance. Beside the lane only manoeuvres hold up traffic; bays in the lane take the
    lane at the kerb, on the whole edge, while they are open.
    """

    title: Bilingual
    kind: Literal["kerb", "off_street", "micro"]
    on: str
    at_m: float = Field(ge=0)
    length_m: float = Field(10.0, gt=0)
    stalls: int = Field(ge=1, le=5000)
    bay: Literal["beside_lane", "in_lane"] = "beside_lane"
    angle_deg: Literal[0, 30, 45, 60, 90] = 0
    manoeuvre_s: int | None = Field(None, ge=0, le=60)
    """How long a car on its way in or out holds up the lane (at a gate: is served); by kind if left out."""
    price_yuan_per_h: float = Field(0.0, ge=0)
    hours: tuple[Clock, Clock] | None = None
    """Open from, to; all day if left out. Who stands there when it closes stays until the planned end."""
    guidance: bool | None = None
    """Whether a sign shows its free stalls to drivers who search; None: off the street from 25 stalls on."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.bay == "in_lane" and self.kind != "kerb":
            raise ValueError(Message("`bay: in_lane` is for kerb bays, not {kind}", kind=self.kind))
        if self.hours is not None and seconds(self.hours[0]) >= seconds(self.hours[1]):
            raise ValueError(
                Message(
                    "opens at {hours}, not before it closes at {hours_2}",
                    hours=self.hours[0],
                    hours_2=self.hours[1],
                )
            )
        return self

    @property
    def holds_up_s(self) -> int:
        """Time that one movement in or out holds up the lane."""
        if self.manoeuvre_s is not None:
            return self.manoeuvre_s
        return KERB_MANOEUVRE_S if self.kind == "kerb" else OFF_STREET_MANOEUVRE_S

    @property
    def shows_free_stalls(self) -> bool:
        """Whether drivers know from afar that it is full."""
        if self.guidance is not None:
            return self.guidance
        return self.kind == "off_street" and self.stalls >= SEEN_FROM_AFAR_STALLS

    @property
    def hours_s(self) -> tuple[float, float] | None:
        """Opening hours in seconds since midnight; None: always open."""
        return None if self.hours is None else (seconds(self.hours[0]), seconds(self.hours[1]))

    def open_at(self, time_s: float) -> bool:
        """Whether one may begin to park at a time."""
        return self.hours_s is None or self.hours_s[0] <= time_s < self.hours_s[1]


class ParkingDemand(Facts):
    """Drivers who come to park: from `origin` (an entry leg), staying a while, leaving by `exit`.

    They drive to `lot`, or with `destination` alone choose the lot that costs them least: walking time, price
    and a taste of their own. A lot that is found full is searched for elsewhere, up to `gives_up_after_min`.

    The lots begin with the stock that such a demand keeps in them, a Poisson number with mean rate times mean
    stay, or with the surveyed one (`stock_veh`), no more than the stalls. Who stands there counts as a trip
    from the end of the stay on.
    """

    origin: str
    exit: str
    lot: str | None = None
    destination: str | None = None
    destination_at_m: float = Field(0.0, ge=0)
    vehicles_per_h: float | Mapping[Clock, float]
    """One rate, or the rate from each time on."""
    stay_min: float = Field(gt=0)
    """Mean stay, minutes; stays are exponential (no survey) unless `stay_sd_min` gives a lognormal."""
    stay_sd_min: float | None = Field(None, gt=0)
    stock_veh: int | Mapping[str, int] = Field(default_factory=dict)
    """Vehicles counted in their stalls when the demand begins, by period (夜间/日间 survey) or in each."""
    walks_at_most_m: float = Field(300.0, gt=0)
    gives_up_after_min: float = Field(15.0, gt=0)
    """Searching; counted from when the driver would be at the lot without any delay."""
    knowledge: float = Field(0.0, ge=0, le=1)
    """Chance that the driver knows whether another lot is full without a sign (residents know more)."""
    value_of_time_yuan_per_h: float = Field(30.0, gt=0)
    """What makes a price a walk (assumption, made up: no local survey)."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.lot is None and self.destination is None:
            raise ValueError(Message("name a `lot`, or a `destination` from which the lot follows"))
        rates = self.vehicles_per_h.values() if isinstance(self.vehicles_per_h, Mapping) else ()
        if isinstance(self.vehicles_per_h, Mapping) and not rates:
            raise ValueError(Message("`vehicles_per_h` is empty"))
        flat = (self.vehicles_per_h,) if isinstance(self.vehicles_per_h, float | int) else tuple(rates)
        if any(rate < 0 for rate in flat) or not any(flat):
            raise ValueError(Message("`vehicles_per_h` is not negative, and somewhere above 0"))
        counted = self.stock_veh.values() if isinstance(self.stock_veh, Mapping) else (self.stock_veh,)
        if any(number < 0 for number in counted):
            raise ValueError(Message("`stock_veh` is not negative"))
        return self

    def rates(self, begin_s: float, end_s: float) -> tuple[tuple[float, float, float], ...]:
        """Return (begin_s, end_s, veh/h) of every part of a time that has one rate."""
        if not isinstance(self.vehicles_per_h, Mapping):
            return ((begin_s, end_s, float(self.vehicles_per_h)),)
        steps = sorted((float(seconds(clock)), rate) for clock, rate in self.vehicles_per_h.items())
        ends = [start for start, _ in steps[1:]] + [float("inf")]
        # Before the first time written its rate holds too.
        starts = [float("-inf"), *(start for start, _ in steps[1:])]
        parts = (
            (max(begin_s, start), min(end_s, end), rate)
            for start, end, (_, rate) in zip(starts, ends, steps, strict=True)
        )
        return tuple(part for part in parts if part[0] < part[1])

    def covers_stays(self, period: str, warm_up_s: float, window_s: float) -> float:
        """Mean stays that warm-up and window of a period cover; infinite from a surveyed stock on."""
        return (warm_up_s + window_s) / 60 / self.stay_min if self.counted(period) is None else math.inf

    def counted(self, period: str) -> int | None:
        """Vehicles that a survey has counted when the demand of a period begins; None: nobody has."""
        return self.stock_veh.get(period) if isinstance(self.stock_veh, Mapping) else self.stock_veh

    def mean_vph(self, begin_s: float, end_s: float) -> float:
        """Mean rate over a time."""
        return sum((end - begin) * rate for begin, end, rate in self.rates(begin_s, end_s)) / (
            end_s - begin_s
        )


class IllegalStopping(Facts):
    """Drivers who stop on the lane at the kerb of a leg or edge for a short while (违停).

    Drawn, on the way from `origin` to `exit`; or `imported`: the vehicles of an imported model that stop on a
    lane there, as often as somebody has counted (`per_km_h`), and nobody is drawn.
    """

    origin: str | None = None
    on: str
    exit: str | None = None
    imported: bool = False
    per_km_h: float = Field(gt=0)
    """Stops per kilometre of street and hour."""
    stay_min: float = Field(4.0, gt=0)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        ends = (self.origin, self.exit)
        if self.imported and ends != (None, None):
            raise ValueError(
                Message("`imported` vehicles have ways of their own: leave out `origin` and `exit`")
            )
        if not self.imported and None in ends:
            raise ValueError(Message("name `origin` and `exit`, or say `imported: true`"))
        return self
