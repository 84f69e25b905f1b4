import pytest

from sim.edits.vocabulary import AddStreet, SetConnections, SetProgram
from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of

OPEN: dict[str, object] = {
    "kind": "open_road", "id": "gap", "between": ["N1", "N2"], "expect": {"gap_m": 300}, "speed_kmh": 40,
}  # fmt: skip
OUT = {"from": "new", "to": "J2_E", "green_with": "J2.west.through", "gives_way": True}
INTO = {"from": "J2.east", "to": "new", "green_with": "J2.east.through"}
LINK: dict[str, object] = {
    "kind": "add_link", "id": "fly", "between": ["N1", "J2"], "expect": {"gap_m": 391}, "speed_kmh": 60,
    "one_way": True, "ways": [OUT],
}  # fmt: skip


def applied(site: Site, base: dict[str, object], **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**base, **fields}), site, "policy")


def refused(site: Site, base: dict[str, object], **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        applied(site, base, **fields)
    return str(error.value)


def test_dead_ends_go_on_into_the_new_street(site: Site) -> None:
    edits = applied(site, OPEN).edits
    streets = [edit for edit in edits if isinstance(edit, AddStreet)]
    assert [(edit.edge, edit.from_node, edit.to_node) for edit in streets] == [
        ("gap.there", "N1", "N2"),
        ("gap.back", "N2", "N1"),
    ]
    ways = {
        (edit.edge, link[1])
        for edit in edits
        if isinstance(edit, SetConnections)
        for link in edit.wanted - edit.expected
    }
    assert ways == {
        ("J1_N1", "gap.there"),
        ("gap.there", "N2_J2"),
        ("J2_N2", "gap.back"),
        ("gap.back", "N1_J1"),
    }


def test_a_way_that_gives_way_shows_no_protected_green(site: Site) -> None:
    program = next(edit for edit in applied(site, LINK).edits if isinstance(edit, SetProgram))
    shown = [dict(p.lights) for p in program.wanted.programs]
    own = {key: letters for lights in shown for key, letters in lights.items() if key.startswith("fly")}
    assert own
    assert all("G" not in letters and "g" in letters for letters in own.values())


def test_the_change_log_says_length_lanes_and_speed(site: Site) -> None:
    words = applied(site, OPEN).change_log[0]
    assert words.zh == "打通 N1—N2（gap）：新建 300 m，双向各 1 车道，限速 40 km/h"
    assert words.en == "N1 to N2 opened (gap): 300 m of new street, lanes 1 in each direction, 40 km/h"
    assert "单向" in applied(site, LINK).change_log[0].zh


@pytest.mark.parametrize(
    ("base", "fields", "told"),
    [
        (OPEN, {"between": ["N1", "N9"]}, "no junction or node named 'N9' (known: E, J1"),
        (OPEN, {"between": ["N1", "N1"], "expect": {"gap_m": 1}}, "both ends are the same place"),
        (OPEN, {"expect": {"gap_m": 200}}, "expected 200 m between N1 and N2, found 300 m"),
        (OPEN, {"id": "J1_J2", "between": ["N1", "J1"], "expect": {"gap_m": 250}}, "no way leads"),
        (OPEN, {"id": "a b"}, "id"),
        (OPEN, {"lanes": 0}, "lanes"),
        (OPEN, {"speed_kmh": -3}, "speed_kmh"),
        (OPEN, {"ways": [{"from": "new", "to": "new"}]}, "one of `from` and `to` is `new`"),
        (OPEN, {"ways": [{"from": "new", "to": "J9_E"}]}, "no edge or approach named 'J9_E'"),
        (OPEN, {"ways": [{"from": "new", "to": "J2_E"}]}, "'J2_E' does not meet the new street there"),
        (LINK, {"ways": []}, "no way leads out of the new street at 'J2'"),
        (LINK, {"ways": [{"from": "new", "to": "J2_E"}]}, "needs to know when this way is green (a movement"),
        (LINK, {"ways": [{**OUT, "green_with": "J2.wst.through"}]}, "(did you mean J2.west.through"),
        (LINK, {"ways": [{**OUT, "lanes": [2]}]}, "no lane 2: 'fly.there' has 1 for cars"),
        (LINK, {"ways": [OUT, OUT]}, "is said twice"),
        (LINK, {"ways": [OUT, INTO]}, "'E_J2' does not meet the new street there (N1)"),
        (LINK, {"lanes": 2, "ways": [{**OUT, "lanes": [1]}]}, "lane 2 of the new street leads nowhere"),
        (LINK, {"lanes": 3}, "3 lanes are to lead from 'fly.there' to 'J2_E', which has 2"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    site: Site, base: dict[str, object], fields: dict[str, object], told: str
) -> None:
    assert told in refused(site, base, **fields)


def test_what_is_no_dead_end_is_not_opened(site: Site) -> None:
    ways = [
        {"from": "J1.west", "to": "new", "green_with": "J1.west.through"},
        {"from": "new", "to": "J1_W", "green_with": "J1.east.through"},
        OUT,
        INTO,
    ]
    said = refused(site, OPEN, between=["J1", "J2"], ways=ways)
    assert "a street joins J1 and J2 already (`widen_road`" in said
