"""Kinds that put other programs in a signal's place: what they make of a plan and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.edits.vocabulary import SetProgram
from sim.errors import ConfigError
from sim.interventions.plans import taken_apart
from sim.policy import AppliedPolicy, apply
from sim.signals.program import Interval, SignalProgram
from sim.site.model import Site
from tests.sites import policy_of, street

Fields = dict[str, object]
PERIODS = {
    "am": {"title": {"zh": "早高峰", "en": "AM peak"}, "begin": "07:30", "end": "08:30"},
    "pm": {"title": {"zh": "晚高峰", "en": "PM peak"}, "begin": "17:30", "end": "18:30"},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")), periods=PERIODS)


@pytest.fixture(scope="module")
def program(site: Site) -> SignalProgram:
    control = site.signals["am"]["J1"]
    return control.programs[control.active]


@pytest.fixture(scope="module")
def stages(program: SignalProgram) -> list[str]:
    found = [stage.name for stage in program.stages()]
    assert len(found) == 3
    return found


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={"junction": "J1", "period": "am", **fields}), site, "policy")


def made(policy: AppliedPolicy) -> SignalProgram:
    (edit,) = policy.edits
    assert isinstance(edit, SetProgram)
    return edit.wanted.program(edit.wanted.active).program


def refused(site: Site, fields: Fields) -> str:
    with pytest.raises(ConfigError) as error:
        apply(policy_of(a={"junction": "J1", **fields}), site, "policy")
    return str(error.value)


def test_an_actuated_green_lies_between_its_limits(
    site: Site, program: SignalProgram, stages: list[str]
) -> None:
    fields = {"kind": "actuate_signal", "expect": {"cycle_s": program.cycle_s}}
    green_s = program.stages()[0].green_s
    policy = applied(site, **fields, max_greens_s={stages[0]: green_s + 20})
    new = made(policy)
    limited = [interval for interval in new.intervals if interval.max_s is not None]
    assert new.kind == "actuated"
    assert len(limited) == 1
    fixed_s = green_s - limited[0].duration_s
    assert limited[0].max_s == green_s + 20 - fixed_s
    assert limited[0].min_s is not None
    assert 1 <= limited[0].min_s <= limited[0].duration_s
    assert f"{green_s:g}→" in policy.change_log[0].zh


def test_stages_in_another_order_keep_their_greens_and_get_an_intergreen(
    site: Site, program: SignalProgram, stages: list[str]
) -> None:
    order = [stages[0], stages[2], stages[1]]
    fields = {"kind": "reorder_stages", "expect": {"cycle_s": program.cycle_s}, "order": order}
    (edit,) = applied(site, **fields).edits
    assert isinstance(edit, SetProgram)
    lights = dict(edit.wanted.program(edit.wanted.active).lights)
    letters = ["".join(light) for light in zip(*lights.values(), strict=True)]
    new = made(applied(site, **fields))
    states = tuple(Interval(i.duration_s, s, i.name) for i, s in zip(new.intervals, letters, strict=True))
    shown = SignalProgram("J1", "new", states).stages()
    greens = {stage.name: stage.green_s for stage in program.stages()}
    assert [stage.name for stage in shown] == order
    assert {stage.name: stage.green_s for stage in shown} == greens
    never_yellow = {key for key, light in lights.items() if "y" not in light}
    assert all(
        after != "r"
        for key, light in lights.items()
        if key not in never_yellow
        for now, after in zip(light, light[1:] + light[0], strict=True)
        if now in "Gg"
    )


def test_a_new_stage_serves_nobody_else(site: Site, program: SignalProgram, stages: list[str]) -> None:
    fields: Fields = {
        "kind": "add_stage",
        "expect": {"cycle_s": program.cycle_s},
        "stage": "west",
        "serves": ["J1.west.left"],
        "behind": stages[2],
        "green_s": 12,
        "only": True,
    }
    (edit,) = applied(site, **fields).edits
    assert isinstance(edit, SetProgram)
    new = edit.wanted.program(edit.wanted.active)
    index = next(n for n, interval in enumerate(new.program.intervals) if interval.name == "west")
    lights = dict(new.lights)
    assert {key for key, light in lights.items() if light[index] == "G"} == {"W_J1_3->J1_N1_2"}
    left = lights["W_J1_3->J1_N1_2"]
    assert left.count("G") == 1
    assert (left + left)[index : index + 3] == "Gyr"
    assert new.program.intervals[index].duration_s == 12
    words = apply(policy_of(a={"junction": "J1", "period": "am", **fields}), site, "policy").change_log[0]
    assert f"周期 {program.cycle_s:g}→{new.program.cycle_s:g} s" in words.zh


def test_a_timetable_switches_within_the_period(
    site: Site, program: SignalProgram, stages: list[str]
) -> None:
    green_s = program.stages()[0].green_s
    plans = [
        {"hours": "06:00-07:00"},
        {"hours": "07:00-08:00", "greens_s": {stages[0]: green_s + 5}},
        {"hours": "08:00-09:00", "plan_of": "pm"},
    ]
    fields = {"kind": "timetable", "junction": "J1", "expect": {"cycles_s": {"am": program.cycle_s}}}
    (edit,) = apply(policy_of(a={**fields, "plans": plans}), site, "policy").edits
    assert isinstance(edit, SetProgram)
    assert edit.period == "am"
    assert edit.wanted.active == "from_0700"
    assert edit.wanted.switches == ((28800.0, "from_0800"),)
    assert edit.wanted.program("from_0700").program.cycle_s == program.cycle_s + 5


def test_a_program_taken_apart_and_joined_is_the_same(program: SignalProgram, stages: list[str]) -> None:
    again = taken_apart(program).joined(stages, {})
    assert [(i.duration_s, i.state) for i in again.intervals] == [
        (i.duration_s, i.state) for i in program.intervals
    ]


ACTUATE = {"kind": "actuate_signal", "expect": {"cycle_s": 90}, "max_greens_s": {"S1": 60}}
ORDER = {"kind": "reorder_stages", "expect": {"cycle_s": 90}, "order": ["S1", "S3", "S2"]}
STAGE = {
    "kind": "add_stage", "expect": {"cycle_s": 90}, "stage": "new", "serves": ["J1.west.left"],
    "behind": "S1", "green_s": 10,
}  # fmt: skip
WHOLE = [{"hours": "07:00-08:00"}, {"hours": "08:00-09:00"}]
TABLE = {"kind": "timetable", "expect": {"cycles_s": {"am": 90}}, "plans": WHOLE}


@pytest.mark.parametrize(
    ("base", "fields", "told"),
    [
        (ACTUATE, {"junction": "J3"}, "no junction named 'J3' (known: J1, J2)"),
        (ACTUATE, {"period": "an"}, "no period 'an' (known: am, pm)"),
        (ACTUATE, {"expect": {"cycle_s": 91}}, "expected 91 s, found 90 s"),
        (ACTUATE, {"max_greens_s": {"S9": 60}}, "no stage 'S9'"),
        (ACTUATE, {"max_greens_s": {"S1": 60}, "min_greens_s": {"S2": 8}}, "has a minimum and no maximum"),
        (ACTUATE, {"min_greens_s": {"S1": 2}}, "too short for vehicles and pedestrians"),
        (ACTUATE, {"max_greens_s": {"S1": 9}, "min_greens_s": {"S1": 30}}, "lies below the minimum of 30 s"),
        (ORDER, {"order": ["S1", "S3"]}, "stages left out: S2"),
        (ORDER, {"order": ["S1", "S3", "S2", "S2"]}, "a stage is named twice"),
        (ORDER, {"order": ["S2", "S3", "S1"]}, "the stages follow each other so today"),
        (ORDER, {"order": ["S1", "X", "S2"]}, "no stage 'X'"),
        (STAGE, {"stage": "S1"}, "there is a stage 'S1' already"),
        (STAGE, {"behind": "S7"}, "no stage 'S7'"),
        (STAGE, {"serves": ["J1.west.lft"]}, "no movement named 'J1.west.lft'"),
        (STAGE, {"serves": ["J2.west.left"]}, "not controlled by the signal of 'J1'"),
        (STAGE, {"serves": ["J1.west.left", "J1.east.through"]}, "cross each other"),
        (STAGE, {"greens_s": {"S8": 20}}, "no stage 'S8'"),
        (TABLE, {"plans": [{"hours": "07:00-08:00"}, {"hours": "08:10-09:00"}]}, "nothing runs between"),
        (TABLE, {"plans": [{"hours": "07:00-08:00"}, {"hours": "07:50-09:00"}]}, "overlap"),
        (TABLE, {"plans": [{"hours": "07:40-08:00"}, {"hours": "08:00-09:00"}]}, "lies only partly within"),
        (
            TABLE,
            {"plans": [{"hours": "12:00-13:00"}, {"hours": "13:00-14:00"}]},
            "meet no period of the site",
        ),
        (TABLE, {"expect": {"cycles_s": {"pm": 90}}}, "missing: the timetable meets this period"),
        (TABLE, {"expect": {"cycles_s": {"am": 80}}}, "expected 80 s, found 90 s"),
        (TABLE, {"plans": [WHOLE[0], {**WHOLE[1], "plan_of": "noon"}]}, "no period 'noon'"),
        (TABLE, {"plans": [WHOLE[0], {**WHOLE[1], "greens_s": {"Q": 9}}]}, "no stage 'Q'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(site: Site, base: Fields, fields: Fields, told: str) -> None:
    assert told in refused(site, {**base, **fields})
