"""The report, made in a process of its own: what figures and fonts take is gone when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from sim.errors import RunError
from sim.labels import Message, text
from sim.measures.spec import MeasureSpec


def write_report(folder: Path, specs: Mapping[str, MeasureSpec]) -> None:
    """Write what `sim.report.page.write_report` writes, which see, and leave this process as small as it was.

    Drawing a page needs some 150 MB for matplotlib, fonts and figures, which Python would keep for good. A
    spawned process starts without this one's tables; a forked one would not.

    Raises
    ------
    ConfigError
        As `sim.report.page.write_report`.
    RunError
        If the process was killed; the tables are written, so `huandu report` can try again.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as executor:
        try:
            executor.submit(_write, folder, dict(specs)).result()
        except BrokenProcessPool as error:
            raise RunError(Message("{told}", told=text("report.killed", folder=folder))) from error


def _write(folder: Path, specs: Mapping[str, MeasureSpec]) -> None:
    # Imported here, in the child: the parent is to have neither matplotlib nor the fonts in memory.
    from sim.report.page import write_report as write  # noqa: PLC0415

    write(folder, specs)
