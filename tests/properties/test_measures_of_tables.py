"""What holds for every run: row order does not matter, means lie within their parts, nobody is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.checks.ledger import FATES, ledger
from sim.measures import compute
from sim.measures.profiles import profiles
from tests import tiny_run

few = settings(max_examples=15)  # computing every measure takes a tenth of a second
vehicles = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.sampled_from(["w.up w e", "w.up w n.exit", "s n.exit", "s e"]),
        st.integers(0, 900),
        st.integers(35, 900),
        st.sampled_from(["arrived", "inside", "never_inserted"]),
    ),
    max_size=25,
)


def run_of(drawn: list[tuple[int, str, int, int, str]]) -> pd.DataFrame:
    return tiny_run.table(
        "trips",
        [
            tiny_run.trip(
                f"v{i}",
                scheduled_s,
                edges,
                depart_delay_s=float(waited_s),
                duration_s=0.0 if fate == "never_inserted" else float(drove_s),
                time_loss_s=0.0 if fate == "never_inserted" else drove_s - 35.0,
                fate=fate,
            )
            for i, (scheduled_s, edges, waited_s, drove_s, fate) in enumerate(drawn)
        ],
    )


@few
@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    view = tiny_run.view()
    rng = np.random.default_rng(seed)
    shuffled = {
        name: table.iloc[rng.permutation(len(table))].reset_index(drop=True)
        for name, table in view.tables.items()
    }
    pd.testing.assert_frame_equal(compute(view), compute(replace(view, tables=shuffled)))
    pd.testing.assert_frame_equal(profiles(view), profiles(replace(view, tables=shuffled)))


@few
@given(vehicles)
def test_conservation(drawn: list[tuple[int, str, int, int, str]]) -> None:
    trips = run_of(drawn)
    view = tiny_run.view(tables=tiny_run.tables(trips=trips))
    books = ledger(trips)
    assert books["demanded"] == len(drawn) == sum(books[fate] for fate in FATES)
    curves = profiles(view).set_index(["profile", "x"])["value"]
    last_s = curves.loc["demanded_veh"].index.max()
    inserted, arrived = curves["inserted_veh", last_s], curves["arrived_veh", last_s]
    assert curves["running_veh", last_s] == inserted - arrived
    assert curves["demanded_veh", last_s] >= inserted >= arrived
    assert (curves.loc["running_veh"] >= 0).all()
    for profile in ("demanded_veh", "inserted_veh", "arrived_veh"):
        assert curves.loc[profile].is_monotonic_increasing
    # Demand on every level is the sum of the level below.
    flows = compute(view)
    flows = flows[flows["measure"] == "demand_flow"]
    kinds = flows["scope"].str.split(":").str[0]
    sums = flows.groupby(kinds)["n"].sum()
    assert sums.get("movement", 0) == sums.get("approach", 0) == sums.get("junction", 0)


@few
@given(vehicles)
def test_totals_are_means_times_people(drawn: list[tuple[int, str, int, int, str]]) -> None:
    values = compute(tiny_run.view(tables=tiny_run.tables(trips=run_of(drawn))))
    network = values[values["scope"] == "network"].set_index("measure")
    n = network.loc["fair_travel_time", "n"]
    if n:
        total_h = network.loc["fair_travel_time", "value"] * n / 3600
        np.testing.assert_allclose(network.loc["vehicle_hours", "value"], total_h)
        np.testing.assert_allclose(network.loc["person_time", "value"], total_h)  # one person each
        assert network.loc["fair_delay", "value"] <= network.loc["fair_travel_time", "value"]
    assert network.loc["demand_flow", "n"] == n


@few
@given(st.lists(st.floats(0, 500), min_size=2, max_size=2), st.integers(1, 30), st.integers(1, 30))
def test_a_weighted_mean_lies_within_its_parts(losses_s: list[float], through: int, left: int) -> None:
    trips = [tiny_run.trip(f"t{i}", 1000, "w.up w e") for i in range(through)]
    trips += [tiny_run.trip(f"l{i}", 1000, "w.up w n.exit") for i in range(left)]
    zones = [
        {"movement": f"J1.west.{name}", "begin_s": 1000, "end_s": 1900, "vehicles": 1, "time_loss_s": loss_s}
        for name, loss_s in zip(("through", "left"), losses_s, strict=True)
    ]
    tables = tiny_run.tables(
        trips=tiny_run.table("trips", trips),
        zones=tiny_run.table("zones", [{**row, "travel_time_s": 1.0, "halts": 0.0} for row in zones]),
    )
    found = compute(tiny_run.view(tables=tables))
    delay = found[found["measure"] == "control_delay"].set_index("scope")["value"]
    parts = delay["movement:J1.west.through"], delay["movement:J1.west.left"]
    assert min(parts) - 1e-9 <= delay["approach:J1.west"] <= max(parts) + 1e-9
    expected = (through * parts[0] + left * parts[1]) / (through + left)
    np.testing.assert_allclose(delay["approach:J1.west"], expected)
