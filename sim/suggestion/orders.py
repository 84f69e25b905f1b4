"""Other orders of a signal's stages that a search may try: those that the signal check lets through. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from sim.interventions.plans import has_waiting_area, taken_apart
from sim.signals.design_rules import DesignRules
from sim.signals.findings import BREACHES, LintFinding, dangers_added
from sim.signals.greens import Discharge
from sim.signals.lint import lint
from sim.signals.program import SignalProgram
from sim.signals.rules import TimingRules
from sim.signals.streams import TimingProblem, timing_problem
from sim.site.network import Network

ALL_ORDERS = 4
"""With more stages than this only two neighbours change places."""


def orders_of(
    program: SignalProgram,
    network: Network,
    flows_pcuph: Mapping[str, float],
    discharge: Discharge,
    rules: DesignRules,
    checked_by: TimingRules,
    crossings_m: Mapping[str, float],
) -> dict[tuple[str, ...], TimingProblem]:
    """Return order of stages -> its timing problem, for every order but today's that endangers nobody.

    Programs are put together as by the intervention `reorder_stages`. Left out: orders in which the signal
    check finds a danger or a breach that today's order does not have, or that does not keep every stage as it
    is; all of them where cars wait inside the junction for the stage that follows.
    """
    names = [stage.name for stage in program.stages()]
    if has_waiting_area(network, program.signal):
        return {}
    greens_s = {stage.name: stage.green_s for stage in program.stages()}
    present = lint(program, network, checked_by, crossings_m)
    taken = taken_apart(program)
    found: dict[tuple[str, ...], TimingProblem] = {}
    for order in _orders(names):
        joined = taken.joined(order, {})
        if {stage.name: stage.green_s for stage in joined.stages()} != greens_s:
            continue  # an overlap that only the old neighbours have
        if _worse(present, lint(joined, network, checked_by, crossings_m)):
            continue
        try:
            found[order] = timing_problem(joined, network, flows_pcuph, discharge, rules)
        except ValueError:  # a minimum green that the order has no room for
            continue
    return found


def _orders(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield orders that are not today's, the first stage staying first."""
    if len(names) <= ALL_ORDERS:
        yield from ((names[0], *rest) for rest in permutations(names[1:]) if list(rest) != list(names[1:]))
        return
    for k in range(1, len(names) - 1):
        yield (*names[:k], names[k + 1], names[k], *names[k + 2 :])


def _worse(present: Sequence[LintFinding], proposed: Sequence[LintFinding]) -> bool:
    known = {item.place for item in present}
    new = (item for item in proposed if item.place not in known)
    return any(item.rule in BREACHES for item in new) or bool(dangers_added(present, proposed))
