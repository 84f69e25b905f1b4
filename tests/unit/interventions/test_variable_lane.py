import pytest

from sim.edits.vocabulary import AddClosure, SetConnections
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

FIELDS: dict[str, object] = {
    "kind": "variable_lane",
    "approach": "J1.west",
    "expect": ["left", "through", "through+right"],
    "lane": 2,
    "then": "left",
    "hours": ["07:30-08:00"],
}


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**FIELDS, **fields}), site, "policy")


def test_both_ways_are_there_and_one_is_closed_at_any_time(site: Site) -> None:
    marked, *closures = applied(site).edits
    assert isinstance(marked, SetConnections)
    (added,) = marked.wanted - marked.expected
    assert added[:2] == (2, "J1_N1")
    times = [
        (e.closure.begin_s, e.closure.end_s, e.closure.connections)
        for e in closures
        if isinstance(e, AddClosure)
    ]
    through, left = ("W_J1_2->J1_J2_2",), (f"W_J1_2->J1_N1_{added[2]}",)
    assert {(27000.0, 28800.0, through), (-1e6, 27000.0, left), (28800.0, 1e6, left)} == set(times)


def test_one_stage_for_both_uses_is_warned_of(site: Site) -> None:
    assert any("separate stages" in words.en for words in applied(site).warnings)
    assert not any("lanes" in words.en and "at least" in words.en for words in applied(site).warnings)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"approach": "J1.wst"}, "no approach named 'J1.wst'"),
        (
            {"expect": ["left", "through", "right"]},
            "expected left, through, right; found left, through, through+",
        ),
        ({"lane": 4}, "lane 4 of 3 that are expected"),
        ({"then": "through"}, "lane 2 serves through today"),
        ({"then": "uturn"}, "no 'uturn' movement leaves J1.west"),
        ({"lane": 3, "then": "through"}, "right would have no lane at some time: only lane 3 serves it"),
        ({"hours": ["12:00-13:00"]}, "meets no period of the site"),
    ],
)
def test_what_cannot_be_is_refused_in_words(site: Site, fields: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        applied(site, **fields)
    assert told in str(error.value)


def test_a_lane_that_follows_queues_serves_todays_use_until_they_ask(site: Site) -> None:
    applied_ = applied(site, by_queue={"every_s": 120, "more_veh": 2})
    _, added = applied_.edits
    assert isinstance(added, AddClosure)
    rule = added.closure.by_queue
    assert rule is not None
    assert (added.closure.begin_s, added.closure.end_s) == (-1e6, 1e6)
    assert added.closure.connections == ("W_J1_2->J1_N1_1",)
    assert rule.instead == ("W_J1_2->J1_J2_2",)
    assert (rule.then_lanes, rule.today_lanes) == (("W_J1_3",), ("W_J1_1",))
    assert (rule.spans_s, rule.every_s, rule.more_veh) == (((27000.0, 28800.0),), 120, 2)
    words = applied_.change_log[0]
    assert "every 120 s; 2 more" in words.en
    assert "每 120 s" in words.zh


def test_queues_choose_between_two_uses_not_between_one_and_both(site: Site) -> None:
    with pytest.raises(ConfigError, match="besides what it serves today"):
        applied(site, then="left+through", by_queue={})
