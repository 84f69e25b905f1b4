"""The report, made in a process of its own: what figures and fonts take is gone when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.apart import apart
from sim.measures.spec import MeasureSpec


def write_report(folder: Path, specs: Mapping[str, MeasureSpec]) -> None:
    """Write what `sim.report.page.write_report` writes, which see, and leave this process as small as it was.

    Drawing a page needs some 150 MB for matplotlib, fonts and figures, which Python would keep for good.
    Errors as `sim.report.page.write_report` and `sim.apart.apart`.
    """
    apart(_write, folder, dict(specs))


def _write(folder: Path, specs: Mapping[str, MeasureSpec]) -> None:
    # Imported here, in the child: the parent is to have neither matplotlib nor the fonts in memory.
    from sim.report.page import write_report as write  # noqa: PLC0415

    write(folder, specs)
