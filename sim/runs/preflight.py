"""Everything that can be known to be wrong before vehicles move: builds, proofs, routes, primary measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from sim.demand import broken_routes, realise
from sim.demand.closed_ways import stopped_by_closures
from sim.demand.detours import driven, new_streets
from sim.edits.object_words import attribute_words, kind_words
from sim.edits.vocabulary import AddClosure
from sim.errors import BuildError, ConfigError, Problems
from sim.labels import JOINTS, Lang, Message, label, message_of, text
from sim.measures import SPECS
from sim.measures.fair_delay import delay_may_be_primary
from sim.runs.asked import check_asked
from sim.runs.signal_check import Findings, check_signals, refuse_dangers, signal_text
from sim.signals.adaptive import controllers_of
from sim.site.check import crossing_notes
from sim.site.on_foot import without_crossings
from sim.site.parking_check import check_stock
from sim.site.words import names_of
from sim.study import Arm, Routes, Study
from sim.sumo.build import ArmBuild, build
from sim.sumo.netconvert import reproduced
from sim.sumo.proof import Proof, prove
from sim.tables import PLACEBO

BROKEN: Mapping[Routes, Message] = {
    "fixed": Message(
        "routes are fixed: keep one lane for every movement that is used, choose `routes: equilibrium` (or "
        "`detour`, the short run), or say in the demand which way its vehicles take instead"
    ),
    "detour": Message("no way leads from their origin to their destination any more: leave them one"),
    "equilibrium": Message("no way leads from their origin to their destination any more: leave them one"),
}
CLOSED: Mapping[Routes, Message] = {
    "fixed": Message(
        "routes are fixed: choose `routes: equilibrium` (or `detour`, the short run), or say in the demand "
        "which way they take instead"
    ),
    "detour": Message("no other way leads to their destination: leave them one, or exempt their class"),
    "equilibrium": Message("no other way leads to their destination: leave them one, or exempt their class"),
}
"""What to do about vehicles that cannot drive, by how routes answer."""


@dataclass(frozen=True)
class Preflight:
    """What every run of a study stands on: builds and proofs by (arm, period)."""

    builds: Mapping[tuple[str, str], ArmBuild]
    proofs: Mapping[tuple[str, str], Proof]
    signals: Findings = field(default_factory=dict)
    """What the signal check found in the plans of every arm."""


def preflight(study: Study, cache: Path) -> Preflight:
    """Build every arm, hold it against the baseline, and check that every vehicle can still drive its route.

    A site without demand is built and proved all the same. The blank control stands on the baseline's build,
    and the empty policy must leave the network as it is, byte for byte.

    Raises ConfigError with every arm's problems: a build that fails, an object changed outside the footprint,
    routes that an arm no longer allows, a stock of parked vehicles that nobody has counted and the horizon
    is too short to forget, a plan that endangers pedestrians more than today's, or a measure of time loss as
    primary where it may not be.
    """
    problems = Problems()
    builds: dict[tuple[str, str], ArmBuild] = {}
    proofs: dict[tuple[str, str], Proof] = {}
    baseline, *others = study.arms
    _check_step(study, problems)
    check_asked(study, problems)
    check_stock(study.site.facts, study.periods, str(study.site.folder / "site.yaml"), problems)
    for period in study.periods:
        base = builds[baseline.id, period] = build(study.site, baseline.applied, period, cache)
        demand = (
            realise(study.site, period, study.replicates[0], study.settings, study.vehicles)
            if study.site.has_demand
            else None
        )
        for arm in others:
            place = f"policy {arm.id}, period {period}"
            try:
                built = build(study.site, arm.applied, period, cache)
                proofs[arm.id, period] = prove(base, built, arm.applied.footprint, arm.applied.edits)
            except ConfigError as error:
                problems.extend(error, f"{place}: ")
                continue
            except BuildError as error:
                problems.add(place, message_of(error))
                continue
            builds[arm.id, period] = built
            laws = (*controllers_of(built.controls, built.network), *built.lane_laws)
            if study.settings.driver == "sumo" and laws:
                told = Message("runs no controllers, and policy {policy} needs one", policy=arm.id)
                problems.add("run.driver", told, Message("auto or libsumo"))
            if demand is None:
                continue
            _check_new_streets(study, built, place, problems)
            moved = driven(demand, arm.applied.edits, built.network, study.site, study.routes)
            broken = broken_routes(replace(demand, vehicles=moved), built.network)
            if len(broken):
                problems.add(
                    place,
                    Message(
                        "{n_broken} of {n_moved} vehicles can no longer drive their route: {turns}",
                        n_broken=len(broken),
                        n_moved=len(moved),
                        turns=_first_turns(broken),
                    ),
                    BROKEN[study.routes],
                )
            closures = [edit.closure for edit in arm.applied.edits if isinstance(edit, AddClosure)]
            stopped = stopped_by_closures(replace(demand, vehicles=moved), built.network, closures)
            if len(stopped):
                problems.add(
                    place,
                    Message(
                        "{n_stopped} of {n_moved} vehicles would come to a closed way: {turns}",
                        n_stopped=len(stopped),
                        n_moved=len(moved),
                        turns=_first_turns(stopped),
                    ),
                    CLOSED[study.routes],
                )
            if SPECS[study.primary].of_time_loss:
                allowed, why = delay_may_be_primary(base.network, built.network, demand.vehicles, moved)
                if not allowed:
                    problems.add(
                        f"{place}: primary", Message("{why}", why=why), Message("primary=fair_travel_time")
                    )
        if study.settings.placebo:
            builds[PLACEBO, period] = base
    _check_empty_policy(builds[baseline.id, study.periods[0]], problems)
    signals = check_signals(study, builds)
    refuse_dangers(study, signals, problems)
    problems.raise_if_any()
    return Preflight(builds, proofs, signals)


def _first_turns(refused: pd.DataFrame) -> str:
    """Name the first few turns of a table with the columns from_edge and to_edge."""
    pairs = zip(refused["from_edge"], refused["to_edge"], strict=True)
    return ", ".join(sorted({f"{a} -> {b}" for a, b in pairs})[:5])


def _check_new_streets(study: Study, built: ArmBuild, place: str, problems: Problems) -> None:
    """Refuse a new street that nobody would use."""
    new = new_streets(built.network, study.site)
    if new and study.routes == "fixed":
        told = Message("opens {new}, but routes are fixed: nobody would drive there", new=sorted(new))
        problems.add(f"{place}: routes", told, Message("routes: equilibrium; `detour` is the short run"))


def _check_empty_policy(base: ArmBuild, problems: Problems) -> None:
    """Refuse a site whose network the builder would change although nobody asked it to."""
    if not reproduced(base.net_file):
        told = Message("the empty policy changes it: another pass through netconvert gives other bytes")
        problems.add(
            str(base.net_file), told, Message("load or import the site again with the installed SUMO")
        )


def _check_step(study: Study, problems: Problems) -> None:
    """Refuse a step length that the vehicle set was not calibrated with: its saturation flow is another then.

    An imported site that drives with its own types has no calibration of ours to keep.
    """
    if study.site.facts.imported is not None and study.settings.vehicles is None:
        return
    asked_s, found_s = study.settings.step_length_s, study.vehicles.calibrated.step_s
    if asked_s != found_s:
        told = Message(
            "{asked_s:g} s, but the vehicle set {name!r} was calibrated with {found_s:g} s",
            asked_s=asked_s,
            name=study.vehicles.name,
            found_s=found_s,
        )
        hint = Message("run.step_length_s={found_s:g}, or calibrate a set of your own", found_s=found_s)
        problems.add("run.step_length_s", told, hint)


def preflight_text(study: Study, checked: Preflight, langs: tuple[Lang, ...] = ("zh", "en")) -> str:
    """Say per policy what changes, in words, and what the proof of locality found."""
    place = study.site.facts, study.site.network
    notes = (*crossing_notes(*place), *without_crossings(*place))
    lines = [note.of(lang) for note in notes for lang in langs]
    if study.routes != "fixed":
        answer = text(f"routes.{study.routes}")
        lines += [label("check.routes", lang, answer=answer) for lang in langs]
    if study.horizon is None and any(_takes_years(arm) for arm in study.arms):
        lines += [label("horizon.none", lang) for lang in langs]
    lines += signal_text(study, checked.signals, study.arms[0].id, langs)
    for arm in study.arms[1:]:
        policy = arm.applied.policy
        lasting = (
            f" ({' – '.join(map(str, policy.stage.dates))})" if policy.stage and policy.stage.dates else ""
        )
        lines.append(f"{arm.id}: {policy.title.zh} / {policy.title.en}{lasting}")
        for lang in langs:
            lines += [f"  - {words.of(lang)}" for words in arm.applied.change_log]
            lines += [f"  ! {words.of(lang)}" for words in arm.applied.warnings]
        for period in study.periods:
            proof = checked.proofs[arm.id, period]
            lines += [f"  {period}: {proof.words.of(lang)}" for lang in langs]
            lines += [f"    {line}" for lang in langs for line in _objects(proof, lang)]
            lines += [f"    netconvert: {warning}" for warning in checked.builds[arm.id, period].warnings]
        lines += signal_text(study, checked.signals, arm.id, langs)
    if len(study.arms) == 1:
        lines += [label("check.no_policies", lang) for lang in langs]
        lines += names_of(study.site, study.periods[0])
    if not study.site.has_demand:
        lines += [label("check.no_demand", lang) for lang in langs]
    return "\n".join(lines)


def _takes_years(arm: Arm) -> bool:
    return any(item.takes_years for item in arm.applied.policy.interventions.values())


def _objects(proof: Proof, lang: Lang) -> list[str]:
    """One line per changed object with the names of what changed; values are in the study's `proof.json`."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for change in proof.changed:
        names = found.setdefault((change.kind, change.id), {})
        names[(change.name if change.what == "exists" else attribute_words(change.what, False)).of(lang)] = (
            None
        )
    joint = JOINTS[lang][""]
    return [
        f"{kind_words(kind).of(lang)} {id}: {joint.join(names)}"
        for (kind, id), names in sorted(found.items())
    ]
