"""Capacity passport (通行能力校核表): what each movement discharges in the model, against the street.

Tables in, tables out; `sim.runs.saturation` measures. A movement passes if its saturation flow, start-up loss
and free speed lie within tolerance of the site's field values, else of the general values of
`configs/standards/passport.yaml`. The model knows no slope: the general value of a grade is lower, the
model's is not. Where many two-wheelers stand at the stop line nothing measured on undivided lanes applies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.loading import Facts, parse, read_yaml
from sim.site.facts import FieldValues, SiteFacts
from sim.site.network import Movement, Network
from sim.tables import PASSPORT, empty, typed

MEASURED: Mapping[str, str] = {
    "movement": "string",
    "lanes": "int64",
    "vehicles": "int64",  # who made it in one replicate of the demand
    "heavy_share": "float64",
    "two_wheeler_share": "float64",
    "headways": "int64",
    "saturation_vph": "float64",  # per lane
    "saturation_se_vph": "float64",
    "startup_lost_s": "float64",
    "free_speed_kmh": "float64",
}
"""What `sim.runs.saturation` measures, by movement; NaN where nothing could be measured."""

PASSPORT_FILE = "passport.parquet"
"""In a study's folder of tables."""
QUANTITIES = ("saturation_vph", "startup_lost_s", "free_speed_kmh")
SHARP_M = 15.0
"""A turn of this radius and more costs no saturation flow."""


class Sourced(Facts):
    """A general value with its source and how sure that is."""

    value: float
    source: str
    confidence: str


class Sources(Facts):
    """Where factors come from."""

    source: str
    confidence: str


class Tolerance(Facts):
    """How far a model may be off."""

    saturation_share: float
    startup_lost_s: float
    free_speed_share: float
    source: str


class PassportRules(Facts):
    """`configs/standards/passport.yaml`."""

    saturation_pcuph: Mapping[str, Sourced]
    factors: Sources
    startup_lost_s: Sourced
    free_speed: Sourced
    tolerance: Tolerance
    two_wheeler_share: float
    grade_pct: float


def read_passport_rules(path: Path) -> PassportRules:
    """Read the general values; ConfigError with all problems."""
    return parse(PassportRules, read_yaml(path), str(path))


class Target(NamedTuple):
    """What a quantity is held against: NaN where there is nothing."""

    value: float
    source: str
    """`field`, `general`, or empty."""


NOTHING = Target(math.nan, "")


def passport(
    measured: pd.DataFrame, network: Network, facts: SiteFacts, rules: PassportRules
) -> pd.DataFrame:
    """Hold what was measured (columns MEASURED) against field or general values; columns PASSPORT."""
    rows = [
        _row({str(key): value for key, value in row.items()}, network, facts, rules)
        for row in measured.to_dict("records")
    ]
    return typed(pd.DataFrame(rows, columns=list(PASSPORT)), PASSPORT)


def read_passport(tables: Path) -> pd.DataFrame:
    """Read the passport from a study's folder of tables; empty where it was not measured or is broken."""
    try:
        return typed(pd.read_parquet(tables / PASSPORT_FILE), PASSPORT)
    except (OSError, ValueError, TypeError, KeyError):
        return empty(PASSPORT)


def passing_share(table: pd.DataFrame) -> float:
    """Share of the movements that pass (columns PASSPORT); a passport passes with all; NaN without a row."""
    return float((table["status"] == "pass").mean()) if len(table) else math.nan


def field_values(facts: SiteFacts, movement: Movement) -> FieldValues:
    """Return what was measured in the street: the movement's values, else those of its approach."""
    approach = f"{movement.junction}.{movement.approach}"
    found = [facts.field_values[id] for id in (movement.id, approach) if id in facts.field_values]
    said = {key: value for one in reversed(found) for key, value in one if value is not None}
    return FieldValues(**{"source": "-", **said})


def _row(
    row: dict[str, object], network: Network, facts: SiteFacts, rules: PassportRules
) -> dict[str, object]:
    movement = network.movements[str(row["movement"])]
    grade_pct = _grade_pct(facts, movement)
    field = field_values(facts, movement)
    limit_kmh = 3.6 * network.edges[movement.connections[0].from_edge].speed_mps
    heavy = float(str(row["heavy_share"]))
    general = {
        "saturation_vph": _general_saturation(movement, network, grade_pct, heavy, rules),
        "startup_lost_s": rules.startup_lost_s.value if movement.direction == "through" else math.nan,
        "free_speed_kmh": limit_kmh * rules.free_speed.value,
    }
    found: dict[str, object] = {**row, "speed_limit_kmh": limit_kmh, "grade_pct": grade_pct}
    states = []
    for name in QUANTITIES:
        target = _target(getattr(field, name), general[name])
        value = float(str(row[name]))
        state = _state(name, value, target, rules.tolerance)
        states.append(state)
        found |= {f"{name}_target": target.value, f"{name}_against": target.source, f"{name}_status": state}
    notes = []
    if abs(grade_pct) >= rules.grade_pct:
        notes.append("grade_not_simulated")
    if float(str(row["two_wheeler_share"])) > rules.two_wheeler_share:
        notes.append("two_wheelers")
    found["status"] = "not_applicable" if "two_wheelers" in notes else _whole(states)
    found["notes"] = " ".join(notes)
    return found


def _target(field: float | None, general: float) -> Target:
    if field is not None:
        return Target(field, "field")
    return Target(general, "general") if math.isfinite(general) else NOTHING


def _state(name: str, value: float, target: Target, tolerance: Tolerance) -> str:
    if not target.source:
        return "not_compared"
    if math.isnan(value):
        return "not_measured"
    allowed = {
        "saturation_vph": tolerance.saturation_share * target.value,
        "startup_lost_s": tolerance.startup_lost_s,
        "free_speed_kmh": tolerance.free_speed_share * target.value,
    }[name]
    return "pass" if abs(value - target.value) <= allowed + 1e-9 else "fail"


def _whole(states: list[str]) -> str:
    if "fail" in states:
        return "fail"
    return "pass" if states[0] == "pass" else "not_measured"


def _grade_pct(facts: SiteFacts, movement: Movement) -> float:
    junction = facts.junctions.get(movement.junction)
    approach = junction.approaches.get(movement.approach) if junction else None
    return approach.grade_pct if approach else 0.0


def _general_saturation(
    movement: Movement, network: Network, grade_pct: float, heavy_share: float, rules: PassportRules
) -> float:
    """Vehicles per hour of green and lane that textbooks expect; NaN for U-turns."""
    direction = movement.direction.partition("_")[0]
    if direction not in rules.saturation_pcuph:
        return math.nan
    lanes = network.edges[movement.connections[0].from_edge].lanes
    widths = [lanes[index].width_m for index in sorted({c.from_lane for c in movement.connections})]
    factor = sum(map(width_factor, widths)) / len(widths)
    factor *= 1 - (max(grade_pct, 0.0) / 100 + heavy_share)
    if direction != "through":
        factor *= radius_factor(radius_m(movement, network))
    return rules.saturation_pcuph[direction].value * factor


def width_factor(width_m: float) -> float:
    """Return f_w of a lane."""
    if width_m < 3.0:  # noqa: PLR2004 - bounds of the formula
        return 0.4 * (width_m - 0.5)
    return 1.0 if width_m <= 3.5 else 0.05 * (width_m + 16.5)  # noqa: PLR2004


def radius_factor(turn_m: float) -> float:
    """Return f_r of a turn's radius."""
    return 0.5 + turn_m / 30 if turn_m < SHARP_M else 1.0


def radius_m(movement: Movement, network: Network) -> float:
    """Return the radius of the circle from the stop line to the exit lane; inf where nobody has drawn it."""
    link = movement.connections[0]
    entry = network.edges[link.from_edge].lanes[link.from_lane].ends_m
    leaving = network.edges[link.to_edge].lanes[link.to_lane].ends_m
    if entry is None or leaving is None:
        return math.inf
    (ax, ay), (bx, by) = entry[1], leaving[0]
    before, after = (
        _heading(network.edges[link.from_edge].shape[-2:]),
        _heading(network.edges[link.to_edge].shape[:2]),
    )
    turned = abs((after - before + math.pi) % (2 * math.pi) - math.pi)
    chord_m = math.hypot(bx - ax, by - ay)
    return chord_m / (2 * math.sin(turned / 2)) if turned > 0.1 else math.inf  # noqa: PLR2004 - nearly straight


def _heading(points: tuple[tuple[float, float], ...]) -> float:
    (ax, ay), (bx, by) = points
    return math.atan2(by - ay, bx - ax)
