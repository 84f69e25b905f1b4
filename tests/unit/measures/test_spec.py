"""MeasureSpec: what it accepts and the smallest change that matters."""

from __future__ import annotations

import math

import pytest

from tests.comparison_tables import spec


@pytest.mark.parametrize(
    ("absolute", "relative", "before", "expected"),
    [
        (2.0, 0.05, 30.0, 2.0),
        (2.0, 0.05, 60.0, 3.0),
        (2.0, 0.05, -60.0, 3.0),
        (math.nan, 0.05, 60.0, 3.0),
        (2.0, math.nan, 60.0, 2.0),
        (2.0, 0.05, math.nan, 2.0),
        (0.0, 0.0, 60.0, 0.0),
    ],
)
def test_mcid_is_the_larger_of_the_two_parts(
    absolute: float, relative: float, before: float, expected: float
) -> None:
    assert spec(mcid_abs=absolute, mcid_rel=relative).mcid(before) == pytest.approx(expected)


def test_mcid_without_any_part_is_not_a_number() -> None:
    assert math.isnan(spec(mcid_abs=math.nan, mcid_rel=math.nan).mcid(60.0))


def test_every_problem_of_a_bad_spec_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="measure 'bad'") as caught:
        spec(
            "bad",
            direction="down",
            interval="z",
            censoring="none",
            name={"zh": "坏"},
            mcid_abs=-1.0,
            mcid_rel=math.inf,
            decimals=-1,
        )
    text = str(caught.value)
    for part in (
        "direction is 'down', not one of lower, higher, none",
        "interval is 'z', not one of t, bootstrap",
        "censoring is 'none', not one of optimistic, exact",
        "name has no text for 'en'",
        "mcid_abs is -1.0",
        "mcid_rel is inf",
        "decimals is -1",
    ):
        assert part in text
