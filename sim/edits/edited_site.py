"""A site as edits leave it: what later interventions find, what the build writes, what the proof expects."""

from __future__ import annotations

from collections.abc import Sequence

from sim.edits.base import Edit, ObjectKey
from sim.site.model import Site


def edited(site: Site, edits: Sequence[Edit]) -> Site:
    """Return the site with `edits` carried out in order, on its facts alone (nothing is built).

    A connection that is new has a link number of its own at its signal, which is not yet the built one.
    Raises ValueError where an edit does not find what it expects.
    """
    for edit in edits:
        site = edit.applied(site)
    return site


def footprint(site: Site, edits: Sequence[Edit]) -> frozenset[ObjectKey]:
    """Return the objects that `edits` may change together, each looking at the site as it finds it."""
    found: frozenset[ObjectKey] = frozenset()
    for edit in edits:
        found |= edit.footprint(site.network)
        site = edit.applied(site)
    return found
