"""The whole comparison table as text, one row of every odd kind.

`HUANDU_REWRITE_GOLDEN=1` writes the files anew and still fails: read the difference, run again without it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sim.comparison.compare import SEVERITIES, compare
from sim.comparison.inference import VERDICTS
from sim.comparison.pairs import BASELINE, missing_pairs
from tests.comparison_tables import Key, findings_table, measures_table, spec

GOLDEN = Path(__file__).parent / "comparison"
NAN = math.nan
ARM = "retime"

# Ten replicates; the noise is the same ten numbers everywhere, mean 0: a row is told by its two literals.
DEMAND = np.array([-4.0, 3.0, -1.0, 5.0, 0.0, -5.0, 1.0, 4.0, -3.0, 0.0])
NOISE = np.array([1.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0, 2.0, -2.0])

SPECS = {
    "delay_s": spec("delay_s"),
    "throughput_vph": spec(
        "throughput_vph", unit="veh/h", direction="higher", mcid_abs=10.0, mcid_rel=0.02, censoring="exact"
    ),
    "queue_p95_m": spec("queue_p95_m", unit="m", mcid_abs=5.0, mcid_rel=0.1, interval="bootstrap"),
    "cycle_s": spec("cycle_s", unit="s", direction="none", mcid_abs=5.0, mcid_rel=0.0),
    "stops": spec("stops", unit="1/veh", mcid_abs=NAN, mcid_rel=NAN),
}

# (measure, scope): baseline's values, the arm's values.
ROWS: dict[tuple[str, str], tuple[Sequence[float | None], Sequence[float | None]]] = {
    ("delay_s", "network"): (60 + DEMAND, 50 + DEMAND + NOISE),
    ("delay_s", "movement:J1.improved_uncertain"): (60 + DEMAND, 57.5 + DEMAND + NOISE),
    ("delay_s", "movement:J1.equivalent"): (60 + DEMAND, 60.5 + DEMAND + NOISE),
    ("delay_s", "movement:J1.identical"): (60 + DEMAND, 60 + DEMAND),
    ("delay_s", "movement:J1.sure_but_negligible"): (60 + DEMAND, 59 + DEMAND + NOISE / 4),
    ("delay_s", "movement:J1.worse"): (60 + DEMAND, 66 + DEMAND + NOISE),
    ("delay_s", "movement:J1.worse_uncertain"): (60 + DEMAND, 63 + DEMAND + NOISE),
    ("delay_s", "movement:J1.inconclusive"): (60 + DEMAND, 59 + DEMAND + 5 * NOISE),
    ("delay_s", "movement:J1.same_in_every_run"): ([60.0] * 10, [50.0] * 10),
    ("delay_s", "movement:J1.starved_once"): (60 + DEMAND, [*(50 + DEMAND + NOISE)[:9], NAN]),
    ("delay_s", "movement:J1.closed"): (60 + DEMAND, [NAN] * 10),
    ("delay_s", "parking:P_new"): ([None] * 10, 30 + DEMAND),
    ("delay_s", "route:from_zero"): ([0.0] * 10, 12 + NOISE),
    ("delay_s", "route:around_zero"): (0.1 + DEMAND, 6 + DEMAND + NOISE),
    ("throughput_vph", "network"): (1500 + 10 * DEMAND, 1600 + 10 * DEMAND + 5 * NOISE),
    ("queue_p95_m", "approach:J1.north"): (120 + 5 * DEMAND, 90 + 5 * DEMAND + 6 * NOISE),
    ("cycle_s", "junction:J1"): ([90.0] * 10, [110.0] * 10),
    ("cycle_s", "junction:J2"): ([90.0] * 10, [92.0] * 10),
    ("stops", "network"): (1.5 + DEMAND / 20, 1.2 + DEMAND / 20 + NOISE / 20),
}

# Each of these is a period of its own with the two network rows: findings (arm, severity) on replicate 2.
GATES: dict[str, list[tuple[str, str]]] = {
    "gate_none": [],
    "gate_caution": [(ARM, "caution")],
    "gate_lower_bound_before": [(BASELINE, "lower_bound")],
    "gate_lower_bound_after": [(ARM, "lower_bound")],
    "gate_lower_bound_both": [(BASELINE, "lower_bound"), (ARM, "lower_bound")],
    "gate_invalid": [(BASELINE, "caution"), (ARM, "invalid")],
}


def table_inputs() -> tuple[dict[Key, Sequence[float | None]], list[tuple[str, str, int, str, str, str]]]:
    """Lay out every odd row in one period, and every gate, failure and shortage in another."""
    values: dict[Key, Sequence[float | None]] = {}
    findings = [(ARM, "odd", 3, "few_vehicles", "caution", "movement:J1.equivalent")]
    for (measure, scope), (before, after) in ROWS.items():
        values[BASELINE, "odd", measure, scope], values[ARM, "odd", measure, scope] = before, after
    for measure, scope in (("delay_s", "network"), ("throughput_vph", "network")):
        before, after = (list(side) for side in ROWS[measure, scope])
        without = [*after[:3], None, *after[4:]]
        for period in GATES:
            values[BASELINE, period, measure, scope], values[ARM, period, measure, scope] = before, after
        for period, arms_values in (
            ("run_failed", without),
            ("run_missing", without),
            ("all_failed", [None] * 10),
        ):
            values[BASELINE, period, measure, scope] = before
            values[ARM, period, measure, scope] = arms_values
        for period, few in (("pairs_3", 3), ("pairs_1", 1)):
            rest = [None] * (10 - few)
            values[BASELINE, period, measure, scope] = before
            values[ARM, period, measure, scope] = [*after[:few], *rest]
    findings += [
        (arm, period, 2, "finding", severity, "") for period, its in GATES.items() for arm, severity in its
    ]
    findings += [(ARM, "run_failed", 4, "run_failed", "invalid", "")]
    findings += [(ARM, "all_failed", replicate, "run_failed", "invalid", "") for replicate in range(1, 11)]
    return values, findings


@pytest.mark.parametrize("name", ["comparison", "missing"])
def test_the_table_is_the_one_committed(name: str) -> None:
    values, findings = table_inputs()
    function = compare if name == "comparison" else missing_pairs
    table = function(measures_table(values), findings_table(*findings), SPECS, primary="delay_s")
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    golden = GOLDEN / f"{name}.csv"
    if os.environ.get("HUANDU_REWRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail(
            f"{golden.name} was written anew: read the difference and run without HUANDU_REWRITE_GOLDEN"
        )
    assert text == golden.read_text(encoding="utf-8")


def test_the_table_holds_every_verdict_and_every_gate() -> None:
    values, findings = table_inputs()
    table = compare(measures_table(values), findings_table(*findings), SPECS, primary="delay_s")
    assert set(table["verdict"]) == set(VERDICTS)
    assert set(table["gate"]) == set(SEVERITIES)
