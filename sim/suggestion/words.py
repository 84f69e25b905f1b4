"""What came out, in tables and in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sim.comparison import inference
from sim.labels import Text, label, text, understood
from sim.runs.trials import Trials
from sim.signals.search import Plans, Search, SignalTiming
from sim.suggestion.judgement import Judged
from sim.suggestion.targets import Request, Target


def candidate_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return one row per candidate on the fresh replicates."""
    return pd.DataFrame(
        [
            (j.name, j.before, j.before + j.estimate.difference, j.estimate.difference, j.estimate.ci_low,
             j.estimate.ci_high, j.mcid, j.n, j.verdict, j.why)
            for j in judged
        ],
        columns=["candidate", "before", "after", "difference", "ci_low", "ci_high", "mcid", "n_pairs",
                 "verdict", "why"],
    )  # fmt: skip


def search_table(found: Search, targets: Sequence[Target]) -> pd.DataFrame:
    """Return one row per plan tried in the search, in order."""
    return pd.DataFrame(
        [
            (
                number,
                trial.move,
                trial.replicates,
                trial.difference,
                trial.taken,
                _plan_text(trial.plans, targets),
            )
            for number, trial in enumerate(found.trials, 1)
        ],
        columns=["trial", "move", "replicates", "difference_s", "taken", "plan"],
    )


def _plan_text(plans: Plans, targets: Sequence[Target]) -> str:
    def stages(timing: SignalTiming) -> str:
        greens = [f"{green_s:g}" for green_s in timing.greens_s]
        named = zip(timing.order, greens, strict=True) if timing.order else ()
        return " ".join([f"{stage} {green}" for stage, green in named] or greens) + f" @ {timing.offset_s:g}"

    return " | ".join(f"{t.junction}: {stages(p)}" for t, p in zip(targets, plans, strict=True))


def interval_words(judged: Judged) -> dict[str, str]:
    """Return the difference and its interval as words of a label."""
    estimate = judged.estimate
    return {
        "difference": f"{estimate.difference:+.1f}",
        "low": f"{estimate.ci_low:+.1f}",
        "high": f"{estimate.ci_high:+.1f}",
    }


def summary(
    judged: Sequence[Judged],
    best: Judged | None,
    found: Search,
    trials: Trials,
    request: Request,
    left_out: Sequence[str],
) -> list[Text]:
    """Say what was tried, what each candidate is worth on fresh replicates, and what to do."""
    lines = [
        text(
            "suggest.searched",
            candidates=found.candidates,
            runs=found.runs,
            saved=found.saved(request.search_replicates),
            simulated=trials.simulated,
            hours=f"{trials.hours:.1f}",
            rules=request.rules,
        )
    ]
    lines += [text("suggest.left_out", why=why) for why in left_out]
    for item in judged:
        names = {
            "name_zh": label(f"suggest.name.{item.name}", "zh"),
            "name_en": label(f"suggest.name.{item.name}", "en"),
        }
        if item.n == 0:
            lines.append(text(f"suggest.{item.verdict}", why=understood(item.why), **names))
            continue
        verdict = text(f"verdict.{item.verdict}")
        lines.append(
            text(
                "suggest.candidate",
                before=f"{item.before:.1f}",
                **interval_words(item),
                n=item.n,
                verdict_zh=verdict.zh,
                verdict_en=verdict.en,
                **names,
            )
        )
    if best is not None:
        lines.append(
            text(
                "suggest.take",
                name_zh=label(f"suggest.name.{best.name}", "zh"),
                name_en=label(f"suggest.name.{best.name}", "en"),
            )
        )
        if best.small:
            lines.append(text("suggest.small", mcid=f"{best.mcid:.1f}"))
        return lines
    lines.append(text("suggest.keep"))
    tried = [item for item in judged if item.n]
    if tried:
        confidence = 1 - (1 - trials.study.settings.confidence) / len(tried)
        missed = min(inference.smallest_detectable(item.sd, item.n, confidence) for item in tried)
        lines.append(text("suggest.missed", missed=f"{missed:.1f}", n=tried[0].n))
    return lines
