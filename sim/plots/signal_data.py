"""The signals of a study folder as figures see them: lights, stages and corridors by arm and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.comparison.compare import BASELINE
from sim.signals.tables import CORRIDORS, LIGHTS, STAGES
from sim.tables import empty

KEYS: Mapping[str, str] = {"arm": "string", "period": "string"}


@dataclass(frozen=True)
class SignalData:
    """`sim.signals.tables` behind columns ``arm`` and ``period`` (corridors: none); empty if absent."""

    lights: pd.DataFrame
    stages: pd.DataFrame
    corridors: pd.DataFrame

    def of(self, arm: str, period: str, signal: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the lights and the stages of one signal's first program in an arm and period."""
        lights, stages = (
            table[(table["arm"] == arm) & (table["period"] == period) & (table["signal"] == signal)]
            for table in (self.lights, self.stages)
        )
        first = lights["program"].iloc[0] if len(lights) else ""
        return lights[lights["program"] == first], stages[stages["program"] == first]

    def changed(self, arm: str, period: str) -> tuple[str, ...]:
        """Signals that show something else in an arm than today, by id."""
        own = self._shown(arm, period)
        today = self._shown(BASELINE, period)
        return tuple(sorted(signal for signal in own if own[signal] != today.get(signal)))

    def _shown(self, arm: str, period: str) -> dict[str, tuple[tuple[object, ...], ...]]:
        rows = self.lights[(self.lights["arm"] == arm) & (self.lights["period"] == period)]
        columns = ["group", "cycle_s", "offset_s", "begin_s", "end_s", "letter"]
        return {
            str(signal): tuple(part[columns].itertuples(index=False, name=None))
            for signal, part in rows.groupby("signal", sort=True)
        }


def read_signals(folder: Path) -> SignalData:
    """Read what a study folder holds of signals; what it lacks is empty."""

    def table(name: str, columns: Mapping[str, str]) -> pd.DataFrame:
        path = folder / "tables" / f"{name}.parquet"
        return pd.read_parquet(path) if path.is_file() else empty(columns)

    return SignalData(
        table("signal_lights", {**KEYS, **LIGHTS}),
        table("signal_stages", {**KEYS, **STAGES}),
        table("corridors", CORRIDORS),
    )
