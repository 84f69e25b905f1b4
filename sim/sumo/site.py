"""A folder `scenarios/<site>/` made ready: facts checked, network normalised, programs per period."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from sim.demand import no_counts, read_counts
from sim.demand.parkers import check_ways
from sim.errors import ConfigError, Problems, near
from sim.labels import Message
from sim.loading import parse, read_yaml
from sim.publish import file_sum, publish
from sim.signals.from_plan import program_of
from sim.signals.program import SignalControl
from sim.site.buses import Stop, placed
from sim.site.check import check_field_values, check_places, check_site
from sim.site.facts import ImportedNetwork, SiteFacts
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingArea
from sim.site.parking_check import check_on_network, entry, without_wrong
from sim.sumo.bus_stops import read_stops
from sim.sumo.netconvert import convert, maker, normalise
from sim.sumo.plain import NETWORK_FILE, build_network, names_of, plain_files, turns_of
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls, write_programs

FACTS_FILE = "site.yaml"
COUNTS_FILE = "counts.csv"
DAYS_FOLDER = "days"
"""Counts of further days, each in the form of the site's own."""

Controls = Mapping[str, Mapping[str, SignalControl]]


def load(folder: Path, cache: Path) -> Site:
    """Read a site's folder; its network is built at most once, into `cache`/site/<aa>/<digest>/.

    Raises ConfigError with every problem of facts, plans, counts or a broken or changed file, BuildError
    where netconvert refuses the network. Nothing half-written stays behind.
    """
    problems = Problems()
    facts = _read(read_yaml(folder / FACTS_FILE), problems)
    if facts.name != folder.resolve().name:
        what = Message(
            "says {name!r}, but the folder is called {resolve_name!r}",
            name=facts.name,
            resolve_name=folder.resolve().name,
        )
        problems.add(f"{FACTS_FILE}.name", what, Message("a site is found by its folder's name"))
        problems.raise_if_any()
    try:
        check_site(facts, FACTS_FILE)
    except ConfigError as error:
        problems.extend(error)
        if not all(entry(problem, FACTS_FILE) for problem in error.problems):
            problems.raise_if_any()
    if facts.imported is not None:
        return _imported(folder, facts, facts.imported, cache, problems)
    return _drawn(folder, facts, cache, problems)


def _read(data: Any, problems: Problems) -> SiteFacts:
    """Read the facts; parking that cannot be read is named and left out, so that the rest is looked at."""
    try:
        return parse(SiteFacts, data, FACTS_FILE)
    except ConfigError as error:
        rest = without_wrong(data, error.problems, FACTS_FILE)
        if rest is None:
            raise
        problems.extend(error)
    try:
        return parse(SiteFacts, rest, FACTS_FILE)
    except ConfigError as error:
        problems.extend(error)
        raise ConfigError(problems.found) from None


def _drawn(folder: Path, facts: SiteFacts, cache: Path, problems: Problems) -> Site:
    def fill(draft: Path) -> None:
        build_network(facts, draft)
        _plan_into(draft, facts)

    # Of the plain files rather than the facts: a change of how they are written counts, a title does not.
    plans = {plan: {j: p.model_dump(mode="json") for j, p in of.items()} for plan, of in facts.plans.items()}
    digest = _digest({**plain_files(facts), "plans": json.dumps(plans), "sumo": maker()})
    network_file = publish(_target(cache, digest), fill) / NETWORK_FILE
    network = read_network(network_file, names_of(facts), turns_of(facts))
    signals: Controls = {}
    counts, days = no_counts(), dict[str, pd.DataFrame]()
    try:
        signals = _planned(facts, network)
    except ConfigError as error:
        problems.extend(error)
    try:
        counts = read_counts(folder / COUNTS_FILE, facts)
    except ConfigError as error:
        problems.extend(error)
    for path in sorted((folder / DAYS_FOLDER).glob("*.csv")):
        try:
            days[path.stem] = read_counts(path, facts)
        except ConfigError as error:
            problems.extend(error)
    facts = _with_spots(facts, network, problems)
    stops = _stops(facts, network, {}, problems)
    site = Site(folder, facts, network, network_file, signals, counts, days, stops=stops)
    check_ways(site, FACTS_FILE, problems)
    problems.raise_if_any()
    return site


def _imported(
    folder: Path, facts: SiteFacts, imported: ImportedNetwork, cache: Path, problems: Problems
) -> Site:
    _check_files(folder, imported)
    source = folder / imported.network
    digest = _digest({"network": file_sum(source), "sumo": maker()})

    def fill(draft: Path) -> None:
        read_network(source)  # says what is wrong better than netconvert does
        normalise(source, draft / NETWORK_FILE)

    network_file = publish(_target(cache, digest), fill) / NETWORK_FILE
    network = read_network(network_file)
    try:
        check_places(facts, network, FACTS_FILE)
    except ConfigError as error:
        problems.extend(error)
    facts = _with_spots(facts, network, problems)
    known = read_stops(folder / imported.additional, network) if imported.additional else {}
    stops = _stops(facts, network, known, problems)
    site = Site(folder, facts, network, network_file, {}, no_counts(), stops=stops)
    check_ways(site, FACTS_FILE, problems)
    problems.raise_if_any()
    controls = read_controls(network_file, [folder / imported.signals] if imported.signals else [])
    return replace(site, signals=dict.fromkeys(facts.periods, controls))


def _planned(facts: SiteFacts, network: Network) -> dict[str, dict[str, SignalControl]]:
    """Return the signals of every period of a drawn site; ConfigError with the problems of every plan."""
    problems = Problems()
    controls: dict[tuple[str, str], SignalControl] = {}
    for plan, plans in facts.plans.items():
        for junction, signal_plan in plans.items():
            try:
                path = f"{FACTS_FILE}.plans.{plan}.{junction}"
                program = program_of(signal_plan, network.junctions[junction], network, path, plan)
            except ConfigError as error:
                problems.extend(error)
                continue
            controls[plan, junction] = SignalControl(program.signal, {program.id: program}, program.id)
    problems.raise_if_any()
    return {
        period: {
            control.signal: control
            for (plan, _), control in sorted(controls.items())
            if plan == facts_of.plan
        }
        for period, facts_of in facts.periods.items()
    }


def _plan_into(draft: Path, facts: SiteFacts) -> None:
    """Make the drawn plans the network's own programs; a plan with problems is left to `_planned` to name.

    What runs is loaded apart, but netconvert lets turning vehicles wait inside the junction only where the
    network's own program makes them give way, and its guess is not today's plan. All plans of a signal are
    strung together: a turn that gives way in any of them has a place to wait.
    """
    net = draft / NETWORK_FILE
    network = read_network(net, names_of(facts), turns_of(facts))
    strung: dict[str, SignalControl] = {}
    for plan, plans in facts.plans.items():
        for junction, signal_plan in plans.items():
            try:
                program = program_of(signal_plan, network.junctions[junction], network, FACTS_FILE, plan)
            except ConfigError:
                return
            before = strung[program.signal].programs["0"].intervals if program.signal in strung else ()
            whole = replace(program, id="0", offset_s=0.0, intervals=(*before, *program.intervals))
            strung[program.signal] = SignalControl(program.signal, {"0": whole}, "0")
    if strung:
        write_programs(draft / "plans.tll.xml", strung)
        convert(["-s", NETWORK_FILE, "-i", "plans.tll.xml", "-o", "planned.net.xml"], draft)
        normalise(draft / "planned.net.xml", net)
        (draft / "planned.net.xml").unlink()


def _with_spots(facts: SiteFacts, network: Network, problems: Problems) -> SiteFacts:
    """Put every parking area on the edge it lies on: users give metres along a leg, whatever splits it."""
    areas: dict[str, ParkingArea] = {}
    for id, area in facts.parking.items():
        if area.on not in network.approaches and area.on not in network.edges:
            continue  # named by the checks of the facts
        edge, at_m = network.spot(area.on, area.at_m, f"{FACTS_FILE}.parking.{id}.on")
        end_m = at_m + area.length_m
        named = any(problem.path == f"{FACTS_FILE}.parking.{id}.at_m" for problem in problems.found)
        if end_m > edge.length_m and area.on in network.approaches and not named:
            what = Message(
                "reaches {end_m:.0f} m beyond the end of {id}", end_m=end_m - edge.length_m, id=edge.id
            )
            hint = Message(
                "that edge is {length_m:.0f} m long; an area lies on one edge", length_m=edge.length_m
            )
            problems.add(f"{FACTS_FILE}.parking.{id}.at_m", what, hint)
        areas[id] = area.model_copy(update={"on": edge.id, "at_m": round(at_m, 2)})
    check_field_values(facts, network, FACTS_FILE, problems)
    placed = facts.model_copy(update={"parking": areas})
    check_on_network(placed, network, FACTS_FILE, problems)
    return placed


def _stops(
    facts: SiteFacts, network: Network, imported: Mapping[str, Stop], problems: Problems
) -> dict[str, Stop]:
    """Return all bus stops on their edges, and hold lines against them."""
    found = dict(imported)
    for id, stop in facts.bus_stops.items():
        place = f"{FACTS_FILE}.bus_stops.{id}"
        if id in imported:
            problems.add(place, Message("the imported model has a bus stop {id!r} already", id=id))
            continue
        own = placed(network, stop.on, stop.at_m, stop.length_m, stop.bay, place, problems)
        if own is not None:
            found[id] = own
    for name, line in facts.bus_lines.items():
        place = f"{FACTS_FILE}.bus_lines.{name}"
        for field in ("origin", "exit"):
            leg = getattr(line, field)
            if leg not in network.approaches and leg not in network.edges:
                known = {*network.approaches, *network.edges}
                problems.add(
                    f"{place}.{field}", Message("no approach or edge {leg!r}", leg=leg), near(leg, known)
                )
        for id in line.stops:
            if id not in found and id not in facts.bus_stops:
                problems.add(f"{place}.stops", Message("no bus stop {stop!r}", stop=id), near(id, found))
    return found


def _check_files(folder: Path, imported: ImportedNetwork) -> None:
    """Hold the files of an imported site against the site's list of checksums."""
    problems = Problems()
    for field in ("network", "signals", "additional", "vehicle_types", "trips"):
        name = getattr(imported, field)
        place = f"{FACTS_FILE}.imported.{field}"
        if name is None:
            continue
        path = folder / name
        if not path.is_file():
            siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
            problems.add(place, Message("no such file: {path}", path=path), near(path.name, siblings))
        elif imported.sha256.get(name, "") not in ("", file_sum(path)):
            what = Message(
                "{name} is not the file that was imported: its sha256 is {path}...",
                name=name,
                path=file_sum(path)[:12],
            )
            problems.add(place, what, Message("import the model again, or correct `imported.sha256`"))
    problems.raise_if_any()


def _digest(data: Mapping[str, str]) -> str:
    canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _target(cache: Path, digest: str) -> Path:
    return cache / "site" / digest[:2] / digest
