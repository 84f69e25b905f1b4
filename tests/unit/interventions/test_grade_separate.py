"""Leading a movement over its junction: what is cut and joined, what is refused, how long a ramp takes."""

import pytest

from sim.edits.vocabulary import AddStreet, SetConnections, SplitEdge
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

FLY: dict[str, object] = {
    "kind": "grade_separate", "id": "fly", "movement": "J1.west.through",
    "expect": {"leg_m": 240, "exit_m": 280},
    "leaves_m": 150, "joins_m": 120, "speed_kmh": 50,
}  # fmt: skip


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**FLY, **fields}), site, "policy")


def test_it_leaves_and_joins_at_the_median_and_takes_nothing_away(site: Site) -> None:
    first, second, street, away, back = applied(site).edits
    movement = site.network.movements["J1.west.through"]
    leg = site.network.edges[movement.connections[0].from_edge]
    assert isinstance(first, SplitEdge) and (first.edge, first.downstream_m) == (leg.id, 150)
    assert isinstance(second, SplitEdge) and second.edge == movement.to_edge
    assert isinstance(street, AddStreet)
    assert (street.from_node, street.to_node) == (first.node, second.node)
    assert "passenger" in street.allow and not street.allow & {"bicycle", "pedestrian"}
    assert isinstance(away, SetConnections) and isinstance(back, SetConnections)
    median = len(leg.lanes) - 1
    assert away.wanted - away.expected == {(median, "fly", 0)} and away.expected < away.wanted
    exit_median = len(site.network.edges[movement.to_edge].lanes) - 1
    assert back.wanted == {(0, movement.to_edge, exit_median)}


def test_the_change_log_says_where_and_how_fast(site: Site) -> None:
    words = applied(site, form="under").change_log[0]
    assert "下穿（fly）：停止线前 150 m 起至出口 120 m 处止，新建 1 车道，限速 50 km/h" in words.zh
    assert "led under its junction (fly): lanes 1, from 150 m before the stop line" in words.en


def test_a_ramp_takes_its_length(site: Site) -> None:
    assert not applied(site).warnings
    told = applied(site, joins_m=60).warnings
    assert any("60 m" in text.en and "109 m" in text.en and "5.5%" in text.en for text in told)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"movement": "J1.west.trough"}, "J1.west.through"),
        ({"id": "J1_J2"}, "there is an edge 'J1_J2' already"),
        ({"expect": {"leg_m": 100, "exit_m": 280}}, "expected 100 m of"),
        ({"leaves_m": 236}, "236 m does not lie on"),
        ({"joins_m": 4}, "4 m does not lie on"),
        ({"lanes": 3}, "fewer than the 3 that leave or join it"),
        ({"speed_kmh": 0}, "speed_kmh"),
        ({"form": "beside"}, "form"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        applied(site, **fields)
    assert told in str(error.value)


def test_all_problems_are_told_at_once(site: Site) -> None:
    with pytest.raises(ConfigError) as error:
        applied(site, id="J1_J2", leaves_m=500, joins_m=500)
    assert len(str(error.value).splitlines()) == 3
