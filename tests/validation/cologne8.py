"""Two proofs on a real network, cologne8: the best of 12 real plans is chosen, a real change is found.

    python -m tests.validation.cologne8 choice|power [--studies 20] [--keep FOLDER] [--data FOLDER]

`choice`: twelve plans of one signal, four splits by three offsets, Kim and Nelson with the winner measured
anew on fresh replicates; what that costs beside Rinott's procedure, in simulated hours: about 200 runs.
`power`: one signal retimed; 400 pairs are the truth, studies of ten other pairs must find it as often as is
stated: 1200 runs, half an hour of one quiet core. Rewrites the part in docs/validation/cologne8.json and the
page. What was simulated is kept in FOLDER, so that a proof can be gone on with; the same command gives the
same numbers.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.cli.verbs import assembled
from sim.comparison import inference
from sim.comparison.selection import Selection, select
from sim.policy import AppliedPolicy, apply, empty_policy, parse_policy
from sim.runs.store import Store
from sim.runs.trials import Trials
from tests.validation import real_input
from tests.validation.known_truth import stated

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "validation" / "cologne8.md"
FACTS = ROOT / "docs" / "validation" / "cologne8.json"

TODAY = "today"
RETIMED = "31/35"
"""A small change, which ten pairs find now and then: by the choice's eleven runs a second or so of 116."""
SIGNAL = {"kind": "retime_signal", "junction": "26110729", "expect": {"cycle_s": 90}}
BOTH_S = 66
"""Green of the two main stages together; today 33 s each."""
PLANS: Mapping[str, Mapping[str, Any]] = {
    f"{first}/{BOTH_S - first}" + (f" +{offset}" if offset else ""): {
        "greens_s": {"S1": first, "S3": BOTH_S - first},
        **({"offset_s": offset} if offset else {}),
    }
    for first in (22, 25, 28, 31)
    for offset in (0, 30, 60)
}
INDIFFERENCE_S = 1.0
"""Smallest difference worth choosing by, s per vehicle of 116: less than what pairs of runs differ by."""
CONFIDENCE = 0.95
EACH, STUDIES = 10, 20
TRUTH = range(100_001, 100_401)


class Cologne8:
    """Fair travel time, s/veh, and simulated hours of one plan and replicate; what is known is kept."""

    def __init__(self, trials: Trials, keep: Path) -> None:
        """Plans are simulated by `trials`; values are kept in the file `keep` and found there again."""
        self.trials, self.keep = trials, keep
        lines = keep.read_text(encoding="utf-8").splitlines() if keep.is_file() else []
        self.known = {
            (plan, int(n)): (float(value), float(hours))
            for plan, n, value, hours in (line.split(",") for line in lines)
        }
        self.applied = {TODAY: apply(empty_policy(), trials.study.site, TODAY)}

    def values(self, plan: str, replicates: Sequence[int]) -> list[float]:
        """Return one value per replicate; a `selection.Sample`. NaN where a run failed."""
        return [self._one(plan, n)[0] for n in replicates]

    def hours(self, plan: str) -> float:
        """Return the mean simulated hours of a run of this plan."""
        return float(np.mean([hours for (name, _), (_, hours) in self.known.items() if name == plan]))

    def pairs(self, replicates: Sequence[int]) -> NDArray[np.float64]:
        """Return retimed less today, pair by pair."""
        found = [(self._one(TODAY, n)[0], self._one(RETIMED, n)[0]) for n in replicates]
        return np.array([after - before for before, after in found])

    def _one(self, plan: str, replicate: int) -> tuple[float, float]:
        key = (plan, replicate)
        if key not in self.known:
            before = self.trials.hours
            (outcome,) = self.trials.outcomes([(self._applied(plan), replicate)])
            value = outcome.value if math.isfinite(outcome.value) else math.nan
            self.known[key] = (value, self.trials.hours - before)
            with self.keep.open("a", encoding="utf-8") as file:
                file.write(f"{plan},{replicate},{value!r},{self.known[key][1]!r}\n")
        return self.known[key]

    def _applied(self, plan: str) -> AppliedPolicy:
        if plan not in self.applied:
            site = self.trials.study.site
            content = {
                "site": site.name,
                "title": {"zh": plan, "en": plan},
                "interventions": {"retime": {**SIGNAL, **PLANS[plan]}},
            }
            self.applied[plan] = apply(parse_policy(plan, content, plan), site, plan)
        return self.applied[plan]


@contextmanager
def cologne8(data: Path, keep: Path) -> Iterator[Cologne8]:
    """Import the network below `keep`, unless it is there, and offer its plans."""
    (model,) = (one for one in real_input.MODELS if one.name == "cologne8")
    if not (keep / "scenarios" / model.name / "site.yaml").is_file():
        made = real_input.prepare(model, data, keep)
        assert made.code == 0, made.out
    study, _ = assembled(keep, [f"scenario={model.name}", "run.jobs=1"])
    trials = Trials(study, Store(keep / "results" / ".store"), study.periods[0])
    try:
        yield Cologne8(trials, keep / "values.csv")
    finally:
        trials.stop()


def choice(network: Cologne8) -> dict[str, Any]:
    """Choose among the twelve plans; return what was chosen, for how many hours."""
    got = select(list(PLANS), network.values, INDIFFERENCE_S, confidence=CONFIDENCE, reference=TODAY)
    return {**_costs(got, network.hours), **_chosen(got, network)}


def _costs(got: Selection, hours: Any) -> dict[str, Any]:
    spent = sum(n * hours(plan) for plan, n in got.replicates.items())
    spent += got.fresh_runs / 2 * (hours(got.best) + hours(TODAY))
    equal = sum(n * hours(plan) for plan, n in got.equal_allocation.items())
    return {"hours": spent, "rinott_hours": equal, "share": spent / equal}


def _chosen(got: Selection, network: Cologne8) -> dict[str, Any]:
    assert got.fresh is not None, "today is no candidate"
    means = {
        plan: float(np.mean(network.values(plan, range(1, 1 + n)))) for plan, n in got.replicates.items()
    }
    return {
        "best": got.best,
        "fresh": [got.fresh.difference, got.fresh.ci_low, got.fresh.ci_high],
        "fresh_runs": got.fresh_runs,
        "failed": list(got.failed),
        "plans": [[plan, n, got.equal_allocation[plan], means[plan]] for plan, n in got.replicates.items()],
    }


def power(network: Cologne8, studies: int = STUDIES, truth: Sequence[int] = TRUTH) -> dict[str, Any]:
    """Find one retiming in studies of ten pairs, its truth known from pairs of which no study has one."""
    known = network.pairs(truth)
    effect, sd = float(known.mean()), float(known.std(ddof=1))
    differences = network.pairs(range(1, 1 + studies * EACH)).reshape(studies, EACH)
    got = [inference.paired_t(one, CONFIDENCE) for one in differences]
    says = stated(known, EACH, studies, CONFIDENCE, band=0.99)
    return {
        "pairs": len(known),
        "effect": effect,
        "sd": sd,
        "studies": studies,
        "found": sum(one.ci_high < 0 if effect < 0 else one.ci_low > 0 for one in got),
        "power": says.power,
        "low": says.low,
        "high": says.high,
        "covered": sum(one.ci_low <= effect <= one.ci_high for one in got),
    }


def page(facts: Mapping[str, Any]) -> str:
    """Write the page from what was found."""
    parts = [HEAD]
    if (c := facts.get("choice")) is not None:
        plans = "\n".join(f"| {p} | {mean:.2f} | {n} | {equal} |" for p, n, equal, mean in c["plans"])
        difference, low, high = c["fresh"]
        parts.append(
            CHOICE.format(
                **{**c, "plans": plans, "share": f"{c['share']:.0%}", "zone": f"{INDIFFERENCE_S:g}"},
                told=f"{difference:+.2f} s/veh ({low:+.2f} to {high:+.2f})",
                runs=sum(n for _, n, _, _ in c["plans"]) + c["fresh_runs"],
                equal=sum(n for _, _, n, _ in c["plans"]),
            )
        )
    if (p := facts.get("power")) is None:
        parts.append(
            "\n## A real change is found\n\nNot run yet: `python -m tests.validation.cologne8 power`.\n"
        )
    else:
        parts.append(POWER.format(**p))
    return "".join(parts)


HEAD = """\
# Two proofs on cologne8

Made by `python -m tests.validation.cologne8`, SUMO 1.28.0; the same numbers in `cologne8.json`. The morning
hour of a real network with 2,046 vehicles and eight signals; fair travel time of everyone, s/veh.
"""
CHOICE = """
## The best of twelve real plans

{date}, `{command}`, {seconds} s on cores
that others used as well. One signal (26110729), green of its two main stages (today 33/33 s)
and offset later by so many seconds. Chosen is the best with probability 95 % if it is {zone} s or more better
than the others (Kim and Nelson, the same people for every plan); measured anew on ten replicates that the
choice has not seen. Rinott's procedure gives the same guarantee from the same first stage and measures
nothing anew.

Chosen: **{best}**, {told} against today on fresh replicates. {runs} runs, {hours:.0f} simulated
hours, fresh ones included; Rinott's needs {equal} runs, {rinott_hours:.0f} hours: **{share}**.

| plan | mean while in the choice | runs | Rinott's |
| --- | --- | --- | --- |
{plans}
"""
POWER = """
## A real change is found

{date}, `{command}`, {seconds} s. The same signal, 31/35 s instead of 33/33. {pairs} pairs are
the truth: {effect:+.2f} s/veh, spread of a difference {sd:.2f}. From their shape follows that a study of ten
pairs finds it with probability {power:.1%}. Of {studies} studies of ten pairs each, none of them among those,
**{found}** find it; {low} to {high} would be right (99 %, the truth's own error counted in). {covered} of
{studies} intervals hold the truth.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Make one proof anew and write facts and page."""
    parser = argparse.ArgumentParser("python -m tests.validation.cologne8")
    parser.add_argument("proof", choices=["choice", "power"])
    parser.add_argument("--keep", type=Path, help="a folder for what was simulated")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--studies", type=int, default=STUDIES, help="of ten pairs, of `power`")
    options = parser.parse_args(words)
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as fresh,
        cologne8(options.data, options.keep or Path(fresh)) as network,
    ):
        found = choice(network) if options.proof == "choice" else power(network, options.studies)
    kept = " --keep FOLDER" if options.keep else ""
    fewer = f" --studies {options.studies}" if options.studies != STUDIES else ""
    found |= {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": f"python -m tests.validation.cologne8 {options.proof}{fewer}{kept}",
        "seconds": round(time.monotonic() - started),
    }
    facts = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.is_file() else {}
    facts[options.proof] = found
    FACTS.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    PAGE.write_text(page(facts), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
