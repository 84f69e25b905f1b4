"""A policy's interventions apart: which arms an attribution needs, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from sim.analysis import Analysis
from sim.comparison.compare import SEVERITIES
from sim.comparison.factorial import ATTRIBUTION, MOST_FACTORS, Levels, attribution, design
from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.legal_baseline import PRESENT_LEGAL
from sim.policy import BASELINE, Policy, apply
from sim.site.model import Site
from sim.study import Arm, Study
from sim.tables import empty

SIDE = "attribution"
"""Folder of its runs, within that of the study."""


@dataclass(frozen=True)
class Split:
    """One policy taken apart: its factors (interventions that only stand together are one) and their arms."""

    policy: str
    factors: tuple[tuple[str, ...], ...]
    arms: Mapping[Levels, str]
    """Every run of the design, all off and all on -> the arm that is that."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the factors are called."""
        return tuple("+".join(factor) for factor in self.factors)


def split_policies(study: Study) -> tuple[Study, tuple[Split, ...]]:
    """Return the study of all parts beside today and the whole policies, and how they belong together.

    Policies of a single intervention are not taken apart; a part that equals an arm of the study or another
    part is that arm. ConfigError where parts cannot stand alone, or are too many.
    """
    baseline, *others = study.arms
    known = {_key(arm): arm for arm in reversed(study.arms)}
    arms: dict[str, Arm] = {BASELINE: baseline}
    splits = []
    for arm in others:
        if len(arm.applied.policy.interventions) > 1 and arm.id != PRESENT_LEGAL:
            splits.append(_split(arm, study.site, known, arms))
    settings = study.settings.model_copy(update={"placebo": False})
    side = replace(study, name=f"{study.name}/{SIDE}", arms=tuple(arms.values()), settings=settings)
    return side, tuple(splits)


def _split(arm: Arm, site: Site, known: dict[tuple[str, ...], Arm], arms: dict[str, Arm]) -> Split:
    policy, path = arm.applied.policy, f"policy {arm.id}: attribution"
    factors: tuple[tuple[str, ...], ...] = tuple((name,) for name in policy.interventions)
    try:
        parts = _parts(policy, factors, site, path)
    except ConfigError:
        factors = _joined(policy)
        if len(factors) == 1:
            told = Message("its interventions cannot stand without each other: nothing can be told apart")
            raise ConfigError([Problem(path, told, Message("leave it out: run.attribution=false"))]) from None
        parts = _parts(policy, factors, site, path)
    found = {}
    for levels, part in parts.items():
        one = arm if all(levels) else Arm(part.id, apply(part, site, path)) if any(levels) else arms[BASELINE]
        found[levels] = known.setdefault(_key(one), one).id
        arms.setdefault(found[levels], known[_key(one)])
    return Split(arm.id, factors, found)


def _parts(
    policy: Policy, factors: tuple[tuple[str, ...], ...], site: Site, path: str
) -> dict[Levels, Policy]:
    """Return the policy of every run; ConfigError where one cannot be applied or there are too many."""
    if len(factors) > MOST_FACTORS:
        told = Message(
            "{n} interventions: at most {most} can be told apart", n=len(factors), most=MOST_FACTORS
        )
        raise ConfigError([Problem(path, told, Message("split the policy in two, or join interventions"))])
    runs = dict.fromkeys([*design(len(factors)), (False,) * len(factors), (True,) * len(factors)])
    found = {}
    for levels in runs:
        kept = {name for factor, here in zip(factors, levels, strict=True) if here for name in factor}
        own = {
            name: item.model_copy(update={"after": tuple(n for n in item.after if n in kept)})
            for name, item in policy.interventions.items()
            if name in kept
        }
        found[levels] = replace(policy, id=f"{policy.id}[{'+'.join(own)}]", interventions=own)
        if own:
            apply(found[levels], site, path)
    return found


def _joined(policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Join every intervention with those that it comes after."""
    group = {name: name for name in policy.interventions}
    for name, item in policy.interventions.items():
        for earlier in item.after:
            old, new = group[name], group[earlier]
            group = {n: new if g == old else g for n, g in group.items()}
    return tuple(
        tuple(name for name in group if group[name] == first) for first in dict.fromkeys(group.values())
    )


def _key(arm: Arm) -> tuple[str, ...]:
    """Return what an arm is, whatever it is called."""
    return tuple(sorted(repr(edit) for edit in arm.applied.edits))


def attribution_table(analysis: Analysis, splits: tuple[Split, ...], confidence: float) -> pd.DataFrame:
    """Share out every policy's effect; `analysis`: of the study of the parts. Columns `ATTRIBUTION`."""
    measured, findings = analysis.long("measures"), analysis.long("findings")
    primary = analysis.study.primary
    own = measured[(measured["measure"] == primary) & (measured["scope"] == "network")]
    whole = findings[findings["scope"] == ""]
    parts = []
    for split in splits:
        for period in analysis.study.periods:
            here, found = own[own["period"] == period], whole[whole["period"] == period]
            values = {
                levels: here[here["arm"] == arm].set_index("replicate")["value"]
                for levels, arm in split.arms.items()
            }
            severities = found[found["arm"].isin(set(split.arms.values()))]["severity"]
            gate = max(severities, key=SEVERITIES.index, default="")
            parts.append(attribution(split.policy, period, split.names, values, gate, confidence))
    return pd.concat(parts, ignore_index=True) if parts else empty(ATTRIBUTION)
