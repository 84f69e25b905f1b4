"""What measures of stop lines share: who came when, and when each movement's greens began and ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measures.base import RunView, Value, levels
from sim.signals.program import GREEN

Times = NDArray[np.float64]


@dataclass(frozen=True)
class StopLine:
    """One movement that sees red in the run: times in s, ascending but for `passed_s`.

    `reached_s`, `passed_s`: of each vehicle, when it would have come to the line without anybody before it
    there, and when it passed (infinite: not by the end). `begins_s`, `ends_s`: of each green; one that runs
    when the run begins has begun then.
    """

    reached_s: Times
    passed_s: Times
    begins_s: Times
    ends_s: Times

    def green_at(self, times_s: Times) -> NDArray[np.bool_]:
        """Whether it is green at these times."""
        if not len(self.begins_s):
            return np.zeros(len(times_s), dtype=bool)
        last = np.searchsorted(self.begins_s, times_s, side="right") - 1
        return (last >= 0) & (times_s < self.ends_s[np.maximum(last, 0)])

    def greens_between(self, since_s: Times, until_s: Times) -> NDArray[np.int64]:
        """Count the greens that begin after the one time and no later than the other."""
        counted = [np.searchsorted(self.begins_s, times_s, side="right") for times_s in (until_s, since_s)]
        return np.asarray(counted[0] - counted[1], dtype=np.int64)


def greens(view: RunView) -> dict[str, tuple[Times, Times]]:
    """Return movement -> when its greens began and ended; empty where the run was not asked for it.

    Movements that are green all the time are left out: everybody comes on green there.
    """
    states = view.tables.get("signal_states")
    if states is None or states.empty:
        return {}
    shown = {str(signal): rows for signal, rows in states.sort_values("begin_s").groupby("signal")}
    found = {}
    for name, movement in view.movements.items():
        links = {c.link for c in movement.connections if c.signal in shown and c.link is not None}
        if not links:
            continue
        rows = shown[str(movement.connections[0].signal)]
        green = np.array([any(state[link] in GREEN for link in links) for state in rows["state"]])
        if green.all():
            continue
        turns = np.flatnonzero(np.diff(green.astype(int), prepend=0, append=0))
        edges_s = np.append(rows["begin_s"].to_numpy(dtype=float), view.facts.end_s)[turns]
        found[name] = edges_s[::2], edges_s[1::2]
    return found


def stop_lines(view: RunView) -> dict[str, StopLine]:
    """Return movement -> what happened at its stop line, for those of `greens` to which somebody came."""
    came = view.tables.get("stop_lines")
    if came is None:
        return {}
    by_movement = {str(name): rows.sort_values("reached_s") for name, rows in came.groupby("movement")}
    found = {}
    for name, (begins_s, ends_s) in greens(view).items():
        if name in by_movement:
            own = by_movement[name]
            passed_s = own["passed_s"].fillna(np.inf).to_numpy(dtype=float)
            found[name] = StopLine(own["reached_s"].to_numpy(dtype=float), passed_s, begins_s, ends_s)
    return found


def shares(view: RunView, hits: dict[str, NDArray[np.bool_]]) -> Iterator[Value]:
    """Yield on every level the share of vehicles that are hits, of who reached a line in the window."""
    for scope, movements in levels(view):
        own = [hits[name] for name in movements if name in hits and len(hits[name])]
        if own:
            together = np.concatenate(own)
            yield Value(scope, float(together.mean()), len(together))


def in_window(view: RunView, line: StopLine) -> NDArray[np.bool_]:
    """Whether each vehicle reached the line in the window."""
    return np.asarray(view.within(pd.Series(line.reached_s)), dtype=bool)
