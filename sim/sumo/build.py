"""Turn a site and the edits of a policy into the files that one arm runs with in one period.

The baseline is the arm without edits and goes the same way. Networks change through one netconvert patch of
the site's normalised network; signals through an additional file that holds every program of every signal,
whether changed or not. What is written is the difference between the site and the site as the edits leave it
(`sim.edits.edited_site`): an edit itself knows nothing of files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.edits.edited_site import edited
from sim.errors import BuildError, ConfigError
from sim.labels import Message, message_of
from sim.policy import AppliedPolicy
from sim.publish import publish
from sim.signals.program import SignalControl
from sim.site.model import Closure, Site
from sim.site.network import Approach, Network
from sim.site.parking import ParkingArea
from sim.sumo.boxes import boxes_xml
from sim.sumo.bus_stops import read_stops, stops_xml, with_stops
from sim.sumo.closures import closures_xml, lane_laws
from sim.sumo.collector import uncollected
from sim.sumo.driver import CLOSURES_FILE
from sim.sumo.install import version
from sim.sumo.lane_text import changed_lanes, let_in, with_lanes
from sim.sumo.net_file import read_net_file
from sim.sumo.netconvert import convert, maker, normalise, without_header
from sim.sumo.parking_files import parking_xml
from sim.sumo.patch import check_patched, controlled_xml, patch_files, surplus
from sim.sumo.read_network import read_network
from sim.sumo.remap import never_green, new_conflicts, remap, with_all_links
from sim.sumo.signals import OFF, PREFIX, read_controls, write_controls, write_programs
from sim.sumo.xml_file import scan

OWN = "the network's own"
"""Stands for a period in which the programs run that the network file itself holds."""
PATCH_OPTIONS = {"patch.nod.xml": "-n", "patch.edg.xml": "-e", "patch.con.xml": "-x"}
SIGNALS, PARKING, IMPORTED = "signals.add.xml", "parking.add.xml", "imported.add.xml"
STOPS, BOXES = "stops.add.xml", "boxes.add.xml"


@dataclass(frozen=True)
class ArmBuild:
    """The files of one arm in one period, and what stands in them.

    `site` is what it was built from, without the edits. `digest` names the files' contents: equal arms share
    one build. Program ids in `controls` are those of the files, the site's ids behind `PREFIX`. `warnings`
    are netconvert's own words about the changed network that it has not to say about the site's.
    """

    site: Site
    folder: Path
    digest: str
    period: str
    net_file: Path
    additional_files: tuple[Path, ...]
    network: Network
    controls: Mapping[str, SignalControl]
    parking: Mapping[str, ParkingArea]
    warnings: tuple[str, ...] = ()
    closures: tuple[Closure, ...] = ()
    boxes: Mapping[str, float] = field(default_factory=dict)
    """Junction whose box is marked -> share of all drivers who enter it though their exit is full."""
    lane_laws: tuple[Mapping[str, Any], ...] = ()
    """What changes the use of lanes while the simulation runs, as plain data."""


@uncollected
def build(site: Site, applied: AppliedPolicy, period: str, cache: Path) -> ArmBuild:
    """Build one arm; equal inputs give equal bytes. BuildError with every reason why it cannot be built.

    Edits are carried out as they are written and nothing else is touched; `sim.sumo.proof` looks at the
    result again.
    """
    edits = [edit for edit in applied.edits if edit.concerns(period)]
    structural = [edit for edit in edits if edit.structural]
    before = _with_own_programs(site) if structural else site
    try:
        target = edited(site, edits)
        carried = edited(before, structural)
    except ValueError as error:
        raise BuildError(message_of(error)) from None
    net_file, network, warnings = _changed(site, carried, target, cache)
    controls = _controls(site, carried, target, period, network)
    with tempfile.TemporaryDirectory() as draft:
        names = _write(Path(draft), target, net_file, network, controls, site)
        digest = _digest(Path(draft), names, network.sha256)
        folder = publish(
            cache / "build" / digest[:2] / digest,
            lambda target: _copy(Path(draft), target, names),
        )
    reacting = {id: one for id, one in target.closures.items() if one.by_queue is not None}
    return ArmBuild(
        site=site,
        folder=folder,
        digest=digest,
        period=period,
        net_file=net_file,
        additional_files=tuple(folder / name for name in names),
        network=network,
        controls=controls,
        parking=target.facts.parking,
        warnings=warnings,
        closures=tuple(target.closures.values()),
        boxes=target.boxes,
        lane_laws=lane_laws(reacting, network, read_net_file(net_file).paths) if reacting else (),
    )


def _controls(
    site: Site, carried: Site, target: Site, period: str, network: Network
) -> dict[str, SignalControl]:
    """Return all signals of the arm, numbered as its network numbers links.

    `carried` has today's plans in the changed streets: where paths meet in those already, they may in
    `target`.
    """
    controls: dict[str, SignalControl] = {}
    wrong: list[Message] = []
    for signal, control in sorted(target.signals[period].items()):
        own = remap(control, target.network, network)
        controls[signal] = _prefixed(own)
        today = carried.signals[period].get(signal)
        if today == control and network is carried.network:
            continue
        pairs = new_conflicts(own, network, today, carried.network)
        wrong += [
            Message("{pair}: paths that meet and have protected green at the same time", pair=pair)
            for pair in pairs
        ]
        before = site.signals[period].get(signal)
        known = set() if before is None else never_green(before, site.network)
        wrong += [
            Message("{key}: no program ever shows it green", key=key)
            for key in sorted(never_green(own, network) - known)
        ]
    if wrong:
        raise BuildError(Message("the signals need another plan:\n- {wrong:-}", wrong=wrong))
    return controls


def _prefixed(control: SignalControl) -> SignalControl:
    def new(id: str) -> str:
        return id if id == OFF and id not in control.programs else PREFIX + id

    return replace(
        control,
        programs={new(id): replace(program, id=new(id)) for id, program in sorted(control.programs.items())},
        active=new(control.active),
        switches=tuple((time_s, new(id)) for time_s, id in control.switches),
    )


def _write(
    folder: Path,
    site: Site,
    net_file: Path,
    network: Network,
    controls: Mapping[str, SignalControl],
    base: Site,
) -> list[str]:
    """Write the additional files of an edited site and return their names in load order.

    `base` is the site without edits.
    """
    parking, stops = site.facts.parking, dict(site.stops)
    write_controls(folder / SIGNALS, controls)
    names = [SIGNALS]
    if site.facts.imported is not None and site.facts.imported.additional is not None:
        source = site.folder / site.facts.imported.additional
        theirs = read_stops(source, base.network)
        moved = {id: s for id, s in stops.items() if id in theirs and s != base.stops[id]}
        _check_imported(source, parking, network, frozenset(moved))
        if moved:
            (folder / IMPORTED).write_bytes(with_stops(source, moved, network))
        else:
            shutil.copyfile(source, folder / IMPORTED)
        stops = {id: stop for id, stop in stops.items() if id not in theirs}
        names.append(IMPORTED)
    if stops:
        (folder / STOPS).write_text(stops_xml(stops, network), encoding="utf-8")
        names.append(STOPS)
    if parking or site.facts.parking_demand:
        today, imported = base.facts.parking, site.facts.imported is not None
        content = parking_xml(
            parking, network, site.facts.parking_demand, today, base.network, imported=imported
        )
        (folder / PARKING).write_text(content, encoding="utf-8")
        names.append(PARKING)
    if site.boxes:
        (folder / BOXES).write_text(boxes_xml(site.boxes, network), encoding="utf-8")
        names.append(BOXES)
    if closed := replace(site, network=network).closed:
        paths = read_net_file(net_file).paths
        (folder / CLOSURES_FILE).write_text(closures_xml(closed, network, paths), encoding="utf-8")
        names.append(CLOSURES_FILE)
    return names


def _check_imported(
    imported: Path, parking: Mapping[str, ParkingArea], network: Network, moved: frozenset[str]
) -> None:
    """Refuse what does not go together with the imported model's places.

    SUMO would stop at a second parking area of the same id; and a place on an edge that was cut would be
    elsewhere.
    """
    taken: list[str] = []
    cut: list[str] = []

    def start(tag: str, a: dict[str, str]) -> None:
        if tag == "parkingArea" and a["id"] in parking:
            taken.append(a["id"])
        if a.get("lane", "").rpartition("_")[0] in network.parts and a.get("id") not in moved:
            cut.append(f"{tag} {a.get('id', '')} on {a['lane']}")

    scan(imported, None, start)
    if taken:
        raise BuildError(
            Message(
                "{name} holds parking areas {taken} already: choose other ids",
                name=imported.name,
                taken=taken,
            )
        )
    if cut:
        raise BuildError(
            Message("an edge cannot be cut on which {name} holds {cut}", name=imported.name, cut=cut)
        )


# --- the network ------------------------------------------------------------------------------------------


def _changed(site: Site, carried: Site, target: Site, cache: Path) -> tuple[Path, Network, tuple[str, ...]]:
    """Return the changed network, from the store where the same changes were made before."""
    patch = patch_files(site.network, carried.network, site.network_file)
    lanes = changed_lanes(carried.network, target.network)
    if not patch and not lanes:
        return site.network_file, site.network, ()
    said = {id: [lane.speed_mps, sorted(lane.allow)] for id, lane in sorted(lanes.items())}
    inputs = json.dumps([site.network.sha256, patch, said, maker()])
    digest = hashlib.sha256(inputs.encode()).hexdigest()
    known_networks: dict[str, Network] = {}

    def fill(folder: Path) -> None:
        net_file = folder / "net.net.xml"
        if patch:
            _keep(folder, _patch(site, carried, patch, folder, known_networks))
        else:
            shutil.copyfile(site.network_file, net_file)
            _keep(folder, ())
        if lanes:
            paths = read_net_file(net_file).paths
            opened = let_in(carried.network, target.network, lanes)
            inside = {lane: classes for key, classes in opened.items() for lane in paths.get(key, ())}
            content = with_lanes(net_file.read_text(encoding="utf-8"), lanes, inside)
            net_file.write_text(content, encoding="utf-8", newline="\n")

    folder = publish(cache / "network" / digest[:2] / digest, fill)
    net_file = folder / "net.net.xml"
    network = _read(net_file, carried.network, known_networks)
    check_patched(site.network, carried.network, network)
    known = _base_warnings(site, cache) if patch else frozenset()
    return net_file, network, tuple(warning for warning in _warnings(folder) if warning not in known)


def _patch(
    site: Site, carried: Site, patch: Mapping[str, str], folder: Path, known_networks: dict[str, Network]
) -> list[str]:
    """Write the patched, normalised network with its own programs; return netconvert's warnings."""
    for name, content in patch.items():
        (folder / name).write_text(content, encoding="utf-8")
    files = [part for name in patch for part in (PATCH_OPTIONS[name], name)]
    source = str(site.network_file.resolve())
    warnings = convert(["-s", source, *files, "-o", "patched.net.xml"], folder)
    patched = folder / "patched.net.xml"
    patched.write_bytes(without_header(patched.read_bytes()))  # as it will stand, if nothing is restored
    _restore_programs(site, carried, folder, known_networks)
    normalise(folder / "restored.net.xml", folder / "net.net.xml")
    for draft in ("patched.net.xml", "restored.net.xml"):
        (folder / draft).unlink()
    return warnings


def _base_warnings(site: Site, cache: Path) -> frozenset[str]:
    """Return what netconvert has to say about the site's own network: no arm is to blame for it."""
    inputs = json.dumps([site.network.sha256, maker()])
    digest = hashlib.sha256(inputs.encode()).hexdigest()

    def fill(folder: Path) -> None:
        warnings = convert(["-s", str(site.network_file.resolve()), "-o", "again.net.xml"], folder)
        (folder / "again.net.xml").unlink()
        _keep(folder, warnings)

    return frozenset(_warnings(publish(cache / "network" / digest[:2] / digest, fill)))


def _keep(folder: Path, warnings: Sequence[str]) -> None:
    (folder / "warnings.json").write_text(json.dumps(warnings, ensure_ascii=False), encoding="utf-8")


def _warnings(folder: Path) -> list[str]:
    found: list[str] = json.loads((folder / "warnings.json").read_text(encoding="utf-8"))
    return found


def _with_own_programs(site: Site) -> Site:
    """Return the site with the network's own programs as if they ran in a period of their own."""
    own = _own_programs(site.network_file, site.network.sha256)
    return replace(site, signals={**site.signals, OWN: own})


@lru_cache(maxsize=1)
def _own_programs(net_file: Path, sha256: str) -> Mapping[str, SignalControl]:
    """Read the programs of the site's network: once for all its arms, as long as it is what it was."""
    return read_controls(net_file, [])


def _restore_programs(site: Site, carried: Site, folder: Path, known_networks: dict[str, Network]) -> None:
    """Give the touched signals of the patched network their own programs back, movement by movement.

    netconvert has put a guess of its own in their place. It never runs, but it decides where turning vehicles
    may wait inside the junction: guessed as permissive, a protected left turn waits in the middle and blocks
    it.
    """
    net_file = folder / "patched.net.xml"
    patched, added = with_all_links(_read(net_file, carried.network, known_networks), carried.network)
    try:
        found = read_controls(net_file, [])
    except ConfigError:  # netconvert added links and left a program too short for them
        found = {}
    own = {s: remap(control, carried.network, patched) for s, control in sorted(carried.signals[OWN].items())}
    restored = {signal: control for signal, control in own.items() if control != found.get(signal)}
    more = surplus(carried.network, patched)
    if not restored and not added and not more:
        shutil.copyfile(net_file, folder / "restored.net.xml")
        return
    write_programs(folder / "programs.tll.xml", restored, added)
    left_out = [c for c in added if c.entry_link is None]
    (folder / "controlled.con.xml").write_text(controlled_xml(left_out, more), encoding="utf-8")
    parts = ["-x", "controlled.con.xml"] if left_out or more else []
    convert(["-s", "patched.net.xml", "-i", "programs.tll.xml", *parts, "-o", "restored.net.xml"], folder)


def _read(net_file: Path, intended: Network, known: dict[str, Network]) -> Network:
    """Read a patched network under the names it is to have, movements included; not twice the same bytes."""
    content = hashlib.sha256(net_file.read_bytes()).hexdigest()
    if content not in known:
        known[content] = _named(net_file, intended)
    return known[content]


def _named(net_file: Path, intended: Network) -> Network:
    approaches = intended.approaches.values()
    try:
        network = read_network(net_file, {a.edge: (a.junction, a.name) for a in approaches})
    except ConfigError as error:
        raise BuildError(message_of(error)) from None
    directions = {(a.edge, m.to_edge): m.direction for a in approaches for m in a.movements}

    def named(approach: Approach) -> Approach:
        wanted = [directions[approach.edge, m.to_edge] for m in approach.movements]
        if wanted == [m.direction for m in approach.movements]:
            return approach  # nearly all are: thousands of copies would cost a large network a second
        movements = zip(approach.movements, wanted, strict=True)
        return replace(approach, movements=tuple(replace(m, direction=d) for m, d in movements))

    junctions = {
        id: replace(junction, approaches=tuple(named(a) for a in junction.approaches))
        for id, junction in network.junctions.items()
    }
    return replace(network, junctions=junctions, parts=intended.parts)


def _copy(source: Path, target: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copyfile(source / name, target / name)


def _digest(folder: Path, names: Sequence[str], net_sha256: str) -> str:
    contents = [[name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name in names]
    inputs = json.dumps({"network": net_sha256, "additional": contents, "sumo": version()}, sort_keys=True)
    return hashlib.sha256(inputs.encode()).hexdigest()
