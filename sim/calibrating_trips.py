"""Trips of an imported site by its turning counts, drawn by SUMO's routeSampler, kept as versioned data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim.demand.counts import QUARTER_S
from sim.demand.imported import CALIBRATED, Trip, read_trips
from sim.demand.sampled import quarters, replaced, trips_bytes, ways_of
from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.publish import file_sum
from sim.site.model import Site
from sim.sumo.install import RELEASE
from sim.sumo.route_sampler import Turn, sampled_ways
from sim.sumo.site import COUNTS_FILE

SEED = 42
SAYS = "calibration/trips.yaml"
"""In the site's folder: the version of the trips, and what they were drawn from."""


def write_trips(site: Site, counts: pd.DataFrame, held_out: str) -> tuple[Path, Path]:
    """Draw trips that agree with `counts`; write them and what they come from, one version further.

    They are always drawn from the trips that were imported. ConfigError where there are none.
    """
    imported = site.facts.imported
    if imported is None or imported.trips is None:
        what = Message(
            "the imported site has no vehicles (a network without demand): it can be checked, not run"
        )
        raise ConfigError([Problem(f"scenarios/{site.name}/site.yaml: imported.trips", what)])
    source = site.folder / imported.trips
    trips = drawn_trips(site, counts, read_trips(source))
    path, says = site.folder / CALIBRATED, site.folder / SAYS
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(trips_bytes(trips))
    data: dict[str, Any] = {
        "version": _version(says) + 1,
        "made_by": f"routeSampler, SUMO {RELEASE}, seed {SEED}",
        "sha256": {
            CALIBRATED: file_sum(path),
            imported.trips: file_sum(source),
            COUNTS_FILE: file_sum(site.folder / COUNTS_FILE),
        },
        "held_out": held_out,
    }
    says.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8", newline="\n")
    return path, says


def drawn_trips(site: Site, counts: pd.DataFrame, trips: list[Trip]) -> list[Trip]:
    """Return the trips with those of counted periods drawn anew, the warm-up too."""
    edges = {
        movement.id: (approach.edge, movement.to_edge)
        for approach in site.network.approaches.values()
        for movement in approach.movements
    }
    ways = ways_of(trips)
    drawn = {}
    for period in counts["period"].unique():
        rows = quarters(site, counts, period)
        turns = [
            Turn(start_s, start_s + QUARTER_S, *edges[movement], vehicles)
            for start_s, movement, vehicles in zip(
                rows["start_s"].tolist(), rows["movement"], rows["vehicles"].tolist(), strict=True
            )
            if movement in edges
        ]
        times = site.periods[period]
        drawn[float(times.begin_s - site.facts.warm_up_s), float(times.end_s)] = sampled_ways(
            ways, turns, QUARTER_S, SEED
        )
    at = counts["approach"] + "." + counts["movement"]
    return replaced(trips, drawn, {edges[movement] for movement in at.unique() if movement in edges})


def _version(says: Path) -> int:
    try:
        return int(yaml.safe_load(says.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return 0
