"""Plans that follow from streets and demand alone: where the search begins. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sim.signals.band import green_bands
from sim.signals.corridor import Corridor, band_inputs
from sim.signals.design_rules import DesignRules
from sim.signals.greens import Discharge
from sim.signals.search import Plans, SignalTiming
from sim.signals.splits import oversaturated
from sim.signals.streams import TimingProblem
from sim.signals.webster import ComputedTiming, timing_of_cycle, webster
from sim.suggestion.targets import Target

PRESENT = "present"


@dataclass(frozen=True)
class Computing:
    """The signals to be timed, their corridor if they are one, and what plans are computed from."""

    targets: Sequence[Target]
    line: Corridor | None
    flows_pcuph: Mapping[str, float]
    discharge: Discharge
    rules: DesignRules
    hours: float
    """Length of the period."""

    @property
    def present(self) -> Plans:
        """Today's plans."""
        return tuple(target.present for target in self.targets)

    def plans(self) -> list[tuple[str, Plans]]:
        """Return the plans by name; along a corridor only those that share a cycle."""
        low, high = self.rules.shortest_cycle_s.value, self.rules.longest_cycle_s.value
        saturation = self.rules.practical_saturation.value
        found: list[tuple[str, Plans]] = []

        def add(name: str, compute: Callable[[TimingProblem], ComputedTiming]) -> None:
            timings = []
            for target, now in zip(self.targets, self.present, strict=True):
                try:
                    timing = compute(target.problem) if target.problem.streams else None
                except ValueError:  # the cycle cannot hold this signal's minimum greens: it stays
                    timing = None
                if timing is None:
                    timings.append(now)
                else:
                    timings.append(SignalTiming(timing.greens_s, now.offset_s % timing.cycle_s))
            if self.line is None or len(self._cycles(timings)) == 1:
                found.append((name, tuple(timings)))

        add("webster", lambda problem: webster(problem, low, high, saturation))
        add("splits", lambda problem: timing_of_cycle(problem, problem.fixed_s + sum(problem.present_s)))
        add("storage", lambda problem: oversaturated(problem, low, high, self.hours))
        busy = [t.problem for t in self.targets if t.problem.streams]
        if len(self.targets) > 1 and busy:
            common_s = max(webster(problem, low, high, saturation).cycle_s for problem in busy)
            add("webster_common", lambda problem: timing_of_cycle(problem, common_s))
        if self.line is not None:
            for name, plans in [*found, (PRESENT, self.present)]:
                if len(self._cycles(plans)) == 1:
                    found.append((f"band_{name}", self._banded(plans)))
        return found

    def _cycles(self, plans: Sequence[SignalTiming]) -> set[float]:
        return {
            round(t.problem.fixed_s + sum(p.greens_s), 3) for t, p in zip(self.targets, plans, strict=True)
        }

    def _banded(self, plans: Sequence[SignalTiming]) -> Plans:
        """Give plans of one cycle the offsets with the widest bands; the first signal keeps its own."""
        assert self.line is not None
        (cycle_s,) = self._cycles(plans)
        timed = [
            t.program.retimed(t.problem.named(p.greens_s)) for t, p in zip(self.targets, plans, strict=True)
        ]
        inputs = band_inputs(self.line, timed, self.flows_pcuph, self.discharge)
        offsets_s = green_bands(*inputs, cycle_s).offsets_s
        first_s = plans[0].offset_s
        return tuple(
            replace(plan, offset_s=round(first_s + offset_s) % cycle_s)
            for plan, offset_s in zip(plans, offsets_s, strict=True)
        )
