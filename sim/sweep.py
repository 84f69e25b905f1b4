"""Policies swept inside a study: one arm per combination of values, all against the same baseline.

    sweep:
      max: 2000                      # arms at most; 1000 if left out
      policies:
        longer_main:                 # several fields of one policy: every combination (a grid)
          interventions:
            j1:
              greens_s: {A: [30, 40, 50]}
              offset_s: {from: 0, to: 60, step: 5}

Any field of any policy may be swept, also one that the policy leaves at its default. Values that are equal
make one arm; arms that build alike share their runs. A policy with stages makes an arm for each of them.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sim.errors import NOTHING, Problems, near
from sim.interventions import REGISTRY
from sim.labels import Message
from sim.policy import PolicyFacts
from sim.stages import StageFacts

MOST_ARMS = 1000
"""Arms that a sweep may make unless `sweep.max` says otherwise: a slip of the keyboard makes millions."""
RANGE = ("from", "to", "step")

Path = tuple[str, ...]
Swept = tuple[tuple[str, str], ...]
"""Field within the policy and its value as text, in the order in which they were written."""


@dataclass(frozen=True)
class Variant:
    """One policy as it is, or with a value for each of its swept fields."""

    id: str
    policy: str
    data: Mapping[str, Any]
    swept: Swept


@dataclass(frozen=True)
class Steps(Sequence[Any]):
    """The numbers first, first + step, ... without their being written out; whole ones stay whole."""

    first: Decimal
    step: Decimal
    number: int

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self.number:
            raise IndexError(index)
        value = self.first + self.step * index
        return int(value) if self._whole else float(value)

    @property
    def _whole(self) -> bool:
        return self.first == int(self.first) and self.step == int(self.step)


def swept_fields(sweep: Mapping[str, Any]) -> dict[Path, Sequence[Any]]:
    """Flatten the nested `sweep` node to path -> values; ConfigError for what is no list or range."""
    problems = Problems()
    found: dict[Path, Sequence[Any]] = {}

    def walk(node: Mapping[str, Any], path: Path) -> None:
        for key, value in node.items():
            here = (*path, str(key))
            place = f"sweep.{'.'.join(here)}"
            if isinstance(value, Mapping) and _is_range(value):
                found[here] = _steps(value, place, problems) or ()
            elif isinstance(value, Mapping):
                walk(value, here)
            elif isinstance(value, Sequence) and not isinstance(value, str) and value:
                found[here] = list({json.dumps(v, sort_keys=True): v for v in value}.values())
            else:
                hint = Message("write [a,b,c] or {from: a, to: b, step: c}")
                problems.add(place, Message("{value!r} is not a list of values", value=value), hint)

    walk({key: value for key, value in sweep.items() if key != "max"}, ())
    problems.raise_if_any()
    return found


def _is_range(value: Mapping[str, Any]) -> bool:
    """Whether a mapping is meant as a range: a field may be called `from` too, but then holds a list."""
    return bool(set(RANGE) & value.keys()) and not any(isinstance(v, (Mapping, list)) for v in value.values())


def _steps(value: Mapping[str, Any], place: str, problems: Problems) -> Steps | None:
    """Read one range; `to` belongs to it where a step meets it."""
    for name in value.keys() - set(RANGE):
        problems.add(f"{place}.{name}", Message("no part of a range"), near(name, RANGE))
    missing = [name for name in RANGE if name not in value]
    if missing:
        problems.add(
            place,
            Message("the range has no {missing:or}", missing=missing),
            Message("write {from: a, to: b, step: c}"),
        )
        return None
    wrong = [
        name
        for name in RANGE
        if isinstance(value[name], bool)
        or not isinstance(value[name], (int, float))
        or not math.isfinite(value[name])
    ]
    for name in wrong:
        problems.add(f"{place}.{name}", Message("{value!r} is not a number", value=value[name]))
    if wrong:
        return None
    first, last, step = (Decimal(str(value[name])) for name in RANGE)
    if step == 0 or (last - first) * step < 0:
        problems.add(
            f"{place}.step",
            Message(
                "{step!r} never leads from {first} to {last}", step=value["step"], first=first, last=last
            ),
        )
        return None
    return Steps(first, step, int((last - first) // step) + 1)


def variants(policies: Mapping[str, Mapping[str, Any]], sweep: Mapping[str, Any]) -> Iterator[Variant]:
    """Give every policy, once per combination of its swept values.

    ConfigError where a field is none of a policy, or the arms are more than `sweep.max`; their number is said
    before any is made.
    """
    by_policy = _by_policy(policies, swept_fields(sweep))
    arms = sum(
        math.prod(len(values) for values in by_policy.get(name, {}).values()) * _stages(policy)
        for name, policy in policies.items()
    )
    most = sweep.get("max", MOST_ARMS)
    problems = Problems()
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        problems.add("sweep.max", Message("{most!r} is not a number of arms", most=most))
    elif arms > most:
        told = Message("makes {arms} arms, more than {most}", arms=arms, most=most)
        problems.add("sweep", told, Message("if that is meant: sweep.max={arms}", arms=arms))
    problems.raise_if_any()
    return (variant for name in policies for variant in _of(name, policies[name], by_policy.get(name, {})))


def _stages(policy: Any) -> int:
    """Return how many arms one policy is: one for each of its stages."""
    stages = policy.get("stages") if isinstance(policy, Mapping) else None
    return max(1, len(stages)) if isinstance(stages, Mapping) else 1


def _by_policy(
    policies: Mapping[str, Mapping[str, Any]], fields: Mapping[Path, Sequence[Any]]
) -> dict[str, dict[Path, Sequence[Any]]]:
    """Sort the swept fields by policy: path within the policy -> values."""
    problems = Problems()
    found: dict[str, dict[Path, Sequence[Any]]] = {}
    for path, values in fields.items():
        place = f"sweep.{'.'.join(path)}"
        policy, inner = path[1] if len(path) > 1 else "", path[2:]
        if path[0] != "policies" or policy not in policies or not inner:
            known = [f"policies.{name}" for name in policies]
            problems.add(place, Message("names no field of a policy"), near(".".join(path[:2]), known))
        elif (hint := _missing(policies[policy], inner)) is not None:
            told = Message("policy {policy!r} has no such field", policy=policy)
            problems.add(place, told, hint or Message("see `huandu list interventions`"))
        else:
            found.setdefault(policy, {})[inner] = values
    problems.raise_if_any()
    return found


def _missing(data: Any, path: Sequence[str]) -> Message | None:
    """Return None where the path leads to a field, else the names near the part that does not."""
    for part in path:
        if isinstance(data, Sequence) and not isinstance(data, str) and part.isdigit():
            if int(part) >= len(data):
                return Message("the list has {count} items, the first is 0", count=len(data))
            data = data[int(part)]
            continue
        if not isinstance(data, Mapping):
            return NOTHING
        if part not in data:
            known = {*map(str, data), *_fields_of(data)}
            return None if part in known and part == path[-1] else near(part, known)
        data = data[part]
    return None


def _fields_of(data: Mapping[str, Any]) -> set[str]:
    """Return the fields that a policy or an intervention may have, whether written or not."""
    if {"interventions", "stages"} & data.keys():
        return set((PolicyFacts if "site" in data else StageFacts).model_fields)
    kind = REGISTRY.get(str(data.get("kind")))
    return set(kind.model_fields) if kind else set()


def _of(name: str, data: Mapping[str, Any], fields: Mapping[Path, Sequence[Any]]) -> Iterator[Variant]:
    if not fields:
        yield Variant(name, name, data, ())
        return
    shown = _short(list(fields))
    for combination in itertools.product(*fields.values()):
        variant = copy.deepcopy(dict(data))
        for path, value in zip(fields, combination, strict=True):
            _set(variant, path, value)
        swept = tuple((".".join(path), str(value)) for path, value in zip(fields, combination, strict=True))
        words = ",".join(f"{shown[path]}={value}" for path, value in zip(fields, combination, strict=True))
        yield Variant(f"{name}[{words}]", name, variant, swept)


def _short(paths: Sequence[Path]) -> dict[Path, str]:
    """Return for every path the fewest last parts that no other path has."""
    found: dict[Path, str] = {}
    for path in paths:
        for kept in range(1, len(path) + 1):
            if sum(other[-kept:] == path[-kept:] for other in paths) == 1:
                break
        found[path] = ".".join(path[-kept:])
    return found


def _set(data: Any, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        data = data[int(part) if isinstance(data, list) else part]
    last = path[-1]
    data[int(last) if isinstance(data, list) else last] = value
