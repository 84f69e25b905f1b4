"""Who looks for a stall, told apart by what a full area may offer them: rerouters choose by vehicle type."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from sim.demand import Demand
from sim.demand.tables import LEAVING
from sim.demand.vehicle_types import copied
from sim.site.facts import SiteFacts
from sim.sumo.boxes import partner
from sim.sumo.build import ArmBuild
from sim.sumo.parking_files import OTHERS, PARKERS, seekers


def by_demand(facts: SiteFacts) -> bool:
    """Whether drivers of several demands look for a stall."""
    return len(seekers(facts.parking_demand, facts.imported is not None)) > 1


def seeking(demand: Demand, arm: ArmBuild) -> Demand:
    """Give the drivers of each demand for parking types of their own, alike in all but the name.

    The same people where a site has but one such demand: its rerouters are for everyone.
    """
    of = _demands(demand.vehicles, arm)
    if of is None:
        return demand
    types = {id: dict(attributes) for id, attributes in demand.types.items()}
    column = []
    for kind, name in zip(demand.vehicles["type"].tolist(), of, strict=True):
        own = kind if name is None else f"{kind}@{name}"
        if own not in types:
            types[own] = copied(demand.types, kind)
            if (other := partner(kind)) is not None:
                types[str(partner(own))] = copied(demand.types, other)
        column.append(own)
    vehicles = demand.vehicles.assign(type=pd.array(column, dtype="string"))
    return replace(demand, vehicles=vehicles, types=types)


def distributions(demand: Demand, arm: ArmBuild) -> dict[str, list[str]]:
    """Return the name by which rerouters know the drivers of each demand, and their types."""
    of = _demands(demand.vehicles, arm)
    found: dict[str, set[str]] = {}
    for kind, name in zip(demand.vehicles["type"].tolist(), of or (), strict=of is not None):
        if name is not None:
            found.setdefault(PARKERS + name, set()).update({kind, partner(kind) or kind})
    return {name: sorted(kinds) for name, kinds in sorted(found.items())}


def _demands(vehicles: pd.DataFrame, arm: ArmBuild) -> list[str | None] | None:
    """Return the demand each driver belongs to, None for who does not park; None where there is but one."""
    if not arm.parking or not by_demand(arm.site.facts):
        return None
    own = (vehicles["patience_s"].notna() | (vehicles["purpose"] == LEAVING)).tolist()
    rows = zip(vehicles["id"].tolist(), vehicles["lot"].tolist(), own, strict=True)
    return [(id.split(".")[1] if ours else OTHERS) if lot in arm.parking else None for id, lot, ours in rows]
