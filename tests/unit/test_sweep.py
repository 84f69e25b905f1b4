import pytest

from sim.errors import ConfigError
from sim.sweep import swept_fields, variants

POLICIES = {
    "plan": {
        "site": "s",
        "title": {"zh": "策", "en": "p"},
        "interventions": {
            "j1": {"kind": "retime_signal", "junction": "J1", "greens_s": {"A": 30, "B": 20}},
            "j2": {"kind": "retime_signal", "junction": "J2", "greens_s": {"A": 30, "B": 20}},
        },
    },
    "later": {
        "site": "s",
        "title": {"zh": "策", "en": "o"},
        "interventions": {"x": {"kind": "retime_signal"}},
    },
}


def under(policy: str, **interventions: object) -> dict[str, object]:
    return {"policies": {policy: {"interventions": interventions}}}


def problems(sweep: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        list(variants(POLICIES, sweep))
    return [str(problem) for problem in caught.value.problems]


def test_fields_of_one_policy_make_a_grid_and_others_stay_one_arm() -> None:
    sweep = under("plan", j1={"greens_s": {"A": [30, 40]}, "cycle_s": {"from": 60, "to": 70, "step": 5}})
    found = list(variants(POLICIES, sweep))
    assert [variant.id for variant in found] == [
        "plan[A=30,cycle_s=60]",
        "plan[A=30,cycle_s=65]",
        "plan[A=30,cycle_s=70]",
        "plan[A=40,cycle_s=60]",
        "plan[A=40,cycle_s=65]",
        "plan[A=40,cycle_s=70]",
        "later",
    ]
    assert found[4].data["interventions"]["j1"] == {
        "kind": "retime_signal",
        "junction": "J1",
        "greens_s": {"A": 40, "B": 20},
        "cycle_s": 65,
    }
    assert found[4].swept == (("interventions.j1.greens_s.A", "40"), ("interventions.j1.cycle_s", "65"))
    assert POLICIES["plan"]["interventions"]["j1"]["greens_s"] == {"A": 30, "B": 20}  # type: ignore[index]


def test_arms_are_named_by_as_much_of_the_path_as_tells_them_apart() -> None:
    sweep = under("plan", j1={"greens_s": {"A": [1, 2], "B": [3]}}, j2={"greens_s": {"A": [4]}})
    assert [variant.id for variant in variants(POLICIES, sweep)][:2] == [
        "plan[j1.greens_s.A=1,B=3,j2.greens_s.A=4]",
        "plan[j1.greens_s.A=2,B=3,j2.greens_s.A=4]",
    ]


@pytest.mark.parametrize(
    ("steps", "values"),
    [
        ({"from": 60, "to": 90, "step": 10}, [60, 70, 80, 90]),
        ({"from": 60, "to": 89, "step": 10}, [60, 70, 80]),
        ({"from": 0.1, "to": 0.3, "step": 0.1}, [0.1, 0.2, 0.3]),
        ({"from": 3, "to": -3, "step": -3}, [3, 0, -3]),
        ({"from": 1, "to": 1, "step": 5}, [1]),
    ],
)
def test_a_range_ends_with_its_end_where_a_step_meets_it(
    steps: dict[str, float], values: list[float]
) -> None:
    (found,) = swept_fields({"f": steps}).values()
    assert list(found) == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_equal_values_make_one_arm() -> None:
    found = list(variants(POLICIES, under("plan", j1={"cycle_s": [60, 70, 60]})))
    assert [variant.id for variant in found] == ["plan[cycle_s=60]", "plan[cycle_s=70]", "later"]


def test_too_many_arms_are_counted_before_any_is_made() -> None:
    thousand = {"from": 1, "to": 1000, "step": 1}
    sweep = under("plan", j1={"cycle_s": thousand, "greens_s": {"A": thousand, "B": [1, 2, 3, 4, 5] * 2}})
    sweep["policies"]["plan"]["interventions"]["j2"] = {"cycle_s": [1, 2]}  # type: ignore[index]
    assert problems(sweep) == [
        "sweep: makes 10000001 arms, more than 1000 (if that is meant: sweep.max=10000001)"
    ]
    few = under("plan", j1={"cycle_s": [60, 70]})
    assert len(list(variants(POLICIES, {**few, "max": 3}))) == 3
    assert problems({**few, "max": 2}) == ["sweep: makes 3 arms, more than 2 (if that is meant: sweep.max=3)"]
    assert problems({**few, "max": "all"}) == ["sweep.max: 'all' is not a number of arms"]


def test_what_cannot_be_swept_is_named_with_what_is_near() -> None:
    assert problems(under("plan", j1={"cyle_s": [1]})) == [
        "sweep.policies.plan.interventions.j1.cyle_s: policy 'plan' has no such field (did you mean cycle_s?)"
    ]
    assert problems({"policies": {"plans": {"reason": ["a"]}}}) == [
        "sweep.policies.plans.reason: names no field of a policy"
        " (did you mean policies.plan or policies.later?)"
    ]
    assert problems(
        under("plan", j1={"cycle_s": {"from": 1, "to": 9}, "greens_s": {"A": {"form": 1, "step": 2}}})
    ) == [
        "sweep.policies.plan.interventions.j1.cycle_s: the range has no step"
        " (write {from: a, to: b, step: c})",
        "sweep.policies.plan.interventions.j1.greens_s.A.form: no part of a range (did you mean from?)",
        "sweep.policies.plan.interventions.j1.greens_s.A: the range has no from or to"
        " (write {from: a, to: b, step: c})",
    ]
    assert problems(under("plan", j1={"cycle_s": {"from": 9, "to": 1, "step": 2}})) == [
        "sweep.policies.plan.interventions.j1.cycle_s.step: 2 never leads from 9 to 1"
    ]
    assert problems(under("plan", j1={"cycle_s": {"from": 1, "to": "x", "step": 0}})) == [
        "sweep.policies.plan.interventions.j1.cycle_s.to: 'x' is not a number"
    ]
