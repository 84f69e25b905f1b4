"""Policies with stages: what they become, what is refused, and which stage is the worst."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.policy_verdict import worst_arm
from sim.errors import ConfigError
from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.policy import Policy, parse_policy
from sim.report.cards import Card, cards
from sim.report.portfolio import ranking
from sim.report.terminal import verdict_table_text
from sim.results import StudyFolder, write_json
from sim.stages import EMPTY
from sim.sweep import variants
from tests.synthetic_study import write_synthetic_study

LIMIT = {"kind": "speed_limit", "on": ["W_J1"], "expect": {"speed_kmh": 50}, "speed_kmh": 30}
FRAME = {"site": "tested", "title": {"zh": "施工", "en": "Works"}, "permanent": False}


def stage(*dates: str, **interventions: object) -> dict[str, object]:
    dated = {"dates": list(dates)} if dates else {}
    return {**dated, "interventions": interventions or {"limit": LIMIT}}


def works(**stages: object) -> dict[str, object]:
    return {**FRAME, "stages": stages}


def parsed(data: Mapping[str, object]) -> Policy:
    return parse_policy("works", data, "f")


def problems(data: Mapping[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parsed(data)
    return [str(problem) for problem in caught.value.problems]


def test_each_stage_is_a_policy_of_its_own() -> None:
    first = {**stage("2026-03-01", "2026-03-31"), "title": {"zh": "北半幅", "en": "northern half"}}
    policy = parsed(works(north=first, south=stage()))
    north, south = policy.stages
    assert (north.id, south.id, policy.interventions) == ("works@north", "works@south", {})
    assert north.title == ("施工·北半幅", "Works: northern half")
    assert (north.permanent, north.site) == (False, "tested")
    assert north.stage is not None and north.stage.dates == (date(2026, 3, 1), date(2026, 3, 31))
    assert south.stage is not None and south.stage.policy == "works"
    assert list(north.interventions) == ["limit"]


def test_a_policy_without_stages_is_what_it_was() -> None:
    assert parsed({**FRAME, "interventions": {"limit": LIMIT}}).stages == ()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            {**FRAME},
            [f"f.interventions: {EMPTY}"],
        ),
        (
            {**FRAME, "stages": {}},
            ["f.stages: has no stage: name one at least, or write `interventions` instead"],
        ),
        (
            works(a={}, b={"title": {"zh": "乙", "en": "b"}, "dates": ["2026-03-32", "soon"]}),
            [
                f"f.stages.a.interventions: {EMPTY}",
                "f.stages.b.dates.0: '2026-03-32' is no day: write it as 2026-03-01",
                "f.stages.b.dates.1: 'soon' is no day: write it as 2026-03-01",
                f"f.stages.b.interventions: {EMPTY}",
            ],
        ),
        (
            {
                **works(
                    a=stage("2026-03-01", "2026-04-30"),
                    b=stage("2026-04-30", "2026-05-31"),
                    c=stage("2026-07-01", "2026-06-01"),
                    d=stage(limit={**LIMIT, "kind": "speed_limits"}),
                ),
                "interventions": {"limit": {**LIMIT, "speed": 3}},
            },
            [
                "f: has `interventions` and `stages`: what stands in every stage? "
                "(write all interventions under the stages in which they stand)",
                "f.stages.c.dates: ends (2026-06-01) before it begins (2026-07-01)",
                "f.stages.b.dates: begins (2026-04-30) before stage 'a' is over (2026-04-30) "
                "(write the stages in the order in which they follow each other)",
                "f.interventions.limit.speed: unknown key (did you mean speed_kmh or surveyed?)",
                "f.stages.d.interventions.limit.kind: no intervention kind 'speed_limits' "
                "(did you mean speed_limit?)",
            ],
        ),
    ],
)
def test_what_is_wrong_with_stages_is_told_at_once(data: Mapping[str, object], told: list[str]) -> None:
    assert problems(data) == told


def test_stages_have_no_cost_of_the_whole() -> None:
    years = {"low": 10, "high": 20}
    cost = {"capital_wan_yuan": {"low": 1, "high": 2}, "life_years": years, "source": "x"}
    (told,) = problems({**works(a=stage()), "cost": cost})
    assert told.startswith("f.cost: stages come and go")


def test_a_sweep_counts_the_arms_of_every_stage_and_finds_their_fields() -> None:
    policies = {"works": works(a=stage(), b=stage())}
    fields = {"stages": {"a": {"interventions": {"limit": {"speed_kmh": [20, 30]}}}}}
    found = list(variants(policies, {"policies": {"works": fields}, "max": 4}))
    arms = [each.id for one in found for each in parse_policy(one.id, one.data, "f").stages]
    assert arms == [f"works[speed_kmh={v}]@{name}" for v in (20, 30) for name in "ab"]
    with pytest.raises(ConfigError, match="makes 4 arms, more than 3"):
        variants(policies, {"policies": {"works": fields}, "max": 3})


def comparison(**rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "arm": arm.partition("_")[0],
                "period": arm.partition("_")[2],
                "measure": "m",
                "scope": "network",
            }
            | {"verdict": verdict, "difference": change, "direction": "lower"}
            for arm, (verdict, change) in rows.items()
        ]
    )


def test_the_worst_stage_is_that_of_the_worst_verdict_then_of_the_largest_loss() -> None:
    table = comparison(
        a_am=("equivalent", 1.0),
        b_am=("improved", -9.0),
        c_am=("inconclusive", 0.0),
        d_am=("inconclusive", 3.0),
    )
    assert worst_arm(table, "m", ["a", "b"]) == "a"  # what does nothing is worse than what improves
    assert worst_arm(table, "m", ["a", "b", "c"]) == "c"
    assert worst_arm(table, "m", ["c", "d"]) == "d"
    table["direction"] = "higher"
    assert worst_arm(table, "m", ["c", "d"]) == "c"
    periods = comparison(
        a_am=("worse", 5.0), a_pm=("improved", -50.0), b_am=("worse", 4.0), b_pm=("worse", 4.5)
    )
    assert worst_arm(periods, "m", ["a", "b"]) == "a"  # a better evening makes up for nothing


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in which `lane_use` and `retime` are the stages of one policy; the first is worse off."""
    folder = write_synthetic_study(tmp_path_factory.mktemp("staged") / "results" / "study", two_periods=False)
    study = StudyFolder(folder).study()
    for arm in study["arms"]:
        if arm["id"] in ("lane_use", "retime"):
            title, dates = {"zh": f"{arm['id']} 段", "en": f"stage {arm['id']}"}, ["2026-03-01", "2026-04-30"]
            arm["stage"] = {"policy": "works", "name": arm["id"], "title": title, "dates": dates}
            arm["stage"]["policy_title"] = {"zh": "管线施工", "en": "Pipe works"}
    study["config"]["policies"] = {"works": {"stages": study["config"]["policies"]}}
    write_json(folder / "study.json", study)
    return folder


def test_cards_say_which_stage_is_the_worst(staged: Path) -> None:
    data = read_study(staged)
    found = {card.id: card for card in cards(data, SPECS, [])}
    expected = worst_arm(data.comparison, data.primary, ["retime", "lane_use"])
    assert data.worst_stage("retime") == data.worst_stage("lane_use") == expected
    for name in ("retime", "lane_use"):
        _check_card(found[name], expected)
    assert found["both"].stages is None
    assert found["lane_use"].costs.total == "8.5"
    assert [one.policy.en for one in ranking([data])].count(data.arm_title(expected).en) == 1
    assert len(ranking([data])) == 2


def _check_card(card: Card, worst: str) -> None:
    assert card.policy == "works" and card.stages is not None
    assert card.stages.policy == ("管线施工", "Pipe works")
    assert card.stages.worst is not None and card.stages.worst.en == f"stage {worst}"
    assert card.stages.dates == "2026-03-01 – 2026-04-30"
    assert [line.worst for line in card.stages.lines].count(True) == 1
    assert card.stages.verdict in [line.verdict for line in card.stages.lines if line.worst]


def test_the_table_ends_a_policy_with_its_worst_stage(staged: Path) -> None:
    data = read_study(staged)
    worst = data.worst_stage("retime")
    lines = verdict_table_text(data.comparison, data.study, "en").splitlines()
    (line,) = (line for line in lines if line.startswith("Pipe works"))
    assert f"worst stage: stage {worst}" in line
    without = data.comparison[data.comparison["arm"] != "retime"]
    (line,) = (
        x for x in verdict_table_text(without, data.study, "zh").splitlines() if x.startswith("管线施工")
    )
    assert line.endswith("不给结论：有时段没有结果")
