import pytest

from sim.edits.vocabulary import SetConnections, SplitEdge
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

TODAY = ["left+through", "through+right"]
THEN = ["left", "through", "through+right"]
BAY: dict[str, object] = {
    "kind": "add_turn_bay", "approach": "J1.north", "length_m": 40, "expect": TODAY, "lanes": THEN,
}  # fmt: skip


def bay(site: Site, **fields: object) -> AppliedPolicy:
    data: dict[str, object] = {
        "kind": "add_turn_bay",
        "approach": "J1.north",
        "length_m": 40,
        "expect": TODAY,
    }
    return apply(policy_of(a={**data, "lanes": THEN, **fields}), site, "policy")


def refused(site: Site, **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        bay(site, **fields)
    return str(error.value)


def test_the_lane_beside_the_bay_leads_into_it(site: Site) -> None:
    split, _, _, into = bay(site).edits
    assert isinstance(split, SplitEdge)
    assert isinstance(into, SetConnections)
    # Lane 0 is the sidewalk.
    assert into.wanted - into.expected == {(2, "N1_J1", 3)}
    assert into.edge == split.upstream


def test_at_the_kerb_the_other_lanes_move_up(site: Site) -> None:
    *_, into = bay(site, side="kerb", lanes=["left+through", "through", "right"]).edits
    assert isinstance(into, SetConnections)
    assert into.wanted == {(lane, "N1_J1", to) for lane, to in ((0, 0), (1, 1), (1, 2), (2, 3))}


def test_the_change_log_names_side_length_and_marking(site: Site) -> None:
    words = bay(site).change_log[0]
    assert (
        words.zh
        == "路口 J1 北进口 增设内侧展宽 40 m；停车线处车道功能（由中央至路侧）：左直 | 直右 → 左 | 直 | 直右"
    )
    assert words.en.startswith("junction J1 north: turn bay of 40 m at the median; ")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"approach": "J1.nrth"}, "no approach named 'J1.nrth' (did you mean J1.north"),
        ({"length_m": 400}, "a bay of 400 m does not fit on 'N1_J1', 2"),
        ({"length_m": 4}, "a bay of 4 m does not fit"),
        ({"length_m": -4}, "length_m"),
        ({"expect": ["through"]}, "expected through; found left+through, through+right"),
        ({"lanes": ["left", "right"]}, "2 lanes are listed; with the bay there are 3"),
        ({"lanes": ["left", "through", "through+rigth"]}, "no 'rigth' movement leaves J1.north"),
        ({"lanes": ["right", "left", "through"]}, "the paths of lanes 1 and 2 would cross"),
        ({"lanes": ["left", "through", "through+through"]}, "names a movement twice"),
        ({"side": "left"}, "side"),
        ({"lenght_m": 30}, "lenght_m"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(site: Site, fields: dict[str, object], told: str) -> None:
    assert told in refused(site, **fields)


def test_all_problems_are_named_at_once(site: Site) -> None:
    said = refused(site, length_m=400, expect=["left"], lanes=["left", "right", "left", "right"])
    assert "does not fit" in said
    assert "expected left" in said
    assert "are listed" in said


def test_a_second_bay_on_the_first_is_refused(site: Site) -> None:
    two = {**BAY, "expect": THEN, "lanes": [*THEN, "right"], "after": ["a"], "length_m": 20}
    with pytest.raises(ConfigError, match="has been widened before its stop line already"):
        apply(policy_of(a=BAY, b=two), site, "policy")
