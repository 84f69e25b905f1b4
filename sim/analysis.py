"""From the runs of a study to its long tables and the comparison, one run in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from sim import measurements, measures
from sim.apart import Begin, done, here
from sim.calibration.passport import passing_share
from sim.checks import findings
from sim.checks.counts import find_in_counts
from sim.checks.ledger import ledger
from sim.checks.minor_capacity import GapCapacity, find_minor_capacity, gap_capacity
from sim.comparison.compare import compare
from sim.comparison.displacement import cordon, displacement, panel
from sim.comparison.evidence import evidence, gridlock
from sim.comparison.gaps import beyond_the_gap
from sim.comparison.replication import Reason, confidence_at_looks, reason_to_stop
from sim.demand.placebo import PERTURBATION_S
from sim.measurements import KEYS, TABLES
from sim.measures.base import RunView
from sim.measures.profiles import profiles, running
from sim.measures.spec import MeasureSpec
from sim.policy import BASELINE
from sim.runs.campaign import Key
from sim.runs.preflight import Preflight
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.signals.greens import Discharge, Greens
from sim.site.walking import walks
from sim.site.zones import measured_junctions
from sim.standard_data import config_path
from sim.study import Study
from sim.tables import ASKED_TABLES, ASSIGNMENT, PASSPORT, PLACEBO, RUN_TABLES, empty, typed
from sim.trip_pairs import OnFoot, begin_people, people_table
from sim.warm_up_pilots import warm_up_table

Runs = Mapping[Key, RunRecord]
"""What stands for each arm, period and replicate: a run in the store, or why there is none."""

Measured = Mapping[Key, Mapping[str, pd.DataFrame]]
"""Of each run its part of the tables in `LONG`; of a failed one the findings alone."""

LONG: Mapping[str, Mapping[str, str]] = {name: {**KEYS, **columns} for name, columns in TABLES.items()}
"""Tables of all runs, one below the other."""
HELD = ("measures", "findings", "running", "fates")
"""Those that an analysis holds in memory; curves (profiles) are many."""


@dataclass(frozen=True)
class Tables:
    """The analysis of a whole study; every table is sorted: the same runs give the same bytes."""

    measures: pd.DataFrame
    findings: pd.DataFrame
    fates: pd.DataFrame
    comparison: pd.DataFrame
    evidence: pd.DataFrame
    gridlock: pd.DataFrame
    displacement: pd.DataFrame
    cordon: pd.DataFrame
    panel: pd.DataFrame
    people: pd.DataFrame
    warm_up: pd.DataFrame


@dataclass(frozen=True)
class Analysis:
    """A study with its runs. `free_flow`: columns FREE_FLOW of `sim.tables`, the same for every arm."""

    study: Study
    store: Store
    checked: Preflight
    runs: Runs
    free_flow: pd.DataFrame
    measured: dict[Key, Mapping[str, pd.DataFrame]] = field(default_factory=dict)
    """Runs measured so far: the next look of the same study goes on from them."""
    passport: pd.DataFrame = field(default_factory=lambda: empty(PASSPORT))
    """Columns PASSPORT; empty where it was not measured."""
    assignment: pd.DataFrame = field(default_factory=lambda: empty(ASSIGNMENT))
    """Columns ASSIGNMENT: how well the choice of ways is settled, if it is in equilibrium at all."""
    observed_by: Analysis | None = None
    """The study with the demand of today, whose runs are held against observations; None: this one."""

    @property
    def confidence(self) -> float:
        """Confidence of every interval: as asked for, raised where the number of replicates is open."""
        asked = self.study.settings.confidence
        return asked if self.study.settings.replicates is not None else confidence_at_looks(asked)

    @cached_property
    def gates(self) -> findings.Gates:
        """Limits of the validity findings."""
        return findings.read_gates(config_path(self.study.root, "standards", "gates.yaml"))

    @cached_property
    def specs(self) -> Mapping[str, MeasureSpec]:
        """The measures, the primary one with the study's own smallest effect that matters."""
        absolute, relative = self.study.mcid
        primary = measures.SPECS[self.study.primary]
        if absolute is not None:
            primary = replace(primary, mcid_abs=absolute)
        if relative is not None:
            primary = replace(primary, mcid_rel=relative)
        return {**measures.SPECS, self.study.primary: primary}

    @cached_property
    def discharge(self) -> Discharge | None:
        """How a straight lane discharges; unknown for the types that an import brought along."""
        if self.study.site.facts.imported is not None and self.study.settings.vehicles is None:
            return None
        found = self.study.vehicles.calibrated
        return Discharge(found.saturation_vph, found.startup_lost_s, found.end_gain_s)

    @cached_property
    def pce(self) -> Mapping[str, float]:
        """Passenger car equivalents by vehicle class."""
        return {name: kind.pce.value for name, kind in self.study.vehicles.classes.items()}

    def tables(self, begin: Begin = here) -> Tables:
        """Measure every run and compare the arms; what reads the runs once more is begun by `begin`."""
        self._measure()
        long = {name: _stacked(self.measured, name) for name in HELD}
        long["findings"] = self.long("findings")
        curves = long.pop("running")
        stored = (self.study, self.store, self.runs, long["findings"])
        people = begin_people(*stored, self.on_foot, self.confidence, begin)
        comparison = self._compared(long["measures"], long["findings"], self.study.replicates)
        moved = displacement(comparison)
        return Tables(
            **long,
            comparison=comparison,
            evidence=evidence(
                long["measures"],
                comparison,
                self.specs[self.study.primary],
                confidence=self.confidence,
                share=self.study.settings.stop_half_width,
                replicates=len(self.study.replicates),
                reason=self.reason_to_stop() or "cap",
            ),
            gridlock=gridlock(long["measures"], long["findings"], self.confidence),
            displacement=moved,
            cordon=cordon(moved, comparison),
            panel=panel(long["measures"], comparison, self.specs, self.study.primary, self.confidence),
            warm_up=warm_up_table(self.study, self.store, self.runs, curves),
            people=people_table(people),
        )

    @property
    def on_foot(self) -> OnFoot:
        """What there is to walk from the parking areas of every arm in every period."""
        facts = self.study.site.facts
        return {
            key: walks(built.network, built.parking, facts.parking_demand, facts.parking)
            for key, built in self.checked.builds.items()
        }

    def reason_to_stop(self) -> Reason | None:
        """Say why the study needs no more replicates; None: on to its next look."""
        if self.study.settings.replicates is not None:
            return "fixed"
        rows = self.primary_comparison()
        rows = rows[rows["verdict"] != "not_comparable"]
        half = ((rows["ci_high"] - rows["ci_low"]) / 2).tolist()
        wanted = (self.study.settings.stop_half_width * rows["mcid"]).tolist()
        return reason_to_stop(zip(half, wanted, strict=True), len(self.study.replicates))

    def primary_comparison(self) -> pd.DataFrame:
        """Compare the primary measure of the whole network alone; columns `COMPARISON`."""
        self._measure()
        return self.primary_of(self.measured, self.study.replicates)

    def primary_of(self, measured: Measured, replicates: Sequence[int]) -> pd.DataFrame:
        """Do the same with some of the runs, those of a few replicates."""
        table = _stacked(measured, "measures")
        primary = (table["measure"] == self.study.primary) & (table["scope"] == "network")
        return self._compared(table[primary], self._findings(measured, replicates), replicates)

    def long(self, name: Literal["measures", "findings", "running", "fates"]) -> pd.DataFrame:
        """Return one long table of all runs, measuring those that have not been yet; columns `LONG`."""
        self._measure()
        if name == "findings":
            return self._findings(self.measured, self.study.replicates)
        return _stacked(self.measured, name)

    def _findings(self, measured: Measured, replicates: Sequence[int]) -> pd.DataFrame:
        """Return the findings of some runs, and those of all replicates together."""
        today = self.observed_by or self
        parts = [_stacked(measured, "findings")]
        for arm in self.study.arms:
            for period in self.study.periods if arm.applied.gap_approaches else ():
                found = today._minor_capacity(arm.applied.gap_approaches, period, replicates)
                parts += [_keyed((arm.id, period, number), found) for number in replicates if len(found)]
        return typed(pd.concat([part for part in parts if len(part)] or parts[:1]), LONG["findings"])

    def _minor_capacity(
        self, approaches: Sequence[str], period: str, replicates: Sequence[int]
    ) -> pd.DataFrame:
        """Hold what minor approaches discharge today against what was observed; columns `findings.FOUND`."""
        values = self.study.site.facts.field_values
        written = {id: values[id].gap_capacity_vph if id in values else None for id in approaches}
        observed = {id: (by_period or {}).get(period) for id, by_period in written.items()}
        simulated: dict[str, GapCapacity] = {}
        if any(vph is not None for vph in observed.values()):
            keys = [(BASELINE, period, number) for number in replicates]
            stored = [self.runs[key].digest for key in keys if key in self.runs]
            queues = [self._queues(digest) for digest in stored if digest is not None]
            for id in approaches:
                simulated[id] = gap_capacity(rows[rows["approach"] == id] for rows in queues)
        return find_minor_capacity(observed, simulated, self.gates)

    def _queues(self, digest: str) -> pd.DataFrame:
        """Return what a run's queues were in the evaluation window, columns QUEUES."""
        queues, facts = self.store.read(digest, "queues"), self.store.facts(digest)
        begins = queues["begin_s"]
        return queues[(begins >= facts.window_begin_s) & (begins < facts.window_end_s)]

    def _compared(self, table: pd.DataFrame, found: pd.DataFrame, replicates: Sequence[int]) -> pd.DataFrame:
        rows = compare(
            table,
            found,
            self.specs,
            primary=self.study.primary,
            confidence=self.confidence,
            replicates=replicates,
        )
        return beyond_the_gap(rows, self.assignment)

    def _measure(self) -> None:
        """Measure every run that has not been measured yet, here."""
        self.measured.update(measured_runs(self, self._unmeasured()))

    def measure(self, begin: Begin, shares: int) -> None:
        """Measure every run that has not been measured yet, shared out; each share is begun by `begin`."""
        bare, keys = replace(self, measured={}, observed_by=None), self._unmeasured()
        parts = [keys[n::shares] for n in range(min(shares, len(keys)))]
        for begun in [begin(measured_runs, bare, part) for part in parts]:
            found = done(begun)
            self.measured.update(found)

    def _unmeasured(self) -> list[Key]:
        return sorted(self.runs.keys() - self.measured.keys())

    def _measured(self, key: Key, of_counts: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
        """Measure one run, or find it measured. `of_counts`: what is found in the counts of its period."""
        found = self._found(key)
        if found is None:
            return {"findings": _keyed(key, findings.run_failed())}
        tables = {name: found.table(name) for name in HELD}
        of_routes = findings.find_in_routes(key[0], self.study.open_route_sets)
        of_ways = findings.find_in_assignment(self.assignment, *key[:2])
        more = (tables["findings"], of_counts, of_routes, of_ways)
        kept = [table for table in more if len(table)] or [empty(findings.FOUND)]
        return {name: _keyed(key, table) for name, table in {**tables, "findings": pd.concat(kept)}.items()}

    def _found(self, key: Key) -> measurements.Measured | None:
        """Return what was measured of a run, measuring it if need be; None: it failed."""
        record = self.runs[key]
        if record.failure or record.digest is None:
            return None
        run, base = record.digest, self._base(key)
        arm, period, _ = key
        origin = measurements.digest(self._common, self._built[arm, period], base, arm == PLACEBO)
        return measurements.measured(self.store.root, run, origin, lambda: self._tables_of(key, run, base))

    def _tables_of(self, key: Key, run: str, base: str | None) -> Mapping[str, pd.DataFrame]:
        view = self.view(key, run)
        found = [findings.find(view, self.gates), self._against(base, view, placebo=key[0] == PLACEBO)]
        return {
            "measures": measures.compute(view),
            "findings": pd.concat([table for table in found if len(table)] or [empty(findings.FOUND)]),
            "running": running(view),
            "fates": pd.DataFrame([ledger(view.tables["trips"])]),
            "profiles": profiles(view),
        }

    @cached_property
    def _built(self) -> Mapping[tuple[str, str], str]:
        """Digest what every arm is in every period, once for all its runs."""
        return {
            key: measurements.digest(built.digest, built.controls, built.parking, key[1])
            for key, built in self.checked.builds.items()
        }

    @cached_property
    def _common(self) -> str:
        """Digest what every measurement of the study rests on."""
        site = self.study.site
        facts = site.facts.model_dump_json()
        rates = (self.discharge, sorted(self.pce.items()), passing_share(self.passport))
        return measurements.digest(
            facts, site.network.sha256, self.gates, *rates, self.free_flow.to_csv(index=False)
        )

    def view(self, key: Key, digest: str) -> RunView:
        """Return one run as measures and checks see it."""
        build = self.checked.builds[key[0], key[1]]
        site = self.study.site
        measured = measured_junctions(site.facts, site.network)
        return RunView(
            tables={name: self.store.read(digest, name) for name in (*RUN_TABLES, *ASKED_TABLES)},
            facts=self.store.facts(digest),
            network=build.network,
            site=site.facts.model_copy(update={"measured_junctions": measured}),
            controls=build.controls,
            free_flow=self.free_flow,
            parking=build.parking,
            discharge=self.discharge,
            pce=self.pce,
            passport_share=passing_share(self.passport),
        )

    def profiles_of(self, arm: str, period: str) -> pd.DataFrame:
        """Return the curves of all runs of an arm in a period; columns LONG["profiles"]."""
        keys = [key for key in sorted(self.runs) if key[:2] == (arm, period)]
        found = [(key, self._found(key)) for key in keys]
        curves = {
            key: {"profiles": _keyed(key, measured.table("profiles"))} for key, measured in found if measured
        }
        return _stacked(curves, "profiles")

    def _findings_of_counts(self, period: str) -> pd.DataFrame:
        site = self.study.site
        if site.counts.empty:
            return empty(findings.FOUND)
        build, times = self.checked.builds[BASELINE, period], site.periods[period]
        return find_in_counts(
            site.counts[site.counts["period"] == period],
            build.network,
            Greens(build.network, build.controls, times.begin_s, times.end_s),
            self.gates,
            discharge=self.discharge,
            pce=self.pce,
            parking=site.facts.parking,
        )

    def _base(self, key: Key) -> str | None:
        """Return the run of today with the same people; None for today itself, or where it failed."""
        arm, period, replicate = key
        base = self.runs.get((BASELINE, period, replicate))
        return None if arm == BASELINE or base is None or base.failure else base.digest

    def _against(self, base: str | None, view: RunView, *, placebo: bool) -> pd.DataFrame:
        if base is None:
            return empty(findings.FOUND)
        people = {
            name: self.store.read(base, name, ["id", *columns]) for name, columns in findings.PEOPLE.items()
        }
        return findings.find_between(people, view.tables, PERTURBATION_S if placebo else 0.0)


def measured_runs(analysis: Analysis, keys: Sequence[Key]) -> dict[Key, Mapping[str, pd.DataFrame]]:
    """Measure some runs: each one's part of the tables in `LONG`, findings alone of a run that failed."""
    of_counts = {period: analysis._findings_of_counts(period) for period in {key[1] for key in keys}}
    return {key: analysis._measured(key, of_counts[key[1]]) for key in keys}


def noted_runs(analysis: Analysis, keys: Sequence[Key]) -> dict[Key, Mapping[str, pd.DataFrame]]:
    """Measure some runs for the store alone: no table comes back."""
    nothing: Mapping[str, pd.DataFrame] = {}
    return {key: nothing for key in measured_runs(analysis, keys)}


def standing(analysis: Analysis, replicates: Sequence[int]) -> pd.DataFrame:
    """Compare the primary measure of the whole network after these replicates; columns `COMPARISON`."""
    chosen = set(replicates)
    kept = measured_runs(analysis, [key for key in sorted(analysis.runs) if key[2] in chosen])
    return analysis.primary_of(kept, replicates)


def _stacked(measured: Measured, name: str) -> pd.DataFrame:
    parts = [tables[name] for _, tables in sorted(measured.items()) if len(tables.get(name, ()))]
    return typed(pd.concat(parts, ignore_index=True), LONG[name]) if parts else empty(LONG[name])


def _keyed(key: Key, table: pd.DataFrame) -> pd.DataFrame:
    arm, period, replicate = key
    return table.assign(arm=arm, period=period, replicate=replicate)
