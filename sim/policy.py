"""A policy (策): named interventions on one site, checked together and turned into edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, field_validator

from sim.appraisal import CostFacts
from sim.edits.edited_site import edited, footprint
from sim.edits.open_ways import dead_ends
from sim.edits.vocabulary import SHARED_KINDS, Edit, ObjectKey
from sim.errors import ConfigError, Problems, near
from sim.interventions import REGISTRY, Intervention
from sim.labels import Message, Text, message_of, text
from sim.loading import Bilingual, Facts, parse
from sim.site.model import Site

BASELINE = "baseline"
"""Id of the arm with the empty policy."""
CLOSES_WAYS = frozenset({"edge", "lane", "connection", "closure"})
"""Kinds of objects whose change may leave somebody no way on; a new timing never does."""
EMPTY = Message("is empty: a policy changes something; see `huandu list interventions`")


class PolicyFacts(Facts):
    """The frame of `policies/<id>.yaml`; each intervention is parsed by its kind."""

    site: str
    title: Bilingual
    reason: Bilingual | None = None
    permanent: bool = True
    cost: CostFacts | None = None
    """Of the whole policy; with it the report holds benefit against cost."""
    interventions: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict, validate_default=True)

    @field_validator("interventions", mode="before")
    @classmethod
    def _changes_something(cls, value: Any) -> Any:
        if not value:
            raise ValueError(EMPTY)
        return value


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


@dataclass(frozen=True)
class AppliedPolicy:
    """A policy applied to a site: what to change, what may differ, and the change log in words."""

    policy: Policy
    edits: tuple[Edit, ...]
    footprint: frozenset[ObjectKey]
    change_log: tuple[Text, ...]
    """What changes, and after it what each intervention assumes of people."""
    assumptions: tuple[Text, ...] = ()
    """What the results are conditional on (`Intervention.assumes`)."""
    warnings: tuple[Text, ...] = ()
    """Conditions of good practice that the place does not meet (`Intervention.eligibility`)."""


def empty_policy() -> Policy:
    """Return today's policy: nothing changes."""
    return Policy(BASELINE, Text("现状", "Baseline"), True, {})


def parse_policy(policy_id: str, data: Any, path: str) -> Policy:
    """Check one policy file; ConfigError with all problems."""
    facts = parse(PolicyFacts, data, path)
    problems = Problems()
    interventions: dict[str, Intervention] = {}
    for name, fields in facts.interventions.items():
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
    stated = sum(item.cost_wan_yuan or 0 for item in interventions.values())
    if facts.cost is not None and stated > facts.cost.capital_wan_yuan.high:
        problems.add(
            f"{path}.cost.capital_wan_yuan.high",
            Message(
                "{high:g} is less than the interventions cost together: {stated:g}",
                high=facts.cost.capital_wan_yuan.high,
                stated=stated,
            ),
        )
    problems.raise_if_any()
    reason = Text(facts.reason.zh, facts.reason.en) if facts.reason else None
    title = Text(facts.title.zh, facts.title.en)
    return Policy(policy_id, title, facts.permanent, interventions, reason, facts.site, facts.cost)


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
            if (assumption := item.assumes(found)) is not None:
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
    return AppliedPolicy(policy, ordered, every, tuple(log), tuple(assumed), tuple(warned))


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
