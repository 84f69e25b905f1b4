"""How well the choice of ways is settled, for the page's evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.assignment.settled import read_assignment
from sim.labels import Text, text
from sim.plots.study_data import StudyData


def settled_lines(data: StudyData) -> list[dict[str, Any]]:
    """Return a line per arm and period with gap and loadings; none unless ways are in equilibrium."""
    lines = []
    for arm, period, iterations, gap, target in read_assignment(Path(data.folder)).itertuples(index=False):
        words: Text = text(
            "routes.settled.of",
            gap=f"{100 * gap:.1f}",
            target=f"{100 * target:g}",
            iterations=iterations,
        )
        lines.append(
            {"arm": data.arm_title(arm), "period": data.period_title(period), "words": words,
             "open": gap > target}
        )  # fmt: skip
    return lines
