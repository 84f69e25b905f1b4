"""Parkers: routes by the lot, stays, and the share that changes to a new lot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sim.demand import Demand, assign_lots, balance, broken_routes, realise
from sim.demand.parkers import _stay_s
from sim.edits.vocabulary import AddParking
from sim.errors import ConfigError
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
def demand(tmp_path: Path, vehicles: VehicleSet) -> Demand:
    own = site(tmp_path, parking={"old": OLD}, parking_demand={"shop": WISH})
    return realise(own, "am", 1, RunSettings(), vehicles)


def test_parkers_pass_their_lot_and_stop_there(demand: Demand) -> None:
    parkers = demand.vehicles[demand.vehicles["purpose"] == "parking"]
    assert 230 < len(parkers) < 370  # 400/h for 45 min, warm-up included: Poisson 300
    assert set(parkers["edges"]) == {"J1.west J2.west J2.north.exit"}
    first = parkers.iloc[0]
    assert json.loads(first["stops"]) == [{"parkingArea": "old", "duration": f"{first['stay_s']:.2f}"}]
    assert broken_routes(demand, network()).empty


def test_a_new_lot_takes_its_share_by_the_drivers_own_numbers(demand: Demand) -> None:
    before = demand.vehicles
    after = assign_lots(before, [AddParking("new", PASSED, (("old", 0.25),))], network())
    moved = after["lot"] == "new"
    assert list(moved) == list((before["lot"] == "old") & (before["uniform"] < 0.25))
    assert moved.sum() > 40
    assert set(after.loc[moved, "stops"].map(lambda text: json.loads(text)[0]["parkingArea"])) == {"new"}
    kept = [name for name in before.columns if name not in ("edges", "lot", "stops")]
    assert after[kept].equals(before[kept]), "people stay the same"
    assert after[~moved].equals(before[~moved])


def test_two_new_lots_take_different_drivers(demand: Demand) -> None:
    edits = [AddParking("a", PASSED, (("old", 0.5),)), AddParking("b", PASSED, (("old", 0.5),))]
    after = assign_lots(demand.vehicles, edits, network())
    parkers = after[after["purpose"] == "parking"]
    assert set(parkers["lot"]) == {"a", "b"}
    assert set(parkers.loc[parkers["uniform"] < 0.5, "lot"]) == {"a"}


def test_shares_beyond_everyone_and_lots_out_of_reach_are_refused(demand: Demand) -> None:
    edits = [AddParking("a", PASSED, (("old", 0.7),)), AddParking("b", NEW, (("old", 0.7),))]
    with pytest.raises(ConfigError) as error:
        assign_lots(demand.vehicles, edits, network())
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
