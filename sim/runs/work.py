"""The work of a study: all that one of its runs needs but its key, put together where it is carried out.

An arm is laid out for measuring once; the people of a replicate are realised once for all arms; how people
choose their ways in an arm is found once.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import pandas as pd

from sim.demand import LEAVING, Demand, begin_s, departs_s, realise, ways
from sim.demand.detours import driven
from sim.demand.placebo import perturbed
from sim.errors import HuanduError, RunError, internal_error
from sim.labels import Message
from sim.runs.asked import asked_for
from sim.runs.equilibrium import POOLED, Equilibrium, choosing, chosen, settle
from sim.runs.free_flow import FreeFlow, free_flow_request, free_flow_table
from sim.runs.inputs import DEMAND_FILE, RunRequest
from sim.runs.run import Runner, RunRecord
from sim.runs.store import Store
from sim.signals.adaptive import controllers_of
from sim.site.model import Site
from sim.site.zones import Zones, measured_junctions, zones
from sim.study import Arm, Study
from sim.sumo.build import ArmBuild
from sim.sumo.driver import RunSpec
from sim.sumo.seekers import by_demand
from sim.tables import FREE_FLOW, PLACEBO, empty, typed

INTERVAL_S = 900
"""Zones and edges are counted per quarter of an hour, as demand is."""
QUEUE_INTERVAL_S = 60
"""Queues are observed per cycle, or this long where there is no common one."""


@dataclass(frozen=True)
class ArmFiles:
    """An arm in one period, built and laid out for measuring."""

    build: ArmBuild
    zones: Zones


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


def arms_laid_out(site: Site, builds: Mapping[tuple[str, str], ArmBuild]) -> dict[tuple[str, str], ArmFiles]:
    """Say where every arm is measured, by arm and period: once for all that have the same streets."""
    known_ways = ways(site)
    found: dict[str, Zones] = {}
    for built in builds.values():
        if built.network.sha256 not in found:
            found[built.network.sha256] = laid_out(site, built, known_ways).zones
    return {key: ArmFiles(built, found[built.network.sha256]) for key, built in builds.items()}


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
    laws = (*controllers_of(files.build.controls, files.build.network), *files.build.lane_laws)
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
    found = {name: f"{value:g}" for name, value in options.items() if value is not None}
    # Ways on from full areas: as short as those of Dijkstra, found in less than half the time.
    return found | ({"routing-algorithm": "astar"} if by_demand(site.facts) else {})


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
        self._most = (study.settings.jobs or os.cpu_count() or 1) + 2
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
