"""The plain files of a tiny drawn junction, word for word, and what the built network makes of them."""

from __future__ import annotations

from pathlib import Path

from sim.site.facts import SiteFacts
from sim.site.network import Network
from sim.sumo.plain import NETWORK_FILE, build_network, names_of, plain_files, turns_of
from sim.sumo.read_network import read_network
from tests.crossroads import Facts, crossroads, leg

HERE = Path(__file__).parent / "plain"
"""To renew after a wanted change: read the difference, then copy the new content here by hand."""


def tee() -> SiteFacts:
    """A T-junction: a bay on the left, one on the right, one crossing, a one-way exit."""

    def draw(data: Facts) -> None:
        west = [{"use": "through"}, {"use": "through", "width_m": 3.5}, {"use": "right", "length_m": 40}]
        data["junctions"]["J1"]["approaches"] = {
            "east": leg(
                90, [], lanes=[{"use": "uturn+left", "length_m": 50}, {"use": "through"}], crossing=None
            ),
            "south": leg(180, ["left", "right"]),
            "west": leg(270, [], lanes=west, crossing=None),
        }
        data["junctions"]["J1"]["control"] = "priority"

    return crossroads(draw)


def test_plain_files_are_as_they_were() -> None:
    found = plain_files(tee())
    assert found == {path.name: path.read_text(encoding="utf-8") for path in sorted(HERE.iterdir())}


def test_two_builds_are_byte_identical(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        build_network(crossroads(), tmp_path / name)
        contents.append({p.name: p.read_bytes() for p in sorted((tmp_path / name).iterdir())})
    assert contents[0] == contents[1]


def built(facts: SiteFacts, folder: Path) -> Network:
    warnings = build_network(facts, folder)
    # An exit lane that no entering lane leads to is wide for its traffic, not wrong.
    assert [w for w in warnings if "is not connected from any incoming edge" not in w] == []
    return read_network(folder / NETWORK_FILE, names_of(facts), turns_of(facts))


def test_the_tee_as_built(tmp_path: Path) -> None:
    network = built(tee(), tmp_path)
    assert {m.id: len(m.connections) for m in network.movements.values()} == {
        "J1.east.uturn": 1, "J1.east.left": 1, "J1.east.through": 1,
        "J1.south.left": 1, "J1.south.right": 1, "J1.west.through": 2, "J1.west.right": 1,
    }  # fmt: skip
    assert network.junctions["J1"].control == "priority"
    east, west = network.approaches["J1.east"], network.approaches["J1.west"]
    assert east.chain == ("J1.east.up", "J1.east")
    assert network.edges["J1.east"].length_m == 50, "a bay is as long as it is drawn, to the stop line"
    assert network.edges["J1.west"].length_m == 40
    assert [lane.width_m for lane in network.edges["J1.west"].lanes] == [3.25, 3.5, 3.25], "from the kerb"
    assert len(network.edges["J1.west.up"].lanes) == 2
    assert west.exit_edge == "J1.west.exit"
    assert network.edges["J1.east"].speed_mps == 13.89
    south = network.approaches["J1.south"]
    assert south.crossing is not None
    assert set(south.crossing.edges) == {"J1.south", "J1.south.exit"}
    assert network.edges["J1.south"].lanes[0].allow == {"pedestrian"}
    assert all("pedestrian" not in lane.allow for lane in network.edges["J1.east"].lanes)


def test_the_crossroads_as_built(tmp_path: Path) -> None:
    network = built(crossroads(), tmp_path)
    assert len(network.movements) == 12
    ways = {
        m.id.removeprefix("J1."): sorted((c.from_lane, c.to_lane) for c in m.connections)
        for m in network.movements.values()
    }
    # Lane 0 is the sidewalk, lane 1 is at the kerb.
    assert ways["east.left"] == [(3, 2)]
    assert ways["east.through"] == [(1, 1), (2, 2)]
    assert ways["east.right"] == [(1, 1)]
    assert ways["north.left"] == [(2, 2)]
    assert ways["north.through"] == [(1, 1), (2, 2)]
    exits = {m.id.removeprefix("J1."): m.to_edge for m in network.movements.values()}
    assert exits["north.left"] == "J1.east.exit"
    assert exits["north.right"] == "J1.west.exit"
    assert exits["east.left"] == "J1.south.exit"
    assert [a.bearing_deg for a in network.junctions["J1"].approaches] == [0, 90, 180, 270]
    assert sorted(network.links["J1"]) == list(range(4 + 4 + 4 + 4 + 4))


def test_legs_at_odd_angles_mean_what_the_drawing_says(tmp_path: Path) -> None:
    def turn(data: Facts) -> None:
        uses = ["left+through", "through+right"]
        bearings = {"north": 20, "east": 110, "south": 170, "west": 285}
        data["junctions"]["J1"]["approaches"] = {n: leg(b, uses) for n, b in bearings.items()}

    network = built(crossroads(turn), tmp_path)
    assert len(network.movements) == 12
    assert network.movements["J1.south.through"].to_edge == "J1.north.exit"


def test_a_fork_goes_left_and_right(tmp_path: Path) -> None:
    def fork(data: Facts) -> None:
        legs = {
            "west": leg(265, ["left", "right"]),
            "up": leg(45, ["left", "right"]),
            "down": leg(123, ["left", "right"]),
        }
        data["junctions"]["J1"]["approaches"] = legs

    facts = crossroads(fork)
    network = built(facts, tmp_path)
    exits = {m.direction: m.to_edge for m in network.approaches["J1.west"].movements}
    assert exits == {"left": "J1.up.exit", "right": "J1.down.exit"}
    plain = read_network(tmp_path / NETWORK_FILE, names_of(facts))
    assert {m.direction for m in plain.approaches["J1.west"].movements} != set(exits), (
        "netconvert says otherwise"
    )
