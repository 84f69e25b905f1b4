"""Routes answer a change only where it concerns them, by the same rule in every arm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.demand import Demand, broken_routes
from sim.demand.detours import driven, new_streets
from sim.demand.tables import VEHICLES
from sim.edits.edited_site import edited
from sim.edits.vocabulary import Edit, SplitEdge
from sim.errors import ConfigError
from sim.loading import parse
from sim.policy import apply
from sim.site.model import Site
from sim.study import Routes, ScenarioFacts
from sim.sumo.netconvert import convert
from tests.sites import policy_of, site_of

MAIN, ROUND = "W_J1 J1_J2 J2_E", "W_J1 J1_P P_J2 J2_E"
"""The fastest way through, and one that is not."""
FLY = {
    "kind": "add_link", "id": "fly", "between": ["J1", "J2"], "expect": {"gap_m": 300}, "speed_kmh": 100,
    "one_way": True, "ways": [{"from": "W_J1", "to": "new"}, {"from": "new", "to": "J2_E"}],
}  # fmt: skip
FLOWN = "W_J1 fly.there J2_E"
BAN = {"kind": "ban_turn", "movement": "J1.west.through", "expect": {"lanes": 1}}
SCHOOL = {"kind": "school_hours", "close": ["J1_J2"], "expect": {"lanes": 1}, "hours": ["07:35-07:45"]}
LOT = {"title": {"zh": "场", "en": "Lot"}, "kind": "off_street", "stalls": 30, "on": "J1_J2", "at_m": 100}
PARK = {"stops": json.dumps([{"parkingArea": "P1", "duration": "60"}]), "lot": "P1", "purpose": "parking"}
BUS = {"type": "bus", "purpose": "bus"}
NODES = {"W": (-250, 0), "J1": (0, 0), "J2": (300, 0), "E": (550, 0), "P": (150, -300)}
STREETS = ("W J1", "J1 J2", "J2 E", "J1 P", "P J2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = Path(tmp_path_factory.mktemp("block"))
    nodes = "".join(f'<node id="{id}" x="{x}" y="{y}"/>' for id, (x, y) in NODES.items())
    pairs = [pair.split() for pair in STREETS]
    edges = "".join(
        f'<edge id="{a}_{b}" from="{a}" to="{b}" speed="13.89"/>'
        for one, other in pairs
        for a, b in ((one, other), (other, one))
    )
    (folder / "a.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "a.edg.xml").write_text(f"<edges>{edges}</edges>")
    convert(["-n", "a.nod.xml", "-e", "a.edg.xml", "--no-turnarounds", "-o", "a.net.xml"], folder)
    return site_of(folder / "a.net.xml", folder / "site", parking={"P1": LOT})


def people(*rows: Mapping[str, object]) -> Demand:
    own = {
        "scheduled_s": 27500.0,
        "type": "car",
        "purpose": "through",
        "stops": "[]",
        "lot": "",
        "stay_s": None,
    }
    table = pd.DataFrame([{"id": str(n), "uniform": 0.5, **own, **row} for n, row in enumerate(rows)])
    for name in VEHICLES.keys() - set(table):
        table[name] = "" if VEHICLES[name] == "string" else 0.0
    types = {"car": {"vClass": "passenger"}, "bus": {"vClass": "bus"}}
    return Demand(table[list(VEHICLES)].astype(dict(VEHICLES)), pd.DataFrame(), types)


def edits_of(site: Site, kind: Mapping[str, object] | None) -> tuple[Edit, ...]:
    return apply(policy_of(a=kind), site, "policy").edits if kind else ()


def driven_by(
    site: Site, demand: Demand, kind: Mapping[str, object], answer: Routes = "detour"
) -> pd.DataFrame:
    edits = edits_of(site, kind)
    return driven(demand, edits, edited(site, edits).network, site, answer)


def routes(site: Site, demand: Demand, answer: Routes, kind: Mapping[str, object]) -> list[str]:
    moved = driven_by(site, demand, kind, answer)
    same = [name for name in VEHICLES if name != "edges"]
    pd.testing.assert_frame_equal(moved[same], demand.vehicles[same])
    return list(moved["edges"])


def test_where_nothing_changes_nobody_drives_another_way(site: Site) -> None:
    demand = people({"edges": ROUND}, {"edges": MAIN}, {"edges": ROUND, **BUS})
    answers: tuple[Routes, ...] = ("fixed", "detour")
    for answer in answers:
        pd.testing.assert_frame_equal(driven(demand, (), site.network, site, answer), demand.vehicles)


def test_a_change_that_breaks_and_opens_nothing_leaves_all_routes(site: Site) -> None:
    wider = {"kind": "widen_road", "on": ["J2_E"], "expect": {"lanes": 1}, "lanes": 2}
    assert routes(site, people({"edges": ROUND}), "detour", wider) == [ROUND]


def test_a_cut_edge_is_no_new_street(site: Site) -> None:
    cut = (SplitEdge("J1_J2", site.network.edges["J1_J2"].length_m, 40.0, "J1_J2.up"),)
    network = edited(site, cut).network
    assert not new_streets(network, site)
    moved = driven(people({"edges": MAIN}, {"edges": ROUND}), cut, network, site, "detour")
    assert list(moved["edges"]) == ["W_J1 J1_J2.up J1_J2 J2_E", ROUND]


def test_only_whom_the_new_street_serves_better_takes_it(site: Site) -> None:
    demand = people(
        {"edges": MAIN}, {"edges": ROUND}, {"edges": "E_J2 J2_J1 J1_W"}, {"edges": MAIN, **BUS},
        {"edges": MAIN, **PARK},
    )  # fmt: skip
    before = list(demand.vehicles["edges"])
    assert routes(site, demand, "fixed", FLY) == before
    assert routes(site, demand, "detour", FLY) == [FLOWN, FLOWN, *before[2:]]
    assert routes(site, demand, "detour", {**FLY, "speed_kmh": 40}) == before, "main and round stay"


def test_a_broken_route_finds_another_way_and_the_others_stay(site: Site) -> None:
    demand = people({"edges": MAIN}, {"edges": ROUND}, {"edges": MAIN, **BUS}, {"edges": MAIN, **PARK})
    assert routes(site, demand, "fixed", BAN) == list(demand.vehicles["edges"])
    # The lot lies behind the banned turn: no way without turning round leads there.
    assert routes(site, demand, "detour", BAN) == [ROUND, ROUND, ROUND, MAIN]
    guarded = replace(demand, vehicles=driven_by(site, demand, BAN))
    assert list(broken_routes(guarded, edited(site, edits_of(site, BAN)).network)["id"]) == ["3"]


def test_a_timed_closure_concerns_who_comes_while_it_holds(site: Site) -> None:
    times_s = [7.5 * 3600, 7.6 * 3600, 7.9 * 3600]
    demand = people(*({"edges": MAIN, "scheduled_s": time_s} for time_s in times_s))
    assert routes(site, demand, "detour", SCHOOL) == [MAIN, ROUND, MAIN]


def test_how_routes_answer_is_one_of_three() -> None:
    assert parse(ScenarioFacts, {"site": "s", "routes": "equilibrium"}, "scenario").assignment.gap == 0.03
    with pytest.raises(ConfigError, match="routes"):
        parse(ScenarioFacts, {"site": "s", "routes": "detuor"}, "scenario")
