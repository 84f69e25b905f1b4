"""Parking areas (停车场, 路侧泊位) and who wants to park."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.loading import Bilingual, Facts


class ParkingArea(Facts):
    """Stalls on a street or beside it.

    `on` names the approach (`J1.north`) or the network edge the entrance lies on; `at_m` is measured from its
    upstream end to the entrance. Kerb stalls stand beside the lane: manoeuvres hold up the lane, the stall
    does not.
    """

    title: Bilingual
    kind: Literal["kerb", "off_street"]
    on: str
    at_m: float = Field(ge=0)
    length_m: float = Field(10.0, gt=0)
    stalls: int = Field(ge=1, le=5000)


class ParkingDemand(Facts):
    """Drivers who come to park: from `origin` (an entry leg) to `lot`, staying a while, leaving by `exit`.

    The lot begins with the stock that such a demand keeps in it: a Poisson number with mean rate times mean
    stay, no more than the stalls. Who stands there counts as a trip from the end of the stay on.
    """

    origin: str
    lot: str
    exit: str
    vehicles_per_h: float = Field(gt=0)
    stay_min: float = Field(gt=0)
    """Mean stay, minutes; stays are exponential (no survey) unless `stay_sd_min` gives a lognormal."""
    stay_sd_min: float | None = Field(None, gt=0)
