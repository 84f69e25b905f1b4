"""Imported trips: shifted departures, redrawn drivers, scaling, refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from sim.demand import Demand, assign_lots, no_counts, realise
from sim.demand.imported import Trip
from sim.demand.vehicle_types import SPEED_DEVIATION
from sim.edits.vocabulary import SetIllegalStopping
from sim.errors import ConfigError
from sim.loading import parse
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.study import RunSettings
from sim.vehicles import VehicleSet, read_vehicles
from tests.drawn_sites import network

COLUMNS = [field.name for field in fields(Trip)]
TYPES = {
    "types": {
        "car": {"vClass": "passenger", "accel": "2.6", "length": "4.3"},
        "slow": {"vClass": "passenger", "speedFactor": "0.8", "speedDev": "0"},
        "city_bus": {"vClass": "bus"},
    },
    "distributions": {"mix": {"car": 0.5, "slow": 0.5}},
}


@pytest.fixture(scope="module")
def vehicles(repo_root: Path) -> VehicleSet:
    return read_vehicles(repo_root / "configs" / "vehicles" / "sigma_zero.yaml")


def trip(id: str, depart_s: float, **more: object) -> dict[str, object]:
    return {
        **dict.fromkeys(COLUMNS, ""),
        "id": id,
        "depart_s": depart_s,
        "type": "car",
        "edges": "J1.west J2.west J2.east.exit",
        "stops": "[]",
        **more,
    }


def hundred() -> list[dict[str, object]]:
    return [trip(f"v{i}", 27000 + 18 * i) for i in range(100)]


def imported(folder: Path, trips: Sequence[dict[str, object]], **facts: object) -> Site:
    (folder / "demand").mkdir(exist_ok=True)
    table = pd.DataFrame(trips, columns=COLUMNS)
    table.to_csv(folder / "demand" / "trips.csv.gz", index=False)
    (folder / "demand" / "vehicle_types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    written = {
        "name": "imported",
        "title": {"zh": "导入", "en": "Imported"},
        "made_up": False,
        "imported": {
            "network": "net.net.xml",
            "trips": "demand/trips.csv.gz",
            "vehicle_types": "demand/vehicle_types.json",
        },
        "periods": {"am": {"title": {"zh": "早", "en": "AM"}, "begin": "07:30", "end": "08:00"}},
        **facts,
    }
    return Site(
        folder, parse(SiteFacts, written, "site.yaml"), network(), folder / "net.net.xml", {}, no_counts()
    )


def people(site: Site, fleet: VehicleSet, replicate: int = 1, **settings: object) -> Demand:
    return realise(site, "am", replicate, RunSettings.model_validate(settings), fleet)


def test_departures_move_within_the_jitter_and_stay_in_the_window(
    tmp_path: Path, vehicles: VehicleSet
) -> None:
    found = people(imported(tmp_path, hundred()), vehicles).vehicles.set_index("id")["scheduled_s"]
    moves = found - pd.Series({row["id"]: row["depart_s"] for row in hundred()})
    assert len(found) == 100
    assert found.between(27000, 28800, inclusive="left").all()
    assert moves.abs().max() <= 60.01
    assert moves.abs().max() > 45, (
        "a shift of up to 60 s that never passes 45 s in 100 vehicles is no such shift"
    )


def test_timetabled_vehicles_keep_their_times_and_number(tmp_path: Path, vehicles: VehicleSet) -> None:
    until = json.dumps([{"busStop": "b", "until": "27200"}])
    rows = [
        trip("line", 27100.5, type="city_bus", line="21"),
        trip("until", 27150, stops=until),
        *hundred(),
    ]
    found = people(imported(tmp_path, rows), vehicles, demand_scale=0.1).vehicles.set_index("id")
    assert found.loc["line", "scheduled_s"] == 27100.5
    assert found.loc["until", "scheduled_s"] == 27150
    assert (found.loc["line", "purpose"], found.loc["line", "occupancy"]) == ("bus", 30.0)
    assert 2 < len(found) < 2 + 30


def test_speed_factors_follow_the_law_of_the_type(tmp_path: Path, vehicles: VehicleSet) -> None:
    rows = [trip(f"v{i}", 27000 + i, type="mix") for i in range(400)] + [
        trip("own", 27500, speed_factor=1.23)
    ]
    found = people(imported(tmp_path, rows), vehicles).vehicles.set_index("id")
    assert set(found.loc[found["type"] == "slow", "speed_factor"]) == {0.8}
    fast = found.loc[(found["type"] == "car") & (found.index != "own"), "speed_factor"]
    assert 140 < len(fast) < 260
    assert fast.std() == pytest.approx(SPEED_DEVIATION["passenger"], rel=0.3)
    assert found.loc["own", "speed_factor"] == 1.23, "what the model fixes for a vehicle stays"


def test_without_a_named_set_types_stay_as_imported(tmp_path: Path, vehicles: VehicleSet) -> None:
    assert people(imported(tmp_path, hundred()), vehicles).types == {"car": TYPES["types"]["car"]}


def test_a_named_set_replaces_how_types_follow_and_nothing_else(tmp_path: Path, vehicles: VehicleSet) -> None:
    found = people(imported(tmp_path, hundred()), vehicles, vehicles="sigma_zero").types["car"]
    assert (found["tau"], found["sigma"], found["accel"]) == ("1.52", "0", "1.3")
    assert found["length"] == "4.3"


def test_only_the_window_with_its_warm_up_is_taken(tmp_path: Path, vehicles: VehicleSet) -> None:
    rows = [trip("early", 26000), trip("warm", 26200), trip("in", 27000), trip("late", 28800)]
    found = people(imported(tmp_path, rows, departure_jitter_s=0), vehicles).vehicles
    assert list(found["id"]) == ["warm", "in"]


def test_scaling_up_copies_with_own_ids_times_and_drivers(tmp_path: Path, vehicles: VehicleSet) -> None:
    found = people(imported(tmp_path, hundred()), vehicles, demand_scale=2).vehicles.set_index("id")
    assert len(found) == 200
    assert found.loc["v5", "scheduled_s"] != found.loc["v5.copy1", "scheduled_s"]
    assert found.loc["v5", "speed_factor"] != found.loc["v5.copy1", "speed_factor"]


def test_a_share_of_drivers_fills_the_exit(tmp_path: Path, vehicles: VehicleSet) -> None:
    found = people(imported(tmp_path, hundred(), enters_full_exit_share=0.3), vehicles)
    assert 15 <= (found.vehicles["type"] == "car.fills_exit").sum() <= 45
    assert found.types["car.fills_exit"] == {**found.types["car"], "jmIgnoreKeepClearTime": "0"}


def test_parking_stops_make_parkers(tmp_path: Path, vehicles: VehicleSet) -> None:
    stops = json.dumps([{"parkingArea": "lot", "duration": "600"}])
    found = people(imported(tmp_path, [trip("p", 27000, stops=stops)]), vehicles).vehicles.iloc[0]
    assert (found["purpose"], found["lot"], found["stay_s"]) == ("parking", "lot", 600)


def test_replicates_that_cannot_differ_are_refused(tmp_path: Path, vehicles: VehicleSet) -> None:
    rows = [trip("a", 27000, type="slow"), trip("b", 27010, speed_factor=1.0)]
    with pytest.raises(ConfigError, match="every replicate would be the same"):
        people(imported(tmp_path, rows, departure_jitter_s=0), vehicles)


def test_replicates_differ_by_speed_factors_alone_if_need_be(tmp_path: Path, vehicles: VehicleSet) -> None:
    site = imported(tmp_path, hundred(), departure_jitter_s=0)
    one, two = (people(site, vehicles, replicate).vehicles for replicate in (1, 2))
    assert (one["scheduled_s"] == two["scheduled_s"]).all()
    assert (one["speed_factor"] != two["speed_factor"]).mean() > 0.9


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([trip("a", 27000, type="lorry")], "no vehicle type 'lorry'"),
        ([trip("a", 27000), trip("a", 27001)], "the id 'a' stands twice"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, vehicles: VehicleSet, rows: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        people(imported(tmp_path, rows), vehicles)


def test_missing_and_broken_files_are_refused(tmp_path: Path, vehicles: VehicleSet) -> None:
    site = imported(tmp_path, hundred())
    (tmp_path / "demand" / "vehicle_types.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a file of vehicle types"):
        people(site, vehicles)
    trips = tmp_path / "demand" / "trips.csv.gz"
    trips.write_bytes(trips.read_bytes()[:100])
    with pytest.raises(ConfigError, match="cannot be read"):
        people(site, vehicles)
    trips.unlink()
    with pytest.raises(ConfigError, match="no such file"):
        people(site, vehicles)


def test_a_network_without_vehicles_is_refused(tmp_path: Path, vehicles: VehicleSet) -> None:
    site = imported(tmp_path, hundred(), imported={"network": "net.net.xml"})
    with pytest.raises(ConfigError, match="no vehicles"):
        people(site, vehicles)


def test_a_window_outside_the_demand_is_refused(tmp_path: Path, vehicles: VehicleSet) -> None:
    with pytest.raises(ConfigError) as refused:
        people(imported(tmp_path, [trip("early", 3600.0)]), vehicles)
    assert "site.yaml: periods: no vehicle leaves between 07:" in str(refused.value)
    assert "departures are from 01:00 to 01:00" in str(refused.value)


def test_enforcement_takes_stops_at_the_kerb_from_vehicles_of_the_model(
    tmp_path: Path, vehicles: VehicleSet
) -> None:
    """Of who stops on that street half, by their own number; other stops, streets and buses are left."""
    lane = network().edges["J2.west"].lanes[0].id
    kerb, elsewhere = ({"lane": id, "endPos": "30", "duration": "60"} for id in (lane, "J1.west_0"))
    sights = {
        "there": [kerb], "both": [elsewhere, kerb], "not_there": [elsewhere],
        "bus": [kerb],
    }  # fmt: skip
    trips = [
        trip(
            f"{name}{i}", 27000 + 10 * i, stops=json.dumps(stops), type="city_bus" if name == "bus" else "car"
        )
        for i in range(60)
        for name, stops in sights.items()
    ]
    counted = {"kerb": {"imported": True, "on": "J2.west", "per_km_h": 40}}
    site = imported(tmp_path, trips, illegal_stopping=counted)
    before = people(site, vehicles).vehicles
    assert set(before["purpose"]) == {"through", "bus"}, "nobody is drawn"
    after = assign_lots(before, [SetIllegalStopping("kerb", 40, 20)], network(), site)
    assert before.drop(columns="stops").equals(after.drop(columns="stops"))
    kind = before["id"].str.replace(r"\d+$", "", regex=True)
    changed = before["stops"] != after["stops"]
    assert set(kind[changed]) == {"there", "both"}
    assert (changed == (kind.isin(["there", "both"]) & (before["uniform"] >= 0.5))).all()
    assert {json.dumps([elsewhere]), "[]"} == set(after["stops"][changed])
