"""A stage as a small picture: an arrow for every movement that goes, a bar for every crossing that walks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path

from sim.plots.style import AFTER, FAINT, INK

GREEN = "#009e73"
PERMISSIVE = "#7fbfa8"


class Arrow(NamedTuple):
    """A movement in a stage, by the bearings (degrees, clockwise from north) of the legs it joins."""

    bearing_deg: float
    exit_bearing_deg: float
    protected: bool


def draw_stage(axes: Axes, arrows: Iterable[Arrow], crossings_deg: Iterable[float], name: str) -> None:
    """Draw one stage on axes of its own: north is up, drivers keep to the right."""
    axes.set_xlim(-1.3, 1.3)
    axes.set_ylim(-1.3, 1.3)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.add_patch(Circle((0, 0), 1.2, facecolor="#f4f4f4", edgecolor="#d0d0d0", linewidth=0.7))
    for arrow in sorted(arrows, key=lambda a: a.protected):
        _arrow(axes, arrow)
    for bearing_deg in crossings_deg:
        _crossing(axes, bearing_deg)
    axes.text(0, 1.3, name, fontsize=8, color=INK, ha="center", va="bottom")


def _unit(bearing_deg: float) -> tuple[float, float]:
    angle = math.radians(bearing_deg)
    return math.sin(angle), math.cos(angle)


def _arrow(axes: Axes, arrow: Arrow) -> None:
    # Who comes in keeps to the right of the leg as they see it: on its left seen from the middle.
    (x, y), (u, v) = _unit(arrow.bearing_deg), _unit(arrow.exit_bearing_deg)
    aside = 0.2
    start = (0.95 * x - aside * y, 0.95 * y + aside * x)
    end = (0.95 * u + aside * v, 0.95 * v - aside * u)
    near = (0.25 * x - aside * y, 0.25 * y + aside * x)
    far = (0.25 * u + aside * v, 0.25 * v - aside * u)
    path = Path([start, near, far, end], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    axes.add_patch(
        FancyArrowPatch(
            path=path,
            arrowstyle="-|>",
            mutation_scale=7,
            shrinkA=0,
            shrinkB=0,
            linewidth=1.6 if arrow.protected else 1.1,
            linestyle="-" if arrow.protected else (0, (2.5, 1.5)),
            color=GREEN if arrow.protected else PERMISSIVE,
            capstyle="butt",
        )
    )


def _crossing(axes: Axes, bearing_deg: float) -> None:
    x, y = _unit(bearing_deg)
    ends = [(1.02 * x - side * y, 1.02 * y + side * x) for side in (-0.42, 0.42)]
    axes.plot(
        *zip(*ends, strict=True), color=AFTER, linewidth=3.0, linestyle=(0, (0.8, 0.5)), solid_capstyle="butt"
    )


def mark_colours() -> dict[str, str]:
    """Colours of the lights in bars."""
    return {"G": GREEN, "g": PERMISSIVE, "y": "#f0c808", "r": "#d8595033", "walk": AFTER, "faint": FAINT}
