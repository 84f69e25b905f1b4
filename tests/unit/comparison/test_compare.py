"""The comparison table: pairing, gates, families, refusals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.checks.findings import SEVERITY
from sim.comparison.compare import COMPARISON, SEVERITIES, compare
from sim.comparison.pairs import BASELINE, MISSING, missing_pairs
from sim.comparison.policy_verdict import policy_verdict
from sim.errors import ConfigError
from sim.tables import FINDINGS, MEASURES, empty
from tests.comparison_tables import Key, findings_table, measures_table, spec, two_arms

SPECS = {"delay_s": spec()}
BEFORE = [60.0, 64.0, 56.0, 60.0, 62.0]
BETTER = [50.0, 53.0, 47.0, 50.0, 52.0]
WORSE = [70.0, 75.0, 65.0, 70.0, 72.0]
NAN = math.nan


def table(
    measures: pd.DataFrame, *findings: tuple[str, str, int, str, str, str], **options: Any
) -> pd.DataFrame:
    settings = {"primary": "delay_s"} | options
    return compare(measures, findings_table(*findings), settings.pop("specs", SPECS), **settings)


def row(measures: pd.DataFrame, *findings: tuple[str, str, int, str, str, str], **options: Any) -> Any:
    result = table(measures, *findings, **options)
    assert len(result) == 1
    return result.iloc[0]


def test_one_row_by_hand() -> None:
    # Differences -10 -12 -8 -10, s = sqrt(8/3), t(.975, 3) = 3.182446; MCID 5 % of 101.
    got = row(two_arms([100.0, 110.0, 90.0, 104.0], [90.0, 98.0, 82.0, 94.0]))
    half = 3.182446305 * math.sqrt(8 / 3) / 2
    expected = {
        "before": 101,
        "after": 91,
        "sd_before": math.sqrt(212 / 3),
        "sd_after": math.sqrt(140 / 3),
        "difference": -10,
        "ci_low": -10 - half,
        "ci_high": -10 + half,
        "relative": -10 / 101,
        "mcid": 5.05,
        "n_pairs": 4,
        # A family of one: Student's t with 3 degrees of freedom in closed form at t = sqrt(150), t^2/3 = 50.
        "p_holm": 1 - 2 / math.pi * (math.sqrt(50) / 51 + math.atan(math.sqrt(50))),
    }
    assert {name: float(got[name]) for name in expected} == pytest.approx(expected, rel=1e-4)
    assert got["relative_ci_low"] < got["relative"] < got["relative_ci_high"] < 0
    words = ["arm", "period", "measure", "scope", "unit", "direction", "gate", "verdict"]
    assert list(got[words]) == ["retime", "am", "delay_s", "network", "s/veh", "lower", "", "improved"]


def test_columns_and_order() -> None:
    values = {
        (arm, period, "delay_s", scope): BEFORE
        for arm in ("b", BASELINE, "a")
        for period in ("pm", "am")
        for scope in ("network", "approach:J1.north")
    }
    result = table(measures_table(values))
    assert list(result.columns) == list(COMPARISON)
    assert {name: str(kind) for name, kind in result.dtypes.items()} == dict(COMPARISON)
    keys = list(zip(result["arm"], result["period"], result["measure"], result["scope"], strict=True))
    assert keys == sorted(keys)
    assert len(keys) == 8
    assert BASELINE not in set(result["arm"])


def test_the_order_of_the_rows_does_not_matter_to_the_last_byte() -> None:
    rng = np.random.default_rng(7)
    specs = SPECS | {"queue_m": spec("queue_m", interval="bootstrap")}
    measures = measures_table(
        {
            (arm, period, measure, scope): list(rng.normal(60, 9, 12))
            for arm in (BASELINE, "a", "b")
            for period in ("am", "pm")
            for measure in specs
            for scope in ("network", "junction:J1")
        }
    )
    findings = findings_table(
        ("a", "am", 3, "insertion_share", "caution", ""),
        ("b", "pm", 4, "teleports", "invalid", ""),
        ("b", "am", 5, "uncleared", "lower_bound", ""),
    )
    first = compare(measures, findings, specs, primary="delay_s").to_csv()
    for seed in range(5):
        shuffled = (part.sample(frac=1, random_state=seed) for part in (measures, findings))
        assert compare(*shuffled, specs, primary="delay_s").to_csv() == first


def test_no_runs_at_all_is_an_empty_table() -> None:
    result = compare(empty(MEASURES), empty(FINDINGS), SPECS, primary="delay_s")
    assert result.empty
    assert list(result.columns) == list(COMPARISON)
    assert missing_pairs(empty(MEASURES), empty(FINDINGS), SPECS, primary="delay_s").empty


# --- Pairing -----------------------------------------------------------------------------------------------


def test_a_missing_run_is_listed_and_counted() -> None:
    measures = two_arms(BEFORE, [50.0, 53.0, None, 50.0, 52.0])
    got = row(measures)
    assert got["n_pairs"] == 4
    assert got["before"] == pytest.approx(61.5)  # without the third
    assert got["difference"] == pytest.approx(got["after"] - got["before"])
    assert (got["gate"], got["verdict"]) == ("caution", "improved")
    listed = missing_pairs(measures, findings_table(), SPECS, primary="delay_s")
    assert list(listed.columns) == list(MISSING)
    assert listed.to_numpy().tolist() == [["retime", "am", "delay_s", "network", 3, "", "no_run"]]


def test_a_replicate_that_ran_nowhere_is_missed_only_when_planned() -> None:
    measures = two_arms(BEFORE, BETTER)
    assert row(measures)["gate"] == ""
    assert row(measures, replicates=range(1, 7))["gate"] == "caution"
    listed = missing_pairs(measures, findings_table(), SPECS, primary="delay_s", replicates=range(1, 7))
    assert listed.to_numpy().tolist() == [["retime", "am", "delay_s", "network", 6, "no_run", "no_run"]]


def test_a_failed_run_makes_the_pair_invalid() -> None:
    failed = ("retime", "am", 3, "run_failed", "invalid", "")
    got = row(two_arms(BEFORE, [50.0, 53.0, None, 50.0, 52.0]), failed)
    assert (got["gate"], got["verdict"], got["n_pairs"]) == ("invalid", "not_comparable", 4)
    assert got["difference"] < 0  # the number stays, the verdict goes
    assert math.isnan(got["p_holm"])


def test_an_arm_without_any_successful_run_still_has_its_rows() -> None:
    measures = measures_table({(BASELINE, "am", "delay_s", "network"): BEFORE})
    got = row(measures, *(("retime", "am", r, "run_failed", "invalid", "") for r in range(1, 6)))
    assert (got["arm"], got["verdict"], got["n_pairs"], got["gate"]) == (
        "retime",
        "not_comparable",
        0,
        "invalid",
    )
    assert got["before"] == pytest.approx(60.4)
    assert math.isnan(got["after"])
    assert math.isnan(got["difference"])


def test_a_study_in_which_everything_failed_still_has_its_primary_row() -> None:
    findings = [(arm, "am", 1, "run_failed", "invalid", "") for arm in (BASELINE, "retime")]
    got = row(empty(MEASURES), *findings)
    assert (got["measure"], got["scope"], got["verdict"]) == ("delay_s", "network", "not_comparable")


def test_a_period_that_one_arm_lacks_is_not_comparable() -> None:
    measures = measures_table(
        {
            (BASELINE, "am", "delay_s", "network"): BEFORE,
            (BASELINE, "pm", "delay_s", "network"): BEFORE,
            ("retime", "am", "delay_s", "network"): BETTER,
        }
    )
    assert list(table(measures)["verdict"]) == ["improved", "not_comparable"]


def test_an_object_that_only_one_arm_has_is_shown_but_not_compared() -> None:
    values = {
        (BASELINE, "am", "delay_s", "network"): BEFORE,
        ("retime", "am", "delay_s", "network"): BETTER,
        ("retime", "am", "delay_s", "parking:P1"): BETTER,
    }
    new = table(measures_table(values)).iloc[1]
    assert (new["scope"], new["verdict"], new["n_pairs"], new["gate"]) == (
        "parking:P1",
        "not_comparable",
        0,
        "caution",
    )
    assert new["after"] == pytest.approx(50.4)
    assert math.isnan(new["relative"])


@pytest.mark.parametrize(
    ("before", "after", "verdict", "gate"),
    [
        # Nobody got through in the after-arm's third run: that is no improvement, whatever the others say.
        (BEFORE, [50.0, 53.0, NAN, 50.0, 52.0], "inconclusive", "lower_bound"),
        (BEFORE, [70.0, 75.0, NAN, 70.0, 72.0], "worse", "lower_bound"),
        ([60.0, 64.0, NAN, 60.0, 62.0], BETTER, "improved", "lower_bound"),
        ([60.0, 64.0, NAN, 60.0, 62.0], WORSE, "inconclusive", "lower_bound"),
        # Nobody there in either arm says nothing about either.
        ([60.0, 64.0, NAN, 60.0, 62.0], [50.0, 53.0, NAN, 50.0, 52.0], "improved", "caution"),
    ],
)
def test_a_value_missing_on_one_side_is_censored_on_that_side(
    before: Sequence[float], after: Sequence[float], verdict: str, gate: str
) -> None:
    measures = two_arms(before, after)
    got = row(measures)
    assert (got["verdict"], got["gate"], got["n_pairs"]) == (verdict, gate, 4)
    listed = missing_pairs(measures, findings_table(), SPECS, primary="delay_s")
    sides = ["not_observed" if math.isnan(side[2]) else "" for side in (before, after)]
    assert listed[["replicate", "before", "after"]].to_numpy().tolist() == [[3, *sides]]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_smoke_study_has_a_table_but_no_verdict(n: int) -> None:
    got = row(two_arms(BEFORE[:n], BETTER[:n]))
    assert (got["verdict"], got["n_pairs"]) == ("inconclusive", n)
    assert got["difference"] < 0
    assert math.isnan(got["ci_low"]) == (n == 1)


# --- Gates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "gate", "verdict"),
    [
        (("retime", "am", 1, "f", "caution", ""), "caution", "improved"),
        ((BASELINE, "am", 1, "f", "caution", "network"), "caution", "improved"),
        ((BASELINE, "am", 1, "f", "lower_bound", ""), "lower_bound", "improved"),
        (("retime", "am", 1, "f", "lower_bound", ""), "lower_bound", "inconclusive"),
        (("retime", "am", 1, "f", "invalid", ""), "invalid", "not_comparable"),
        ((BASELINE, "am", 1, "f", "invalid", "network"), "invalid", "not_comparable"),
        # Another arm, another period, another scope: none of this row's business.
        (("lane_use", "am", 1, "f", "invalid", ""), "", "improved"),
        (("retime", "pm", 1, "f", "invalid", ""), "", "improved"),
        (("retime", "am", 1, "f", "invalid", "junction:J1"), "", "improved"),
    ],
)
def test_a_finding_gates_the_rows_it_applies_to(
    finding: tuple[str, str, int, str, str, str], gate: str, verdict: str
) -> None:
    result = table(two_arms(BEFORE, BETTER), finding)
    got = result[(result["arm"] == "retime") & (result["period"] == "am")].iloc[0]
    assert (got["gate"], got["verdict"]) == (gate, verdict)


def test_every_finding_of_the_checks_has_a_severity_known_here() -> None:
    assert set(SEVERITY.values()) == set(SEVERITIES) - {""}


def test_the_worst_severity_is_the_gate() -> None:
    findings = [
        ("retime", "am", 1, "a", "lower_bound", ""),
        ("retime", "am", 2, "b", "caution", ""),
        (BASELINE, "am", 2, "c", "invalid", ""),
    ]
    assert row(two_arms(BEFORE, BETTER), *findings[:2])["gate"] == "lower_bound"
    assert row(two_arms(BEFORE, BETTER), *findings)["gate"] == "invalid"


def test_a_gate_on_a_scope_leaves_the_others_their_verdict() -> None:
    values = {
        (arm, "am", "delay_s", scope): series
        for arm, series in ((BASELINE, BEFORE), ("retime", BETTER))
        for scope in ("movement:J1.north.left", "network")
    }
    few = ("retime", "am", 1, "few_vehicles", "invalid", "movement:J1.north.left")
    assert list(table(measures_table(values), few)["verdict"]) == ["not_comparable", "improved"]


def test_censoring_leaves_alone_what_is_observed_whatever_happens_later() -> None:
    specs = {"delay_s": spec(direction="higher", censoring="exact", mcid_abs=1.0, mcid_rel=0.0)}
    uncleared = [(arm, "am", 1, "uncleared", "lower_bound", "") for arm in (BASELINE, "retime")]
    got = row(two_arms(BEFORE, WORSE), *uncleared, specs=specs)
    assert (got["gate"], got["verdict"]) == ("lower_bound", "improved")


def test_two_constant_arms_that_differ_are_flagged() -> None:
    got = row(two_arms([60.0] * 5, [50.0] * 5))
    assert (got["gate"], got["verdict"], got["sd_before"], got["ci_low"]) == ("caution", "improved", 0, -10)
    assert row(two_arms([60.0] * 5, [60.0] * 5))["gate"] == ""
    assert row(two_arms(BEFORE, [value - 10 for value in BEFORE]))["gate"] == ""


# --- Families and the primary measure -----------------------------------------------------------------------


def test_holm_runs_over_arms_and_periods_of_the_primary_measure_only() -> None:
    rng = np.random.default_rng(8)
    values: dict[Key, list[float]] = {}
    for period in ("am", "pm"):
        before = rng.normal(60, 5, 10)
        for arm, shift in ((BASELINE, 0.0), ("a", -1.0), ("b", -2.0)):
            for scope in ("network", "junction:J1"):
                values[arm, period, "delay_s", scope] = list(before + shift + rng.normal(0, 2, 10))
                values[arm, period, "stops", scope] = list(before + shift + rng.normal(0, 2, 10))
    measures = measures_table(values)
    specs = SPECS | {"stops": spec("stops")}
    result = table(measures, ("b", "pm", 1, "teleports", "invalid", ""), specs=specs)
    family = (result["measure"] == "delay_s") & (result["scope"] == "network")
    assert result.loc[~family, "p_holm"].isna().all()
    # Four planned comparisons, one of them invalid: three p-values, still multiplied as the first of four.
    plain = {}
    for arm, period in (("a", "am"), ("a", "pm"), ("b", "am")):
        pair = [np.array(values[side, period, "delay_s", "network"]) for side in (BASELINE, arm)]
        difference = pair[1] - pair[0]
        plain[arm, period] = float(stats.ttest_1samp(difference, 0).pvalue)
    got = {(r.arm, r.period): r.p_holm for r in result[family].itertuples()}
    assert math.isnan(got.pop(("b", "pm")))
    ordered = sorted(plain, key=lambda key: plain[key])
    running = 0.0
    for factor, key in zip((4, 3, 2), ordered, strict=True):
        running = max(running, min(1.0, plain[key] * factor))
        assert got[key] == pytest.approx(running)


def test_the_primary_measure_may_be_read_at_another_scope() -> None:
    values = {
        (arm, "am", "delay_s", scope): series
        for arm, series in ((BASELINE, BEFORE), ("retime", BETTER))
        for scope in ("junction:J1", "network")
    }
    result = table(measures_table(values), primary_scope="junction:J1")
    assert result["p_holm"].notna().tolist() == [True, False]
    assert policy_verdict(result, "delay_s", "retime", "junction:J1") == ("improved", False)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ({"am": BETTER}, "improved"),
        ({"am": BETTER, "pm": BEFORE}, "improved"),
        ({"am": BETTER, "pm": WORSE}, "worse"),
        ({"am": BEFORE, "pm": BEFORE}, "equivalent"),
        ({"am": BETTER, "pm": [50.0, 76.0, 48.0, 70.0, 58.0]}, "inconclusive"),
        ({"am": BETTER, "pm": [None] * 5}, "not_comparable"),
        ({"am": WORSE, "pm": [None] * 5}, "worse"),
        ({"am": [61.5, 67.5, 60.0, 62.5, 65.5], "pm": [None] * 5}, "worse_uncertain"),
        ({"am": [58.5, 60.5, 52.0, 57.5, 58.5], "pm": BEFORE}, "improved_uncertain"),
        ({"am": [61.5, 67.5, 60.0, 62.5, 65.5], "pm": BETTER}, "worse_uncertain"),
    ],
)
def test_a_permanent_change_must_do_no_harm_in_any_period(
    periods: Mapping[str, Sequence[float | None]], expected: str
) -> None:
    values = {(BASELINE, period, "delay_s", "network"): BEFORE for period in periods}
    values |= {("retime", period, "delay_s", "network"): list(series) for period, series in periods.items()}
    assert policy_verdict(table(measures_table(values)), "delay_s", "retime").token == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BETTER, ("improved", True)),
        (BEFORE, ("equivalent", True)),
        (WORSE, ("worse", False)),  # harm in one period stands, whatever the others would show
        ([50.0, 76.0, 48.0, 70.0, 58.0], ("inconclusive", False)),
    ],
)
def test_a_declared_period_that_was_not_simulated_limits_what_is_said(
    after: Sequence[float], expected: tuple[str, bool]
) -> None:
    found = policy_verdict(table(two_arms(BEFORE, after)), "delay_s", "retime", not_simulated=["midday"])
    assert found == expected


def test_policy_verdict_needs_its_row() -> None:
    with pytest.raises(ValueError, match="no row 'lane_use', 'delay_s', 'network'"):
        policy_verdict(table(two_arms(BEFORE, BETTER)), "delay_s", "lane_use")


# --- Refusals -----------------------------------------------------------------------------------------------


def test_a_bad_question_names_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        table(two_arms(BEFORE, BETTER), primary="delays_s", confidence=95)
    text = str(caught.value)
    assert "primary: there is no measure 'delays_s' (did you mean delay_s?)" in text
    assert "confidence: 95 is not between 0.5 and 1" in text


def test_a_primary_measure_without_direction_is_refused() -> None:
    with pytest.raises(ConfigError, match="measure 'cycle_s' has no direction"):
        table(
            two_arms(BEFORE, BETTER),
            primary="cycle_s",
            specs=SPECS | {"cycle_s": spec("cycle_s", direction="none")},
        )


def test_tables_that_break_their_contract_are_refused() -> None:
    measures = two_arms(BEFORE, BETTER)
    with pytest.raises(ValueError, match="1 rows of measures occur twice"):
        table(pd.concat([measures, measures.head(1)]))
    with pytest.raises(ValueError, match="infinite"):
        table(two_arms(BEFORE, [math.inf, *BETTER[1:]]))
    with pytest.raises(ValueError, match="no MeasureSpec for"):
        table(measures_table({(BASELINE, "am", "speed", "network"): BEFORE}))
    with pytest.raises(ValueError, match="unknown severities: \\['fatal'\\]"):
        table(measures, ("retime", "am", 1, "f", "fatal", ""))
    with pytest.raises(ValueError, match="not planned: \\[4, 5\\]"):
        table(measures, replicates=range(1, 4))
    with pytest.raises(ValueError, match="columns"):
        table(measures.drop(columns="n"))
