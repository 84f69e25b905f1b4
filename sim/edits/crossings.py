"""Edits of where people cross."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sim.edits.base import Edit, ObjectKey
from sim.edits.geometry import driven
from sim.edits.lights import with_links
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import CrossingLink, Network


@dataclass(frozen=True, slots=True)
class SplitCrossing(Edit):
    """Part the crossing of an approach into one over each direction; what lies between is the refuge.

    Both halves show the lights of the whole until a program says more. Carriageways stay where they are.
    """

    approach: str
    expected: tuple[str, str]
    """Edges that the crossing leads over today: the approach's, and the one that leaves on its leg."""

    structural: ClassVar[bool] = True

    def footprint(self, network: Network) -> frozenset[ObjectKey]:
        """Return the whole and the halves with their lights, where people walk, and who yields to them."""
        node = network.edges[self.expected[0]].to_node
        keys = {_key(node, self.expected), *(_key(node, (edge,)) for edge in self.expected)}
        return frozenset(
            {(kind, key) for key in keys for kind in ("crossing", "signal_link")}
            | {("geometry", node), ("right_of_way", node)}
        )

    def applied(self, site: Site) -> Site:
        """Put two crossings in the place of one."""
        network = site.network
        approach = network.approaches[self.approach]
        whole = approach.crossing
        found = () if whole is None else whole.edges
        if whole is None or sorted(found) != sorted(self.expected):
            raise ValueError(
                Message(
                    "the crossing of {approach!r}: expected over {expected:and}; found over {found:and}",
                    approach=self.approach,
                    expected=self.expected,
                    found=list(found) or ["-"],
                )
            )
        first, second = (
            replace(whole, edges=(edge,), length_m=_over_m(network, edge)) for edge in self.expected
        )
        if whole.signal is not None and whole.link is not None:
            signals, (link,) = with_links(site, whole.signal, [whole.link])
            site = replace(site, signals=signals)
            second = replace(second, link=link)
        halves = {self.expected[0]: first, self.expected[1]: second}
        junction = network.junctions[approach.junction]
        parted = replace(approach, crossing=first, exit_crossing=second)
        approaches = tuple(parted if a.id == approach.id else a for a in junction.approaches)
        crossings = (*(c for c in network.crossings if c.key != whole.key), first, second)
        network = replace(
            network,
            crossings=crossings,
            junctions={**network.junctions, junction.id: replace(junction, approaches=approaches)},
            foes=_foes(network, whole, halves),
        )
        return replace(site, network=network)


def _key(node: str, edges: tuple[str, ...]) -> str:
    return CrossingLink(node, edges, 0.0).key


def _over_m(network: Network, edge: str) -> float:
    """Return how far it is across the lanes that are driven on; the build may draw it somewhat askew."""
    return sum(lane.width_m for lane in network.edges[edge].lanes if driven(lane))


def _foes(
    network: Network, whole: CrossingLink, halves: dict[str, CrossingLink]
) -> dict[str, frozenset[str]]:
    """Let each half meet those of the whole's foes that drive over it: in, or out."""
    ends = {c.key: (c.from_edge, c.to_edge) for c in network.connections}
    found = dict(network.foes)
    met = found.pop(whole.key, frozenset())
    for key in met:
        own = {half.key for edge, half in halves.items() if edge in ends.get(key, ())}
        found[key] = (found.get(key, frozenset()) - {whole.key}) | own
        for half in own:
            found[half] = found.get(half, frozenset()) | {key}
    return found
