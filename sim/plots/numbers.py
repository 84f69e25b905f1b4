"""How numbers are written: an interval's half-width shows two significant digits at most (METHODS 5.9)."""

from __future__ import annotations

import math

MINUS = "−"
NOTHING = "—"
"""Stands for a number that does not exist."""


def decimals_of(low: float, high: float, most: int, matters: float = 0.0) -> int:
    """Return with how many digits after the point a value with this interval is written; negative: tens.

    Two significant digits of the half-width at most, and no more than `most`, the measure's own, unless the
    half-width would vanish: then its first significant digit, if it is a tenth of what `matters` or more.
    Without a usable interval it is `most`.
    """
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return most
    leading = -math.floor(math.log10(half))  # the place of the first significant digit
    if round(half, leading) >= 10 ** (1 - leading):  # 0.96 is 1 at one digit
        leading -= 1
    two = leading + 1
    if round(half, two) >= 10 ** (2 - two):  # 9.96 is 10 at two digits
        two -= 1
    return min(two, most if half < matters / 10 else max(most, leading))


def number(value: float, decimals: int, sign: bool = False) -> str:
    """Write a number with a true minus; `sign` writes the plus too. Never a negative zero; a dash for NaN.

    Negative `decimals` round to tens and hundreds. From five digits on, thousands are parted by fixed spaces.
    """
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    rounded = round(value, decimals)
    digits = f"{abs(rounded):.{max(decimals, 0)}f}"
    whole, point, rest = digits.partition(".")
    if len(whole) > 4:  # noqa: PLR2004
        whole = f"{int(whole):,}".replace(",", "\u00a0")
    front = MINUS if rounded < 0 else "+" if sign and rounded > 0 else ""
    return f"{front}{whole}{point}{rest}"


def with_interval(
    value: float, low: float, high: float, most: int, *, percent: bool = False, matters: float = 0.0
) -> tuple[str, str]:
    """Write a difference and its interval to the same digits: ``("−14.1", "[−16.2, −12.0]")``.

    An end gets one or two digits more where it would be written as a zero that the interval does not hold.

    Parameters
    ----------
    value, low, high
        The difference and the ends of its interval; NaN ends: there is no interval, or it is unbounded.
    most
        Most digits after the point.
    percent
        Values are fractions, to be written in percent.
    matters
        The smallest change that matters; 0: not known, and every width is shown.
    """
    if percent:
        value, low, high = 100 * value, 100 * low, 100 * high
    decimals = decimals_of(low, high, most, matters)
    tail = "%" if percent else ""
    written = number(value, decimals, sign=True)
    interval = NOTHING
    if not (math.isnan(low) or math.isnan(high)):
        clear = low * high > 0 and (high - low) / 2 >= matters / 10
        ends = [_end(end, decimals, clear) for end in (low, high)]
        interval = f"[{ends[0]}, {ends[1]}]{tail}"
    return (written if written == NOTHING else written + tail), interval


def _end(value: float, decimals: int, clear: bool) -> str:
    """Write an end; where an interval is `clear` of zero an end is not rounded to it, if two digits help."""
    more = (decimals + k for k in range(3))
    chosen = next((k for k in more if not clear or round(value, k) != 0), decimals)
    return number(value, chosen, sign=True)


def range_words(low: float, high: float, digits: int = 2) -> str:
    """Write a range by its ends, so many significant digits of each: ``"−1.2 ~ 150"``; once if equal."""
    ends = [_significant(end, digits) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else " ~ ".join(ends)


def _significant(value: float, digits: int) -> str:
    if value == 0 or not math.isfinite(value):
        return number(value, 0)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    while decimals > 0 and round(value, decimals) == round(value, decimals - 1):
        decimals -= 1
    return number(value, decimals)
