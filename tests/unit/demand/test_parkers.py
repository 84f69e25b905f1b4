"""Parkers: routes by the lot, stays, and the share that changes to a new lot."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.demand import LEAVING, Demand, assign_lots, balance, broken_routes, departs_s, realise
from sim.demand.parkers import _remaining_s, _stay_s, standing
from sim.edits.vocabulary import AddParking, RemoveParking
from sim.errors import ConfigError
from sim.site.model import Site
from sim.site.parking import ParkingArea, ParkingDemand
from sim.study import RunSettings
from sim.vehicles import VehicleSet, read_vehicles
from tests.drawn_sites import network, site

TITLE = {"zh": "场", "en": "Lot"}
OLD = {"title": TITLE, "kind": "kerb", "on": "J2.west", "at_m": 10, "stalls": 50}
WISH = {"origin": "J1.west", "lot": "old", "exit": "J2.north", "vehicles_per_h": 400, "stay_min": 10}
NEW = ParkingArea.model_validate({**OLD, "on": "J2.east.exit"})
PASSED = ParkingArea.model_validate({**OLD, "on": "J1.west"})


@pytest.fixture(scope="module")
def vehicles(repo_root: Path) -> VehicleSet:
    return read_vehicles(repo_root / "configs" / "vehicles" / "sigma_zero.yaml")


@pytest.fixture
def own(tmp_path: Path) -> Site:
    return site(tmp_path, parking={"old": OLD}, parking_demand={"shop": WISH})


@pytest.fixture
def demand(own: Site, vehicles: VehicleSet) -> Demand:
    return realise(own, "am", 1, RunSettings(), vehicles)


def test_parkers_pass_their_lot_and_stop_there(demand: Demand) -> None:
    parkers = demand.vehicles[demand.vehicles["purpose"] == "parking"]
    assert 230 < len(parkers) < 370  # 400/h for 45 min, warm-up included: Poisson 300
    assert set(parkers["edges"]) == {"J1.west J2.west J2.north.exit"}
    first = parkers.iloc[0]
    assert json.loads(first["stops"]) == [{"parkingArea": "old", "duration": f"{first['stay_s']:.2f}"}]
    assert broken_routes(demand, network()).empty


def test_a_new_lot_takes_its_share_by_the_drivers_own_numbers(own: Site, demand: Demand) -> None:
    before = demand.vehicles
    after = assign_lots(before, [AddParking("new", PASSED, (("old", 0.25),))], network(), own)
    moved = after["lot"] == "new"
    assert list(moved) == list((before["lot"] == "old") & (before["uniform"] < 0.25))
    assert moved.sum() > 40
    assert set(after.loc[moved, "stops"].map(lambda text: json.loads(text)[0]["parkingArea"])) == {"new"}
    kept = [name for name in before.columns if name not in ("edges", "lot", "stops")]
    assert after[kept].equals(before[kept]), "people stay the same"
    assert after[~moved].equals(before[~moved])


def test_two_new_lots_take_different_drivers(own: Site, demand: Demand) -> None:
    edits = [AddParking("a", PASSED, (("old", 0.5),)), AddParking("b", PASSED, (("old", 0.5),))]
    after = assign_lots(demand.vehicles, edits, network(), own)
    parkers = after[after["purpose"] == "parking"]
    assert set(parkers["lot"]) == {"a", "b"}
    assert set(parkers.loc[parkers["uniform"] < 0.5, "lot"]) == {"a"}


def test_shares_beyond_everyone_and_lots_out_of_reach_are_refused(own: Site, demand: Demand) -> None:
    edits = [AddParking("a", PASSED, (("old", 0.7),)), AddParking("b", NEW, (("old", 0.7),))]
    with pytest.raises(ConfigError) as error:
        assign_lots(demand.vehicles, edits, network(), own)
    assert "new areas take 140%" in str(error.value)
    assert "no way from J1.west by J2.east.exit to J2.north.exit" in str(error.value)


def test_parking_demand_that_cannot_be_driven_or_names_nothing_is_refused(tmp_path: Path) -> None:
    wrong = {**WISH, "origin": "J1.wst", "lot": "odl", "exit": "J7.north"}
    with pytest.raises(ConfigError) as error:
        balance(site(tmp_path, parking={"old": OLD}, parking_demand={"shop": wrong}), "am")
    assert [p.path for p in error.value.problems] == [
        f"parking_demand.shop.{key}" for key in ("lot", "origin", "exit")
    ]
    backwards = {**WISH, "origin": "J2.north"}
    with pytest.raises(ConfigError, match=r"no way from J2\.north by old"):
        balance(site(tmp_path, parking={"old": OLD}, parking_demand={"shop": backwards}), "am")


@pytest.mark.parametrize("sd_min", [None, 10.0])
def test_stays_have_the_mean_and_spread_that_were_written(sd_min: float | None) -> None:
    wish = ParkingDemand.model_validate({**WISH, "stay_min": 30, "stay_sd_min": sd_min})
    stays = _stay_s(wish, (np.arange(200_000) + 0.5) / 200_000)
    assert stays.mean() == pytest.approx(1800, rel=0.002)
    assert stays.std() == pytest.approx(1800 if sd_min is None else 600, rel=0.01)


@pytest.mark.parametrize("sd_min", [None, 10.0, 60.0])
def test_what_is_left_of_the_stays_found_is_the_residual_law(sd_min: float | None) -> None:
    """Its mean is E[S^2] / 2 E[S]; and P(R > r) = E[(S - r)+] / E[S] at some r, from the stays themselves."""
    wish = ParkingDemand.model_validate({**WISH, "stay_min": 30, "stay_sd_min": sd_min})
    rng = np.random.default_rng(7)
    stays = _stay_s(wish, rng.random(1_000_000))
    left = _remaining_s(wish, rng.random(1_000_000), rng.random(1_000_000))
    sd_s = 1800 if sd_min is None else sd_min * 60
    assert left.mean() == pytest.approx((1800**2 + sd_s**2) / 3600, rel=0.03)
    for r in (300, 1200, 3600):
        assert (left > r).mean() == pytest.approx(np.fmax(stays - r, 0).mean() / stays.mean(), abs=0.004)


def stock(folder: Path, vehicles: VehicleSet, replicates: int, **wish: object) -> list[pd.DataFrame]:
    lot = {**OLD, "stalls": 40}
    own = site(folder, parking={"old": lot}, parking_demand={"shop": {**WISH, **wish}})
    return [standing(own, 27000.0, "am", n, 1.0, vehicles) for n in range(replicates)]


def test_the_stock_at_the_start_is_poisson_with_rate_times_stay(tmp_path: Path, vehicles: VehicleSet) -> None:
    counts = np.array([len(rows) for rows in stock(tmp_path, vehicles, 400, vehicles_per_h=60)])
    assert counts.mean() == pytest.approx(10, abs=4 * math.sqrt(10 / 400))
    assert counts.var() == pytest.approx(10, rel=4 * math.sqrt(2 / 400))


def test_a_full_lot_starts_full_and_no_fuller(tmp_path: Path, vehicles: VehicleSet) -> None:
    assert [len(rows) for rows in stock(tmp_path, vehicles, 3, vehicles_per_h=1200)] == [40, 40, 40]


def test_who_stands_at_the_start_drives_from_the_lot_when_the_stay_is_over(
    tmp_path: Path, vehicles: VehicleSet
) -> None:
    rows = stock(tmp_path, vehicles, 1)[0]
    assert set(rows["edges"]) == {"J2.west J2.north.exit"}
    assert set(rows["purpose"]) == {LEAVING}
    assert rows["scheduled_s"].ge(27000).all()
    first = rows.iloc[0]
    assert json.loads(first["stops"]) == [{"parkingArea": "old", "until": f"{first['scheduled_s']:.2f}"}]
    # 40 vehicles of some 6 s each: a quarter of an hour before anybody drives.
    assert departs_s(rows).round(2).eq(27000 - 900).all()


def test_a_small_new_lot_takes_no_more_of_the_stock_than_it_holds(
    own: Site, tmp_path: Path, vehicles: VehicleSet
) -> None:
    rows = stock(tmp_path, vehicles, 1)[0]
    small = PASSED.model_copy(update={"stalls": 3})
    after = assign_lots(rows, [AddParking("new", small, (("old", 1.0),))], network(), own)
    assert after["lot"].value_counts().to_dict() == {"old": len(rows) - 3, "new": 3}
    assert set(after.loc[after["lot"] == "new", "edges"]) == {"J1.west J2.west J2.north.exit"}
    kept = [name for name in rows.columns if name not in ("edges", "lot", "stops")]
    assert after[kept].equals(rows[kept]), "people stay the same"


def test_bays_that_go_in_part_keep_who_stands_and_stops_in_the_rest(
    own: Site, demand: Demand, tmp_path: Path, vehicles: VehicleSet
) -> None:
    """Of 50 bays 20 stay: of 40 who stood there 20 go, and of those who come 60 % of half stop illegally."""
    edit = RemoveParking("old", own.facts.parking["old"], 0.5, 300.0, keeps=20)
    stood = stock(tmp_path, vehicles, 1, vehicles_per_h=1200)[0]  # 40 of them
    after = assign_lots(stood, [edit], network(), own)
    assert after["lot"].value_counts().to_dict() == {"old": 20, "": 20}
    kept = after["lot"] == "old"
    assert stood.loc[kept, "uniform"].max() < stood.loc[~kept, "uniform"].min(), "by their own numbers"
    before = demand.vehicles[demand.vehicles["purpose"] == "parking"]
    moved = assign_lots(demand.vehicles, [edit], network(), own).loc[before.index]
    illegal = moved["lot"] == ""
    assert list(illegal) == list(before["uniform"] < 0.3)
    assert edit.applied(own).facts.parking["old"].length_m == pytest.approx(4.0), "the downstream end goes"
