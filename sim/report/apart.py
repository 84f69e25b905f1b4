"""The report, made in processes of their own: what figures and fonts take is gone when they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.apart import Apart, done, give_back
from sim.kept import is_kept, keep
from sim.measures.spec import MeasureSpec
from sim.plots.written import FigureFile, read_index, write_index
from sim.tables import empty

if TYPE_CHECKING:
    from sim.plots.study_data import StudyData

SHARES_EACH = 4
"""Figures take their time, each another one: whoever has drawn a share takes the next."""

# Imported in the children: the parent is to have neither matplotlib nor the fonts in memory.
# ruff: noqa: PLC0415


def write_report(
    folder: Path,
    specs: Mapping[str, MeasureSpec],
    apart: Apart,
    followed: str,
    first: Sequence[Future[Any]] = (),
) -> None:
    """Write what `sim.report.page.write_report` writes, which see, and leave this process as small as it was.

    Drawing a page needs some 150 MB for matplotlib, fonts and figures, which Python would keep for good. The
    figures are drawn by as many processes as `apart` has, unless they are there still and were drawn from the
    same (the digest `followed`); the page is written when they and what is begun `first` are finished. Errors
    as `sim.report.page.write_report` and `sim.apart.done`.
    """
    drawn = folder / "figures"
    if is_kept(drawn, followed):
        figures = read_index(drawn)
    else:
        parts = SHARES_EACH * apart.jobs
        shares = [apart.begin(_figures, folder, dict(specs), part, parts) for part in range(parts)]
        figures = [figure for begun in shares for figure in done(begun)]
        write_index(figures, drawn)
        keep(drawn, followed)
    for begun in first:
        done(begun)
    page = apart.begin(_page, folder, dict(specs), figures)
    done(apart.begin(_workbook, folder, dict(specs)))
    done(page)


def prepare(apart: Apart) -> None:
    """Have the processes load what `write_report` will need of them, while they have nothing else to do."""
    for _ in range(apart.jobs):
        apart.begin(_load)


def _load() -> None:
    import sim.report.page  # noqa: F401
    from sim.plots.fonts import code_points
    from sim.plots.style import house_style

    code_points()
    with house_style():
        pass


def _figures(folder: Path, specs: Mapping[str, MeasureSpec], share: int, shares: int) -> list[FigureFile]:
    from sim.plots.figures import write_figures

    drawn = write_figures(_study(folder), specs, folder / "figures", share, shares)
    give_back()
    return drawn


def _page(folder: Path, specs: Mapping[str, MeasureSpec], figures: list[FigureFile]) -> None:
    from sim.plots.figures import in_order
    from sim.report.expert_review import write_review
    from sim.report.page import study_shown, write_page

    _study.cache_clear()  # a moving picture may have been recorded since
    give_back()
    figures = in_order(figures)
    shown = study_shown(folder, specs, figures)
    write_page(folder, shown)
    write_review(shown["data"], shown, figures, folder / "report.docx")


def _workbook(folder: Path, specs: Mapping[str, MeasureSpec]) -> None:
    from sim.plots.study_data import PROFILES
    from sim.report.workbook import write_workbook

    data = replace(_study(folder), profiles=empty(PROFILES))  # the largest table, which has no sheet
    _study.cache_clear()
    give_back()
    write_workbook(data, specs, folder / "report.xlsx")


@cache
def _study(folder: Path) -> StudyData:
    """Read a study for its figures, whose tables are written by then: a process draws those of one study."""
    from sim.plots.study_data import read_study

    return read_study(folder)
