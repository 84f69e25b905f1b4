"""Real networks: junctions and movements as counted in the files, programs that come back exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.signals.program import SignalControl
from sim.site.network import Network
from sim.sumo.netconvert import normalise
from sim.sumo.read_network import OCTANTS, read_network
from sim.sumo.signals import read_controls, write_controls
from sim.sumo.xml_file import scan

pytestmark = pytest.mark.data

NETS: dict[str, tuple[str, str | None]] = {
    "bologna_acosta": ("acosta_buslanes.net.xml", "acosta_tls.add.xml"),
    "cologne8": ("cologne8.net.xml", None),
    "ingolstadt7": ("ingolstadt7.net.xml", None),
    "jinan_3x4": ("n.net.xml", None),
    "nanchang_cutA": ("c.net.xml", None),
    "doerpfeldstr": ("net.net.xml.gz", "tram_tls.add.xml"),
    "badhersfeld": ("osm_edited.net.xml.gz", None),
}
SIGNALISED = {
    "bologna_acosta": 16, "cologne8": 8, "ingolstadt7": 7, "jinan_3x4": 12, "nanchang_cutA": 71,
    "doerpfeldstr": 9, "badhersfeld": 23,
}  # fmt: skip
"""Signalised junctions: acosta's 7 controllers run 16, as its README says; railway signals are none."""


@pytest.fixture(scope="module")
def networks(shared_data: Path) -> dict[str, Network]:
    return {name: read_network(shared_data / name / net) for name, (net, _) in NETS.items()}


def controls(shared_data: Path, name: str) -> dict[str, SignalControl]:
    net, additional = NETS[name]
    return read_controls(shared_data / name / net, [shared_data / name / additional] if additional else [])


@pytest.mark.parametrize("name", NETS)
def test_junctions_and_movements_hold_together(
    shared_data: Path, networks: dict[str, Network], name: str
) -> None:
    network = networks[name]
    assert sum(j.signal is not None for j in network.junctions.values()) == SIGNALISED[name]
    for approach in network.approaches.values():
        assert approach.name.split("_")[0] in OCTANTS
        assert approach.movements
        assert approach.chain[-1] == approach.edge
        for before, after in zip(approach.chain, approach.chain[1:], strict=False):
            assert after in {c.to_edge for c in network.connections_from[before]}
        exits = [a.exit_edge for a in network.junctions[approach.junction].approaches if a.exit_edge]
        assert len(exits) == len(set(exits)), "an exit belongs to one leg"
    for movement in network.movements.values():
        assert {c.from_edge for c in movement.connections} == {
            network.approaches[movement.id.rpartition(".")[0]].edge
        }
    for one, foes in network.foes.items():
        assert one not in foes
    assert set(network.links) == set(controls(shared_data, name)), "every signal runs a program"


def test_a_regular_grid_is_counted_in_full(networks: dict[str, Network]) -> None:
    jinan = networks["jinan_3x4"]
    assert len(jinan.junctions) == 12
    assert [len(j.approaches) for j in jinan.junctions.values()] == [4] * 12
    assert {a.name for a in jinan.approaches.values()} == {"north", "east", "south", "west"}
    assert len(jinan.movements) == 12 * 12


def test_pedestrian_crossings_belong_to_their_legs(networks: dict[str, Network]) -> None:
    network = networks["doerpfeldstr"]
    assert len(network.crossings) == 187
    on_legs = [a.crossing for a in network.approaches.values() if a.crossing is not None]
    assert len(on_legs) > 100
    assert any(crossing.signal for crossing in on_legs)


@pytest.mark.parametrize("name", NETS)
def test_programs_come_back_exactly(shared_data: Path, tmp_path: Path, name: str) -> None:
    found = controls(shared_data, name)
    write_controls(tmp_path / "w.add.xml", found)
    links: list[str] = []

    def keep(tag: str, attributes: dict[str, str]) -> None:
        if tag == "connection" and "tl" in attributes:
            given = "".join(f' {key}="{attributes[key]}"' for key in ("tl", "linkIndex"))
            links.append(f'<connection from=":" to=":" fromLane="0" toLane="0" dir="s"{given}/>')

    scan(shared_data / name / NETS[name][0], "net", keep)
    # The links alone, without the net's own programs: what is read back comes from our file.
    (tmp_path / "links.net.xml").write_text(f"<net>{''.join(links)}</net>", encoding="utf-8")
    assert read_controls(tmp_path / "links.net.xml", [tmp_path / "w.add.xml"]) == found


@pytest.mark.parametrize("name", [name for name in NETS if name != "badhersfeld"])
def test_networks_come_to_rest(shared_data: Path, tmp_path: Path, name: str) -> None:
    normalise(shared_data / name / NETS[name][0], tmp_path / "one.net.xml")
    normalise(tmp_path / "one.net.xml", tmp_path / "two.net.xml")
    assert (tmp_path / "one.net.xml").read_bytes() == (tmp_path / "two.net.xml").read_bytes()
    before, after = (
        read_network(path) for path in (shared_data / name / NETS[name][0], tmp_path / "one.net.xml")
    )
    assert set(after.movements) == set(before.movements), "names do not depend on the first pass"
