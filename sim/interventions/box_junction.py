"""`box_junction`: a box in which nobody may stop (黄格线、网状线)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import MarkBox
from sim.errors import ConfigError, Problems
from sim.interventions.base import Intervention, Response, intervention, response_of
from sim.labels import Message, Text, text
from sim.loading import Facts
from sim.site.model import Site
from sim.site.network import Junction, Network
from sim.site.places import named


class ExpectedShare(Facts):
    """Which share of drivers was seen to enter a junction although their exit is full."""

    enters_full_exit_share: float


@intervention("box_junction")
class BoxJunction(Intervention):
    """Mark boxes: there the share of drivers who enter although their exit is full falls to a new one.

    Everywhere else they do as the survey says (`enters_full_exit_share` of site.yaml). That it falls so far
    is assumed, not found.
    """

    title: ClassVar[Text] = Text("黄格线（网状线）", "Box junction")
    example: ClassVar[str] = """\
kind: box_junction
junctions: [J1]
expect: {enters_full_exit_share: 0.1}
enters_full_exit_share: 0.02
"""
    watch: ClassVar[Text] = Text(
        "只在出口会堵满（下游排队回溢）时有效。至多多大比例仍有效，可对本字段扫参求得。"
        "一个方案内各黄格线的比例相同。",
        "It helps only where exits fill (queues that spill back). A sweep over the share finds up to which "
        "one it still helps. All boxes of a policy have one share.",
    )

    kind: Literal["box_junction"]
    junctions: tuple[str, ...] = Field(min_length=1)
    expect: ExpectedShare
    enters_full_exit_share: float = Field(ge=0, le=1)

    def edits(self, site: Site, path: str) -> tuple[MarkBox, ...]:
        """One MarkBox for each junction."""
        problems = Problems()
        found = site.facts.enters_full_exit_share
        if found != self.expect.enters_full_exit_share:
            told = Message(
                "expected that {expected:.0%} of drivers enter a full exit, found {found:.0%}",
                expected=self.expect.enters_full_exit_share,
                found=found,
            )
            problems.add(f"{path}.expect.enters_full_exit_share", told)
        elif not self.enters_full_exit_share < found:
            told = Message("a box lowers the share: it is {found:.0%} today", found=found)
            hint = Message("survey it: `enters_full_exit_share` of site.yaml")
            problems.add(f"{path}.enters_full_exit_share", told, hint)
        if any(share != self.enters_full_exit_share for share in site.boxes.values()):
            told = Message("all boxes together have one share of drivers who do not heed them")
            problems.add(f"{path}.enters_full_exit_share", told)
        for number, name in enumerate(self.junctions):
            place = f"{path}.junctions[{number}]"
            try:
                junction = site.network.junction(name, place)
            except ConfigError as error:
                problems.extend(error)
                continue
            if name in site.boxes or name in self.junctions[:number]:
                problems.add(place, Message("junction {id!r} has a box already", id=name))
            if (key := _never_kept_clear(site.network, junction)) is not None:
                told = Message("the model keeps nobody from entering a full exit on {key}", key=key)
                problems.add(place, told)
        problems.raise_if_any()
        today = self.expect.enters_full_exit_share
        return tuple(MarkBox(name, today, self.enters_full_exit_share) for name in self.junctions)

    def assumes(self, site: Site) -> Text:
        """Say how far the share is taken to fall."""
        return text("intervention.box_junction.assumes", **self._shares())

    def response(self) -> Response:
        """Return how far the share is taken to fall, in per cent."""
        before, after = self.expect.enters_full_exit_share, self.enters_full_exit_share
        return response_of("box_junction", 100 * before, 100 * after)

    def describe(self, site: Site) -> Text:
        """Name the junctions and say the share before and after."""
        places = [named(site.facts, f"junction:{name}") for name in self.junctions]
        where = Text("、".join(place.zh for place in places), ", ".join(place.en for place in places))
        return text("intervention.box_junction", zh=where.zh, en=where.en, **self._shares())

    def _shares(self) -> dict[str, str]:
        shares = (self.expect.enters_full_exit_share, self.enters_full_exit_share)
        return dict(zip(("old", "new"), (f"{100 * share:g}" for share in shares), strict=True))


def _never_kept_clear(network: Network, junction: Junction) -> str | None:
    """Return a way through a junction on which the network lets everyone enter, however full the exit."""
    edges = (approach.edge for approach in junction.approaches)
    ways = (c for edge in edges for c in network.connections_from.get(edge, ()))
    return next((c.key for c in ways if dict(c.rules).get("keepClear") in ("0", "false")), None)
