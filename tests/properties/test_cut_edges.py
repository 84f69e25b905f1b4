"""An edge cut in two is driven and measured as before: the same routes, zones at the same places."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.demand import assign_lots
from sim.edits.edited_site import edited
from sim.edits.vocabulary import SplitEdge
from sim.site.model import Site
from sim.site.zones import Point, zones
from sim.sumo.build import ArmBuild, build
from tests.edits import turn_bay
from tests.sites import applied_of, street

NODE_M = 2.0
"""The node between the parts takes its metres from both."""
LOT = {"title": {"zh": "停车场", "en": "Lot"}, "kind": "off_street", "stalls": 30}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    parking = {"P1": {**LOT, "on": "N1_J1", "at_m": 40}}
    return street(Path(tmp_path_factory.mktemp("street")), parking=parking)


@pytest.fixture(scope="module")
def arm(site: Site, tmp_path_factory: pytest.TempPathFactory) -> ArmBuild:
    return build(site, applied_of(site, turn_bay(site)), "am", tmp_path_factory.mktemp("cache"))


def test_the_bay_has_its_length_and_the_edge_its_name(site: Site, arm: ArmBuild) -> None:
    (edge, (upstream, _)), *_ = arm.network.parts.items()
    assert len(arm.network.edges[edge].lanes) == len(site.network.edges[edge].lanes) + 1
    assert arm.network.edges[edge].length_m == pytest.approx(30, abs=NODE_M)
    whole_m = arm.network.edges[upstream].length_m + arm.network.edges[edge].length_m
    assert whole_m + 3 * NODE_M == pytest.approx(site.network.edges[edge].length_m, abs=NODE_M)
    assert arm.network.approach_of_edge[edge].id == site.network.approach_of_edge[edge].id


def test_a_route_over_the_edge_leads_over_both_parts(site: Site, arm: ArmBuild) -> None:
    edge, parts = next(iter(arm.network.parts.items()))
    people = pd.DataFrame(
        {"edges": [edge, "W_J1"], "lot": ["", ""], "uniform": [0.5, 0.5], "stops": ["[]"] * 2}
    )
    assert list(assign_lots(people, (), arm.network, site)["edges"]) == [" ".join(parts), "W_J1"]


def test_zones_begin_and_end_where_they_did(site: Site, arm: ArmBuild) -> None:
    before = zones(site.network, ["J1", "J2"])
    after = zones(site.network, ["J1", "J2"], arm=arm.network)
    assert before.movements.keys() == after.movements.keys()
    for name, zone in before.movements.items():
        for was, now in (
            (zone.entries, after.movements[name].entries),
            (zone.exits, after.movements[name].exits),
        ):
            assert {_whole(arm, point) for point in now} == {_whole(arm, point) for point in was}
    watched = {(q.approach, q.lane): q for q in after.queues}
    edge = next(iter(arm.network.parts))
    own = [q for q in watched.values() if q.lanes[-1].startswith(edge)]
    assert len(own) == 3
    assert all(len(q.lanes) == 2 or q.length_m == pytest.approx(30, abs=NODE_M) for q in own)


def _whole(arm: ArmBuild, point: Point) -> tuple[str, float]:
    """Name a place by the edge of the site and its metres from there."""
    edge = point.edge
    return arm.network.whole.get(edge, edge), point.position_m


def test_parking_moves_to_the_part_it_lies_on_or_forbids_the_cut(site: Site) -> None:
    length_m = site.network.edges["N1_J1"].length_m
    moved = edited(site, [SplitEdge("N1_J1", length_m, 100.0, "N1_J1.up")])
    assert moved.facts.parking["P1"].on == "N1_J1.up"
    with pytest.raises(ValueError, match="parking area 'P1' reaches into"):
        edited(site, [SplitEdge("N1_J1", length_m, length_m - 40, "N1_J1.up")])


@pytest.mark.parametrize("downstream_m", [5.0, 275.0])
def test_a_part_that_would_be_too_short_is_refused(site: Site, downstream_m: float) -> None:
    length_m = site.network.edges["J1_J2"].length_m
    with pytest.raises(ValueError, match="both parts need 10 m"):
        edited(site, [SplitEdge("J1_J2", length_m, downstream_m, "u")])
