"""How the verdicts stand while a study still runs: measured beside the simulations, told as they firm up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.analysis import Analysis, Runs, measured_runs, noted_runs, standing
from sim.apart import Begin, done
from sim.labels import LANGS, Text, label, text
from sim.plots.numbers import with_interval
from sim.policy import BASELINE
from sim.runs.campaign import Key
from sim.study import Study

FEWEST = 4
"""Replicates; fewer give no interval worth a line."""
GROWTH = 1.5
"""It is told when there are so many times the replicates of the last time: 4, 6, 9, 14, ..."""
MOST_LINES = 6
"""Policies and periods that are told one by one; of more the verdicts are counted."""

Measured = dict[Key, Mapping[str, pd.DataFrame]]


@dataclass
class Interim:
    """Measures runs as they are settled. `analysis`: of the study, with these runs and free-flow times.

    What it has measured stays in `measured`, so nothing is measured twice. `tell` gets a line for people now
    and then. A mistake in measuring is left for the end of the study, where it is raised.

    `prepare` is called when the last runs leave one of the `cores` with nothing to simulate: it may begin
    what would else have to wait for the end.

    Of `many` runs nothing is held here: what is measured is read from the store where it is compared.
    """

    analysis: Callable[[Runs, pd.DataFrame, pd.DataFrame], Analysis]
    measured: Measured
    begin: Begin
    tell: Callable[[str], None]
    cores: int = 1
    prepare: Callable[[], None] = lambda: None
    many: bool = False
    _under_way: Future[Measured] | None = None
    _next: float = field(default=FEWEST)
    _total: int | None = None
    _of_replicate: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._of_replicate.update(key[2] for key in self.measured)

    def __call__(self, runs: Runs, free_flow: pd.DataFrame, assignment: pd.DataFrame) -> list[dict[str, Any]]:
        """Go on measuring; return how each policy stands, as plain data, if that is known of more replicates.

        `free_flow`, `assignment`: columns FREE_FLOW and ASSIGNMENT, final.
        """
        if self._total is None:
            study = self.analysis({}, free_flow, assignment).study
            self._total = len(study.simulated) * len(study.periods) * len(study.replicates)
        total = self._total
        if len(runs) == total - min(self.cores, total) + 1:
            self.prepare()
        if self._under_way is not None and not self._under_way.done():
            return []
        self.collect()
        analysis = self.analysis(dict(runs), free_flow, assignment)
        # A run is held against today's with the same people.
        new = sorted(key for key in runs.keys() - self.measured.keys() if (BASELINE, key[1], key[2]) in runs)
        if new and len(runs) < total:
            self._under_way = self.begin(noted_runs if self.many else measured_runs, analysis, new)
        whole = self._whole(analysis.study)
        if len(whole) < self._next:
            return []
        self._next = GROWTH * len(whole)
        return self._standing(analysis, whole)

    def collect(self) -> None:
        """Wait for what is being measured and keep it."""
        begun, self._under_way = self._under_way, None
        if begun is not None and begun.exception() is None:
            found = done(begun)
            self.measured.update(found)
            self._of_replicate.update(key[2] for key in found)

    def _whole(self, study: Study) -> list[int]:
        """Return the replicates of which every run is measured."""
        wanted = len(study.simulated) * len(study.periods)
        return [n for n in study.replicates if self._of_replicate[n] == wanted]

    def _standing(self, analysis: Analysis, whole: list[int]) -> list[dict[str, Any]]:
        if self.many:
            rows = done(self.begin(standing, analysis, whole))
        else:
            chosen = set(whole)
            kept = {key: tables for key, tables in self.measured.items() if key[2] in chosen}
            rows = analysis.primary_of(kept, whole)
        for lang in LANGS:
            for line in lines(analysis, rows, len(whole)):
                self.tell(line.of(lang))
        columns = ["arm", "period", "difference", "ci_low", "ci_high", "verdict"]
        return [
            {"replicates": len(whole), **{name: _plain(row[name]) for name in columns}}
            for row in rows.to_dict("records")
        ]


def lines(analysis: Analysis, rows: pd.DataFrame, replicates: int) -> list[Text]:
    """Say how the policies stand after so many replicates. `rows`: COMPARISON, of the primary measure."""
    study, spec = analysis.study, analysis.specs[analysis.study.primary]
    titles = {arm.id: arm.applied.policy.title for arm in study.arms}
    if len(rows) > MOST_LINES:
        counts = Counter(rows["verdict"])
        words = [
            Text(*(f"{label(f'verdict.{name}', lang)} {n}" for lang in LANGS)) for name, n in counts.items()
        ]
        told = Text("、".join(w.zh for w in words), ", ".join(w.en for w in words))
        return [text("study.standing_counts", replicates=replicates, counts=told)]
    found = []
    for row in rows.to_dict("records"):
        period = study.site.facts.periods[row["period"]].title
        change = with_interval(row["difference"], row["ci_low"], row["ci_high"], spec.decimals)
        found.append(
            text(
                "study.standing",
                replicates=replicates,
                policy=titles[row["arm"]],
                period=Text(period.zh, period.en),
                change=" ".join(change),
                unit=spec.unit,
                verdict=text(f"verdict.{row['verdict']}"),
            )
        )
    return found


def _plain(value: Any) -> Any:
    """Return what JSON can hold; NaN as null."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return str(value)
