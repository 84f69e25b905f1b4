"""From a composed configuration to a typed `Study`: site loaded, sweeps expanded, policies applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim import measures
from sim.appraisal import VALUES_FILE, read_values
from sim.calibration.stored import calibrated_vehicles
from sim.comparison.inference import MINIMUM_PAIRS
from sim.comparison.replication import LOOKS
from sim.conflicts import CONFLICTS_FILE, read_conflict_rules
from sim.edits.open_ways import opens_or_closes
from sim.emissions import EMISSIONS_FILE, read_emission_classes
from sim.errors import ConfigError, Problems, near
from sim.labels import Message
from sim.legal_baseline import PRESENT_LEGAL, legal_baseline
from sim.loading import parse
from sim.policy import BASELINE, Policy, apply, empty_policy, parse_policy
from sim.signals.rules import timing_rules
from sim.site.model import Site
from sim.stages import EMPTY
from sim.standard_data import config_path, vehicle_set
from sim.study import Arm, ExecutorSettings, Horizon, Routes, RunSettings, ScenarioFacts, Study
from sim.sumo.site import load
from sim.sweep import Swept, variants
from sim.tables import PLACEBO
from sim.vehicles import VehicleSet

FRAME = ("study", "resume", "overwrite", "run", "executor", "sweep")
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
    executor = _gather(problems, lambda: parse(ExecutorSettings, config.get("executor", {}), "executor"))
    if facts is None:
        problems.raise_if_any()
        raise AssertionError("unreachable")
    site = _gather(
        problems,
        lambda: load(site_folder or _site_folder(root, facts.site, place), root / "results" / ".store"),
    )
    for period in facts.periods or () if site else ():
        if period not in site.periods:
            problems.add(
                f"{place}.periods",
                Message("the site has no period {period!r}", period=period),
                near(period, site.periods),
            )
    if settings is not None and not settings.smoke and (settings.replicates or LOOKS[0]) < MINIMUM_PAIRS:
        told = Message(
            "{replicates} are too few: a verdict needs {minimum_pairs} at least",
            replicates=settings.replicates,
            minimum_pairs=MINIMUM_PAIRS,
        )
        problems.add("run.replicates", told, Message("auto, or run=smoke to see only whether it runs"))
    _gather(problems, lambda: measures.ensure_primary(facts.primary, f"{place}.primary"))
    arms = _gather(problems, lambda: _arms(site, facts, config.get("sweep") or {}, root))
    vehicles = _gather(problems, lambda: _vehicles(root, settings.vehicles if settings else None, site))
    if settings is not None and settings.emissions:
        _gather(problems, lambda: read_emission_classes(config_path(root, *EMISSIONS_FILE)))
    if settings is not None and settings.conflicts:
        _gather(problems, lambda: read_conflict_rules(config_path(root, *CONFLICTS_FILE)))
    if any(arm.applied.policy.cost for arm in arms or ()):
        _gather(problems, lambda: read_values(config_path(root, *VALUES_FILE)))
    problems.raise_if_any()
    assert settings is not None and site is not None and arms is not None and vehicles is not None
    routes, open_route_sets = routes_of(facts.routes, site, arms)
    return Study(
        name=name,
        scenario=scenario,
        site=site,
        arms=arms,
        periods=tuple(facts.periods or site.periods),
        primary=facts.primary,
        mcid=(facts.mcid_abs, facts.mcid_rel),
        settings=_grown(settings, facts.horizon),
        vehicles=vehicles,
        root=root,
        executor=executor or ExecutorSettings(),
        routes=routes,
        open_route_sets=open_route_sets,
        assignment=facts.assignment,
        horizon=facts.horizon,
    )


def routes_of(asked: Routes | None, site: Site, arms: Sequence[Arm]) -> tuple[Routes, frozenset[str]]:
    """Say how routes answer, and in which arms that leaves the set of routes open (their ids).

    Where nothing is asked for people choose anew if ways open or close in any arm. Where `fixed` or `detour`
    is, nobody chooses in the arms where ways do.
    """
    roads = (arm.id for arm in arms if opens_or_closes(site, arm.applied.edits))
    if asked is None:
        return "equilibrium" if any(roads) else "fixed", frozenset()
    return asked, frozenset(roads if asked != "equilibrium" else ())


def _grown(settings: RunSettings, horizon: Horizon | None) -> RunSettings:
    """Let the demand be that of the year that the study is for."""
    if horizon is None:
        return settings
    return settings.model_copy(update={"demand_scale": settings.demand_scale * horizon.factor})


def _check_frame(config: Mapping[str, Any], place: str, problems: Problems) -> None:
    """Name the slips by which a file's content lands beside where it belongs, and policies without any."""
    if "scenario" in config:
        hint = Message("make `# @package _global_` its first line")
        problems.add(place, Message("its keys lie under `scenario`"), hint)
        problems.raise_if_any()
    policies = config.get("policies")
    if isinstance(policies, Mapping) and {"interventions", "stages", "site"} & policies.keys():
        hint = Message("begin the file with the policy's id and a colon, and indent the rest")
        problems.add("policies", Message("a policy's fields stand where its id belongs"), hint)
        problems.raise_if_any()
    if isinstance(policies, Mapping):
        for name in (name for name, data in policies.items() if not data):
            problems.add(f"scenarios/{config.get('site')}/policies/{name}.yaml", EMPTY)
        problems.raise_if_any()


def _arms(site: Site | None, facts: ScenarioFacts, sweep: Mapping[str, Any], root: Path) -> tuple[Arm, ...]:
    """Parse every policy and apply it to the site; without a site (it has problems of its own) only parse.

    Where a policy touches signals whose present plans break a minimum, those plans made legal are an arm too.
    """
    problems = Problems()
    arms = [Arm(BASELINE, apply(empty_policy(), site, BASELINE))] if site else []
    for variant in _gather(problems, lambda: variants(facts.policies, sweep)) or ():
        path = f"scenarios/{facts.site}/policies/{variant.policy}.yaml"
        if variant.id in (BASELINE, PLACEBO):
            what = Message("today") if variant.id == BASELINE else Message("the blank control")
            problems.add(
                path, Message("a policy may not be called {id!r}: that is {what}", id=variant.id, what=what)
            )
            continue
        try:
            policy = parse_policy(variant.id, variant.data, path)
            if site and policy.site != facts.site:
                told = Message(
                    "a policy for {site!r}, but the scenario's site is {facts_site!r}",
                    site=policy.site,
                    facts_site=facts.site,
                )
                hint = Message(
                    "name a policy of this site, or write one: what it expects to find is not here"
                )
                problems.add(f"{path}.site", told, hint)
            elif site:
                arms += _applied(policy, site, path, variant.swept, problems)
        except ConfigError as error:
            problems.extend(error)
    if PRESENT_LEGAL in facts.policies:
        path = f"scenarios/{facts.site}/policies/{PRESENT_LEGAL}.yaml"
        problems.add(
            path,
            Message(
                "a policy may not be called {present_legal!r}: that is today's plan made legal",
                present_legal=PRESENT_LEGAL,
            ),
        )
    for id in sorted(id for id, times in Counter(arm.id for arm in arms).items() if times > 1):
        told = Message("a policy and a stage of another are both called {id!r}", id=id)
        problems.add(f"scenarios/{facts.site}/policies", told, Message("rename the policy"))
    problems.found = list(dict.fromkeys(problems.found))  # the same slip in every swept copy is one problem
    problems.raise_if_any()
    if site and facts.legal_baseline:
        periods = tuple(id for id in facts.periods or site.periods if id in site.periods)
        legal = legal_baseline(site, arms[1:], periods, timing_rules(root))
        arms[1:1] = [legal] if legal else []
    return tuple(arms)


def _applied(policy: Policy, site: Site, path: str, swept: Swept, problems: Problems) -> list[Arm]:
    """Apply a policy, or each of its stages, to the site."""
    found = (
        _gather(problems, lambda one=one: Arm(one.id, apply(one, site, f"{path}{one.path}"), swept))
        for one in policy.stages or (policy,)
    )
    return [arm for arm in found if arm is not None]


def _vehicles(root: Path, name: str | None, site: Site | None) -> VehicleSet:
    """Return the set that is named, else the one a drawn site was calibrated with, else the default."""
    if name is None and site is not None and site.facts.imported is None:
        own = calibrated_vehicles(site.folder)
        if own is not None:
            return own
    return vehicle_set(root, name)


def _site_folder(root: Path, name: str, place: str) -> Path:
    known = [path.parent.name for path in (root / "scenarios").glob("*/site.yaml")]
    if name not in known:
        problems = Problems()
        problems.add(
            f"{place}.site",
            Message("no site {name!r} in {root}", name=name, root=root / "scenarios"),
            near(name, known),
        )
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
