"""Every drawn site that comes with the repository: its counts fit together and its people can drive."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.demand import balance, broken_routes, imbalance, realise
from sim.standard_data import DEFAULT_VEHICLES
from sim.study import RunSettings
from sim.sumo.site import load
from sim.vehicles import read_vehicles

ROOT = Path(__file__).resolve().parents[2]
DRAWN = sorted(path.parent.name for path in (ROOT / "scenarios").glob("*/counts.csv"))


@pytest.mark.parametrize("name", DRAWN)
def test_counts_balance_and_everyone_has_a_way(name: str, tmp_path: Path) -> None:
    vehicles = read_vehicles(ROOT / "configs" / "vehicles" / f"{DEFAULT_VEHICLES}.yaml")
    site = load(ROOT / "scenarios" / name, tmp_path)
    for period in site.periods:
        sums = imbalance(balance(site, period))
        assert sums["relative"].abs().max() <= 0.05, f"{name}, {period}:\n{sums}"
        demand = realise(site, period, 1, RunSettings(), vehicles)
        assert len(demand.vehicles) > 100
        assert broken_routes(demand, site.network).empty
