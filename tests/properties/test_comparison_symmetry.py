"""What must hold for any numbers: symmetry of arms, units, order and direction."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.comparison import inference
from sim.comparison.compare import compare
from sim.comparison.inference import Side
from sim.comparison.pairs import BASELINE
from sim.measures.spec import Interval, MeasureSpec
from tests.comparison_tables import findings_table, spec, two_arms

# Quarter seconds: sums and differences are exact, so that symmetry can be asked for to the last bit.
VALUES = st.integers(min_value=1, max_value=800).map(lambda quarters: quarters / 4)


@st.composite
def pairs_of_runs(draw: st.DrawFn, min_size: int = 1) -> list[tuple[float, float]]:
    """Draw a baseline, a shift and a spread of the shift: from certain effects to pure noise."""
    before = draw(st.lists(VALUES, min_size=draw(st.sampled_from([min_size, 4, 10])), max_size=12))
    shift = draw(st.one_of(st.integers(-60, 60), st.integers(-12, 12)))
    spread = draw(st.sampled_from([1, 4, 12, 400]))
    noise = st.integers(-spread, spread)
    return [(value, value + (shift + draw(noise)) / 4) for value in before]


PAIRS = pairs_of_runs()
SEVERITY = st.sampled_from(["", "", "caution", "lower_bound", "lower_bound", "invalid"])
INTERVAL = st.sampled_from(["t", "bootstrap"])

MIRROR = {
    "improved": "worse",
    "improved_uncertain": "worse_uncertain",
    "worse": "improved",
    "worse_uncertain": "improved_uncertain",
}


def one_row(
    before: list[float], after: list[float], measure: MeasureSpec, gates: tuple[str, str] = ("", "")
) -> pd.Series:
    findings = findings_table(
        *(
            (arm, "am", 1, "finding", severity, "")
            for arm, severity in zip((BASELINE, "retime"), gates, strict=True)
            if severity
        )
    )
    return compare(two_arms(before, after), findings, {"delay_s": measure}, primary="delay_s").iloc[0]


@given(pairs=PAIRS, interval=INTERVAL, gates=st.tuples(SEVERITY, SEVERITY))
def test_swapping_the_arms_mirrors_the_row(
    pairs: list[tuple[float, float]], interval: Interval, gates: tuple[str, str]
) -> None:
    # The margin must not depend on which arm is the baseline; findings move with their arm.
    measure = spec(mcid_rel=0.0, interval=interval)
    before, after = map(list, zip(*pairs, strict=True))
    there = one_row(before, after, measure, gates)
    back = one_row(after, before, measure, gates[::-1])
    for name, mirrored in (("difference", "difference"), ("ci_low", "ci_high"), ("ci_high", "ci_low")):
        assert there[name] == pytest.approx(-back[mirrored], rel=1e-9, abs=1e-9, nan_ok=True)
    assert there["gate"] == back["gate"]
    assert there["verdict"] == MIRROR.get(back["verdict"], back["verdict"])
    assert there["p_holm"] == pytest.approx(back["p_holm"], nan_ok=True)


@given(pairs=PAIRS, interval=INTERVAL, power=st.integers(min_value=-8, max_value=8))
def test_another_unit_scales_the_interval_and_leaves_the_verdict(
    pairs: list[tuple[float, float]], interval: Interval, power: int
) -> None:
    # A power of two, so that scaling rounds nothing.
    factor = 2.0**power
    before, after = map(list, zip(*pairs, strict=True))
    plain = one_row(before, after, spec(interval=interval))
    scaled = one_row(
        [value * factor for value in before],
        [value * factor for value in after],
        spec(interval=interval, mcid_abs=2.0 * factor),
    )
    for name in ("before", "after", "sd_before", "sd_after", "difference", "ci_low", "ci_high", "mcid"):
        assert scaled[name] == pytest.approx(plain[name] * factor, rel=1e-12, nan_ok=True)
    for name in ("relative", "relative_ci_low", "relative_ci_high", "p_holm"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-9, nan_ok=True)
    assert scaled["verdict"] == plain["verdict"]


@given(pairs=PAIRS, gates=st.tuples(SEVERITY, SEVERITY))
def test_more_is_better_is_less_is_better_of_the_negative(
    pairs: list[tuple[float, float]], gates: tuple[str, str]
) -> None:
    before, after = map(list, zip(*pairs, strict=True))
    less = one_row(before, after, spec(mcid_rel=0.0), gates)
    more = one_row(
        [-value for value in before],
        [-value for value in after],
        spec(mcid_rel=0.0, direction="higher"),
        gates,
    )
    assert less["verdict"] == more["verdict"]


@given(pairs=PAIRS, interval=INTERVAL)
def test_the_interval_holds_its_estimate_and_the_narrower_one_lies_within(
    pairs: list[tuple[float, float]], interval: Interval
) -> None:
    differences = [after - before for before, after in pairs]
    function = inference.paired_t if interval == "t" else inference.paired_bootstrap
    got = function(differences, 0.95)
    if len(pairs) == 1:
        assert math.isnan(got.ci_low)
        return
    slack = 1e-9
    assert got.ci_low <= got.tost_low + slack
    assert got.tost_low <= got.difference + slack
    assert got.difference <= got.tost_high + slack
    assert got.tost_high <= got.ci_high + slack
    assert 0 <= got.p <= 1


@given(pairs=pairs_of_runs(min_size=2))
def test_the_relative_and_the_absolute_interval_agree_on_zero(pairs: list[tuple[float, float]]) -> None:
    before, after = map(list, zip(*pairs, strict=True))
    absolute = inference.paired_t([b - a for a, b in pairs], 0.95)
    _, low, high = inference.relative_fieller(before, after, 0.95)
    # Exactly on zero rounding decides; a hundredth of a second away it must not.
    if not math.isnan(low) and min(abs(absolute.ci_low), abs(absolute.ci_high)) > 0.01:
        assert (low > 0, high < 0) == (absolute.ci_low > 0, absolute.ci_high < 0)


@given(
    low=st.floats(-10, 10),
    width=st.floats(0, 10),
    mcid=st.floats(0, 5),
    sides=st.sets(st.sampled_from(["before", "after"])),
)
def test_censoring_only_ever_takes_a_claim_back(
    low: float, width: float, mcid: float, sides: set[Side]
) -> None:
    estimate = inference.Estimate(low + width / 2, low, low + width, low, low + width, 0.5)
    free = inference.verdict(estimate, mcid, "lower", 10)
    censored = inference.verdict(estimate, mcid, "lower", 10, lower_bound=sides)
    weaker = {
        "equivalent": {"inconclusive"} if sides == {"before", "after"} else set(MIRROR) | {"inconclusive"}
    }
    assert censored == free or censored in weaker.get(free, {"inconclusive"})
    if "after" in sides:
        assert censored in {"worse", "worse_uncertain", "inconclusive"}
    if "before" in sides:
        assert censored in {"improved", "improved_uncertain", "inconclusive"}


@given(p=st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p: list[float]) -> None:
    adjusted = inference.holm(p)
    known = [(raw, new) for raw, new in zip(p, adjusted, strict=True) if not math.isnan(raw)]
    assert all(raw <= new <= 1 for raw, new in known)
    assert [new for _, new in sorted(known)] == sorted(new for _, new in known)
    assert sum(map(math.isnan, adjusted)) == sum(map(math.isnan, p))
