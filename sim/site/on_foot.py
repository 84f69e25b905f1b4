"""Where nobody walks in the model although people do: turns yield to nobody there, which is optimistic."""

from __future__ import annotations

from sim.labels import Text, text
from sim.site.facts import SiteFacts
from sim.site.network import Network
from sim.site.places import named
from sim.site.zones import measured_junctions

SHOWN = 4
"""How many junctions are named; of more than these, the number is said."""


def without_crossings(facts: SiteFacts, network: Network) -> tuple[Text, ...]:
    """Say at which measured junctions no crossing is drawn: right turns and permissive lefts wait for nobody.

    One sentence, or none where every measured junction has a crossing.
    """
    measured = [network.junctions[id] for id in measured_junctions(facts, network) if id in network.junctions]
    bare = [j.id for j in measured if all(leg.crossing is None for leg in j.approaches)]
    if not bare:
        return ()
    names = [named(facts, f"junction:{id}") for id in bare[:SHOWN]]
    some = "some" if len(bare) > SHOWN else "these"
    return (
        text(
            f"site.no_crossings.{some}",
            n=len(bare),
            zh="、".join(name.zh for name in names),
            en=", ".join(name.en for name in names),
        ),
    )
