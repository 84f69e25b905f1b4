"""Every kind of intervention keeps the promises of the catalogue."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import pytest
import yaml

import sim.interventions
from sim.interventions import REGISTRY
from sim.labels import catalogue
from sim.loading import parse, read_yaml
from sim.policy import apply
from sim.report.intervention_page import markdown
from tests.command_line import huandu
from tests.own_root import write_root
from tests.sites import policy_of, street


def test_the_catalogue_is_not_empty() -> None:
    assert set(REGISTRY) >= {"add_parking_area", "retime_signal", "set_lane_use"}


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_kind_is_documented_in_both_languages_with_an_example_that_holds(tmp_path: Path, kind: str) -> None:
    cls = REGISTRY[kind]
    assert cls.title.zh
    assert cls.title.en
    assert cls.__doc__
    (tmp_path / "example.yaml").write_text(cls.example, encoding="utf-8")
    example = parse(cls, read_yaml(tmp_path / "example.yaml"), kind)
    assert example.kind == kind


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_kind_must_say_what_it_expects(kind: str) -> None:
    field = REGISTRY[kind].model_fields["expect"]
    assert field.is_required()


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_no_field_is_a_python_path(kind: str) -> None:
    assert "_target_" not in REGISTRY[kind].model_fields


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_kind_names_its_edits_for_the_documentation(kind: str) -> None:
    section = markdown().partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    assert "all else must stay identical):\n\n- `" in section


def test_the_reference_page_is_that_of_the_registry(repo_root: Path) -> None:
    committed = (repo_root / "docs" / "interventions.md").read_text(encoding="utf-8")
    assert committed == markdown(), "run: python -m sim.report.intervention_page docs/interventions.md"


def test_every_kind_not_offered_says_why() -> None:
    reasons = {key: words for key, words in catalogue().items() if key.startswith("not_offered.")}
    assert reasons
    assert all(words.zh and words.en for words in reasons.values())


NEW_KIND = '''"""`walking_pace`: a kind that a test adds."""

from typing import ClassVar, Literal

from sim.edits.vocabulary import SetLane
from sim.interventions.base import Intervention, intervention
from sim.labels import Text
from sim.loading import Facts
from sim.site.model import Site


class Expected(Facts):
    """Nothing but the lane."""

    lane: int


@intervention("walking_pace")
class WalkingPace(Intervention):
    """Drive one lane at walking pace."""

    title: ClassVar[Text] = Text("步行速度", "Walking pace")
    example: ClassVar[str] = "kind: walking_pace\\nedge: W_J1\\nexpect: {lane: 1}\\n"

    kind: Literal["walking_pace"]
    edge: str
    expect: Expected

    def edits(self, site: Site, path: str) -> tuple[SetLane, ...]:
        """One lane."""
        lane = site.network.edge(self.edge, path).lanes[self.expect.lane]
        return (SetLane(lane.edge, lane.index, lane.speed_mps, lane.allow, speed_mps=1.4),)

    def describe(self, site: Site) -> Text:
        """Say so."""
        return Text("步行速度", "walking pace")
'''


def test_adding_a_kind_touches_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beside the others is all it takes to be parsed, applied and documented."""
    (tmp_path / "walking_pace.py").write_text(NEW_KIND, encoding="utf-8")
    monkeypatch.setattr(sim.interventions, "__path__", [*sim.interventions.__path__, str(tmp_path)])
    names = {module.name for module in pkgutil.iter_modules(sim.interventions.__path__)}
    try:
        for name in sorted(names):  # as the package does when it is imported
            importlib.import_module(f"sim.interventions.{name}")
        site = street(tmp_path / "street")
        policy = apply(policy_of(a=yaml.safe_load(REGISTRY["walking_pace"].example)), site, "policy")
        assert policy.change_log[0].en == "walking pace"
        assert ("lane", "W_J1_1") in policy.footprint
        assert "## walking_pace\n" in markdown()
    finally:
        REGISTRY.pop("walking_pace", None)
        sys.modules.pop("sim.interventions.walking_pace", None)


SHARED_LANE = """\
longer_main:
  site: xingfu
  title: {zh: 测试, en: Test}
  interventions:
    a:
      {kind: add_stage, junction: J1, expect: {cycle_s: 70}, stage: C, serves: [J1.south.left], behind: A,
       green_s: 10}
"""


def test_check_warns_of_what_a_place_does_not_meet(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    policy = root / "scenarios" / "xingfu" / "policies" / "longer_main.yaml"
    policy.write_text(SHARED_LANE, encoding="utf-8")
    answer = huandu("check", "scenario=xingfu", "--root", root)
    assert answer.code == 0, answer.err
    assert "  ! J1.south.left 与其他流向共用车道" in answer.out
    assert "  ! J1.south.left shares a lane with movements that the stage does not serve" in answer.out
