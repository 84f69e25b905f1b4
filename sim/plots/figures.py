"""All the figures of a study: drawn in the order of the page, written as PNG and SVG."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from sim.measures.spec import MeasureSpec
from sim.plots import (
    delay_distribution,
    forest,
    movement_bars,
    paired_dots,
    parking_curve,
    phase_diagram,
    queue_over_time,
    robustness,
    street_map,
    throughput,
    time_space,
    trip_scatter,
    warm_up,
    waterfall,
)
from sim.plots.study_data import StudyData
from sim.plots.style import house_style, save
from sim.plots.written import FigureFile

FIGURES = (
    forest,
    street_map,
    paired_dots,
    waterfall,
    robustness,
    trip_scatter,
    movement_bars,
    queue_over_time,
    throughput,
    delay_distribution,
    parking_curve,
    warm_up,
    phase_diagram,
    time_space,
)
"""In the order in which the page shows them."""
SIGNAL_FIGURES = frozenset({phase_diagram.KEY, time_space.KEY})
"""Shown in the page's section of signals."""


def write_figures(
    data: StudyData, specs: Mapping[str, MeasureSpec], folder: Path, share: int = 0, shares: int = 1
) -> list[FigureFile]:
    """Draw every figure that the tables allow, write each as PNG and SVG, and say what was written.

    Several processes draw one study together, each its `share` of so many `shares`.
    """
    return list(_written(data, specs, folder, FIGURES[share::shares]))


def in_order(figures: Iterable[FigureFile]) -> list[FigureFile]:
    """Put what several processes have drawn into the order of the page."""
    keys = [module.KEY for module in FIGURES]
    return sorted(figures, key=lambda figure: keys.index(figure.key))


def _written(
    data: StudyData, specs: Mapping[str, MeasureSpec], folder: Path, modules: Iterable[ModuleType]
) -> Iterator[FigureFile]:
    of: dict[tuple[str, str], int] = {}
    for module in modules:
        for drawing in module.draw(data, specs):
            name = drawing.key
            if drawing.period:
                # A period's id comes from a file and may hold anything; its number keeps two of them apart.
                plain = re.sub(r"[^A-Za-z0-9_-]+", "_", drawing.period)[:40]
                name += f".{data.periods.index(drawing.period) + 1}.{plain}"
            if drawing.of:
                of[drawing.key, drawing.period] = number = of.get((drawing.key, drawing.period), 0) + 1
                name += f".{number}.{re.sub(r'[^A-Za-z0-9_-]+', '_', drawing.of)[:40]}"
            with house_style():
                yield FigureFile(drawing.key, drawing.period, *save(drawing.figure, folder, name))
