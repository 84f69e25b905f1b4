"""Many runs: every arm, period and replicate of a study, as many at a time as there are cores.

Each run is a child process of whoever carries it out (`sim.runs.executors`), which writes inputs and reads
outputs, so one killed child costs one run. Runs are found by digest: a study that was killed goes on where it
stopped, and arms that are alike share runs.
"""

from __future__ import annotations

import csv
import json
import math
import os
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from operator import methodcaller
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from sim.assignment.settled import ASSIGNMENT_FILE
from sim.demand import LEAVING, Demand, begin_s, departs_s, realise, ways
from sim.demand.detours import driven
from sim.demand.placebo import perturbed
from sim.errors import HuanduError, RunError, internal_error
from sim.labels import Message
from sim.results import write_json
from sim.runs.asked import asked_for
from sim.runs.equilibrium import POOLED, Equilibrium, choosing, chosen, settle
from sim.runs.executors import Executor, executor, settled
from sim.runs.free_flow import free_flow_request, free_flow_table
from sim.runs.run import DEMAND_FILE, Runner, RunRecord, RunRequest
from sim.runs.store import Store
from sim.runs.study_log import StudyLog, Tally, study_log
from sim.signals.adaptive import controllers_of
from sim.site.model import Site
from sim.site.zones import Zones, measured_junctions, zones
from sim.study import Arm, Study
from sim.sumo.build import ArmBuild
from sim.sumo.driver import RunSpec
from sim.tables import ASSIGNMENT, FREE_FLOW, PLACEBO, empty, typed

INTERVAL_S = 900
"""Zones and edges are counted per quarter of an hour, as demand is."""
QUEUE_INTERVAL_S = 60
"""Queues are observed per cycle, or this long where there is no common one."""

Key = tuple[str, str, int]
"""Arm, period, replicate."""
Progress = Callable[[Tally], None]
"""Called after every run."""
Watch = Callable[[Mapping[Key, RunRecord], pd.DataFrame, pd.DataFrame], Sequence[Mapping[str, Any]]]
"""Called after every run with the records so far, FREE_FLOW and ASSIGNMENT; returns lines for the log."""
FREE_FLOW_FILE = "free_flow.json"
"""In a study's folder: why the free-flow runs failed, null if they did not, and their digests."""


@dataclass(frozen=True)
class FreeFlow:
    """Every movement without traffic. `table`: columns FREE_FLOW; `digests`: of the runs it comes from."""

    table: pd.DataFrame = field(default_factory=lambda: empty(FREE_FLOW))
    failure: str | None = Message("was not finished")
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArmFiles:
    """An arm in one period, built and laid out for measuring."""

    build: ArmBuild
    zones: Zones


@dataclass(frozen=True)
class StudyRuns:
    """What a campaign leaves: a record per run, and the arms' files by arm and period."""

    runs: Mapping[Key, RunRecord]
    arms: Mapping[tuple[str, str], ArmFiles]
    free_flow: pd.DataFrame
    """Columns FREE_FLOW, the same in every arm; a movement without a row has no control delay."""
    free_flow_failure: str | None = None
    assignment: pd.DataFrame = field(default_factory=lambda: empty(ASSIGNMENT))
    """Columns ASSIGNMENT; without rows unless the study's `routes` are in equilibrium."""

    @property
    def failures(self) -> dict[Key, str]:
        """Runs that failed, with their reasons."""
        return {key: record.failure for key, record in self.runs.items() if record.failure is not None}

    def finished(self) -> Iterator[tuple[Key, str]]:
        """Yield (key, digest) of every run that is in the store, in order."""
        for key, record in sorted(self.runs.items()):
            if record.failure is None and record.digest is not None:
                yield key, record.digest


def run_study(
    study: Study,
    builds: Mapping[tuple[str, str], ArmBuild],
    store: Store,
    progress: Progress | None = None,
    done: Mapping[Key, RunRecord] = MappingProxyType({}),
    watch: Watch | None = None,
) -> StudyRuns:
    """Simulate what of a study is not in the store yet. `builds`: `sim.runs.preflight`'s, by arm and period.

    Failed runs are records with a reason. Ctrl-C kills the children, notes what is done, and is raised
    again; calling again does the rest. `runs.json`, `free_flow.json`, `tables/free_flow.parquet` and
    `tables/timing.csv` of the study's folder are written in both cases, and `log.jsonl` as it goes.
    `done`: records of an earlier look of the same study, taken as they are. `watch` is told how far it is
    once movements are timed without traffic. ConfigError where the executor cannot be had.
    """
    store.sweep()
    known_ways = ways(study.site)
    files = {key: laid_out(study.site, built, known_ways) for key, built in builds.items()}
    keys = [
        (arm.id, period, n) for period in study.periods for n in study.replicates for arm in study.simulated
    ]
    campaign = _Campaign([key for key in keys if key not in done], dict(done))
    folder = study.root / "results" / study.name
    work = Work(study, store, files)
    tally = Tally(len(campaign.keys))
    try:
        with (
            executor(study.executor, work, study.settings.jobs) as where,
            study_log(folder, tally.total) as log,
        ):
            campaign.run(study, where, log, tally, progress or (lambda tally: None), watch)
    finally:
        _write_records(folder, campaign)
    found = campaign.free_flow
    return StudyRuns(campaign.records, files, found.table, found.failure, campaign.assignment)


def read_records(folder: Path) -> dict[Key, RunRecord]:
    """Read `runs.json` of a study's folder."""
    rows = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    return {
        (row["arm"], row["period"], int(row["replicate"])): RunRecord(row["digest"], row["failure"])
        for row in rows
    }


def read_free_flow(folder: Path) -> tuple[pd.DataFrame, str | None]:
    """Read the free-flow table of a study's folder, columns FREE_FLOW, and why it lacks movements, if so."""
    said = json.loads((folder / FREE_FLOW_FILE).read_text(encoding="utf-8"))
    return typed(pd.read_parquet(folder / "tables" / "free_flow.parquet"), FREE_FLOW), said["failure"]


@dataclass
class _Campaign:
    keys: Sequence[Key]
    """What is to be run, replicate by replicate."""
    records: dict[Key, RunRecord]
    free_flow: FreeFlow = field(default_factory=FreeFlow)
    assignment: pd.DataFrame = field(default_factory=lambda: empty(ASSIGNMENT))

    def run(
        self,
        study: Study,
        executor: Executor,
        log: StudyLog,
        tally: Tally,
        progress: Progress,
        watch: Watch | None,
    ) -> None:
        self.assignment = self._assigned(study, executor, log)
        # Movements are timed beside the first runs: before them there is nothing else for the other cores.
        tasks = [*self.keys[:2], None, *self.keys[2:]]
        timed = False
        for key, future in settled(lambda key: _begin(executor, key), tasks):
            if key is None:
                self.free_flow, timed = future.result(), True
                continue
            record = self.records[key] = outcome(future)
            arm, period, replicate = key
            state = tally.count(record)
            log.write("run", arm=arm, period=period, replicate=replicate, state=state, **asdict(record))
            progress(tally)
            if watch is not None and timed:
                for line in watch(self.records, self.free_flow.table, self.assignment):
                    log.write("standing", **line)

    def _assigned(self, study: Study, executor: Executor, log: StudyLog) -> pd.DataFrame:
        """Let every arm find its equilibrium, if that is asked for; a failure is told by its runs."""
        if study.routes != "equilibrium":
            return empty(ASSIGNMENT)
        arms = study.arms[:1] if study.short_run else study.arms
        keys = [(arm.id, period) for period in study.periods for arm in arms]
        rows = []
        for (arm, period), future in settled(
            lambda key: executor.submit(methodcaller("equilibrium", *key)), keys
        ):
            if future.exception() is not None:
                continue
            found = future.result()
            rows.append((arm, period, found.iterations, found.gap, study.assignment.gap))
            for digest in found.digests:  # whoever looks after the store keeps what a log names
                log.write("loading", arm=arm, period=period, digest=digest)
        return typed(pd.DataFrame(rows, columns=list(ASSIGNMENT)), ASSIGNMENT)


def _begin(executor: Executor, key: Key | None) -> Future[Any]:
    """Begin a run, or, without a key, to time every movement without traffic."""
    return executor.submit(Work.free_flow if key is None else methodcaller("run", *key))


def outcome(future: Future[RunRecord]) -> RunRecord:
    """Return what became of a run; a worker that was lost with it is a failure like any other."""
    error = future.exception()
    return (
        future.result()
        if error is None
        else RunRecord(
            None,
            Message("lost with its process: {kind}: {told}", kind=type(error).__name__, told=str(error)),
        )
    )


class Work:
    """Everything that a run of a study needs but its key; the same object for all of them.

    It travels to workers (pickled): what is only of use here is made anew there.
    """

    def __init__(self, study: Study, store: Store, arms: Mapping[tuple[str, str], ArmFiles]) -> None:
        self.study = study
        self.store = store
        self.arms = arms
        self.runner = Runner(store)
        self.people = _People(study)
        self._guard = threading.Lock()
        self._settled: dict[tuple[str, str], Future[Equilibrium]] = {}
        self._by_id = {arm.id: arm for arm in study.simulated}

    def __reduce__(self) -> tuple[object, ...]:
        return Work, (self.study, self.store, dict(self.arms))

    def free_flow(self) -> FreeFlow:
        """Time every movement without traffic: today's, then on each arm those that it adds."""
        study, period = self.study, self.study.periods[0]
        people = realise(study.site, period, 0, study.settings, study.vehicles)
        tables: list[pd.DataFrame] = []
        known: set[str] = set()
        failure: str | None = None
        digests: list[str] = []
        for arm in study.arms:
            files = self.arms[arm.id, period]
            new = {name: zone for name, zone in files.zones.movements.items() if name not in known}
            if not new:
                continue
            known |= set(new)
            spec = request(study, period, 0, files, people).spec
            record = self.runner.run_one(
                free_flow_request(files.build, new, people, spec, study.settings.timeout_s)
            )
            if record.failure is not None:
                failure = record.failure
            elif record.digest is not None:
                digests.append(record.digest)
                tables.append(free_flow_table(self.store.read(record.digest, "zones")))
        whole = pd.concat(tables) if tables else empty(FREE_FLOW)
        return FreeFlow(typed(whole.sort_values("movement"), FREE_FLOW), failure, tuple(digests))

    def run(self, arm_id: str, period: str, replicate: int) -> RunRecord:
        """Carry out one run, or find it in the store. Failures are returned, not raised."""
        try:
            request = self.request(arm_id, period, replicate)
        except HuanduError as error:
            return RunRecord(None, error.of("en"))
        except Exception as error:  # a mistake of ours must not lose the other runs either
            return RunRecord(None, internal_error(error))
        return self.runner.run_one(request)

    def request(self, arm_id: str, period: str, replicate: int) -> RunRequest:
        """Put together one run; HuanduError where its people do not fit the streets."""
        arm, files = self._by_id[arm_id], self.arms[arm_id, period]
        people = self.people.of(period, replicate)
        if arm.id == PLACEBO:
            times = self.study.site.periods[period]
            fences_s = (begin_s(self.study.site, period), float(times.begin_s), float(times.end_s))
            people = perturbed(people, self.study.site.name, replicate, fences_s)
        network, site = files.build.network, self.study.site
        routes = self.study.routes
        if routes == "equilibrium":
            baseline = self.study.arms[0]
            today = self.equilibrium(baseline.id, period)
            if self.study.short_run and arm.applied.edits != baseline.applied.edits:
                streets = self.arms[baseline.id, period].build.network
                people = chosen(choosing(people, baseline, streets, site, None), today, site, replicate)
                routes = "detour"
            else:
                own = self.equilibrium(arm.id, period)
                start = choosing(people, arm, network, site, None if own is today else today)
                moved = chosen(start, own, site, replicate)
                return asked_for(request(self.study, period, replicate, files, moved), self.study)
        moved = replace(people, vehicles=driven(people, arm.applied.edits, network, site, routes))
        return asked_for(request(self.study, period, replicate, files, moved), self.study)

    def equilibrium(self, arm_id: str, period: str) -> Equilibrium:
        """Find how people choose their ways in an arm, once; RunError where a loading of the demand fails.

        The blank control, and any arm that builds and asks of people what the baseline does, chooses as the
        baseline does.
        """
        arm, baseline = self._by_id[arm_id], self.study.arms[0]
        base = self.equilibrium(baseline.id, period) if arm_id != baseline.id else None
        if base is not None and arm.applied.edits == baseline.applied.edits:
            return base
        with self._guard:
            key = (arm_id, period)
            mine = key not in self._settled
            future = self._settled.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._settle(arm, period, base))
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _settle(self, arm: Arm, period: str, base: Equilibrium | None) -> Equilibrium:
        files, study = self.arms[arm.id, period], self.study
        people = realise(study.site, period, POOLED, study.settings, study.vehicles)
        start = choosing(people, arm, files.build.network, study.site, base)

        def load(demand: Demand) -> tuple[str, pd.DataFrame]:
            record = self.runner.run_one(request(study, period, POOLED, files, demand))
            if record.failure is not None or record.digest is None:
                raise RunError(
                    Message("the choice of ways could not be found: {reason}", reason=record.failure)
                )
            return record.digest, self.store.read(record.digest, "edges")

        return settle(start, files.build, study.site, study.assignment, load)


def laid_out(site: Site, built: ArmBuild, known_ways: Sequence[Sequence[str]] | None = None) -> ArmFiles:
    """Say where an arm is measured. `known_ways`: the site's `ways`, where they have been read."""
    known_ways = ways(site) if known_ways is None else known_ways
    routes = {name: route.via for name, route in site.facts.routes.items()}
    junctions = measured_junctions(site.facts, site.network)
    return ArmFiles(built, zones(site.network, junctions, routes, built.network, known_ways))


def request(study: Study, period: str, replicate: int, files: ArmFiles, demand: Demand) -> RunRequest:
    """Put together one run of an arm: times and intervals follow from site, period and people alone.

    It begins with the demand, or some quarters of an hour earlier, to put those into their stalls who stand
    there when the demand begins.
    """
    times = study.site.periods[period]
    standing = demand.vehicles[demand.vehicles["purpose"] == LEAVING]
    start_s = min([begin_s(study.site, period), *departs_s(standing).round(2)])
    length_s = times.end_s - times.begin_s
    driver = study.settings.driver
    laws = controllers_of(files.build.controls, files.build.network)
    spec = RunSpec(
        network=str(files.build.net_file.resolve()),
        demand=DEMAND_FILE,
        additionals=tuple(str(path.resolve()) for path in files.build.additional_files),
        begin_s=start_s,
        window_begin_s=float(times.begin_s),
        window_end_s=float(times.end_s),
        end_s=times.end_s + study.settings.clear_factor * length_s,
        seed=replicate,
        step_length_s=study.settings.step_length_s,
        stops=bool((demand.vehicles["stops"] != "[]").any()),
        options=_site_options(study.site),
        controllers=laws,
        driver=driver if driver != "auto" else "libsumo" if laws else "sumo",
    )
    return RunRequest(
        spec=spec,
        build=files.build,
        zones=files.zones,
        demand=demand,
        interval_s=_interval_s(times.begin_s - start_s, length_s),
        queue_interval_s=_queue_interval_s(study.site, period, files.zones),
        timeout_s=study.settings.timeout_s,
    )


def _site_options(site: Site) -> dict[str, str]:
    """Return what the site says about driving that SUMO takes as an option, the same in every arm."""
    options = {
        "ignore-junction-blocker": site.facts.passes_blocker_after_s,
        "time-to-teleport.bidi": site.facts.trains_pass_after_s,
    }
    return {name: f"{value:g}" for name, value in options.items() if value is not None}


def _interval_s(warm_up_s: float, window_s: float) -> int:
    """Return a quarter of an hour, or what of it fits into warm-up and window; a minute if nothing does."""
    fitting = math.gcd(INTERVAL_S, round(warm_up_s), round(window_s))
    return fitting if fitting >= QUEUE_INTERVAL_S else QUEUE_INTERVAL_S


def _queue_interval_s(site: Site, period: str, layout: Zones) -> int:
    """Return the common cycle of the measured signals of today, if there is one in whole seconds."""
    junctions = {queue.approach.rpartition(".")[0] for queue in layout.queues}
    signals = {site.network.junctions[name].signal for name in junctions} - {None}
    controls = [site.signals[period][signal] for signal in sorted(filter(None, signals))]
    cycles = {program.cycle_s for control in controls for program in control.programs.values()}
    if len(cycles) == 1 and (cycle_s := cycles.pop()).is_integer() and cycle_s > 0:
        return int(cycle_s)
    return QUEUE_INTERVAL_S


class _People:
    """The demands that are in use: realised once each, as many kept as replicates may be under way.

    Runs come replicate by replicate, so arms of one replicate find its people here.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._most = (study.settings.jobs or os.cpu_count() or 1) + 1
        self._guard = threading.Lock()
        self._found: OrderedDict[tuple[str, int], Future[Demand]] = OrderedDict()

    def of(self, period: str, replicate: int) -> Demand:
        """Return the people of one period and replicate; ConfigError where they do not fit the site."""
        key = (period, replicate)
        with self._guard:
            mine = key not in self._found
            future = self._found.setdefault(key, Future())
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        if mine:
            study = self._study
            try:
                future.set_result(realise(study.site, period, replicate, study.settings, study.vehicles))
            except BaseException as error:
                future.set_exception(error)
        return future.result()


TIMING = ("arm", "period", "replicate", "wall_s", "host")


def _write_records(folder: Path, campaign: _Campaign) -> None:
    """Write what became of every run, free flow and equilibria; all but `timing.csv` is deterministic."""
    records, found = campaign.records, campaign.free_flow
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [
        {"arm": arm, "period": period, "replicate": n, "digest": record.digest, "failure": record.failure}
        for (arm, period, n), record in sorted(records.items())
    ]
    write_json(folder / "runs.json", rows)
    write_json(folder / FREE_FLOW_FILE, {"failure": found.failure, "runs": list(found.digests)})
    found.table.to_parquet(folder / "tables" / "free_flow.parquet", index=False, compression="zstd")
    campaign.assignment.to_csv(folder / "tables" / ASSIGNMENT_FILE, index=False)
    path = folder / "tables" / "timing.csv"
    timing: dict[Key, dict[str, Any]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            timing = {(r["arm"], r["period"], int(r["replicate"])): dict(r) for r in csv.DictReader(file)}
    for key, record in records.items():
        if record.simulated or key not in timing:
            values = (*key, f"{record.wall_s:.2f}", socket.gethostname())
            timing[key] = dict(zip(TIMING, values, strict=True))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, TIMING, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(timing.items()))
