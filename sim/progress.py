"""How far a study is, on a terminal; where nobody watches one, `log.jsonl` of the study tells as much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from sim.runs.study_log import Tally


def tell(line: str) -> None:
    """Print a line above the bar, where somebody watches it."""
    if sys.stderr.isatty():
        tqdm.write(line, file=sys.stderr)


@contextmanager
def progress_bar() -> Iterator[Callable[[Tally], None]]:
    """Give a callback for a study's tally that draws a bar on stderr: counts, rate and time left."""
    shape = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}: {desc}"
    with tqdm(bar_format=shape, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

        def show(tally: Tally) -> None:
            bar.total = tally.total
            bar.n = tally.settled
            bar.set_description_str(tally.text(), refresh=False)
            bar.refresh() if tally.settled == tally.total else bar.update(0)

        yield show
