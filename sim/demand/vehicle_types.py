"""Types of an imported demand (`demand/vehicle_types.json`) and how their speed factors vary."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ConfigError, Problem, near
from sim.labels import Message, message_of
from sim.vehicles import SpeedFactor, VehicleSet, car_following

CLASS_OF_VCLASS = {
    **dict.fromkeys(("passenger", "private", "taxi", "hov", "evehicle", "custom1", "custom2"), "car"),
    # Privileged or unrestricted, but cars by size: `ignoring` drives where others may not.
    **dict.fromkeys(("vip", "authority", "army", "emergency", "ignoring"), "car"),
    **dict.fromkeys(("bus", "coach"), "bus"),
    **dict.fromkeys(("truck", "trailer", "delivery"), "truck"),
    **dict.fromkeys(("motorcycle", "moped"), "motorcycle"),
    **dict.fromkeys(("bicycle", "scooter"), "bicycle"),
}
"""Simulator's class -> class of counts and reports; whatever is absent is `other`."""

PUBLIC_TRANSPORT = frozenset(
    ("bus", "coach", "tram", "rail_urban", "rail", "rail_electric", "rail_fast", "subway")
)

SPEED_DEVIATION = {
    **dict.fromkeys(("passenger", "private", "vip", "hov", "evehicle", "custom1", "custom2"), 0.1),
    **dict.fromkeys(("motorcycle", "moped", "bicycle", "scooter", "wheelchair", "pedestrian"), 0.1),
    **dict.fromkeys(("taxi", "coach", "delivery", "truck", "trailer"), 0.05),
}
"""Default `speedDev` by class (0 where absent), read from SUMO 1.28.0 by asking libsumo for each."""

BUILT_IN = {"DEFAULT_VEHTYPE": "passenger", "DEFAULT_BIKETYPE": "bicycle", "DEFAULT_TAXITYPE": "taxi"}
"""Types the simulator brings itself, with their class."""

_LAW = re.compile(r"^(normc?)\(([^()]*)\)$")


@dataclass(frozen=True)
class VehicleTypes:
    """Types by id with their attributes, and distributions by id: type -> probability."""

    types: Mapping[str, Mapping[str, str]]
    distributions: Mapping[str, Mapping[str, float]]
    path: str

    def drawn(self, name: str, uniform: float) -> str:
        """Return the type of who names a type or a distribution; `uniform` decides within the latter."""
        weights = self.distributions.get(name)
        if weights is None:
            if name not in self.types and name not in BUILT_IN:
                known = [*self.types, *self.distributions]
                raise ConfigError(
                    [Problem(self.path, Message("no vehicle type {name!r}", name=name), near(name, known))]
                )
            return name
        left = uniform * math.fsum(weights.values())
        for type_id, weight in sorted(weights.items()):
            left -= weight
            if left < 0:
                return type_id
        return max(weights)

    def vclass(self, type_id: str) -> str:
        """Return the simulator's class of a type."""
        return self.types.get(type_id, {}).get("vClass", BUILT_IN.get(type_id, "passenger"))

    def vehicle_class(self, type_id: str) -> str:
        """Return the class of a type in counts and reports."""
        return CLASS_OF_VCLASS.get(self.vclass(type_id), "other")

    def speed_factor(self, type_id: str) -> SpeedFactor:
        """Return the law of its drivers' speed factors; ConfigError where it is written in an unknown way."""
        attributes = self.types.get(type_id, {})
        deviation = attributes.get("speedDev", str(SPEED_DEVIATION.get(self.vclass(type_id), 0.0)))
        try:
            return parse_speed_factor(attributes.get("speedFactor", "1"), float(deviation))
        except ValueError as error:
            place = f"{self.path}: types.{type_id}.speedFactor"
            raise ConfigError(
                [Problem(place, message_of(error), Message('write "normc(1,0.1,0.2,2)"'))]
            ) from None

    def driving_as(self, vehicles: VehicleSet) -> VehicleTypes:
        """Replace how types follow others (model, gap, acceleration, tau, sigma) by a named set's classes.

        Length, top speed and speed factors stay: they are the fleet's. So do types of no class in the set
        (trams).
        """
        types = {**{id: {"vClass": vclass} for id, vclass in BUILT_IN.items()}, **self.types}
        replaced = {}
        for id, attributes in types.items():
            vehicle = vehicles.by_name.get(self.vehicle_class(id))
            replaced[id] = {**attributes, **car_following(vehicles, vehicle)} if vehicle else attributes
        return VehicleTypes(replaced, self.distributions, self.path)


def parse_speed_factor(text: str, deviation: float) -> SpeedFactor:
    """Read `normc(mean,sd,min,max)`, `norm(mean,sd)` or a number (then `deviation`, cut off at 0.2 and 2).

    ValueError where it is none of them.
    """
    law = _LAW.match(text.replace(" ", ""))
    if law is None:
        mean = float(text)
        return SpeedFactor(mean=mean, sd=deviation, min=min(0.2, mean), max=max(2.0, mean))
    numbers = [float(part) for part in law[2].split(",")]
    if law[1] == "normc" and len(numbers) == 4:  # noqa: PLR2004 - mean, sd, min, max
        mean, sd, low, high = numbers
        return SpeedFactor(mean=mean, sd=sd, min=max(low, 0.01), max=high)
    if law[1] == "norm" and len(numbers) == 2:  # noqa: PLR2004 - mean, sd
        return SpeedFactor(mean=numbers[0], sd=numbers[1], min=0.01, max=numbers[0] + 10 * numbers[1])
    raise ValueError(Message("{text!r} is no speed factor law", text=text))


def read_vehicle_types(path: Path) -> VehicleTypes:
    """Read `vehicle_types.json`; ConfigError where it is missing or not of its form."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        types = {str(id): {str(k): str(v) for k, v in a.items()} for id, a in data["types"].items()}
        distributions = {
            str(id): {str(k): float(v) for k, v in weights.items()}
            for id, weights in data["distributions"].items()
        }
    except FileNotFoundError:
        raise ConfigError(
            [Problem(str(path), Message("no such file"), Message("import the model again"))]
        ) from None
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        what = Message("not a file of vehicle types: {error}", error=error)
        raise ConfigError([Problem(str(path), what, Message("import the model again"))]) from None
    return VehicleTypes(types, distributions, str(path))


def copied(types: Mapping[str, Mapping[str, str]], kind: str) -> dict[str, str]:
    """Return what a type of another name has to say to be the same."""
    return {"vClass": BUILT_IN[kind], **types[kind]} if kind in BUILT_IN else dict(types[kind])
