"""From a composed configuration to a typed `Study`: site loaded, sweeps expanded, policies applied."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim import measures
from sim.errors import ConfigError, Problems, near
from sim.loading import parse
from sim.policy import BASELINE, EMPTY, apply, empty_policy, parse_policy
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, ScenarioFacts, Study
from sim.sumo.site import load

FRAME = ("study", "resume", "overwrite", "run", "sweep")
"""Keys of the composed configuration that are not the scenario's own."""


def assemble(
    root: Path, scenario: str, config: Mapping[str, Any], name: str, site_folder: Path | None = None
) -> Study:
    """Check a composed configuration whole and return the study.

    `site_folder` replaces `scenarios/<site>` (a report is rebuilt from the copy that the study kept).
    Raises ConfigError with every problem of configuration, facts and policies.
    """
    place = f"configs/scenario/{scenario}.yaml"
    problems = Problems()
    _check_frame(config, place, problems)
    facts = _gather(problems, lambda: parse(ScenarioFacts, _without(config, FRAME), place))
    settings = _gather(problems, lambda: parse(RunSettings, config.get("run", {}), "run"))
    if facts is None:
        problems.raise_if_any()
        raise AssertionError("unreachable")
    site = _gather(
        problems,
        lambda: load(site_folder or _site_folder(root, facts.site, place), root / "results" / ".store"),
    )
    for period in facts.periods or () if site else ():
        if period not in site.periods:
            problems.add(f"{place}.periods", f"the site has no period {period!r}", near(period, site.periods))
    _gather(problems, lambda: measures.ensure_primary(facts.primary, f"{place}.primary"))
    arms = _gather(problems, lambda: _arms(site, facts, config.get("sweep") or {}))
    vehicles = _gather(problems, lambda: vehicle_set(root, settings.vehicles if settings else None))
    problems.raise_if_any()
    assert settings is not None and site is not None and arms is not None and vehicles is not None
    return Study(
        name=name,
        scenario=scenario,
        site=site,
        arms=arms,
        periods=tuple(facts.periods or site.periods),
        primary=facts.primary,
        mcid=(facts.mcid_abs, facts.mcid_rel),
        settings=settings,
        vehicles=vehicles,
        root=root,
    )


def _check_frame(config: Mapping[str, Any], place: str, problems: Problems) -> None:
    """Name the slips by which a file's content lands beside where it belongs, and policies without any."""
    if "scenario" in config:
        hint = "make `# @package _global_` its first line"
        problems.add(place, "its keys lie under `scenario`", hint)
        problems.raise_if_any()
    policies = config.get("policies")
    if isinstance(policies, Mapping) and {"interventions", "site"} & policies.keys():
        hint = "begin the file with the policy's id and a colon, and indent the rest"
        problems.add("policies", "a policy's fields stand where its id belongs", hint)
        problems.raise_if_any()
    if isinstance(policies, Mapping):
        for name in (name for name, data in policies.items() if not data):
            problems.add(f"scenarios/{config.get('site')}/policies/{name}.yaml", EMPTY)
        problems.raise_if_any()


def swept_fields(sweep: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Flatten the nested `sweep` node to dotted field -> values; a leaf that is no list is a ConfigError."""
    problems = Problems()
    found: dict[str, Sequence[Any]] = {}

    def walk(node: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for key, value in node.items():
            here = (*path, str(key))
            if isinstance(value, Mapping):
                walk(value, here)
            elif isinstance(value, Sequence) and not isinstance(value, str) and value:
                found[".".join(here)] = value
            else:
                problems.add("sweep." + ".".join(here), f"{value!r} is not a list of values", "write [a,b,c]")

    walk(sweep, ())
    problems.raise_if_any()
    return found


def _arms(site: Site | None, facts: ScenarioFacts, sweep: Mapping[str, Any]) -> tuple[Arm, ...]:
    """Parse every policy and apply it to the site; without a site (it has problems of its own) only parse."""
    problems = Problems()
    arms = [Arm(BASELINE, apply(empty_policy(), site, BASELINE))] if site else []
    variants: list[tuple[str, Mapping[str, Any], tuple[tuple[str, str], ...]]] = []
    try:
        variants = list(_variants(facts.policies, swept_fields(sweep)))
    except ConfigError as error:
        problems.extend(error)
    for arm_id, data, swept in variants:
        path = f"scenarios/{facts.site}/policies/{arm_id.split('[')[0]}.yaml"
        if arm_id == BASELINE:
            problems.add(path, f"a policy may not be called {BASELINE!r}: that is today")
            continue
        try:
            policy = parse_policy(arm_id, data, path)
            if site and policy.site != facts.site:
                told = f"a policy for {policy.site!r}, but the scenario's site is {facts.site!r}"
                hint = "name a policy of this site, or write one: what it expects to find is not here"
                problems.add(f"{path}.site", told, hint)
            elif site:
                arms.append(Arm(arm_id, apply(policy, site, path), swept))
        except ConfigError as error:
            problems.extend(error)
    problems.found = list(dict.fromkeys(problems.found))  # the same slip in every swept copy is one problem
    problems.raise_if_any()
    return tuple(arms)


def _variants(
    policies: Mapping[str, Mapping[str, Any]], fields: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, Mapping[str, Any], tuple[tuple[str, str], ...]]]:
    """Yield (arm id, policy data, swept fields): each policy, or a copy per combination of swept values."""
    problems = Problems()
    by_policy: dict[str, list[tuple[tuple[str, ...], Sequence[Any]]]] = {}
    for field, values in fields.items():
        head, _, rest = field.partition(".")
        policy, _, inner = rest.partition(".")
        if head != "policies" or policy not in policies or not inner:
            known = [f"policies.{name}" for name in policies]
            problems.add(
                f"sweep.{field}", "names no field of a policy", near(".".join((head, policy)), known)
            )
        elif (hint := _missing(policies[policy], inner.split("."))) is not None:
            told = f"policy {policy!r} has no such field"
            problems.add(f"sweep.{field}", told, hint or "give the field a value in the policy first")
        else:
            by_policy.setdefault(policy, []).append((tuple(inner.split(".")), values))
    problems.raise_if_any()
    for name, data in policies.items():
        paths = by_policy.get(name, [])
        for combination in itertools.product(*(values for _, values in paths)):
            variant = copy.deepcopy(dict(data))
            for (path, _), value in zip(paths, combination, strict=True):
                _set(variant, path, value)
            swept = tuple(
                (".".join(path), str(value)) for (path, _), value in zip(paths, combination, strict=True)
            )
            shown = ",".join(f"{field.rsplit('.', 1)[-1]}={value}" for field, value in swept)
            yield (f"{name}[{shown}]" if swept else name), variant, swept


def _missing(data: Any, path: Sequence[str]) -> str | None:
    """Return None where the path leads to something, else the names near the part that does not."""
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return near(part, map(str, data)) if isinstance(data, Mapping) else ""
        data = data[part]
    return None


def _set(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = value


def _site_folder(root: Path, name: str, place: str) -> Path:
    known = [path.parent.name for path in (root / "scenarios").glob("*/site.yaml")]
    if name not in known:
        problems = Problems()
        problems.add(f"{place}.site", f"no site {name!r} in {root / 'scenarios'}", near(name, known))
        problems.raise_if_any()
    return root / "scenarios" / name


def _without(config: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in keys}


def _gather(problems: Problems, step: Any) -> Any:
    try:
        return step()
    except ConfigError as error:
        problems.extend(error)
        return None
