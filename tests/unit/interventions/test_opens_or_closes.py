"""Which policies open or close ways for cars: where the scenario says nothing, people choose anew then."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli.compose import composed
from sim.edits.open_ways import opens_or_closes
from sim.errors import Problems
from sim.policy import apply
from sim.scenario import assemble
from sim.site.model import Site
from tests.building_kinds import BUILDING
from tests.kinds import KINDS
from tests.own_root import write_root
from tests.sites import applied_of, policy_of

ALL = {**KINDS, **BUILDING}
ROADS = {
    *("ban_turn", "ban_turn by the clock", "one_way", "school_hours", "uturn_opening"),
    *("open_road", "open_road to a signal", "add_link", "grade_separate"),
}
WITHOUT_TIDAL = [name for name in ALL if name != "tidal_lane"]
"""The small street is too narrow for one."""


@pytest.mark.parametrize("name", WITHOUT_TIDAL)
def test_roads_and_turns_that_come_or_go_are_told_from_the_rest(site: Site, name: str) -> None:
    kind, fields = ALL[name]
    edits = apply(policy_of(a={"kind": kind, **fields(site)}), site, "policy").edits
    assert opens_or_closes(site, edits) == (name in ROADS)


def test_no_edit_opens_or_closes_anything(site: Site) -> None:
    assert not opens_or_closes(site, applied_of(site, ()).edits)


BAN = {
    "site": "xingfu",
    "title": {"zh": "禁右", "en": "No right turn"},
    "interventions": {
        "ban": {"kind": "ban_turn", "movement": "J1.south.right", "expect": {"lanes": 1}},
    },
}


def test_what_a_scenario_does_not_say_follows_from_its_policies(tmp_path: Path) -> None:
    root, problems = write_root(tmp_path), Problems()
    scenario, data = composed(root, ["scenario=xingfu"], problems)
    problems.raise_if_any()
    assert assemble(root, scenario, data, "plain").routes == "fixed"
    roads = {**data, "policies": {**data["policies"], "no_right": BAN}}
    chosen = assemble(root, scenario, roads, "roads")
    assert (chosen.routes, chosen.open_route_sets) == ("equilibrium", frozenset())
    said = assemble(root, scenario, {**roads, "routes": "fixed"}, "said")
    assert (said.routes, said.open_route_sets) == ("fixed", frozenset({"no_right"}))
    settled = assemble(root, scenario, {**roads, "routes": "equilibrium"}, "settled")
    assert settled.open_route_sets == frozenset()
