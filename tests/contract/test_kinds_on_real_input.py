"""Every kind that is offered has been proved on a network that somebody else made; a new one must be, too.

Kinds that fit most networks and those that build are proved on acosta, ingolstadt7 and nanchang_cutA by
`tests.properties`, timings, bans and markings at every junction by the junction sweep. The others are proved
here on ingolstadt7 with its demand, or where `ELSEWHERE` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from sim.errors import BuildError, ConfigError
from sim.importing import import_site
from sim.interventions import REGISTRY
from sim.policy import apply, empty_policy
from sim.site.model import Site
from sim.site.network import Approach, Movement
from sim.sumo.build import ArmBuild, build
from sim.sumo.proof import prove
from sim.sumo.site import load
from tests.building_kinds import BUILDING
from tests.kinds import KINDS
from tests.sites import policy_of, site_of
from tests.validation import junction_sweep

Fields = Mapping[str, object]
NETWORKS = ("acosta", "ingolstadt7", "nanchang_cutA", "osm_shanghai")
ELSEWHERE = {
    "box_junction": "unit/interventions/test_box_junction.py",
    "channelise_right": "unit/interventions/test_channelise_right.py",
    "convert_junction": "properties/test_control_kinds.py",
    "left_waiting_area": "unit/interventions/test_left_waiting_area.py",
    "merge_alternation": "unit/interventions/test_merge_alternation.py",
    "move_bus_stop": "unit/interventions/test_move_bus_stop.py",
    "pedestrian_refuge": "unit/interventions/test_pedestrian_refuge.py",
    "signalise": "properties/test_control_kinds.py",
}
"""Files whose tests prove a kind on one of `NETWORKS`."""
HABITS = {"enforce", "parking_price"}
"""Kinds that change what people do: no object of the network or its files does."""


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Import ingolstadt7 with its demand, and give one street a lot, kerb bays and illegal stopping."""
    root = tmp_path_factory.mktemp("root")
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    import_site(shared_data / "ingolstadt7/ingolstadt7.sumocfg", "place", root)
    folder = root / "scenarios" / "place"
    approach, movement = next(wide(load(folder, root / "store")))
    exit = movement.to_edge
    title = {"zh": "测试", "en": "Test"}
    facts = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    facts["parking"] = {
        "lot": {"title": title, "kind": "off_street", "on": approach.edge, "at_m": 20, "stalls": 30},
        "kerb": {
            "title": title,
            "kind": "kerb",
            "on": approach.edge,
            "at_m": 30,
            "length_m": 24,
            "stalls": 4,
        },
    }
    visit = {"origin": approach.edge, "exit": exit, "vehicles_per_h": 12, "stay_min": 25}
    facts["parking_demand"] = {name: {**visit, "lot": name} for name in ("lot", "kerb")}
    stop = {"origin": approach.edge, "on": approach.edge, "exit": exit, "per_km_h": 20, "stay_min": 3}
    facts["illegal_stopping"] = {"street": stop}
    (folder / "site.yaml").write_text(yaml.safe_dump(facts, allow_unicode=True), encoding="utf-8")
    return load(folder, root / "store")


@pytest.fixture(scope="module")
def base(real: Site, tmp_path_factory: pytest.TempPathFactory) -> ArmBuild:
    applied = apply(empty_policy(), real, "policy")
    return build(real, applied, next(iter(real.periods)), tmp_path_factory.mktemp("cache"))


def wide(site: Site) -> Iterator[tuple[Approach, Movement]]:
    """Yield long approaches of signals with two lanes for cars, and a movement of each."""
    for approach in site.network.approaches.values():
        edge = site.network.edges[approach.edge]
        signalled = site.network.junctions[approach.junction].signal is not None
        if signalled and edge.length_m > 80 and sum(lane.for_cars for lane in edge.lanes) > 1:
            yield approach, approach.movements[0]


def cycles(site: Site) -> dict[str, float]:
    """Return junction -> cycle of its fixed-time plan."""
    found = {}
    for junction in site.network.junctions.values():
        control = site.signals[next(iter(site.periods))].get(junction.signal or "")
        program = control.programs.get(control.active) if control is not None else None
        if program is not None and program.kind == "static" and len(program.stages()) > 1:
            found[junction.id] = program.cycle_s
    return found


def coordinate(site: Site) -> Iterator[Fields]:
    known = cycles(site)
    for one in known:
        for other in known:
            if one != other:
                two = {one: known[one], other: known[other]}
                yield {"junctions": list(two), "expect": {"cycles_s": two}, "cycle_s": max(two.values())}


def close_opening(site: Site) -> Iterator[Fields]:
    edges = site.network.edges
    for id, edge in edges.items():
        lanes = {
            c.from_lane
            for c in site.network.connections_from.get(id, ())
            if (edges[c.to_edge].from_node, edges[c.to_edge].to_node) == (edge.to_node, edge.from_node)
        }
        if lanes:
            yield {"approach": id, "expect": {"lanes": len(lanes)}}


def add_parking_area(site: Site) -> Iterator[Fields]:
    title = {"zh": "测试", "en": "Test"}
    for approach, _ in wide(site):
        area = {"title": title, "kind": "off_street", "on": approach.edge, "at_m": 60, "stalls": 40}
        yield {"id": "new", "expect": {"areas": ["kerb", "lot"]}, "area": area, "takes": {"lot": 0.3}}


def said(**fields: object) -> Callable[[Site], Iterator[Fields]]:
    return lambda site: iter([fields])


HERE: Mapping[str, Callable[[Site], Iterator[Fields]]] = {
    "add_parking_area": add_parking_area,
    "coordinate": coordinate,
    "enforce": said(stopping="street", expect={"per_km_h": 20}, per_km_h=8),
    "kerb_parking_hours": said(area="kerb", expect={"stalls": 4}, open="09:30", close="16:30"),
    "optimise_splits": lambda site: (
        {"junction": id, "expect": {"cycle_s": cycle_s}} for id, cycle_s in cycles(site).items()
    ),
    "parking_guidance": said(areas=["kerb"], expect={"signs": ["lot"]}),
    "parking_price": said(area="kerb", expect={"yuan_per_h": 0}, yuan_per_h=6),
    "remove_kerb_parking": said(area="kerb", expect={"stalls": 4}, keeps=0, stops_illegally=0.1, stop_min=5),
    "unlimited_parking": said(expect={"stalls": 34}),
}


def test_every_kind_is_proved_on_a_network_that_others_made(repo_root: Path) -> None:
    everywhere = {kind for kind, _ in (*KINDS.values(), *BUILDING.values())} | {*junction_sweep.KINDS}
    assert set(REGISTRY) == everywhere | {*ELSEWHERE, *HERE, "close_opening"}, (
        "say where a new kind is proved"
    )
    for kind, file in ELSEWHERE.items():
        text = (repo_root / "tests" / file).read_text(encoding="utf-8")
        assert any(name in text for name in NETWORKS), f"{kind}: {file} names none of {NETWORKS}"
        assert "mark.data" in text


@pytest.mark.data
@pytest.mark.parametrize("kind", HERE)
def test_the_proof_holds_on_ingolstadt7(real: Site, base: ArmBuild, kind: str, tmp_path: Path) -> None:
    holds(base, kind, HERE[kind](real), tmp_path)


def close_one(site: Site, cache: Path) -> None:
    base = build(site, apply(empty_policy(), site, "policy"), next(iter(site.periods)), cache)
    holds(base, "close_opening", close_opening(site), cache)


@pytest.mark.data
def test_the_proof_holds_where_cologne_turns_back(shared_data: Path, tmp_path: Path) -> None:
    """On acosta, ingolstadt7 and nanchang_cutA only where a lane serves nothing else: refused there."""
    close_one(site_of(shared_data / "cologne8/cologne8.net.xml", tmp_path / "site"), tmp_path)


@pytest.mark.data
@pytest.mark.validate
def test_the_proof_holds_where_shanghai_turns_back(shared_data: Path, tmp_path: Path) -> None:
    for name in ("scenarios", "configs/scenario"):
        (tmp_path / name).mkdir(parents=True)
    import_site(shared_data / "osm_shanghai/shanghai_center.osm", "place", tmp_path)
    close_one(load(tmp_path / "scenarios" / "place", tmp_path / "store"), tmp_path)


def holds(base: ArmBuild, kind: str, uses: Iterator[Fields], cache: Path) -> None:
    """Prove the first use that is not refused."""
    refusals = []
    for fields in uses:
        try:
            applied = apply(policy_of(a={"kind": kind, **fields}), base.site, "policy")
            arm = build(base.site, applied, base.period, cache)
        except (ConfigError, BuildError) as refusal:
            refusals.append(str(refusal))
            continue
        proof = prove(base, arm, applied.footprint, applied.edits)
        assert proof.changed or kind in HABITS
        assert applied.change_log[0].zh
        return
    pytest.fail(f"no place for {kind}:\n" + "\n".join(refusals[:3]))
