"""The signals of a study folder as figures see them: lights, stages and corridors by arm and period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from sim.comparison.pairs import BASELINE
from sim.signals.tables import CORRIDORS, LIGHTS, STAGES, TRAJECTORIES
from sim.tables import empty

NO_LIMIT = {"min_green_s": -1.0, "max_green_s": -1.0}
"""NaN differs from itself; a fixed green does not."""
KEYS: Mapping[str, str] = {"arm": "string", "period": "string"}


@dataclass(frozen=True)
class SignalData:
    """`sim.signals.tables` behind columns ``arm`` and ``period`` (corridors: none); empty if absent."""

    lights: pd.DataFrame
    stages: pd.DataFrame
    corridors: pd.DataFrame
    trajectories: pd.DataFrame
    """Columns TRAJECTORIES."""

    def of(self, arm: str, period: str, signal: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the lights and the stages of one signal's first program in an arm and period."""
        lights, stages = (
            table[(table["arm"] == arm) & (table["period"] == period) & (table["signal"] == signal)]
            for table in (self.lights, self.stages)
        )
        first = lights["program"].iloc[0] if len(lights) else ""
        return lights[lights["program"] == first], stages[stages["program"] == first]

    def coordinated(self, arm: str, period: str, signal: str) -> bool:
        """Whether a signal runs in a fixed cycle: one that reacts does not, unless it says so."""
        return bool(self.of(arm, period, signal)[1]["coordinated"].all())

    def changed(self, arm: str, period: str) -> tuple[str, ...]:
        """Signals that show something else in an arm than today, by id."""
        own, today = self._shown[arm, period], self._shown[BASELINE, period]
        return tuple(sorted(signal for signal in own if own[signal] != today.get(signal)))

    @cached_property
    def _shown(self) -> Mapping[tuple[str, str], Mapping[str, list[tuple[object, ...]]]]:
        """What each signal shows, and how short and long its greens may be, by arm and period."""
        found: dict[tuple[str, str], dict[str, list[tuple[object, ...]]]] = defaultdict(dict)
        for table, columns in (
            (self.lights, ["group", "cycle_s", "offset_s", "begin_s", "end_s", "letter"]),
            (self.stages, ["stage", "green_s", "min_green_s", "max_green_s"]),
        ):
            plain = table.fillna(NO_LIMIT)
            for (arm, period, signal), part in plain.groupby(["arm", "period", "signal"], sort=True):
                rows = part[columns].itertuples(index=False, name=None)
                found[str(arm), str(period)].setdefault(str(signal), []).extend(rows)
        return found


def read_signals(folder: Path) -> SignalData:
    """Read what a study folder holds of signals; what it lacks is empty."""

    def table(name: str, columns: Mapping[str, str]) -> pd.DataFrame:
        path = folder / "tables" / f"{name}.parquet"
        return pd.read_parquet(path) if path.is_file() else empty(columns)

    return SignalData(
        table("signal_lights", {**KEYS, **LIGHTS}),
        table("signal_stages", {**KEYS, **STAGES}),
        table("corridors", CORRIDORS),
        table("trajectories", TRAJECTORIES),
    )
