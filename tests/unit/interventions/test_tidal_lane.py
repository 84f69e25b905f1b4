import pytest

from sim.edits.vocabulary import AddClosure, SetConnections, SetLaneCount
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

EXPECT = {"lanes": 2, "uses": ["left+through", "through+right"], "opposite_lanes": 2}
FIELDS: dict[str, object] = {
    "kind": "tidal_lane",
    "on": ["J1.north"],
    "lends": ["J1_N1"],
    "expect": EXPECT,
    "uses": ["left", "left+through", "through+right"],
    "hours": ["07:30-08:00"],
}


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**FIELDS, **fields}), site, "policy")


def closures(policy: AppliedPolicy) -> list[tuple[float, float, tuple[str, ...]]]:
    edits = (edit for edit in policy.edits if isinstance(edit, AddClosure))
    return [(e.closure.begin_s, e.closure.end_s, e.closure.lanes) for e in edits]


def test_the_lane_is_open_in_one_direction_at_a_time(site: Site) -> None:
    policy = applied(site)
    assert [edit for edit in policy.edits if isinstance(edit, SetLaneCount)]
    assert closures(policy) == [
        (-1e6, 27000.0, ("N1_J1_3",)),
        (28800.0, 1e6, ("N1_J1_3",)),
        (26940.0, 28860.0, ("J1_N1_2",)),
    ]


def test_hours_that_follow_each_other_closely_lend_the_lane_once(site: Site) -> None:
    policy = applied(site, hours=["07:30-07:50", "07:51-08:00"])
    assert closures(policy)[-1] == (26940.0, 28860.0, ("J1_N1_2",))


def test_who_entered_the_lent_lane_only_gets_a_way_beside_it(site: Site) -> None:
    edits = [e for e in applied(site).edits if isinstance(e, SetConnections) and e.edge == "W_J1"]
    assert [edit.wanted - edit.expected for edit in edits] == [{(3, "J1_N1", 1)}]


def test_what_usually_is_asked_of_a_tidal_lane_is_warned_of(site: Site) -> None:
    told = " | ".join(words.en for words in applied(site).warnings)
    assert "m long; tidal lanes usually have 500 to 5000 m" in told
    assert "0.5 h a day" in told
    assert "AM peak: the directions' shares are not known" in told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"on": ["J1.nrth"]}, "no edge or approach named 'J1.nrth'"),
        ({"lends": ["J1_S1"]}, "'J1_S1' does not run beside the direction that gains"),
        ({"expect": {**EXPECT, "opposite_lanes": 3}}, "expected 3 lanes for cars on 'J1_N1', found 2"),
        ({"expect": {**EXPECT, "lanes": 3}}, "expected 3 lanes for cars on 'N1_J1', found 2"),
        ({"uses": ["left", "through+right"]}, "2 lanes are listed, but J1.north is to have 3"),
        ({"uses": ["left", "through", "through+right"]}, "cars could not go from 'N1_J1' to 'J1_J2'"),
        ({"hours": ["12:00-13:00"]}, "meets no period of the site"),
    ],
)
def test_what_cannot_be_is_refused_in_words(site: Site, fields: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        applied(site, **fields)
    assert told in str(error.value)
