"""`huandu import` of a SUMO model or a street map: the folder of a site that can be run, and what is missing.

The network is normalised once; signals and places that came in additional files stand beside it; every
vehicle, trip and flow becomes one line of `demand/trips.csv.gz`. Nothing that writes a file is taken over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.demand.vehicle_types import BUILT_IN, VehicleTypes
from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.site.network import Network
from sim.sumo.import_files import ModelFiles, read_model_files
from sim.sumo.import_network import make_network, places_xml, signals_xml
from sim.sumo.import_parking import own_areas
from sim.sumo.import_routes import check_routes, check_stops, check_ways, counted, named, routed
from sim.sumo.import_source import Source, clock_s, read_source
from sim.sumo.import_vehicles import Vehicle, explicit_vehicles, thinned
from sim.sumo.import_writing import (
    ADDITIONAL,
    NETWORK,
    SIGNALS,
    TRIP_FILE,
    TYPES,
    Account,
    Window,
    carried,
    clock,
    remarks_on,
    write_demand,
    write_site,
    write_sources,
)  # fmt: skip
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls

WARM_UP_S = 900
HOUR_S = 3600
LAST_S = 31 * HOUR_S - 1
"""Periods are written as clock times up to 30:59:59."""
SHOWN = 20
"""So many places of one problem are listed."""


def import_model(
    source: Path,
    name: str,
    folder: Path,
    *,
    begin: str | None,
    end: str | None,
    scale: float,
    add: Sequence[Path],
    stalls: Mapping[int, int] | None = None,
) -> list[Message]:
    """Fill the empty `folder` with a site made of a `.sumocfg`, `.net.xml[.gz]` or `.osm`.

    `begin` and `end` cut by scheduled departure; `scale` (at most 1) keeps that share of the vehicles, by a
    number that depends on each vehicle's id alone. With `stalls` (capacity as written -> what stands there)
    parking areas become the site's own. Returns lines that say what was carried over and, by name, what was
    not.

    Raises ConfigError with every problem of every file, BuildError where netconvert or duarouter fails.
    """
    if not 0 < scale <= 1:
        raise ConfigError([Problem(f"--scale {scale:g}", Message("is not above 0 and at most 1"))])
    limits = (clock_s(begin, "--begin"), clock_s(end, "--end"))
    model = read_source(source, add)
    problems = Problems()
    files, network, remarks = _read(model, folder, problems)
    left_out = Counter(files.left_out)
    written = _write_objects(folder, files, network, problems, left_out)
    signals = _signals(folder, SIGNALS in written, problems)

    types = VehicleTypes(files.types, files.distributions, model.name)
    everyone = explicit_vehicles(files, model, problems, left_out)
    _check_types(everyone, types, problems)
    check_ways(everyone, network, problems)
    check_stops(everyone, files.places, network, problems)
    window = _window(model, limits, everyone, problems)
    _raise(problems)

    wanted = _within(window, scale, everyone, left_out)
    places = folder / ADDITIONAL if ADDITIONAL in written else None
    vehicles, lost = routed(wanted, types, folder / NETWORK, places, files.zones)
    check_routes(vehicles, types, network, problems)
    check_stops(vehicles, files.places, network, problems)
    _raise(problems)

    if vehicles:
        write_demand(folder, vehicles, types)
        written += [TYPES, TRIP_FILE]
    parking: dict[str, Any] = {}
    if stalls is not None:
        parking = _own_parking(folder, files, network, stalls, written, remarks)
    not_carried = [*model.left_out, *counted(left_out)]
    if lost:
        ids = named([v.id for v in lost])
        not_carried.append(Message("trips without any way ({count}): {ids}", count=len(lost), ids=ids))
    routed_now = sum(not v.edges for v in wanted) - len(lost)
    account = Account(
        carried=carried(network, signals, files, types, vehicles),
        remarks=[*remarks, *remarks_on(vehicles, routed_now, len(files.zones), window), *_on_passing(model)],
        not_carried=not_carried,
        lost=[v.id for v in lost],
    )
    write_site(folder, name, model, window, written, not_carried, parking)
    write_sources(folder, model, account)
    return account.lines()


def _read(model: Source, folder: Path, problems: Problems) -> tuple[ModelFiles, Network, list[Message]]:
    """Read the model's files and its network, normalised into `folder`; all their problems at once."""
    files = ModelFiles()
    try:
        files = read_model_files(model.files)
    except ConfigError as error:
        problems.extend(error)
    (folder / "network").mkdir()
    (folder / "demand").mkdir()
    try:
        remarks = make_network(model.net, folder / NETWORK)
        network = read_network(folder / NETWORK)
    except ConfigError as error:
        problems.extend(error)
        raise ConfigError(problems.found) from None
    problems.raise_if_any()
    return files, network, remarks


def _write_objects(
    folder: Path, files: ModelFiles, network: Network, problems: Problems, left_out: Counter[Message]
) -> list[str]:
    """Write signals and places where there are any; return the names of all files of the network."""
    written = [NETWORK]
    texts = {
        SIGNALS: signals_xml(files, left_out),
        ADDITIONAL: places_xml(files, network, problems, left_out),
    }
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
            written.append(name)
    return written


def _own_parking(
    folder: Path,
    files: ModelFiles,
    network: Network,
    stalls: Mapping[int, int],
    written: list[str],
    remarks: list[Message],
) -> dict[str, Any]:
    """Take parking areas out of the file of places; return them as facts."""
    left, parking, said = own_areas(files, network, stalls)
    remarks += said
    text = places_xml(left, network, Problems(), Counter())
    if text is not None:
        (folder / ADDITIONAL).write_text(text, encoding="utf-8")
    elif ADDITIONAL in written:
        (folder / ADDITIONAL).unlink()
        written.remove(ADDITIONAL)
    return parking


def _on_passing(model: Source) -> list[Message]:
    lines = []
    if model.trains_pass_after_s is not None:
        lines.append(
            Message(
                "trains that stand head-on on a single track are set past each other after {after_s:g} s",
                after_s=model.trains_pass_after_s,
            )
        )
    if model.passes_blocker_after_s is not None:
        lines.append(
            Message(
                "drivers pass who blocks a junction after {after_s:g} s",
                after_s=model.passes_blocker_after_s,
            )
        )
    return lines


def _within(
    window: Window, scale: float, everyone: Sequence[Vehicle], left_out: Counter[Message]
) -> list[Vehicle]:
    """Return the vehicles that leave within the window and are not thinned out."""
    inside = [v for v in everyone if window.first_s <= v.depart_s < window.end_s]
    kept = thinned(inside, scale)
    if outside := len(everyone) - len(inside):
        begin, end = clock(window.first_s), clock(window.end_s)
        left_out[Message("vehicles that leave outside {begin} to {end}", begin=begin, end=end)] = outside
    if less := len(inside) - len(kept):
        left_out[Message("vehicles thinned out by --scale {scale:g}", scale=scale)] = less
    return kept


# --- checks -----------------------------------------------------------------------------------------------


def _signals(folder: Path, additional: bool, problems: Problems) -> int:
    """Return the number of signals; the problems of their programs go to `problems`."""
    additionals = [folder / SIGNALS] if additional else []
    try:
        return len(read_controls(folder / NETWORK, additionals))
    except ConfigError as error:
        for p in error.problems:
            problems.add(p.path.replace(str(folder), "").lstrip("/"), p.message, p.suggestion)
        return 0


def _check_types(vehicles: Iterable[Vehicle], types: VehicleTypes, problems: Problems) -> None:
    known = {*types.types, *types.distributions, *BUILT_IN}
    used: set[str] = set()
    for v in vehicles:
        if v.type not in known:
            problems.add(v.place, Message("no vehicle type {type!r}", type=v.type), near(v.type, known))
        used.update(types.distributions.get(v.type, {v.type: 1.0}))
    for name in sorted(used & set(types.types)):
        try:
            types.speed_factor(name)
        except ConfigError as error:
            problems.extend(error)
    for name in sorted(used - known):
        problems.add(
            f"{types.path}: vTypeDistribution",
            Message("names the vehicle type {name!r}, which is not there", name=name),
        )


def _raise(problems: Problems) -> None:
    """Raise what was found, equal problems of one file and kind as one, with the number of their places."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems.found:
        groups.setdefault((problem.path.split(": ")[0], problem.message), []).append(problem)
    if groups:
        raise ConfigError(_joined(group) for group in groups.values())


def _joined(group: Sequence[Problem]) -> Problem:
    first = group[0]
    others = [p.path.partition(": ")[2] for p in group[1:]]
    path = first.path + (f", {', '.join(others[: SHOWN - 1])}" if others else "")
    tail = f", ... {len(group)} in all" if len(group) > SHOWN else ""
    return Problem(path + tail, first.message, first.suggestion)


def _window(
    model: Source, limits: tuple[float | None, float | None], vehicles: Sequence[Vehicle], problems: Problems
) -> Window:
    """Return the period: --begin/--end, else the configuration's, else the minutes that hold all departures.

    A --begin after the model's own leaves room for a warm-up; else the network is empty at first, as in the
    model.
    """
    first_s = model.begin_s
    if first_s is None:
        first_s = math.floor(vehicles[0].depart_s / 60) * 60 if vehicles else 0
    begin_s = limits[0] if limits[0] is not None else first_s
    end_s = limits[1] if limits[1] is not None else model.end_s
    if end_s is None:
        end_s = math.floor(vehicles[-1].depart_s / 60 + 1) * 60 if vehicles else begin_s + HOUR_S
    room_s = (math.floor(begin_s) - math.floor(first_s)) // 60 * 60  # a warm-up is of whole minutes
    window = Window(math.floor(begin_s), math.ceil(end_s), max(0, min(WARM_UP_S, room_s)))
    if window.begin_s < 0 or window.end_s > LAST_S:
        what = Message(
            "lasts from second {begin_s} to {end_s}; a site's clock goes from 0 to 30:59:59",
            begin_s=window.begin_s,
            end_s=window.end_s,
        )
        problems.add(model.name, what, Message("choose --begin and --end within"))
    elif window.end_s <= window.begin_s:
        problems.add(
            model.name,
            Message(
                "ends ({end_s}) before it begins ({begin_s})",
                end_s=clock(window.end_s),
                begin_s=clock(window.begin_s),
            ),
        )
    elif vehicles and not any(window.first_s <= v.depart_s < window.end_s for v in vehicles):
        last_s = vehicles[-1].depart_s
        what = Message(
            "no vehicle leaves between {first_s} and {end_s}",
            first_s=clock(window.first_s),
            end_s=clock(window.end_s),
        )
        problems.add(
            model.name,
            what,
            Message(
                "departures are from {depart_s} to {last_s}",
                depart_s=clock(vehicles[0].depart_s),
                last_s=clock(last_s),
            ),
        )
    return window
