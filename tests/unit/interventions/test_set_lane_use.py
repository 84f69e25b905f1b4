import pytest

from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

TODAY = ["left", "through", "through+right"]


def remark(site: Site, lanes: list[str], **fields: object) -> AppliedPolicy:
    data = {"kind": "set_lane_use", "approach": "J1.west", "expect": TODAY, "lanes": lanes, **fields}
    return apply(policy_of(a=data), site, "policy")


def refused(site: Site, lanes: list[str], **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        remark(site, lanes, **fields)
    return str(error.value)


def test_a_second_left_lane_gets_the_exit_lane_beside_the_first(site: Site) -> None:
    edit = remark(site, ["left", "left", "through+right"]).edits[0]
    assert edit.edge == "W_J1"
    assert edit.expected - edit.wanted == {(2, "J1_J2", 2)}
    assert edit.wanted - edit.expected == {
        (2, "J1_N1", 1)
    }  # lane 0 is the sidewalk, lane 3 keeps its exit lane 2


def test_the_footprint_is_the_approach_and_its_junction(site: Site) -> None:
    footprint = remark(site, ["left", "left+through", "through+right"]).footprint
    assert ("right_of_way", "J1") in footprint
    assert {kind for kind, _ in footprint} == {"connection", "right_of_way", "signal_link"}
    assert all(key.startswith("W_J1_") for kind, key in footprint if kind != "right_of_way")


def test_the_change_log_names_both_markings(site: Site) -> None:
    words = remark(site, ["left", "left+through", "right"]).change_log[0]
    assert words.zh == "路口 J1 西进口 车道功能（由中央至路侧）：左 | 直 | 直右 → 左 | 左直 | 右"
    assert words.en.endswith("left | through | through+right → left | left+through | right")


def test_an_edge_id_names_the_approach_too(site: Site) -> None:
    by_edge = remark(site, ["left", "left", "through+right"], approach="W_J1")
    assert by_edge.edits == remark(site, ["left", "left", "through+right"]).edits


@pytest.mark.parametrize(
    ("lanes", "fields", "told"),
    [
        (["left", "left", "right"], {"approach": "J1.wst"}, "no approach named 'J1.wst' (did you mean J1.w"),
        (["left", "through", "right"], {"expect": ["left", "through", "right"]},
         "expected left, through, right; found left, through, through+right"),
        (["left", "uturn", "right"], {}, "lanes.2: no 'uturn' movement leaves J1.west"),
        (["left", "lef", "right"], {}, "there is no exit lane for it (did you mean left?)"),
        (["left", "through+right"], {}, "2 lanes are listed, but J1.west has 3 for cars"),
        (["left", "left", "left"], {}, "3 lanes are to go left, but its exit 'J1_N1' has 2 for cars"),
        (["through", "left", "right"], {}, "the paths of lanes 1 and 2 would cross"),
        (["left", "through+through", "right"], {}, "'through+through' names a movement twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(
    site: Site, lanes: list[str], fields: dict[str, object], told: str
) -> None:
    assert told in refused(site, lanes, **fields)


def test_one_approach_can_be_remarked_twice_in_a_stated_order(site: Site) -> None:
    first = {
        "kind": "set_lane_use",
        "approach": "J1.west",
        "expect": TODAY,
        "lanes": ["left", "left", "through+right"],
    }
    second = {**first, "lanes": ["left", "left", "right"]}
    with pytest.raises(ConfigError, match="write `after: \\[one\\]`"):
        apply(policy_of(one=first, two=second), site, "policy")
    second |= {"after": ["one"], "expect": ["left", "left", "through+right"]}
    edits = apply(policy_of(one=first, two=second), site, "policy").edits
    assert edits[1].expected == edits[0].wanted


def test_two_approaches_of_one_junction_do_not_conflict(site: Site) -> None:
    west = {
        "kind": "set_lane_use",
        "approach": "J1.west",
        "expect": TODAY,
        "lanes": ["left", "left", "through+right"],
    }
    east = {
        **west,
        "approach": "J1.east",
        "expect": ["left+through", "through+right"],
        "lanes": ["left", "through+right"],
    }
    assert len(apply(policy_of(west=west, east=east), site, "policy").edits) == 2
