"""Our signal control beside what else there is, on real input: fresh people, paired with today's plans.

    python -m tests.validation.signal_rivals [--networks cologne8,ingolstadt7] [--rules unconstrained,chinese]
        [--pairs 10] [--candidates 60] [--only "shipped plan" "SUMO actuated"] [--root ROOT]

imports each network into ROOT (a temporary folder if none is given), computes or asks for every candidate,
simulates it on replicates that no search has seen, and rewrites these candidates' rows of
docs/validation/signal-rivals-runs.csv and the whole of signal-rivals.md. What ROOT's store holds is not
simulated again. With two cores to itself: cologne8 and ingolstadt7 about an hour, acosta and jinan_3x4 two
hours each, nanchang_cuta a day.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from sim.demand import realise
from sim.demand.flows import movement_flows
from sim.edits.edited_site import footprint
from sim.errors import ConfigError
from sim.interventions.fixed_time import fixed_time_program
from sim.interventions.plans import set_programs, taken_apart
from sim.policy import AppliedPolicy, empty_policy
from sim.runs.store import Store
from sim.runs.trials import Trials
from sim.scenario import assemble
from sim.signals.adaptive import FREE_ORDER, LEADS, LONGEST_RED, MAX_PRESSURE, PAID_CHANGE, within
from sim.signals.design_rules import DesignRules, design_rules
from sim.signals.program import SignalProgram
from sim.signals.streams import least_green_s
from sim.study import Study
from sim.suggestion import Suggesting
from sim.suggestion.computed import Computing
from sim.suggestion.targets import Request, discharge_of, targets_of
from sim.sumo.demand_files import write_demand
from sim.sumo.install import environment, sumo_home
from sim.sumo.signals import read_controls, write_controls
from tests.validation.real_input import ROOT, huandu
from tests.validation.signal_rivals_page import ACTUATED, FREE, IN_ORDER, OURS, SEARCH, TODAY, page

PAGE = ROOT / "docs" / "validation" / "signal-rivals.md"
RUNS = ROOT / "docs" / "validation" / "signal-rivals-runs.csv"
FIRST = 2001
"""First replicate of the comparison; searches see 1 and following."""


@dataclass(frozen=True)
class Model:
    """Where a network lies, how it is imported, and how far the search goes on it."""

    source: str
    options: tuple[str, ...] = ()
    search_replicates: int = 2
    candidates: int = 60


MODELS: Mapping[str, Model] = {
    "cologne8": Model("cologne8/cologne8.sumocfg"),
    "ingolstadt7": Model("ingolstadt7/ingolstadt7.sumocfg", candidates=48),
    "acosta": Model(
        "bologna_acosta/run.sumocfg", ("--begin", "00:00:00", "--end", "01:00:00"), 1, candidates=24
    ),
    "jinan_3x4": Model("jinan_3x4/n.sumocfg", (), 1, candidates=24),
    "nanchang_cuta": Model("nanchang_cutA/c.sumocfg", ("--scale", "0.6"), 1, candidates=12),
}
RULES: Mapping[str, float] = {"unconstrained": 50.0, "chinese": 60.0}
"""Longest green of everything that reacts, s, by rules; `unconstrained` has netconvert's 5 to 50 s."""
LONGEST_RED_S = 180.0
"""The longest that ours without order keeps any stage from green, s."""


@dataclass(frozen=True)
class Contest:
    """One network under one set of rules."""

    network: str
    rules_name: str
    root: Path
    candidates: int | None

    @property
    def case(self) -> str:
        """Name of the search's study."""
        return f"rivals_{self.network}_{self.rules_name}"

    @cached_property
    def study(self) -> Study:
        """The imported scenario, one run at a time."""
        config = {"site": self.network, "primary": "fair_travel_time", "run": {"placebo": False, "jobs": 1}}
        return assemble(self.root, self.network, config, self.case)

    @cached_property
    def rules(self) -> DesignRules:
        """The rules of this column."""
        return design_rules(self.root, self.rules_name)

    @property
    def period(self) -> str:
        """The network's one period."""
        return self.study.periods[0]

    @cached_property
    def programs(self) -> dict[str, SignalProgram]:
        """Today's fixed-time programs with something to decide, by signal."""
        found = {}
        for junction in self.study.site.network.junctions.values():
            if junction.signal is None:
                continue
            try:
                program = fixed_time_program(self.study.site, junction, self.period, None, "")
            except ConfigError:
                continue
            if len(program.stages()) > 1:
                found[junction.signal] = program
        return found

    def entrants(self) -> Iterator[tuple[str, Callable[[], AppliedPolicy]]]:
        """Yield the name of each candidate and how it is made."""
        if self.rules_name == "unconstrained":
            yield "tlsCycleAdaptation.py", self.cycle_adaptation
            yield "tlsCoordinator.py", self.coordinator
        yield ACTUATED, lambda: self.changed(self.actuated)
        yield FREE, lambda: self.changed(partial(self.any_order, FREE_ORDER))
        yield "our Webster", self.webster
        yield SEARCH, self.search
        yield IN_ORDER, lambda: self.changed(self.max_pressure)
        yield OURS, lambda: self.changed(partial(self.any_order, PAID_CHANGE))

    def changed(self, change: Callable[[SignalProgram], SignalProgram]) -> AppliedPolicy:
        """Apply a change to every program."""
        return self.exchanged({signal: change(program) for signal, program in self.programs.items()})

    def exchanged(self, programs: Mapping[str, SignalProgram]) -> AppliedPolicy:
        """Put programs in the place of today's."""
        edits = tuple(
            edit
            for signal, new in sorted(programs.items())
            for edit in set_programs(self.study.site, {self.period: (self.programs[signal], new)})
        )
        return AppliedPolicy(empty_policy(), edits, footprint(self.study.site, edits), ())

    def limits_s(self, program: SignalProgram) -> dict[str, tuple[float, float]]:
        """Shortest and longest green of every stage."""
        most_s = RULES[self.rules_name]
        if self.rules_name == "unconstrained":
            least_s = self.rules.minimum_green_s.value
            return {stage.name: (least_s, most_s) for stage in program.stages()}
        network = self.study.site.network
        least = {s.name: least_green_s(s, program, network, self.rules) for s in program.stages()}
        return {name: (green_s, max(green_s, most_s)) for name, green_s in least.items()}

    def max_pressure(self, program: SignalProgram) -> SignalProgram:
        """Ours in the plan's order, as policies can have it."""
        return within(program, MAX_PRESSURE, self.limits_s(program))

    def actuated(self, program: SignalProgram) -> SignalProgram:
        """SUMO's, with its own gap."""
        return replace(within(program, "actuated", self.limits_s(program)), params=(("max-gap", "3"),))

    def any_order(self, kind: str, program: SignalProgram) -> SignalProgram:
        """Make a program in which every stage leads to every other: stages first, then what lies between."""
        limits_s = self.limits_s(program)
        limited = within(program, kind, limits_s)
        names = [stage.name for stage in program.stages()]
        deciding = [interval for interval in limited.intervals if interval.max_s is not None]
        greens = [  # of each stage one interval stands here, so it has to keep the limits by itself
            replace(green, min_s=limits_s[name][0], max_s=limits_s[name][1])
            for name, green in zip(names, deciding, strict=True)
        ]
        taken = taken_apart(program)
        intervals = [replace(green, duration_s=green.max_s or 0.0) for green in greens]
        for a, one in enumerate(names):
            for b, other in enumerate(names):
                if a == b:
                    continue
                between = taken.intergreen(one, other, taken.yellow_s, taken.red_s)
                if not between:  # nobody ends: the change is seen in the next stage's own lights
                    between = (replace(greens[b], duration_s=1.0, min_s=None, max_s=None),)
                for number, interval in enumerate(between):
                    last = number == len(between) - 1
                    name = f"{a}{LEADS}{b}" if number == 0 else ""
                    ahead = (b,) if last else ()
                    intervals.append(replace(interval, name=name, next=ahead))
        # What SUMO does at the end of a longest green nobody ended: it stays.
        intervals = [
            replace(interval, next=(index,)) if interval.max_s is not None else interval
            for index, interval in enumerate(intervals)
        ]
        params = ((LONGEST_RED, f"{LONGEST_RED_S:g}"),) if kind == PAID_CHANGE else ()
        return replace(limited, intervals=tuple(intervals), params=params)

    @cached_property
    def suggesting(self) -> Suggesting:
        """What `huandu signals suggest` computes and searches; what it confirms is confirmed here."""
        model = MODELS[self.network]
        study, period, rules = self.study, self.period, self.rules
        request = Request(
            rules=self.rules_name,
            candidates=self.candidates or model.candidates,
            search_replicates=model.search_replicates,
        )
        scale = study.settings.demand_scale
        flows = {name: q * scale for name, q in movement_flows(study.site, period, study.vehicles).items()}
        targets, _, line = targets_of(study, period, request, flows, rules)
        times = study.site.periods[period]
        hours = (times.end_s - times.begin_s) / 3600
        computing = Computing(targets, line, flows, discharge_of(study, rules), rules, hours)
        return Suggesting(study, period, request, computing, self.trials)

    def webster(self) -> AppliedPolicy:
        """Our Webster, as `huandu signals suggest` computes it."""
        return self.suggesting.applied(dict(self.suggesting.computing.plans())["webster"])

    def search(self) -> AppliedPolicy:
        """Search on replicates 1 and following; today's plan where no other is better, or may be a policy."""
        found = self.suggesting.searched()
        for trial in found.trials:
            print(trial.move, trial.replicates, f"{trial.difference:+.2f}", trial.taken, flush=True)
        refused = self.rules_name != "unconstrained" and self.suggesting.refusal(found.best)
        return self.suggesting.applied(self.suggesting.present if refused else found.best)

    def cycle_adaptation(self) -> AppliedPolicy:
        """SUMO's Webster tool with its defaults, from the routes of one realised demand."""
        begin_s = str(self.study.site.periods[self.period].begin_s)
        return self.tool("tlsCycleAdaptation.py", "-b", begin_s)

    def coordinator(self) -> AppliedPolicy:
        """SUMO's offsets tool with its defaults, for today's plans."""
        return self.tool("tlsCoordinator.py", "-a", "today.add.xml")

    def tool(self, name: str, *words: str) -> AppliedPolicy:
        """Run one of SUMO's tools and take over the programs it writes."""
        site = self.study.site
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            built = self.trials.baseline.build
            people = realise(site, self.period, FIRST - 1, self.study.settings, self.study.vehicles)
            write_demand(people, built, folder / "people.rou.xml")
            today = {signal: site.signals[self.period][signal] for signal in self.programs}
            write_controls(folder / "today.add.xml", today)
            command = [
                sys.executable, str(sumo_home() / "tools" / name), "-n", str(site.network_file.resolve()),
                "-r", "people.rou.xml", "-o", "out.add.xml", *words,
            ]  # fmt: skip
            done = subprocess.run(
                command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            before = [folder / "today.add.xml"] if "-a" in words else []
            controls = read_controls(site.network_file, [*before, folder / "out.add.xml"])
        programs = {}
        for signal, today_program in self.programs.items():
            new = controls[signal].programs[controls[signal].active]
            if len(new.intervals[0].state) == len(today_program.intervals[0].state):
                programs[signal] = replace(new, id=today_program.id)
        return self.exchanged(programs)

    @cached_property
    def trials(self) -> Trials:
        """Where runs are made and found again."""
        return Trials(self.study, Store(self.root / "results" / ".store"), self.period)

    def compete(self, pairs: int, only: Collection[str]) -> Iterator[pd.DataFrame]:
        """Simulate everybody on the same people; after each replicate yield a row per candidate and run."""
        today = self.study.arms[0].applied
        entrants: list[tuple[str, AppliedPolicy]] = []
        if not only or TODAY in only:
            entrants.append((TODAY, today))
        for name, make in self.entrants():
            if not only or name in only:
                entrants.append((name, make()))
        assert {name for name, _ in entrants} >= set(only), only
        rows = []
        for replicate in range(FIRST, FIRST + pairs):
            for name, applied in entrants:
                (outcome,) = self.trials.outcomes([(applied, replicate)])
                rows.append(
                    {
                        "date": f"{datetime.now(UTC):%Y-%m-%d}",
                        "network": self.network,
                        "rules": self.rules_name,
                        "candidate": name,
                        "replicate": replicate,
                        "fair_travel_time_s": round(outcome.value, 3),
                        "uncleared": outcome.uncleared,
                        "failure": outcome.failure or "",
                    }
                )
                print(*list(rows[-1].values())[1:], flush=True)
            yield pd.DataFrame(rows)
        self.trials.close()


def prepare(network: str, root: Path, data: Path) -> None:
    """Import a network that is not there yet."""
    for folder in ("scenarios", "configs"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if not (root / "scenarios" / network / "site.yaml").is_file():
        model = MODELS[network]
        said = huandu(root, "import", str(data / model.source), "--name", network, *model.options)
        assert said.code == 0, said.out


def main() -> None:
    """Run what is asked for; rewrite its rows and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--networks", default=",".join(MODELS))
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--candidates", type=int, help="plans that each search may try")
    parser.add_argument("--only", nargs="+", default=[], help="candidates to run; rows of others stay")
    parser.add_argument("--root", type=Path)
    asked = parser.parse_args()
    data = ROOT.parent / "shared" / "data"
    with tempfile.TemporaryDirectory() as temporary:
        root = (asked.root or Path(temporary)).resolve()
        for network in asked.networks.split(","):
            prepare(network, root, data)
            for rules in asked.rules.split(","):
                contest = Contest(network, rules, root, asked.candidates)
                for number, made in enumerate(contest.compete(asked.pairs, asked.only), 1):
                    if number > 1:
                        record(made)


def record(made: pd.DataFrame) -> None:
    """Put runs in the place of those of the same network, rules and candidate, and rewrite the page."""
    old = pd.read_csv(RUNS, keep_default_na=False) if RUNS.is_file() else pd.DataFrame(columns=made.columns)
    same = ["network", "rules", "candidate"]
    ran = set(made[same].itertuples(index=False, name=None))
    kept = old[[row not in ran for row in old[same].itertuples(index=False, name=None)]]
    every = pd.concat([kept, made]) if len(kept) else made
    order = {name: number for number, name in enumerate(MODELS)}
    every = every.sort_values("network", key=lambda names: names.map(order), kind="stable")
    every.to_csv(RUNS, index=False, lineterminator="\n")
    PAGE.write_text(page(every, MODELS, tuple(RULES)), encoding="utf-8")


if __name__ == "__main__":
    main()
