import pytest

from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.model import Site
from tests.sites import policy_of, site_in_memory

PERIODS = {
    "am": {"title": {"zh": "早高峰", "en": "AM peak"}, "begin": "07:00", "end": "08:00"},
    "pm": {"title": {"zh": "晚高峰", "en": "PM peak"}, "begin": "17:00", "end": "18:00"},
}


def program(
    a_s: float, b_s: float, id: str = "day", kind: str = "static", offset_s: float = 0
) -> SignalProgram:
    intervals = (Interval(a_s, "Gr", "A"), Interval(3, "yr"), Interval(b_s, "rG", "B"), Interval(3, "ry"))
    return SignalProgram("J1", id, intervals, offset_s, kind)


def site(am: SignalProgram, pm: SignalProgram | None = None) -> Site:
    controls = {
        period: {"J1": SignalControl("J1", {p.id: p}, p.id)} for period, p in (("am", am), ("pm", pm or am))
    }
    return site_in_memory(controls, periods=PERIODS)


def retime(found: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={"kind": "retime_signal", "junction": "J1", **fields}), found, "policy")


def refused(found: Site, **fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        retime(found, **fields)
    return str(error.value)


def test_one_green_changes_one_interval_in_every_period() -> None:
    applied = retime(site(program(35, 30)), expect={"cycle_s": 71, "greens_s": {"A": 35}}, greens_s={"A": 42})
    assert [(e.period, e.durations_s) for e in applied.edits] == [
        ("am", (42, 3, 30, 3)),
        ("pm", (42, 3, 30, 3)),
    ]
    assert applied.change_log[0].zh == "路口 J1 配时：A 相位绿灯 35→42 s，周期 71→78 s"
    assert applied.change_log[0].en == "junction J1 timing: stage A green 35→42 s, cycle 71→78 s"
    assert applied.footprint == {("signal_timing", "J1@am"), ("signal_timing", "J1@pm")}


def test_one_period_is_named_in_the_change_log() -> None:
    applied = retime(site(program(35, 30)), period="pm", expect={"cycle_s": 71}, offset_s=12)
    assert [edit.period for edit in applied.edits] == ["pm"]
    assert applied.change_log[0].en == "PM peak: junction J1 timing: offset 0→12 s"


def test_a_cycle_scales_the_greens_in_whole_seconds() -> None:
    applied = retime(site(program(40, 20)), period="am", expect={"cycle_s": 66}, cycle_s=91)
    assert applied.edits[0].durations_s == (
        57,
        3,
        28,
        3,
    )  # 85 s of green, 56.7 and 28.3, the rest to the longest


def test_a_cycle_beside_one_green_scales_the_other_greens() -> None:
    applied = retime(
        site(program(40, 20)), period="am", expect={"cycle_s": 66}, cycle_s=66, greens_s={"B": 25}
    )
    assert applied.edits[0].durations_s == (35, 3, 25, 3)


def test_a_cycle_beside_all_greens_is_a_control_sum() -> None:
    greens_s = {"A": 40, "B": 30}
    assert retime(site(program(40, 20)), expect={"cycle_s": 66}, cycle_s=76, greens_s=greens_s).edits
    assert "add up to 76 s, not 80 s" in refused(
        site(program(40, 20)), expect={"cycle_s": 66}, cycle_s=80, greens_s=greens_s
    )


def test_every_mismatch_with_the_expectation_is_told_with_both_values() -> None:
    told = refused(
        site(program(35, 30)), expect={"cycle_s": 90, "greens_s": {"A": 40}, "offset_s": 5}, offset_s=9
    )
    assert "policy.interventions.a.expect.cycle_s: expected 90 s, found 71 s" in told
    assert "expect.greens_s.A: expected 40 s, found 35 s" in told
    assert "expect.offset_s: expected 5 s, found 0 s" in told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"junction": "J11"}, "no junction named 'J11' (did you mean J1?)"),
        ({"period": "amm"}, "no period 'amm' (did you mean am?)"),
        ({"greens_s": {"C": 20}}, "greens_s.C: no stage 'C' (known: A, B)"),
        (
            {"greens_s": {"A": 4}},
            "stage 'A' serves vehicles and would be green 4 s (now 35 s) (at least 5 s)",
        ),
        ({"cycle_s": 6, "greens_s": {}}, "a cycle of 6 s leaves no green beside 6 s"),
        ({"program": "night"}, "no program 'night' runs in period 'am'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(fields: dict[str, object], told: str) -> None:
    assert told in refused(
        site(program(35, 30)), **{"expect": {"cycle_s": 71}, "greens_s": {"A": 40}, **fields}
    )


def test_nothing_to_change_is_refused() -> None:
    assert "say what changes" in refused(site(program(35, 30)), expect={"cycle_s": 71})


def test_a_signal_that_is_not_fixed_time_is_refused() -> None:
    told = refused(site(program(35, 30, kind="actuated")), expect={"cycle_s": 71}, greens_s={"A": 40})
    assert "is actuated: only fixed-time programs can be retimed" in told


def test_where_several_programs_run_one_must_be_named() -> None:
    both = {"day": program(35, 30), "peak": program(45, 30, "peak")}
    control = SignalControl("J1", both, "day", ((0.0, "day"), (7.5 * 3600, "peak")))
    found = site_in_memory({"am": {"J1": control}}, periods={"am": PERIODS["am"]})
    fields = {"expect": {"cycle_s": 81}, "greens_s": {"A": 50}}
    assert "2 programs run in period 'am': day, peak (say which one is meant)" in refused(found, **fields)
    assert retime(found, program="peak", **fields).edits[0].program == "peak"


def test_a_signal_that_is_switched_off_is_refused() -> None:
    control = SignalControl("J1", {"day": program(35, 30)}, "off")
    found = site_in_memory({"am": {"J1": control}}, periods={"am": PERIODS["am"]})
    assert "switched off in period 'am'" in refused(found, expect={"cycle_s": 71}, greens_s={"A": 40})


def test_two_changes_of_one_signal_need_an_order_and_the_later_finds_what_the_earlier_left() -> None:
    found = site(program(35, 30))
    first = {"kind": "retime_signal", "junction": "J1", "expect": {"cycle_s": 71}, "greens_s": {"A": 40}}
    second = {**first, "greens_s": {"B": 35}}
    with pytest.raises(ConfigError, match="touches signal_timing 'J1@am', which 'one' touches too"):
        apply(policy_of(one=first, two=second), found, "policy")
    with pytest.raises(ConfigError, match="expected 71 s, found 76 s"):
        apply(policy_of(one=first, two={**second, "after": ["one"]}), found, "policy")
    ordered = policy_of(one=first, two={**second, "after": ["one"], "expect": {"cycle_s": 76}})
    applied = apply(ordered, found, "policy")
    assert applied.edits[-1].durations_s == (40, 3, 35, 3)
    assert applied.change_log[1].en == "junction J1 timing: stage B green 30→35 s, cycle 76→81 s"


def test_changes_in_different_periods_do_not_meet() -> None:
    one = {
        "kind": "retime_signal",
        "junction": "J1",
        "period": "am",
        "expect": {"cycle_s": 71},
        "offset_s": 3,
    }
    assert (
        len(apply(policy_of(one=one, two={**one, "period": "pm"}), site(program(35, 30)), "policy").edits)
        == 2
    )
