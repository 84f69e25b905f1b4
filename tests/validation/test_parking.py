"""Capacity beside kerb bays against HCM, and a single lot against Erlang's loss formula."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.theory.isolated import TITLE, Evaluated, draw, evaluate, two_through_lanes

pytestmark = pytest.mark.validate

LANES = 2
MANOEUVRE_S = 18
STALLS = 8


def served(folder: Path, arrivals_vph: float) -> tuple[float, float]:
    """Return vehicles served through a saturated approach with bays beside it, and movements per hour."""
    more: dict[str, Any] = {}
    if arrivals_vph:
        # Within 75 m of the stop line, as HCM counts movements.
        bays = {
            "title": TITLE,
            "kind": "kerb",
            "on": "J1.north",
            "at_m": 515,
            "length_m": 60,
            "stalls": STALLS,
        }
        demand = {"origin": "J1.north", "lot": "K", "exit": "J1.south", "stay_min": 4}
        more = {"parking": {"K": bays}, "parking_demand": {"p": {**demand, "vehicles_per_h": arrivals_vph}}}
    site = draw(folder, two_through_lanes(45, **more), {"north.through": 2200})
    view = evaluate(site, clear_factor=0.0).view()
    moves = len(view.rows("parked", "started_s")) + len(view.rows("parked", "ended_s"))
    return view.served_vehicles["J1.north.through"], moves / view.window_h


def hcm(moves_per_h: float) -> float:
    """Capacity beside bays with so many movements per hour, over that with none: f_p(N_m) / f_p(0)."""
    return (LANES - 0.1 - MANOEUVRE_S * moves_per_h / 3600) / (LANES - 0.1)


@pytest.mark.parametrize(("arrivals_vph", "about"), [(24, 20), (52, 60)])
def test_manoeuvres_beside_two_lanes_cost_what_hcm_says(
    tmp_path: Path, arrivals_vph: float, about: float
) -> None:
    """Within 10 %. Parkers queue with the others: movements are counted, not those wished for."""
    free, _ = served(tmp_path / "free", 0)
    with_bays, moves_per_h = served(tmp_path / "bays", arrivals_vph)
    assert moves_per_h == pytest.approx(about, abs=0.4 * about)
    assert with_bays / free == pytest.approx(hcm(moves_per_h), rel=0.10)


def erlang_loss(load: float, stalls: int) -> float:
    """Share of arrivals refused by M/M/c/c: B = (a^c / c!) / sum_k a^k / k!."""
    terms = [load**k / math.factorial(k) for k in range(stalls + 1)]
    return terms[-1] / sum(terms)


@pytest.fixture(scope="module")
def single_lot(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """One lot of five stalls, 60 arrivals an hour for 5 min each: a load of five; refused cars leave."""
    lot = {"title": TITLE, "kind": "off_street", "on": "J1.north", "at_m": 300, "stalls": 5, "guidance": True}
    demand = {"origin": "J1.north", "lot": "P", "exit": "J1.south", "vehicles_per_h": 60, "stay_min": 5}
    data = two_through_lanes(240, parking={"P": {**lot, "manoeuvre_s": 0}}, parking_demand={"p": demand})
    data["periods"]["am"]["end"] = "11:30"
    site = draw(tmp_path_factory.mktemp("lot"), data, {"east.through": 4})
    return evaluate(site, replicates=3, clear_factor=0.5)


def test_a_single_lot_refuses_as_erlang_says(single_lot: Evaluated) -> None:
    """Of 3 x 240 arrivals: B(5, 5) = 0.285; the standard error of so many correlated ones is some 0.03."""
    refused = float(np.mean(single_lot.values("gave_up_parking")))
    assert refused == pytest.approx(erlang_loss(5, 5), abs=0.08)


def test_its_occupancy_is_the_carried_load(single_lot: Evaluated) -> None:
    occupancy = float(np.mean(single_lot.values("parking_occupancy", "parking:P")))
    assert occupancy == pytest.approx((1 - erlang_loss(5, 5)) * 5 / 5, rel=0.10)


def test_littles_law_holds(single_lot: Evaluated) -> None:
    """Mean number parked = arrival rate of those let in times their mean stay."""
    assert not (single_lot.tables.findings["finding"] == "littles_law").any()
    for replicate in (1, 2, 3):
        view = single_lot.view(replicate)
        own = view.rows("parked", "started_s")
        stays_s = own["ended_s"] - own["started_s"]
        rate_hz = len(own) / (view.window_h * 3600)
        occupancy = float(single_lot.values("parking_occupancy", "parking:P")[replicate]) * 5
        # Who stands there at either end of the window: five stays of 300 s in 14,400 s.
        assert rate_hz * stays_s.mean() == pytest.approx(occupancy, rel=0.08)
