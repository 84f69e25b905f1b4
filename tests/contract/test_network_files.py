"""A network file that is broken, changed or missing is refused by name; nothing half-written stays behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import BuildError, ConfigError
from sim.sumo.netconvert import convert, normalise, without_header
from sim.sumo.plain import NETWORK_FILE, build_network
from sim.sumo.read_network import read_network
from sim.sumo.site import load
from tests.crossroads import TITLE, Facts, crossroads, write_site

PERIODS = {"am": {"title": TITLE, "begin": "07:30", "end": "08:30"}}


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("net")
    build_network(crossroads(), folder)
    return (folder / NETWORK_FILE).read_bytes()


def imported(folder: Path, content: bytes, name: str = "net.net.xml", **more: object) -> Path:
    data: Facts = {"name": "copied", "title": TITLE, "made_up": False, "periods": PERIODS}
    site = write_site(folder / "copied", {**data, "imported": {"network": f"network/{name}", **more}})
    (site / "network").mkdir()
    (site / "network" / name).write_bytes(content)
    return site


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda c: c[: len(c) // 2], "not a complete XML file"),
    "cut within a tag": (lambda c: c[:-12], "not a complete XML file: unclosed token"),
    "empty": (lambda c: b"", "not a complete XML file: no element found"),
    "not a network": (lambda c: b"<additional/>", "begins with <additional>, expected <net>"),
    "a lane's speed is text": (
        lambda c: c.replace(b'speed="13.89"', b'speed="fast"'),
        "could not convert string to float: 'fast'",
    ),
    "a connection to nowhere": (
        lambda c: c.replace(b'to="J1.west.exit" fromLane', b'to="J1.wst.exit" fromLane', 1),
        "not a usable network: it refers to 'J1.wst.exit', which it lacks",
    ),
    "an attribute is missing": (
        lambda c: c.replace(b'<edge id="J1.west.up" from', b'<edge id="J1.west.up" form', 1),
        "not a usable network: it refers to 'from', which it lacks",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_broken_network_is_refused(case: str, net: bytes, tmp_path: Path) -> None:
    damage, words = DAMAGE[case]
    assert damage(net) != net
    with pytest.raises(ConfigError) as refused:
        load(imported(tmp_path, damage(net)), tmp_path / "cache")
    assert "network/net.net.xml" in str(refused.value)
    assert words in str(refused.value)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


def test_a_broken_gzip_is_refused(net: bytes, tmp_path: Path) -> None:
    packed = gzip.compress(net)
    (tmp_path / "good.net.xml.gz").write_bytes(packed)
    assert read_network(tmp_path / "good.net.xml.gz").edges
    for number, content in enumerate((packed[:500], b"plain text", net)):
        path = tmp_path / f"{number}.net.xml.gz"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"not a complete gzip file"):
            read_network(path)


def test_a_missing_file_is_refused_with_a_near_match(net: bytes, tmp_path: Path) -> None:
    site = imported(tmp_path, net)
    (site / "network" / "net.net.xml").rename(site / "network" / "nets.net.xml")
    with pytest.raises(ConfigError, match=r"did you mean nets\.net\.xml"):
        load(site, tmp_path / "cache")


def test_a_changed_file_is_refused(net: bytes, tmp_path: Path) -> None:
    site = imported(tmp_path, net, sha256={"network/net.net.xml": "0" * 64})
    with pytest.raises(ConfigError, match="is not the file that was imported"):
        load(site, tmp_path / "cache")


def test_an_imported_site_has_no_plans_of_its_own(net: bytes, tmp_path: Path) -> None:
    site = imported(tmp_path, net)
    text = (site / "site.yaml").read_text(encoding="utf-8")
    stages = "{A: {green: [east.through], green_s: 20}}"
    (site / "site.yaml").write_text(
        text + f"plans: {{day: {{J1: {{stages: {stages}}}}}}}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"site\.yaml\.plans: an imported site has its plans"):
        load(site, tmp_path / "cache")


def test_places_of_an_imported_site_are_checked_together(net: bytes, tmp_path: Path) -> None:
    site = imported(tmp_path, net)
    text = (site / "site.yaml").read_text(encoding="utf-8")
    more = "measured_junctions: [J9]\nroutes: {R: {title: {zh: x, en: x}, via: [J1.nroth, J1.south.exit]}}\n"
    (site / "site.yaml").write_text(text + more, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(site, tmp_path / "cache")
    assert sorted(str(p).split(":")[0] for p in refused.value.problems) == [
        "site.yaml.measured_junctions[0]", "site.yaml.routes.R.via[0]",
    ]  # fmt: skip


def test_an_imported_copy_reads_like_the_drawing(net: bytes, tmp_path: Path) -> None:
    site = load(imported(tmp_path, net), tmp_path / "cache")
    assert site.network_file.read_bytes() == net, "normalised already: byte for byte the same"
    junction = site.network.junctions["J1"]
    assert [a.name for a in junction.approaches] == ["north", "east", "south", "west"]
    assert site.network.approaches["J1.east"].chain == ("J1.east.up", "J1.east")
    assert len(site.network.movements) == 12
    assert site.signals["am"]["J1"].active == "0"
    assert site.counts.empty


def test_netconverts_own_words_are_kept(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"(?s)netconvert could not build the network:.*nowhere\.net\.xml"):
        convert(["-s", "nowhere.net.xml", "-o", "x.net.xml"], tmp_path)


def test_normalised_is_a_fixed_point_without_a_header(net: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.net.xml").write_bytes(net)
    normalise(tmp_path / "a.net.xml", tmp_path / "b.net.xml")
    assert (tmp_path / "b.net.xml").read_bytes() == net
    assert b"<!--" not in net
    assert (
        without_header(b'<?xml version="1.0"?>\n<!-- generated\n on x -->\n\n<net/>')
        == b'<?xml version="1.0"?>\n<net/>'
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.net.xml", "b.net.xml"]
