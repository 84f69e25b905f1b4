"""Random policies on random small sites: built with proof, or refused in words; never a crash."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import BuildError, ConfigError
from sim.policy import Policy, apply, empty_policy, parse_policy
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from sim.sumo.site import load
from tests.building_kinds import BUILDING
from tests.crossroads import TITLE, leg, write_site, written
from tests.kinds import CHOOSY, KINDS

USES = (
    ["left+through+right"],
    ["left+through", "through+right"],
    ["left", "through+right"],
    ["left", "through", "right"],
    ["left", "through", "through+right"],
)
PLACES = {**KINDS, **BUILDING, **CHOOSY}
AXES = (["east", "west"], ["north", "south"])


def drawing(random: Random) -> dict[str, Any]:
    """Draw a crossroads with signals and, at times, another one without 300 m to the east."""

    def legs() -> dict[str, Any]:
        return {
            name: leg(
                (90 * quarter + random.randint(-20, 20)) % 360,
                random.choice(USES),
                speed_kmh=random.choice([30, 40, 60]),
                exit_lanes=random.randint(2, 3),
                length_m=random.randint(120, 400),
            )
            for quarter, name in enumerate(("north", "east", "south", "west"))
        }

    data = written()
    data["junctions"]["J1"]["approaches"] = legs()
    stages = {
        name: {"green": [f"{leg}.through" for leg in pair], "permissive": [f"{leg}.left" for leg in pair],
               "crossings": across, "green_s": random.randint(15, 40), "yellow_s": 3, "all_red_s": 2}
        for name, pair, across in (("A", *AXES), ("B", *AXES[::-1]))
    }  # fmt: skip
    cycle_s = sum(stage["green_s"] + 5 for stage in stages.values())
    data["plans"] = {"day": {"J1": {"cycle_s": cycle_s, "stages": stages}}}
    if random.random() < 0.5:
        data["junctions"]["J2"] = {
            "title": TITLE, "position_m": [300, 0], "control": "priority", "approaches": legs(),
        }  # fmt: skip
        for junction, name in (("J1", "east"), ("J2", "west")):
            end = data["junctions"][junction]["approaches"][name]
            end |= {"length_m": None, "exit_lanes": None, "bearing_deg": 90 if name == "east" else 270}
            end["lanes"] = [{"use": use} for use in random.choice(USES[1:])]
        data["streets"] = {"main": {"legs": ["J1.east", "J2.west"]}}
    return data


def test_random_policies_on_random_sites_hold_their_proof_or_are_refused(tmp_path: Path) -> None:
    outcome: Counter[str] = Counter()

    @settings(max_examples=14)
    @given(st.integers(0, 2**32))
    def one(seed: int) -> None:
        outcome[tried(tmp_path / str(outcome.total()), Random(seed))] += 1

    one()
    print(outcome)
    assert outcome["held"] >= 3, outcome
    assert outcome["refused"] >= 3, outcome


def tried(folder: Path, random: Random) -> str:
    """Draw, apply, build and prove; say how far it came."""
    try:
        site = load(write_site(folder / "crossroads", drawing(random)), folder / "cache")
    except ConfigError as refusal:
        assert str(refusal)
        return "no such site"
    try:
        applied = apply(policy(site, random), site, "policy")
        arm = build(site, applied, "am", folder / "cache")
    except (ConfigError, BuildError) as refusal:
        assert str(refusal)
        return "refused"
    base = build(site, apply(empty_policy(), site, "policy"), "am", folder / "cache")
    prove(base, arm, applied.footprint, applied.edits)
    return "held"


def policy(site: Site, random: Random) -> Policy:
    """Return one or two interventions as a file would give them, every third with one field spoilt."""
    items: dict[str, Any] = {}
    wanted = random.randint(1, 2)
    for name in random.sample(sorted(PLACES), len(PLACES)):
        kind, fields = PLACES[name]
        try:
            found = copy.deepcopy(dict(fields(site)))
        except (LookupError, StopIteration, ConfigError):  # no place for it
            continue
        if random.random() < 1 / 3:
            spoil(found, random)
        items[f"i{len(items)}"] = {"kind": kind, **found}
        if len(items) == wanted:
            break
    return parse_policy("p", {"site": site.name, "title": TITLE, "interventions": items}, "policy")


def spoil(fields: dict[str, Any], random: Random) -> None:
    """Spoil one field, or one of those that say what is expected."""
    table = random.choice([part for part in (fields, fields["expect"]) if isinstance(part, dict)])
    name = random.choice(sorted(table))
    how = random.choice(["missing", "surplus", "no_such_thing", [], 99999, -1, 0.5])
    if how == "missing":
        del table[name]
    elif how == "surplus":
        table["lenght_m"] = 3
    else:
        table[name] = how
