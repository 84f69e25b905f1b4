"""Trying plans out: policies that change signals alone, run and stored like any other arm.

A plan that a study has simulated is found in the store, and what is simulated here a study finds there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pandas as pd

from sim.demand import Demand, realise
from sim.errors import HuanduError
from sim.labels import Message
from sim.measures import fair_travel_time
from sim.measures.base import RunView
from sim.policy import AppliedPolicy
from sim.runs.run import Runner, RunRecord
from sim.runs.store import Store
from sim.runs.work import laid_out, request
from sim.site.model import Site
from sim.study import Study
from sim.sumo.build import ArmBuild, build
from sim.tables import FREE_FLOW, RUN_TABLES, empty


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave: fair travel time (s/veh), who did not arrive, teleports; or why it failed."""

    value: float
    uncleared: int = 0
    teleports: int = 0
    failure: str | None = None


@dataclass
class Trials:
    """Runs of one study's site in one period, for plans that come up one after the other.

    `simulated` and `hours` count what was really run; `close` ends the threads, `stop` the children too.
    """

    study: Study
    store: Store
    period: str
    simulated: int = 0
    hours: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _people: dict[int, Demand] = field(default_factory=dict)
    _known: dict[tuple[str, int], Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runner = Runner(self.store)
        self.pool = ThreadPoolExecutor(self.study.settings.jobs or os.cpu_count() or 1)
        self.baseline = laid_out(self.study.site, self._build(self.study.arms[0].applied))

    def outcomes(self, wanted: Sequence[tuple[AppliedPolicy, int]]) -> list[Outcome]:
        """Run (policy, replicate) pairs, as many at a time as there are cores; failures are outcomes."""
        for replicate in {replicate for _, replicate in wanted} - self._people.keys():
            study = self.study
            self._people[replicate] = realise(
                study.site, self.period, replicate, study.settings, study.vehicles
            )
        return list(self.pool.map(self._outcome, wanted))

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """Kill what is running and end the threads."""
        self.runner.children.stop()
        self.close()

    def _build(self, applied: AppliedPolicy) -> ArmBuild:
        return build(self.study.site, applied, self.period, self.store.root)

    def _outcome(self, wanted: tuple[AppliedPolicy, int]) -> Outcome:
        applied, replicate = wanted
        try:
            built = self._build(applied)
            key = (built.digest, replicate)
            if key not in self._known:
                # Timing moves nothing that is measured: the zones are the baseline's.
                files = replace(self.baseline, build=built)
                people = self._people[replicate]
                made = request(self.study, self.period, replicate, files, people)
                self._known[key] = self._read(self.runner.run_one(made), built)
            return self._known[key]
        except HuanduError as error:
            return Outcome(float("inf"), failure=str(error))

    def _read(self, record: RunRecord, built: ArmBuild) -> Outcome:
        if record.simulated and record.failure is None and record.digest is not None:
            facts = self.store.facts(record.digest)
            with self._guard:
                self.simulated += 1
                self.hours += (facts.end_s - facts.begin_s) / 3600
        return outcome_of(self.store, record, built, self.study.site)


def outcome_of(store: Store, record: RunRecord, built: ArmBuild, site: Site) -> Outcome:
    """Read what one run gave; a failure is an outcome."""
    if record.failure is not None or record.digest is None:
        return Outcome(float("inf"), failure=record.failure or Message("was not run"))
    facts = store.facts(record.digest)
    tables: dict[str, pd.DataFrame] = {name: empty(columns) for name, columns in RUN_TABLES.items()}
    tables["trips"] = store.read(record.digest, "trips")
    view = RunView(tables, facts, built.network, site.facts, built.controls, empty(FREE_FLOW))
    values = {value.scope: value.value for value in fair_travel_time.compute(view)}
    uncleared = int((view.cohort["fate"] != "arrived").sum())
    return Outcome(values["network"], uncleared, facts.teleports)
