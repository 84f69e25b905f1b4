"""Every intervention on parking, built and proved local on streets that somebody else drew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.policy import apply, empty_policy, parse_policy
from sim.site.model import Site
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests.sites import site_of

pytestmark = [pytest.mark.validate, pytest.mark.data]

TITLE = {"zh": "场", "en": "Lot"}
NETWORKS = {
    "doerpfeldstr": "doerpfeldstr/net.net.xml.gz",
    "cologne8": "cologne8/cologne8.net.xml",
}
EXPECTED: dict[str, dict[str, Any]] = {
    "remove_kerb_parking": {"area": "kerb", "expect": {"stalls": 6}, "stops_illegally": 0.2},
    "kerb_parking_hours": {"area": "kerb", "expect": {"stalls": 6}, "open": "09:30", "close": "16:30"},
    "parking_guidance": {"areas": ["kerb"], "expect": {"signs": []}},
    "parking_price": {"area": "lot", "expect": {"yuan_per_h": 0}, "yuan_per_h": 6},
    "enforce": {"stopping": "main", "expect": {"per_km_h": 20}, "per_km_h": 5},
    "unlimited_parking": {"expect": {"stalls": 36}},
}


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def elsewhere(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Site:
    """Kerb bays on the longest street for cars, a lot behind them, and cars that stop in between."""
    net, folder = shared_data / NETWORKS[request.param], Path(tmp_path_factory.mktemp(request.param))
    bare = site_of(net, folder / "bare").network
    entered, left = ({getattr(way, end) for way in bare.connections} for end in ("to_edge", "from_edge"))
    cars = [edge for edge in bare.edges.values() if any(lane.for_cars for lane in edge.lanes)]
    inside = [edge for edge in cars if edge.id in entered & left]
    first = min(inside, key=lambda edge: (-edge.lanes[0].length_m, edge.id)).id
    kerb = {"title": TITLE, "kind": "kerb", "on": first, "at_m": 20, "length_m": 36, "stalls": 6}
    lot = {"title": TITLE, "kind": "off_street", "on": first, "at_m": 70, "stalls": 30}
    stopping = {"origin": first, "on": first, "exit": first, "per_km_h": 20}
    return site_of(
        net, folder / "site", parking={"kerb": kerb, "lot": lot}, illegal_stopping={"main": stopping}
    )


def test_nothing_beside_the_footprint_moves(elsewhere: Site, tmp_path: Path) -> None:
    site, period = elsewhere, next(iter(elsewhere.periods))
    base = build(site, apply(empty_policy(), site, "baseline"), period, tmp_path)
    on = site.facts.parking["lot"].on
    new = {"title": TITLE, "kind": "micro", "on": on, "at_m": 80, "stalls": 12}
    kinds = {**EXPECTED, "add_parking_area": {"id": "new", "expect": {"areas": ["kerb", "lot"]}, "area": new}}
    for kind, item in kinds.items():
        data = {"site": site.name, "title": TITLE, "interventions": {"it": {"kind": kind, **item}}}
        policy = apply(parse_policy("p", data, "p"), site, "p")
        proof = prove(base, build(site, policy, period, tmp_path), policy.footprint, policy.edits)
        # Prices and fines change what people do, not the streets.
        assert bool(proof.changed) == (kind not in ("enforce", "parking_price")), kind
        assert proof.identical > 50, kind
