"""Edits of how drivers use a junction's box (黄格线)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.edits.base import Edit, ObjectKey
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Network


@dataclass(frozen=True, slots=True)
class MarkBox(Edit):
    """Let fewer drivers enter a junction whose exit is full: from such a share of all drivers to such a one.

    At other junctions they do as before. Who heeds the box is decided by each driver's own number.
    """

    junction: str
    expected_share: float
    share: float

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the box, and the one habit that all boxes share."""
        return frozenset({("box", self.junction), ("habit", "enters_full_exit")})

    def applied(self, site: Site) -> Site:
        """Mark the box."""
        if site.facts.enters_full_exit_share != self.expected_share:
            raise ValueError(
                Message(
                    "expected that {expected:.0%} of drivers enter a full exit, found {found:.0%}",
                    expected=self.expected_share,
                    found=site.facts.enters_full_exit_share,
                )
            )
        if self.junction in site.boxes:
            raise ValueError(Message("junction {id!r} has a box already", id=self.junction))
        if any(share != self.share for share in site.boxes.values()):
            told = Message("all boxes together have one share of drivers who do not heed them")
            raise ValueError(told)
        return replace(site, boxes={**site.boxes, self.junction: self.share})
