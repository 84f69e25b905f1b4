"""Sites for tests: from a network file, without the folder of a real site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from sim.edits.base import Edit
from sim.edits.edited_site import footprint
from sim.loading import parse
from sim.policy import AppliedPolicy, Policy, empty_policy, parse_policy
from sim.signals.program import SignalControl
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.site.network import Approach, Connection, Edge, Junction, Lane, Movement, Network
from sim.sumo.netconvert import convert, normalise
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls


def site_of(net: Path, folder: Path, additionals: Sequence[Path] = (), **facts: object) -> Site:
    """Normalise a network into `folder` and make an imported site of it, with one period unless `facts` say
    else."""
    folder.mkdir(parents=True, exist_ok=True)
    normalised = folder / "net.net.xml"
    normalise(net, normalised)
    site = parse(SiteFacts, written(**facts), "site.yaml")
    controls = read_controls(normalised, additionals)
    return Site(
        folder=folder,
        facts=site,
        network=read_network(normalised),
        network_file=normalised,
        signals={period: controls for period in site.periods},
        counts=pd.DataFrame(),
    )


def street(folder: Path, **facts: object) -> Site:
    """Draw two signalised junctions on a street, with zebras, and make a site of them.

    J1 has three lanes from the west; every other approach of J1 and J2 has two; lane 0 is a sidewalk
    everywhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.nod.xml").write_text(NODES, encoding="utf-8")
    edges = [("W", "J1", 3), ("J1", "W", 2), ("J1", "J2", 2), ("J2", "J1", 2), ("E", "J2", 2), ("J2", "E", 2)]
    edges += [pair for j in "12" for end in "NS" for pair in ((end + j, "J" + j, 2), ("J" + j, end + j, 2))]
    lines = [
        f'<edge id="{a}_{b}" from="{a}" to="{b}" numLanes="{lanes}" speed="13.89" sidewalkWidth="2"/>'
        for a, b, lanes in edges
    ]
    (folder / "a.edg.xml").write_text(f"<edges>{''.join(lines)}</edges>", encoding="utf-8")
    convert(
        ["-n", "a.nod.xml", "-e", "a.edg.xml", "--crossings.guess", "--no-turnarounds", "-o", "a.net.xml"],
        folder,
    )
    return site_of(folder / "a.net.xml", folder / "site", **facts)


NODES = """<nodes>
  <node id="J1" x="0" y="0" type="traffic_light"/><node id="J2" x="300" y="0" type="traffic_light"/>
  <node id="W" x="-250" y="0"/><node id="E" x="550" y="0"/>
  <node id="N1" x="0" y="250"/><node id="S1" x="0" y="-250"/>
  <node id="N2" x="300" y="250"/><node id="S2" x="300" y="-250"/>
</nodes>"""


def policy_of(**interventions: Mapping[str, object]) -> Policy:
    """Make a policy for a test site."""
    frame = {"site": "tested", "title": {"zh": "测试", "en": "Test"}, "interventions": interventions}
    return parse_policy("p", frame, "policy")


def applied_of(site: Site, edits: Sequence[Edit]) -> AppliedPolicy:
    """Make an applied policy of bare edits."""
    return AppliedPolicy(empty_policy(), tuple(edits), footprint(site, edits), ())


def site_in_memory(controls: Mapping[str, Mapping[str, SignalControl]], **facts: object) -> Site:
    """Make a site of one junction J1 without files: two approaches, each with one lane straight on to its
    exit."""
    every = frozenset({"passenger"})
    edges = {
        id: Edge(id, a, b, (Lane(id, 0, 100.0, 3.2, 13.9, every),), ((0, 0), (1, 1)))
        for id, a, b in (("n", "N", "J1"), ("w", "W", "J1"), ("s", "J1", "S"), ("e", "J1", "E"))
    }
    links = (Connection("n", 0, "s", 0, "through", "J1", 0), Connection("w", 0, "e", 0, "through", "J1", 1))
    approaches = tuple(
        Approach(
            "J1",
            name,
            c.from_edge,
            (c.from_edge,),
            bearing,
            (Movement("J1", name, "through", c.to_edge, (c,)),),
        )
        for name, bearing, c in (("north", 0.0, links[0]), ("west", 270.0, links[1]))
    )
    junction = Junction("J1", "J1", "signals", (0, 0), approaches, "J1")
    site = parse(SiteFacts, written(**facts), "site.yaml")
    return Site(
        Path(), site, Network(edges, links, {"J1": junction}), Path("net.net.xml"), controls, pd.DataFrame()
    )


def written(**facts: object) -> dict[str, object]:
    """Give the facts of an imported site, with one period unless `facts` say else."""
    return {
        "name": "tested",
        "title": {"zh": "测试", "en": "Test"},
        "made_up": True,
        "imported": {"network": "net.net.xml"},
        "periods": {"am": {"title": {"zh": "早高峰", "en": "AM peak"}, "begin": "07:30", "end": "08:30"}},
        **facts,
    }
