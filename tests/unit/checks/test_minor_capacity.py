"""What minor movements get through: read off standing queues, and held against an observation."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from sim.checks.findings import Gates, read_gates
from sim.checks.minor_capacity import GapCapacity, find_minor_capacity, gap_capacity


@pytest.fixture(scope="module")
def gates(repo_root: Path) -> Gates:
    return read_gates(repo_root / "configs" / "standards" / "gates.yaml")


def rows(served: list[int], queue: list[int], lane: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lane": lane,
            "begin_s": [60.0 * n for n in range(len(served))],
            "end_s": [60.0 * n + 60 for n in range(len(served))],
            "vehicles": served,
            "jam_max_veh": [float(n) for n in queue],
        }
    )


def test_only_minutes_between_two_queues_that_last_are_counted() -> None:
    # 10 >= 4 + 5, 12 >= 5 + 6, 11 >= 6 + 5, 9 < 5 + 7: a queue stands through the second and third minute.
    found = gap_capacity([rows([4, 5, 6, 5, 7], [10, 12, 11, 9, 0])])
    assert found == GapCapacity(3600 * (5 + 6) / 120, 120.0)


def test_runs_are_pooled_and_one_lane_without_a_queue_is_no_queue() -> None:
    one, other = rows([4, 5, 6, 5], [20] * 4), rows([1, 1, 2, 1], [9, 9, 9, 9], lane=2)
    both = pd.concat([one, other], ignore_index=True)
    assert gap_capacity([both, one]) == GapCapacity(3600 * (6 + 8 + 5 + 6) / 240, 240.0)
    idle = pd.concat([one, rows([3, 3, 3, 3], [1] * 4, lane=2)], ignore_index=True)
    found = gap_capacity([idle])
    assert math.isnan(found.vph)
    assert found.queued_s == 0


def test_an_empty_approach_has_no_queue() -> None:
    assert gap_capacity([rows([0, 0, 0, 0], [0, 0, 0, 0])]).queued_s == 0
    # Who stands for minutes without getting through has a capacity, of nothing.
    assert gap_capacity([rows([0, 0, 0, 0], [2, 2, 2, 2])]) == GapCapacity(0.0, 120.0)


LONG, SHORT = GapCapacity(300.0, 900.0), GapCapacity(300.0, 899.0)


@pytest.mark.parametrize(
    ("observed", "simulated", "found"),
    [
        ({"n": None, "s": None}, {}, [("minor_capacity_unobserved", 2.0)]),
        ({"n": 300.0, "s": None}, {"n": LONG, "s": LONG}, [("minor_capacity_unobserved", 1.0)]),
        ({"n": 300.0, "s": None}, {"n": LONG, "s": SHORT}, []),
        ({"n": 300.0}, {"n": SHORT}, [("minor_queue_too_short", 899.0)]),
        ({"n": 250.0}, {"n": LONG}, []),
        ({"n": 240.0}, {"n": LONG}, [("minor_capacity_differs", 0.25)]),
        ({"n": 400.0, "s": 290.0}, {"n": LONG, "s": LONG}, [("minor_capacity_differs", -0.25)]),
    ],
)
def test_a_verdict_waits_for_an_observation_that_agrees(
    observed: dict[str, float | None],
    simulated: dict[str, GapCapacity],
    found: list[tuple[str, float]],
    gates: Gates,
) -> None:
    table = find_minor_capacity(observed, simulated, gates)
    assert [(row.finding, row.value) for row in table.itertuples()] == found
    assert (table["severity"] == "invalid").all()
    assert (table["scope"] == "").all()
