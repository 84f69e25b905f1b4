"""Green bands against corridors whose optimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from sim.signals.band import CorridorLink, CorridorSignal, Green, green_bands, through_band_s

CYCLE_S = 80.0
SPEED_MPS = 12.5


def signal(green_s: float, start_s: float = 0, queue_s: float = 0) -> CorridorSignal:
    return CorridorSignal(Green(start_s, green_s, queue_s), Green(start_s, green_s, queue_s))


def link(length_m: float, **weights: float) -> CorridorLink:
    return CorridorLink(length_m / SPEED_MPS, length_m / SPEED_MPS, **weights)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("k", [1, 2])
def test_an_ideal_spacing_gives_the_whole_green_both_ways(uniform: bool, k: int) -> None:
    # d = k v C / 2: alternate (k = 1) or simultaneous (k = 2) offsets; both bands are the green.
    spacing_m = k * SPEED_MPS * CYCLE_S / 2
    found = green_bands([signal(35)] * 5, [link(spacing_m)] * 4, CYCLE_S, uniform=uniform)
    assert found.out_s == pytest.approx([35] * 4)
    assert found.home_s == pytest.approx([35] * 4)
    assert found.offsets_s == pytest.approx([0, 40, 0, 40, 0] if k == 1 else [0] * 5, abs=1e-5)
    assert through_band_s([signal(35)] * 5, [link(spacing_m)] * 4, CYCLE_S, found.offsets_s) == pytest.approx(
        (35, 35), abs=1e-4
    )


def test_the_worst_spacing_of_two_signals() -> None:
    # A quarter of the cycle apart, the two bands together lose 2 x C/4 at best: b + b' = 2 g - C/2.
    found = green_bands([signal(40)] * 2, [link(SPEED_MPS * CYCLE_S / 4)], CYCLE_S)
    assert found.out_s[0] + found.home_s[0] == pytest.approx(2 * 40 - 40)
    # Of all offsets that do, the fairer one.
    assert found.out_s[0] == pytest.approx(found.home_s[0])


def test_weights_turn_the_band_to_the_heavy_direction() -> None:
    found = green_bands([signal(40)] * 2, [link(SPEED_MPS * CYCLE_S / 4, out_weight=3.0)], CYCLE_S)
    assert found.out_s[0] == pytest.approx(40)
    assert found.home_s[0] == pytest.approx(0)
    assert found.offsets_s[1] == pytest.approx(20)  # one way: the travel time


def test_a_queue_moves_the_green_forward() -> None:
    # One way, 8 s of queue at the second signal: its green begins 8 s before the platoon comes.
    signals = [signal(30), signal(38, queue_s=8)]
    found = green_bands(signals, [CorridorLink(24, 24, 1.0, 0.0)], CYCLE_S)
    assert found.out_s == pytest.approx([30])
    assert found.offsets_s[1] == pytest.approx(24 - 8)


def test_link_specific_bands_are_wider_than_one_band() -> None:
    # The narrow signal at the end bounds MAXBAND's band everywhere, MULTIBAND's only on its own link.
    signals = [signal(50), signal(50), signal(15)]
    links = [link(500), link(500)]
    one = green_bands(signals, links, CYCLE_S, uniform=True)
    own = green_bands(signals, links, CYCLE_S)
    assert one.out_s[0] == one.out_s[1] <= 15 + 1e-6
    assert own.out_s[0] > 40
    assert sum((*own.out_s, *own.home_s)) >= sum((*one.out_s, *one.home_s)) - 1e-6


def test_bands_are_as_wide_as_said_and_no_random_offsets_beat_them() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        signals = [
            CorridorSignal(Green(rng.uniform(0, 80), rng.uniform(25, 45)), Green(rng.uniform(0, 80), 35))
            for _ in range(4)
        ]
        links = [link(rng.uniform(150, 600)) for _ in range(3)]
        found = green_bands(signals, links, CYCLE_S, uniform=True)
        measured = through_band_s(signals, links, CYCLE_S, found.offsets_s)
        assert measured[0] >= found.out_s[0] - 1e-4
        assert measured[1] >= found.home_s[0] - 1e-4
        best = max(
            sum(through_band_s(signals, links, CYCLE_S, [0, *rng.uniform(0, 80, 3)])) for _ in range(2000)
        )
        assert found.out_s[0] + found.home_s[0] >= best - 1.0


def test_a_corridor_has_two_signals() -> None:
    with pytest.raises(ValueError, match="1 signals"):
        green_bands([signal(30)], [], CYCLE_S)
