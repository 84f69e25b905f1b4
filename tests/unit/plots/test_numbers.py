"""How numbers are written on figures and page."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.plots.numbers import decimals_of, number, with_interval


@pytest.mark.parametrize(
    ("value", "low", "high", "most", "written"),
    [
        (-14.08, -16.24, -11.92, 1, ("−14.1", "[−16.2, −11.9]")),
        (-14.08, -16.24, -11.92, 3, ("−14.1", "[−16.2, −11.9]")),  # the measure's own digits are no excuse
        (-140.8, -162.4, -119.2, 1, ("−141", "[−162, −119]")),
        (-1408.0, -1624.0, -1192.0, 1, ("−1410", "[−1620, −1190]")),
        (0.031, 0.02, 0.042, 2, ("+0.03", "[+0.02, +0.04]")),
        (
            0.0031,
            0.002,
            0.0042,
            2,
            ("+0.003", "[+0.002, +0.004]"),
        ),  # the half-width would vanish at two digits
        (0.04, -0.01, 0.09, 0, ("+0.04", "[−0.01, +0.09]")),
        (1.0, 0.004, 1.996, 3, ("+1.0", "[+0.004, +2.0]")),  # 0.996 is 1.0 at two digits; 0 lies outside
        (-0.01, -5.0, 4.98, 1, ("0.0", "[−5.0, +5.0]")),  # no negative zero
        (2.0, 2.0, 2.0, 1, ("+2.0", "[+2.0, +2.0]")),
        (2.0, math.nan, math.nan, 1, ("+2.0", "—")),
        (math.nan, math.nan, math.nan, 1, ("—", "—")),
        (
            -1234567.0,
            -1300000.0,
            -1100000.0,
            0,
            ("−1\u00a0230\u00a0000", "[−1\u00a0300\u00a0000, −1\u00a0100\u00a0000]"),
        ),
    ],
)
def test_difference_and_interval_are_written_alike(
    value: float, low: float, high: float, most: int, written: tuple[str, str]
) -> None:
    assert with_interval(value, low, high, most) == written


def test_widths_far_below_what_matters_get_no_digits_of_their_own() -> None:
    assert with_interval(-0.0021, -0.008, 0.003, 1, matters=2.0) == ("0.0", "[0.0, 0.0]")
    assert with_interval(-0.0021, -0.008, 0.003, 1, matters=math.nan) == ("−0.002", "[−0.008, +0.003]")
    assert with_interval(0.02, -0.01, 0.05, 1, matters=0.1) == ("+0.02", "[−0.01, +0.05]")


def test_percent_is_of_fractions() -> None:
    assert with_interval(-0.1234, -0.151, -0.096, 1, percent=True) == ("−12.3%", "[−15.1, −9.6]%")


@given(half=st.floats(1e-6, 1e6), centre=st.floats(-1e6, 1e6), most=st.integers(min_value=0, max_value=4))
def test_half_width_shows_one_or_two_significant_digits(half: float, centre: float, most: int) -> None:
    decimals = decimals_of(centre - half, centre + half, most)
    width = (centre + half - (centre - half)) / 2  # as the function sees it, rounding of floats included
    if width <= 0:
        assert decimals == most
        return
    significant = round(round(width, decimals) * 10.0**decimals)
    assert 1 <= significant <= 99
    assert decimals <= max(most, -math.floor(math.log10(width)))


def test_numbers_have_a_true_minus_and_a_dash_for_nothing() -> None:
    assert [number(-3.14159, 2), number(-0.001, 1), number(math.nan, 1), number(12345, 0)] == [
        "−3.14",
        "0.0",
        "—",
        "12\u00a0345",
    ]
