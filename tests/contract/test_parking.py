"""Parking on drawn and on imported streets: every problem at once, every intervention on both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.errors import ConfigError, Problems
from sim.loading import parse
from sim.policy import AppliedPolicy, apply, empty_policy, parse_policy
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.site.parking_check import check_areas, check_demand, check_on_network, check_stock
from sim.sumo.build import build
from sim.sumo.proof import prove
from tests import tiny_run
from tests.drawn_sites import facts
from tests.sites import street

TITLE = {"zh": "场", "en": "Lot"}
KERB = {"title": TITLE, "kind": "kerb", "on": "J1.north", "at_m": 50, "length_m": 60, "stalls": 10}
LOT = {"title": TITLE, "kind": "off_street", "on": "J1.north", "at_m": 20, "stalls": 30}
STOPS = {"origin": "J1.west", "on": "J1.west", "exit": "J2.east", "per_km_h": 20}
MADE: dict[str, dict[str, Any]] = {
    "add_parking_area": {
        "id": "new",
        "expect": {"areas": []},
        "area": {**LOT, "kind": "micro", "on": "J2.south", "stalls": 12, "price_yuan_per_h": 4},
    },
    "remove_kerb_parking": {"area": "kerb", "expect": {"stalls": 10}, "stops_illegally": 0.2},
    "kerb_parking_hours": {"area": "kerb", "expect": {"stalls": 10}, "open": "09:30", "close": "16:30"},
    "parking_guidance": {"areas": ["kerb"], "expect": {"signs": []}},
    "parking_price": {"area": "lot", "expect": {"yuan_per_h": 0}, "yuan_per_h": 6},
    "enforce": {"stopping": "main", "expect": {"per_km_h": 20}, "per_km_h": 5},
    "unlimited_parking": {"expect": {"stalls": 40}},
}
CONDITIONAL = {"remove_kerb_parking", "parking_price", "enforce", "unlimited_parking"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = Path(tmp_path_factory.mktemp("street"))
    return street(folder, parking={"kerb": KERB, "lot": LOT}, illegal_stopping={"main": STOPS})


def applied(site: Site, kind: str, **changed: Any) -> AppliedPolicy:
    item = {"kind": kind, **MADE[kind], **changed}
    data = {"site": site.name, "title": TITLE, "interventions": {"it": item}}
    return apply(parse_policy("p", data, "p"), site, "p")


DEMANDS = {
    name: {"origin": "J1.north", "lot": lot, "exit": "J2.east", "vehicles_per_h": 10, "stay_min": 10}
    for name, lot in (("shop", "kerb"), ("work", "lot"))
}


@pytest.fixture(scope="module", params=[{}, DEMANDS], ids=["one_rerouter", "by_demand"])
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """With one rerouter per area, and with one per area and demand."""
    more = {"illegal_stopping": {"main": STOPS}, "parking_demand": request.param}
    return street(Path(tmp_path_factory.mktemp("street")), parking={"kerb": KERB, "lot": LOT}, **more)


@pytest.mark.parametrize("kind", sorted(MADE))
def test_nothing_beside_the_footprint_moves(searched: Site, kind: str, tmp_path: Path) -> None:
    site = searched
    period = next(iter(site.periods))
    base = build(site, apply(empty_policy(), site, "baseline"), period, tmp_path)
    policy = applied(site, kind)
    arm = build(site, policy, period, tmp_path)
    proof = prove(base, arm, policy.footprint, policy.edits)
    in_files = kind not in ("enforce", "parking_price")  # they change what people do, not the streets
    assert bool(proof.changed) == in_files
    assert proof.identical > 50


@pytest.mark.parametrize("kind", sorted(MADE))
def test_what_is_assumed_is_said(site: Site, kind: str) -> None:
    policy = applied(site, kind)
    assert bool(policy.assumptions) == (kind in CONDITIONAL)
    said = [line for line in policy.change_log if line.zh.startswith("假设")]
    assert len(said) == len(policy.assumptions)


@pytest.mark.parametrize("kind", sorted(MADE))
def test_what_somebody_surveyed_is_no_condition(site: Site, kind: str) -> None:
    if kind not in CONDITIONAL:
        with pytest.raises(ConfigError, match=r"surveyed: the result rests on no response"):
            applied(site, kind, surveyed="district, 2026-05")
        return
    policy = applied(site, kind, surveyed="district, 2026-05")
    assert not policy.assumptions
    assert [line.en for line in policy.change_log if "district, 2026-05" in line.zh] == [
        "the response it rests on was surveyed: district, 2026-05"
    ]


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a lot that is none": (
        "remove_kerb_parking",
        {"area": "kreb"},
        "no parking area 'kreb' (did you mean kerb",
    ),
    "bays that all stay": (
        "remove_kerb_parking",
        {"keeps": 10},
        "10 of 10 stalls: none would go",
    ),
    "another number of stalls": (
        "remove_kerb_parking",
        {"expect": {"stalls": 9}},
        "expected 9 stalls in 'kerb'",
    ),
    "a lot off the street": (
        "kerb_parking_hours",
        {"area": "lot", "expect": {"stalls": 30}},
        "'lot' is no kerb parking but off_street",
    ),
    "hours past midnight": (
        "kerb_parking_hours",
        {"open": "22:00", "close": "06:00"},
        "opens at 22:00, not before",
    ),
    "signs that are not there": (
        "parking_guidance",
        {"areas": ["lot"]},
        "expected signs at none, found them at lot",
    ),
    "a wrong price": ("parking_price", {"expect": {"yuan_per_h": 2}}, "expected 2 yuan/h, found 0"),
    "enforcement that raises": ("enforce", {"per_km_h": 30}, "30 is more than today's 20"),
    "an unknown habit": ("enforce", {"stopping": "mian"}, "no illegal stopping 'mian' (did you mean main"),
    "stalls in all": ("unlimited_parking", {"expect": {"stalls": 3}}, "expected 3 stalls in all, found 40"),
    "no room": (
        "add_parking_area",
        {"area": {**KERB, "on": "J2.south", "stalls": 11}},
        "11 stalls do not fit on 60 m (a kerb stall takes 6 m)",
    ),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_does_not_fit_is_refused(site: Site, name: str) -> None:
    kind, changed, words = WRONG[name]
    with pytest.raises(ConfigError) as error:
        applied(site, kind, **changed)
    assert words in str(error.value)


def test_every_problem_of_the_facts_is_named_together(site: Site) -> None:
    demand = {"origin": "J1.west", "exit": "J2.east", "vehicles_per_h": 10, "stay_min": 20}
    wrong = facts(
        parking={
            "one": KERB,
            "two": {**KERB, "at_m": 80},
            "three": {**KERB, "at_m": 150, "stalls": 11},
            "four": {**LOT, "at_m": 4000},
            "five": {**LOT, "on": ":J1_0"},
        },
        parking_demand={"shop": {**demand, "lot": "six"}},
    )
    problems = Problems()
    lengths = {"J1.north": 300.0, "J2.north": 300.0}
    check_areas(wrong, lengths, "site.yaml", problems)
    check_demand(wrong, lengths, {"J1.west"}, {"J2.east"}, "site.yaml", problems)
    text = "\n".join(map(str, problems.found))
    for words in (
        "parking.two.at_m: overlaps 'one', which takes 50 to 110 m",
        "parking.three.stalls: 11 stalls do not fit on 60 m",
        "parking.four.at_m: the entrance at 4000 m lies inside the junction",
        "parking.five.on: ':J1_0' lies inside a junction",
        "parking_demand.shop.lot: no parking area 'six'",
    ):
        assert words in text


def test_bays_in_the_lane_need_another_one_and_cars_a_lane(site: Site) -> None:
    wide = site.network.edges[site.network.approaches["J1.north"].edge]
    kerb = next(lane for lane in wide.lanes if lane.for_cars)
    edge = replace(wide, lanes=(kerb,))
    narrow = replace(site.network, edges={**site.network.edges, edge.id: edge})
    bays = parse(SiteFacts, {**site.facts.model_dump(), "parking": {"B": {**KERB, "bay": "in_lane"}}}, "x")
    bays = bays.model_copy(update={"parking": {"B": bays.parking["B"].model_copy(update={"on": edge.id})}})
    problems = Problems()
    check_on_network(bays, narrow, "site.yaml", problems)
    assert "bays in it would close the street" in str(problems.found[0])
    nobody = tuple(replace(lane, allow=frozenset({"bus"})) for lane in edge.lanes)
    shut = replace(site.network, edges={**site.network.edges, edge.id: replace(edge, lanes=nobody)})
    problems = Problems()
    check_on_network(bays, shut, "site.yaml", problems)
    assert "no lane of" in str(problems.found[0])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stay_min": -3}, "greater than 0"),
        ({"vehicles_per_h": -1}, "not negative"),
        ({"stock_veh": {"am": -1}}, "not negative"),
        ({"lot": None}, "name a `lot`, or a `destination`"),
    ],
)
def test_negative_or_missing_demand_is_refused(changed: dict[str, Any], words: str) -> None:
    demand = {"origin": "J1.west", "lot": "P", "exit": "J2.east", "vehicles_per_h": 10, "stay_min": 20}
    with pytest.raises(ConfigError) as error:
        facts(parking={"P": KERB}, parking_demand={"shop": {**demand, **changed}})
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("changed", "covered"),
    [
        ({}, ()),  # 15 min of warm-up and an hour: 3.75 stays of 20 min
        ({"stay_min": 25}, ()),
        ({"stay_min": 26}, ("2.9",)),
        ({"stay_min": 600, "stock_veh": {"am": 3}}, ()),
        ({"stay_min": 600, "stock_veh": 0}, ()),
        ({"stay_min": 600, "stock_veh": {"pm": 3}}, ("0.1",)),
    ],
)
def test_a_horizon_of_few_stays_is_refused_without_a_surveyed_stock(
    changed: dict[str, Any], covered: tuple[str, ...]
) -> None:
    demand = {"origin": "w.up", "exit": "e", "lot": "P", "vehicles_per_h": 10, "stay_min": 20, **changed}
    problems = Problems()
    check_stock(tiny_run.site(parking_demand={"shop": demand}), ["am"], "site.yaml", problems)
    said = [str(problem) for problem in problems.found]
    assert len(said) == len(covered)
    for line, stays in zip(said, covered, strict=True):
        assert line.startswith("site.yaml.parking_demand.shop.stock_veh: ")
        assert f"cover {stays} mean stays, not 3" in line and "{am: 12}" in line


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"imported": True}, "leave out `origin` and `exit`"),
        ({"origin": None}, "name `origin` and `exit`, or say `imported: true`"),
    ],
)
def test_who_stops_illegally_is_drawn_or_came_with_the_model(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        facts(illegal_stopping={"main": {**STOPS, **written}})
    no_ends = {"on": "J1.west", "per_km_h": 20, "imported": True}
    problems = Problems()
    drawn = facts(illegal_stopping={"main": no_ends})
    check_demand(drawn, {"J1.west": 300.0}, {"J1.west"}, {"J2.east"}, "site.yaml", problems)
    assert "illegal_stopping.main.imported: the site was drawn" in str(problems.found[0])
