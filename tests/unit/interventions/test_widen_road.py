import pytest

from sim.edits.vocabulary import SetConnections
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

TODAY = ["left+through", "through+right"]
THEN = ["left", "through", "through+right"]
WIDER: dict[str, object] = {
    "kind": "widen_road", "on": ["J1_J2"], "expect": {"lanes": 2, "uses": TODAY}, "lanes": 3, "uses": THEN,
}  # fmt: skip


def widened(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**WIDER, **fields}), site, "policy")


def refused(site: Site, **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        widened(site, **fields)
    return str(error.value)


def connections(policy: AppliedPolicy) -> dict[str, SetConnections]:
    return {edit.edge: edit for edit in policy.edits if isinstance(edit, SetConnections)}


def test_who_leads_to_the_median_leads_into_the_new_lane(site: Site) -> None:
    found = connections(widened(site))
    # Lane 0 is the sidewalk, lane 3 the new one.
    assert found["W_J1"].wanted - found["W_J1"].expected == {(2, "J1_J2", 3)}
    assert (3, "J2_N2", 2) in found["J1_J2"].wanted


def test_at_the_end_of_the_model_nothing_leads_on(site: Site) -> None:
    out = connections(widened(site, on=["J1_N1"], expect={"lanes": 2}, lanes=3, uses=[]))
    assert "J1_N1" not in out
    assert all(edit.wanted > edit.expected for edit in out.values())


def test_the_change_log_counts_the_lanes(site: Site) -> None:
    words = widened(site).change_log[0]
    assert words.zh.startswith("J1_J2 拓宽：小汽车车道 2→3 条；")
    assert words.en.startswith("J1_J2 widened: lanes for cars 2→3; ")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"on": ["J1_J3"]}, "no edge or approach named 'J1_J3' (did you mean"),
        ({"on": ["J1_J2", "J1_J2"]}, "is named twice"),
        ({"on": []}, "on"),
        ({"on": ["W_J1", "J1_J2"]}, "'W_J1' ends at a junction amid the stretch"),
        ({"on": ["J1_N1", "J1_J2"]}, "'J1_J2' does not follow on 'J1_N1'"),
        ({"expect": {"lanes": 1, "uses": TODAY}}, "expected 1 lanes for cars on 'J1_J2', found 2"),
        ({"expect": {"lanes": 2}}, "expected none; found left+through, through+right"),
        ({"lanes": 2, "uses": TODAY}, "2 lanes are not more than the 2 of today"),
        ({"lanes": 9}, "lanes"),
        ({"uses": []}, "0 lanes are listed, but J2.west is to have 3"),
        ({"uses": ["left", "through", "straight"]}, "no 'straight' movement"),
        ({"uses": ["right", "left", "through"]}, "policy.interventions.a.uses: the paths of lanes"),
        ({"on": ["J1_N1"], "expect": {"lanes": 2}}, "'J1_N1' ends at no junction"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(site: Site, fields: dict[str, object], told: str) -> None:
    assert told in refused(site, **fields)
