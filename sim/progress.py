"""How far a study is, on a terminal; where nobody watches one, `log.jsonl` of the study tells as much."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from sim.labels import LANGS
from sim.runs.study_log import Tally

REDRAWN_S = 0.1
"""The bar is drawn anew at most so often: to put its line into words takes longer than to count a run."""


def tell(line: str) -> None:
    """Print a line above the bar, where somebody watches it."""
    if sys.stderr.isatty():
        tqdm.write(line, file=sys.stderr)


@contextmanager
def progress_bar() -> Iterator[Callable[[Tally], None]]:
    """Give a callback for a study's tally that draws a bar on stderr: counts, rate and time left.

    A terminal's line does not hold both languages: Chinese stands beside the bar, English below it.
    """
    shape = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}: {desc}"
    hidden = not sys.stderr.isatty()
    with (
        tqdm(bar_format=shape, disable=hidden, file=sys.stderr, position=0) as bar,
        tqdm(bar_format="{desc}", disable=hidden, file=sys.stderr, position=1) as below,
    ):
        drawn_s = float("-inf")

        def show(tally: Tally) -> None:
            nonlocal drawn_s
            now_s = time.monotonic()
            if hidden or (now_s - drawn_s < REDRAWN_S and tally.settled < tally.total):
                return
            drawn_s = now_s
            bar.total = tally.total
            bar.n = tally.settled
            for line, lang in ((bar, LANGS[0]), (below, LANGS[1])):
                line.set_description_str(tally.said().of(lang), refresh=False)
                line.refresh() if tally.settled == tally.total else line.update(0)

        yield show
