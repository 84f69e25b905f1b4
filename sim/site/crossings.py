"""Lengths of crossings as surveyed."""

from __future__ import annotations

from collections.abc import Mapping

from sim.site.facts import SiteFacts


def surveyed_crossings_m(facts: SiteFacts) -> Mapping[str, float]:
    """Leg (`J1.north`) -> length of its crossing as written in the site's facts; what is drawn may be off."""
    return {
        f"{junction}.{name}": approach.crossing.length_m
        for junction, drawn in facts.junctions.items()
        for name, approach in drawn.approaches.items()
        if approach.crossing is not None
    }
