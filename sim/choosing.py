"""`huandu choose`: the best of many policies, with a guarantee and for as few runs as that takes.

The procedure is `sim.comparison.selection`: everyone drives in every policy's streets, and who is clearly
behind is run no more. The winner is held against today on replicates that the choice has not seen. Runs are
stored like any other's: a study of the winner finds them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.comparison.inference import verdict
from sim.comparison.selection import FIRST_STAGE, Selection, select
from sim.errors import ConfigError, Problem, Problems
from sim.labels import LANGS, Message, Text, text
from sim.legal_baseline import PRESENT_LEGAL
from sim.measures import SPECS
from sim.policy import BASELINE
from sim.results import write_json
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.runs.trials import outcome_of
from sim.runs.work import Work, arms_laid_out
from sim.study import Study

PRIMARY = "fair_travel_time"
FEWEST = 2
CHOICE: Mapping[str, str] = {
    "policy": "string",
    "chosen": "bool",
    "failed": "bool",  # a run failed, or left people under way: never chosen
    "mean": "float64",  # over its own replicates while in the choice: the chosen one's is flattered
    "replicates": "int64",
    "equal_allocation": "int64",  # what Rinott's procedure would have run, from the same first stage
}
"""One row per policy, in the study's order."""


def choose(study: Study, config: Mapping[str, Any], indifference_s: float | None) -> int:
    """Choose, write `results/<study>/choice/` and say what came out.

    `indifference_s`: smallest difference worth choosing by; left out: the smallest change that matters.
    Returns 0, or 1 where a policy failed. ConfigError with every problem of what was asked.
    """
    _check(study, indifference_s)
    folder = _folder(study, config)
    store = Store(study.root / "results" / ".store")
    checked = preflight(study, store.root)
    first, names = study.settings.first_replicate, _candidates(study)
    files = arms_laid_out(study.site, checked.builds)
    with _running(Work(study, store, files), study) as sample:
        today = np.array(sample(BASELINE, range(first, first + FIRST_STAGE)))
        zone_s = _smallest(study, float(np.nanmean(today))) if indifference_s is None else indifference_s
        found = select(
            names,
            sample,
            zone_s,
            confidence=study.settings.confidence,
            reference=BASELINE,
            first_replicate=first,
        )
        ran = found.replicates.items()
        means = {name: float(np.mean(sample(name, range(first, first + n)))) for name, n in ran}
    table = pd.DataFrame(
        [
            (name, name == found.best, name in found.failed, means[name], n, found.equal_allocation[name])
            for name, n in found.replicates.items()
        ],
        columns=list(CHOICE),
    ).astype(dict(CHOICE))
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "choice.csv", index=False, float_format="%.6g")
    write_json(folder / "choice.json", {**asdict(found), "runs": found.runs, "share": found.share_of_equal})
    for lang in LANGS:
        for words in told(study, found):
            print(words.of(lang))
    return 1 if found.failed else 0


def told(study: Study, found: Selection) -> Iterator[Text]:
    """Say who was chosen with what right, what it brings on fresh replicates, and what was saved."""
    best = next(arm for arm in study.arms if arm.id == found.best)
    names = best.applied.policy.title
    yield text(
        "choose.best",
        id=found.best,
        zh=names.zh,
        en=names.en,
        percent=f"{100 * found.confidence:g}",
        zone=f"{found.indifference:.2g}",
        n=str(len(found.replicates)),
    )
    fresh = found.fresh
    if fresh is not None:
        # Whatever the size: a choice is told apart from none here, `huandu run` says whether it matters.
        said = verdict(fresh, 0.0, "lower", found.fresh_runs // 2)
        yield text(
            "choose.fresh",
            difference=f"{fresh.difference:+.2f}",
            low=f"{fresh.ci_low:+.2f}",
            high=f"{fresh.ci_high:+.2f}",
            pairs=str(found.fresh_runs // 2),
            state_zh=text(f"verdict.{said}").zh,
            state_en=text(f"verdict.{said}").en,
        )
    equal = sum(found.equal_allocation.values())
    yield text(
        "choose.saved", runs=str(found.runs), equal=str(equal), share=f"{100 * found.share_of_equal:.0f}"
    )
    if found.failed:
        yield text("choose.failed", names=", ".join(found.failed))


@contextmanager
def _running(work: Work, study: Study) -> Iterator[Any]:
    """Offer a `selection.Sample` of the study's arms; nothing is run twice."""
    (period,) = study.periods
    known: dict[tuple[str, int], float] = {}

    def one(key: tuple[str, int]) -> float:
        arm, replicate = key
        built = work.arms[arm, period].build
        got = outcome_of(work.store, work.run(arm, period, replicate), built, study.site)
        whole = math.isfinite(got.value) and not got.uncleared and not got.teleports
        return got.value if whole else math.nan

    def sample(arm: str, replicates: Sequence[int]) -> list[float]:
        wanted = [(arm, n) for n in replicates]
        new = [key for key in wanted if key not in known]
        known.update(zip(new, pool.map(one, new), strict=True))
        return [known[key] for key in wanted]

    with ThreadPoolExecutor(study.settings.jobs or os.cpu_count() or 1) as pool:
        try:
            yield sample
        except BaseException:
            work.runner.children.stop()
            raise


def _candidates(study: Study) -> list[str]:
    return [arm.id for arm in study.arms if arm.id not in (BASELINE, PRESENT_LEGAL)]


def _smallest(study: Study, before: float) -> float:
    """Return the smallest change of the primary measure that matters, as the study has it."""
    absolute, relative = study.mcid
    spec = SPECS[PRIMARY]
    spec = replace(
        spec,
        mcid_abs=spec.mcid_abs if absolute is None else absolute,
        mcid_rel=spec.mcid_rel if relative is None else relative,
    )
    return spec.mcid(before)


def _check(study: Study, indifference_s: float | None) -> None:
    problems = Problems()
    names = _candidates(study)
    if len(names) < FEWEST:
        problems.add(
            "policies", Message("there is nothing to choose from: {names}", names=names or Message("none"))
        )
    if study.primary != PRIMARY:
        told = Message("policies are chosen by {primary!r} alone", primary=PRIMARY)
        problems.add("primary", told, Message("leave it out here"))
    if len(study.periods) != 1:
        told = Message("the best may be another one in each of {periods}", periods=list(study.periods))
        problems.add("periods", told, Message("one at a time: periods=[{first}]", first=study.periods[0]))
    if indifference_s is not None and not 0 < indifference_s < math.inf:
        told = Message("{seconds:g} s is no difference worth choosing by", seconds=indifference_s)
        problems.add("--indifference", told, Message("more than 0"))
    problems.raise_if_any()


def _folder(study: Study, config: Mapping[str, Any]) -> Path:
    """Return where the choice goes; ConfigError where one is there and nothing says it may be replaced."""
    folder = study.root / "results" / study.name / "choice"
    if folder.exists() and not config.get("overwrite") and not config.get("resume"):
        hint = Message("resume=true, overwrite=true or study=OTHER")
        raise ConfigError([Problem(str(folder), Message("there is a choice of that name"), hint)])
    return folder
