"""SUMO's vehicle classes, and which of them make a street one for motor traffic."""

from __future__ import annotations

from functools import lru_cache

ALL = frozenset(
    {
        "private", "emergency", "authority", "army", "vip", "pedestrian", "passenger", "hov",
        "taxi", "bus", "coach", "delivery", "truck", "trailer", "motorcycle", "moped", "bicycle",
        "evehicle", "tram", "rail_urban", "rail", "rail_electric", "rail_fast", "ship", "container",
        "cable_car", "subway", "aircraft", "wheelchair", "scooter", "drone", "custom1", "custom2",
    }
)  # fmt: skip
"""Every class of SUMO 1.28 (`SUMOVehicleClass.cpp`)."""

MOTOR = frozenset({"passenger", "taxi", "bus", "coach", "delivery", "truck", "trailer", "motorcycle"})
"""Classes whose traffic makes an edge count as a leg of a junction."""


def permission(classes: frozenset[str]) -> dict[str, object]:
    """Write a set of classes as the one attribute, `allow` or `disallow`, that is shorter."""
    if classes >= ALL:
        return {"allow": "all"}
    if not classes:
        return {"disallow": "all"}
    if len(classes) <= len(ALL) // 2:
        return {"allow": " ".join(sorted(classes))}
    return {"disallow": " ".join(sorted(ALL - classes))}


@lru_cache(maxsize=4096)
def allowed(allow: str | None, disallow: str | None) -> frozenset[str]:
    """Expand a lane's `allow`/`disallow` attributes; without either, every class may use it."""
    if allow is not None:
        return ALL if "all" in allow.split() else frozenset(allow.split()) & ALL
    if disallow is not None:
        return frozenset() if "all" in disallow.split() else ALL - frozenset(disallow.split())
    return ALL
