"""Full lots send drivers on, and away; a lot that nobody wants changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.checks.ledger import ledger
from sim.demand import realise
from sim.policy import BASELINE
from sim.runs.inputs import write_inputs
from sim.runs.run import simulated
from sim.runs.work import laid_out, request
from sim.sumo.driver import Children
from tests.theory.isolated import PERIOD, TITLE, Evaluated, draw, evaluate, site_data, two_through_lanes

FLOWS = {"north.through": 200, "west.through": 200}
LOT = {"title": TITLE, "kind": "off_street", "on": "J1.north", "at_m": 200, "stalls": 5}
KERB = {"title": TITLE, "kind": "kerb", "on": "J1.north", "at_m": 260, "length_m": 20, "stalls": 3}
SHOP = {
    "origin": "J1.north", "lot": "A", "exit": "J1.south", "vehicles_per_h": 60, "stay_min": 15,
    "stock_veh": 5,
}  # fmt: skip
FAR = {**LOT, "on": "J1.east", "at_m": 100, "stalls": 50}
"""Where nobody who parks comes by."""
POLICIES: dict[str, dict[str, Any]] = {
    "unwanted": {"lot": {"kind": "add_parking_area", "id": "Z", "expect": {"areas": []}, "area": FAR}},
    "more": {
        "lot": {
            "kind": "add_parking_area",
            "id": "C",
            "expect": {"areas": ["A", "B"]},
            "area": {**LOT, "kind": "micro", "at_m": 300, "stalls": 40},
        }
    },
    "no_kerb": {
        "bays": {
            "kind": "remove_kerb_parking",
            "area": "B",
            "expect": {"stalls": 3},
        }
    },
    "unlimited": {"all": {"kind": "unlimited_parking", "expect": {"stalls": 8}}},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Eight stalls and a load of 15: most drivers find both lots full."""
    data = site_data(15, parking={"A": LOT, "B": KERB}, parking_demand={"shop": SHOP})
    site = draw(tmp_path_factory.mktemp("search"), data, FLOWS)
    return evaluate(site, POLICIES, clear_factor=2.0)


def searched(study: Evaluated, arm: str = "baseline") -> pd.DataFrame:
    return study.view(1, arm).tables["searches"].set_index("vehicle")


def test_who_finds_a_lot_full_parks_in_the_next_or_leaves(study: Evaluated) -> None:
    view, found = study.view(), searched(study)
    stays = view.tables["parked"].set_index("vehicle")["area"]
    parked = found[found["outcome"] == "parked"]
    assert len(parked) >= 3
    assert set(stays[parked.index]) == {"B"}, "the only other lot"
    assert (parked["ended_s"] - parked["began_s"]).between(5, 120).all()
    assert parked["driven_m"].between(50, 300).all()
    left = found[found["outcome"] == "gave_up"]
    assert len(left) >= 5
    assert (left["full_areas"] == 2).all(), "both lots were seen full, each once"
    fates = view.tables["trips"].set_index("id")["fate"]
    assert set(fates[left.index]) == {"gave_up"}
    assert ledger(view.tables["trips"])["gave_up"] == len(left)
    assert not (study.tables.findings["finding"].isin(["circling", "littles_law", "uncleared_cohort"])).any()


def test_nobody_stands_where_there_is_no_stall(study: Evaluated) -> None:
    for area in ("A", "B"):
        assert study.values("parking_peak", f"parking:{area}").max() == pytest.approx(1.0)


def test_a_lot_without_demand_changes_nothing(study: Evaluated) -> None:
    """Its rerouter is on a street that no parker uses: every trip is the same to the last digit."""
    for name in ("trips", "parked", "searches", "zones"):
        ours, theirs = study.view().tables[name], study.view(1, "unwanted").tables[name]
        pd.testing.assert_frame_equal(ours, theirs)


def test_more_stalls_end_the_search(study: Evaluated) -> None:
    assert study.values("gave_up_parking", arm="more").max() == 0
    assert set(searched(study, "more")["outcome"]) == {"parked"}
    assert study.values("gave_up_parking").min() > 0.2
    assert searched(study, "unlimited").empty


def test_who_parked_at_the_kerb_still_comes(study: Evaluated) -> None:
    before, after = study.view().tables["trips"], study.view(1, "no_kerb").tables["trips"]
    assert before["id"].tolist() == after["id"].tolist()
    gave_up = [(table["fate"] == "gave_up").sum() for table in (before, after)]
    assert gave_up[1] > gave_up[0]


FAR_LOT = {**LOT, "at_m": 530, "stalls": 60}
"""A minute down the street from lot A at 200 m: some 24 s of driving, and the queue at the signals."""
HURRIED = {**SHOP, "gives_up_after_min": 0.3, "walks_at_most_m": 600}


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Who finds the five stalls of A full has 18 s to reach F, which takes 24."""
    data = site_data(15, parking={"A": LOT, "F": FAR_LOT}, parking_demand={"shop": HURRIED})
    site = draw(tmp_path_factory.mktemp("hurried"), data, {"north.through": 50})
    return evaluate(site, clear_factor=2.0)


def test_who_has_searched_long_enough_gives_up_by_the_clock(hurried: Evaluated) -> None:
    found = searched(hurried)
    assert len(found) >= 5
    assert set(found["outcome"]) == {"gave_up"}
    lasted_s = found["ended_s"] - found["began_s"]
    assert lasted_s.between(18 - 10, 18).all(), "no later, and two looks of 5 s earlier at most"
    assert set(found["full_areas"]) == {1}
    view = hurried.view()
    assert set(view.tables["parked"]["area"]) == {"A"}, "F has stalls, but nobody gets there in time"
    fates = view.tables["trips"].set_index("id")["fate"]
    assert set(fates[found.index]) == {"gave_up"}
    assert ledger(view.tables["trips"])["gave_up"] == len(found)
    assert not hurried.tables.findings["finding"].isin(["circling", "littles_law", "uncleared_cohort"]).any()


@pytest.fixture(scope="module")
def walkers(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Lot F is 430 m on foot from lot A: too far for who walks 300 m, not for who walks 600 m."""
    parks = {name: {**SHOP, "walks_at_most_m": m} for name, m in (("near", 300), ("far", 600))}
    data = site_data(15, parking={"A": LOT, "F": FAR_LOT}, parking_demand=parks)
    site = draw(tmp_path_factory.mktemp("walkers"), data, {"north.through": 50})
    return evaluate(site, clear_factor=2.0)


def test_nobody_is_sent_to_a_lot_beyond_their_own_walk(walkers: Evaluated) -> None:
    """That drivers of another demand may go there makes it no place to send them to."""
    found = searched(walkers)
    demand = found.index.str.split(".").str[1]
    assert set(found.loc[demand == "near", "outcome"]) == {"gave_up"}
    assert set(found.loc[demand == "far", "outcome"]) == {"parked"}
    stays = walkers.view().tables["parked"]
    assert set(stays["vehicle"][stays["area"] == "F"].str.split(".").str[1]) == {"far"}


def test_a_clock_that_strikes_for_nobody_changes_nothing(study: Evaluated) -> None:
    """The same run with a look every 5 s and nobody who has searched a day: the same bytes."""
    analysis, own = study.analysis, study.analysis.study
    people = realise(own.site, PERIOD, 1, own.settings, own.vehicles)
    files = laid_out(own.site, analysis.checked.builds[BASELINE, PERIOD])
    wanted = request(own, PERIOD, 1, files, people)
    limits = {f"parking.shop.{n}": (86400.0, "A", "leave.J1.south.exit") for n in range(60)}
    spec = replace(wanted.spec, driver="libsumo", gives_up=limits)
    with analysis.store.draft() as folder:
        write_inputs(wanted, folder)
        read = simulated(wanted, spec, folder, Children())
    for name in ("trips", "parked", "searches", "zones"):
        pd.testing.assert_frame_equal(read.tables[name], study.view().tables[name])


def served(folder: Path, **bays: Any) -> float:
    """Vehicles served in 15 min by two saturated lanes, with bays on their street and nobody to park."""
    data = two_through_lanes(15, parking={"K": {**KERB, **bays}} if bays else {})
    site = draw(folder, data, {"north.through": 2200})
    return evaluate(site, clear_factor=0.0).view().served_vehicles["J1.north.through"]


def test_bays_in_the_lane_take_it_while_they_are_open_and_beside_it_none(tmp_path: Path) -> None:
    """One lane of two is left: half the capacity."""
    free = served(tmp_path / "free")
    assert served(tmp_path / "beside", bay="beside_lane") == free
    assert served(tmp_path / "in", bay="in_lane") / free == pytest.approx(0.5, abs=0.05)
    assert served(tmp_path / "shut", bay="in_lane", hours=["20:00", "21:00"]) == free
