"""A policy (策): named interventions on one site, checked together and turned into edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from sim.appraisal import CostFacts
from sim.edits.edited_site import edited, footprint
from sim.edits.open_ways import dead_ends
from sim.edits.vocabulary import SHARED_KINDS, Edit, ObjectKey
from sim.errors import ConfigError, Problems, near
from sim.interventions import REGISTRY, Intervention
from sim.labels import Message, Text, message_of, text
from sim.loading import Bilingual, Facts, parse
from sim.site.model import Site
from sim.stages import EMPTY, Stage, StageFacts, check_order

BASELINE = "baseline"
"""Id of the arm with the empty policy."""
CLOSES_WAYS = frozenset({"edge", "lane", "connection", "closure"})
"""Kinds of objects whose change may leave somebody no way on; a new timing never does."""


class PolicyFacts(Facts):
    """The frame of `policies/<id>.yaml`: `interventions`, or `stages` that have some each.

    Interventions are parsed by their kinds.
    """

    site: str
    title: Bilingual
    reason: Bilingual | None = None
    permanent: bool = True
    cost: CostFacts | None = None
    """Of the whole policy; with it the report holds benefit against cost."""
    stages: Mapping[str, StageFacts] = Field(default_factory=dict)
    interventions: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict, validate_default=True)

    @field_validator("stages", mode="before")
    @classmethod
    def _has_stages(cls, value: Any) -> Any:
        if not value:
            raise ValueError(Message("has no stage: name one at least, or write `interventions` instead"))
        return value

    @field_validator("interventions", mode="before")
    @classmethod
    def _changes_something(cls, value: Any, info: ValidationInfo) -> Any:
        staged = info.data.get("stages", True)  # absent: there are some, with problems of their own
        if not value and not staged:
            raise ValueError(EMPTY)
        return value or {}


@dataclass(frozen=True)
class Policy:
    """A parsed policy. The baseline is the policy without interventions."""

    id: str
    title: Text
    permanent: bool
    interventions: Mapping[str, Intervention]
    reason: Text | None = None
    site: str | None = None
    """The site it was written for; the baseline fits any."""
    cost: CostFacts | None = None
    stage: Stage | None = None
    """Which stage of a policy this is, if it is one."""
    stages: tuple[Policy, ...] = ()
    """One policy for each stage, where it has stages: they are what is applied."""

    @property
    def path(self) -> str:
        """Where in the policy's file its interventions stand."""
        return f".stages.{self.stage.name}" if self.stage else ""


@dataclass(frozen=True)
class AppliedPolicy:
    """A policy applied to a site: what to change, what may differ, and the change log in words."""

    policy: Policy
    edits: tuple[Edit, ...]
    footprint: frozenset[ObjectKey]
    change_log: tuple[Text, ...]
    """What changes, and after it what each intervention assumes of people, or who surveyed it."""
    assumptions: tuple[Text, ...] = ()
    """What the results are conditional on (`Intervention.assumes`), where nobody has surveyed it."""
    gap_approaches: tuple[str, ...] = ()
    """Approaches whose capacity in gaps has to be observed (`Intervention.rests_on_gaps`)."""
    warnings: tuple[Text, ...] = ()
    """Conditions of good practice that the place does not meet (`Intervention.eligibility`)."""


def empty_policy() -> Policy:
    """Return today's policy: nothing changes."""
    return Policy(BASELINE, Text("现状", "Baseline"), True, {})


def parse_policy(policy_id: str, data: Any, path: str) -> Policy:
    """Check one policy file; ConfigError with all problems."""
    facts = parse(PolicyFacts, data, path)
    problems = Problems()
    if facts.stages and facts.interventions:
        told = Message("has `interventions` and `stages`: what stands in every stage?")
        problems.add(path, told, Message("write all interventions under the stages in which they stand"))
    check_order(facts.stages, f"{path}.stages", problems)
    own = _interventions(facts.interventions, path, problems)
    of_stage = {
        name: _interventions(stage.interventions, f"{path}.stages.{name}", problems)
        for name, stage in facts.stages.items()
    }
    _check_cost(facts, own, path, problems)
    problems.raise_if_any()
    reason = Text(facts.reason.zh, facts.reason.en) if facts.reason else None
    title = Text(facts.title.zh, facts.title.en)
    policy = Policy(policy_id, title, facts.permanent, own, reason, facts.site, facts.cost)
    stages = (_staged(policy, name, facts.stages[name], items) for name, items in of_stage.items())
    return replace(policy, stages=tuple(stages))


def _check_cost(
    facts: PolicyFacts, interventions: Mapping[str, Intervention], path: str, problems: Problems
) -> None:
    """Refuse a whole that costs less than its parts, and one of stages: none of them stands for years."""
    if facts.cost is None:
        return
    if facts.stages:
        told = Message("stages come and go: no benefit of years stands against a cost")
        problems.add(f"{path}.cost", told, Message("write `cost_wan_yuan` of the interventions"))
    stated = sum(item.cost_wan_yuan or 0 for item in interventions.values())
    if stated > facts.cost.capital_wan_yuan.high:
        problems.add(
            f"{path}.cost.capital_wan_yuan.high",
            Message(
                "{high:g} is less than the interventions cost together: {stated:g}",
                high=facts.cost.capital_wan_yuan.high,
                stated=stated,
            ),
        )


def _staged(
    policy: Policy, name: str, facts: StageFacts, interventions: Mapping[str, Intervention]
) -> Policy:
    """Return a stage as a policy of its own."""
    title = Text(facts.title.zh, facts.title.en) if facts.title else Text(name, name)
    stage = Stage(policy.id, policy.title, name, title, facts.dates)
    whole = Text(f"{policy.title.zh}·{title.zh}", f"{policy.title.en}: {title.en}")
    return replace(policy, id=f"{policy.id}@{name}", title=whole, interventions=interventions, stage=stage)


def _interventions(
    written: Mapping[str, Mapping[str, Any]], path: str, problems: Problems
) -> dict[str, Intervention]:
    """Parse interventions by their kinds."""
    interventions: dict[str, Intervention] = {}
    for name, fields in written.items():
        place = f"{path}.interventions.{name}"
        kind = fields.get("kind")
        if not isinstance(kind, str) or kind not in REGISTRY:
            problems.add(
                f"{place}.kind",
                Message("no intervention kind {kind!r}", kind=kind),
                near(str(kind), REGISTRY),
            )
            continue
        try:
            interventions[name] = parse(REGISTRY[kind], fields, place)
        except ConfigError as error:
            problems.extend(error)
    return interventions


def apply(policy: Policy, site: Site, path: str) -> AppliedPolicy:
    """Turn a policy into edits. Pure: the site is not changed.

    Two interventions that touch the same object are refused unless one names the other in `after`. `after`
    orders them: the later one finds the site as the ones it names (and those they name) leave it; of any
    other it knows nothing.
    """
    problems = Problems()
    edits: dict[str, tuple[Edit, ...]] = {}
    log: list[Text] = []
    assumed: list[Text] = []
    warned: list[Text] = []
    owner: dict[ObjectKey, str] = {}
    touched: dict[str, frozenset[ObjectKey]] = {}
    for name in _in_order(policy, path):
        item = policy.interventions[name]
        place = f"{path}.interventions.{name}"
        before = _all_before(policy, name)
        if not before <= edits.keys():
            continue  # what it builds on is refused already
        try:
            found = edited(site, [edit for earlier in edits if earlier in before for edit in edits[earlier]])
            own = item.edits(found, place)
            words = [item.describe(found)]
            assumption = item.assumes(found)
            if assumption is None and item.surveyed is not None:
                problems.add(f"{place}.surveyed", Message("the result rests on no response of people"))
            elif item.surveyed is not None:
                words.append(text("policy.surveyed", by=item.surveyed))
            elif assumption is not None:
                assumed.append(assumption)
                words.append(text("policy.assumption", zh=assumption.zh, en=assumption.en))
            warned += item.eligibility(found)
            touched[name] = footprint(found, own)
        except ConfigError as error:
            problems.extend(error)
            continue
        except ValueError as error:
            problems.add(place, message_of(error))
            continue
        for key in sorted(touched[name]):
            if key[0] in SHARED_KINDS:
                continue
            if key in owner and owner[key] not in before:
                problems.add(
                    place,
                    Message(
                        "touches {key} {key_2!r}, which {owner!r} touches too",
                        key=key[0],
                        key_2=key[1],
                        owner=owner[key],
                    ),
                    Message("write `after: [{owner}]` if that order is meant", owner=owner[key]),
                )
            owner[key] = name
        edits[name] = own
        log += words
    problems.raise_if_any()
    ordered = tuple(edit for own in edits.values() for edit in own)
    every = frozenset().union(*touched.values())
    if any(kind in CLOSES_WAYS for kind, _ in every):
        _check_open(site, ordered, f"{path}.interventions")
    gaps = {approach for item in policy.interventions.values() for approach in item.rests_on_gaps(site)}
    return AppliedPolicy(
        policy, ordered, every, tuple(log), tuple(assumed), tuple(sorted(gaps)), tuple(warned)
    )


def _check_open(site: Site, edits: tuple[Edit, ...], path: str) -> None:
    """Refuse interventions that together leave cars on some edge no way on."""
    problems = Problems()
    try:
        stuck = dead_ends(site, edits)
    except ValueError as error:  # one of them does not find what another has changed
        problems.add(path, message_of(error), Message("say the order with `after`"))
        stuck = []
    for edge in stuck:
        told = Message("cars that come along {edge!r} could not go on from there", edge=edge)
        problems.add(path, told, Message("leave them a way"))
    problems.raise_if_any()


def _all_before(policy: Policy, name: str) -> frozenset[str]:
    """Interventions that `name` comes after, directly or through others (`_in_order` has refused circles)."""
    direct = frozenset(policy.interventions[name].after)
    return direct.union(*(_all_before(policy, earlier) for earlier in direct))


def _in_order(policy: Policy, path: str) -> list[str]:
    problems = Problems()
    for name, item in policy.interventions.items():
        for earlier in item.after:
            if earlier not in policy.interventions:
                place = f"{path}.interventions.{name}.after"
                problems.add(
                    place,
                    Message("no intervention {earlier!r} in this policy", earlier=earlier),
                    near(earlier, policy.interventions),
                )
    problems.raise_if_any()
    done: list[str] = []
    waiting = list(policy.interventions)
    while waiting:
        ready = [name for name in waiting if all(e in done for e in policy.interventions[name].after)]
        if not ready:
            problems.add(
                f"{path}.interventions", Message("`after` goes in a circle: {waiting}", waiting=waiting)
            )
            problems.raise_if_any()
        done.append(ready[0])
        waiting.remove(ready[0])
    return done
