"""Crossing in two stages over a refuge: what changes, drawn and on a network of others; what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from sim.edits.edited_site import edited
from sim.errors import ConfigError
from sim.interventions.pedestrian_refuge import median_m
from sim.loading import parse
from sim.policy import AppliedPolicy, apply
from sim.signals.lint import lint_controls
from sim.signals.reading import controlled
from sim.signals.rules import timing_rules
from sim.site.check import check_site
from sim.site.facts import SiteFacts
from sim.site.model import Site
from sim.standard_data import SOURCE
from sim.sumo.build import ArmBuild, build
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from tests.sites import applied_of, policy_of, site_of, street
from tests.theory.isolated import Facts, draw, junction, plan, site_data

MEDIAN_M = 4.0
REFUGE = {
    "kind": "pedestrian_refuge",
    "approach": "J1.north",
    "expect": {"median_m": MEDIAN_M},
    "approach_stages": ["EW"],
    "exit_stages": ["NS_left", "EW"],
}
WHOLE, APPROACH, EXIT = (
    f"crossing:J1:{edges}" for edges in ("J1.north+J1.north.exit", "J1.north", "J1.north.exit")
)


def drawn(folder: Path, median_m: float = MEDIAN_M, **leg: object) -> Site:
    """Four legs, a zebra over the northern one, which walks with the traffic from east and west."""
    north: Facts = {"median_m": median_m, "crossing": {"length_m": 20 + median_m}, **leg}
    data = site_data(15, junctions={"J1": junction(north=north)})
    data["plans"]["day"]["J1"] = plan(EW={"crossings": ["north"], "pedestrian_flash_s": 20})
    return draw(folder, data, {"east.through": 300, "north.through": 300})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return drawn(tmp_path_factory.mktemp("refuge"))


def applied(site: Site, **fields: object) -> AppliedPolicy:
    return apply(policy_of(a={**REFUGE, **fields}), site, "policy")


def both(site: Site, folder: Path, **fields: object) -> tuple[ArmBuild, ArmBuild, AppliedPolicy]:
    policy = applied(site, **fields)
    return build(site, applied_of(site, ()), "am", folder), build(site, policy, "am", folder), policy


def test_a_median_lies_between_the_directions_of_a_drawn_leg(site: Site) -> None:
    widths = {leg: median_m(site.network, site.network.approaches[f"J1.{leg}"]) for leg in ("north", "south")}
    assert widths == {"north": pytest.approx(MEDIAN_M, abs=0.01), "south": pytest.approx(0, abs=0.01)}
    whole = site.network.approaches["J1.north"].crossing
    assert whole is not None
    assert whole.length_m == pytest.approx(6 * 3.25 + MEDIAN_M), "four lanes, the median, two lanes"


def test_the_crossing_has_two_halves_and_nothing_else_moves(site: Site, tmp_path: Path) -> None:
    base, arm, policy = both(site, tmp_path)
    proof = prove(base, arm, policy.footprint, policy.edits)
    lanes = {object for object in proof.objects if object[0] in ("edge", "lane", "connection")}
    assert not lanes, "carriageways stay where they are"
    assert {id for kind, id in proof.objects if kind == "crossing"} == {WHOLE, APPROACH, EXIT}
    approach = arm.network.approaches["J1.north"]
    lengths = {name: half.length_m for name, half in approach.walked.items()}
    assert lengths == {"J1.north": pytest.approx(4 * 3.25), "J1.north_exit": pytest.approx(2 * 3.25)}
    foreseen = edited(site, policy.edits).network.approaches["J1.north"].walked
    assert {name: half.length_m for name, half in foreseen.items()} == lengths
    assert arm.network.foes[EXIT] == edited(site, policy.edits).network.foes[EXIT]


def test_each_half_walks_in_its_stages_and_clears_them(site: Site, tmp_path: Path) -> None:
    _, arm, _ = both(site, tmp_path)
    (program,) = arm.controls["J1"].programs.values()
    links = {name: links[0] for name, links, walks in controlled((arm.network.junctions["J1"],)) if walks}
    shown = {stage.name: stage for stage in program.stages()}
    assert list(shown) == ["EW", "EW_left", "NS", "NS_left"]
    assert [stage.green_s for stage in shown.values()] == [30, 10, 30, 10], "stages keep their times"
    walks = {
        name: {
            stage: sum(i.duration_s for i in program.intervals[s.first : s.last + 1] if i.state[link] == "G")
            for stage, s in shown.items()
        }
        for name, link in links.items()
    }
    # 13 m at 1 m/s, 5 s of them in yellow and red; EW follows NS_left, so nobody has to clear that.
    assert walks["J1.north"] == {"EW": 30 - 8, "EW_left": 0, "NS": 0, "NS_left": 0}
    assert walks["J1.north_exit"] == {"EW": 30 - 2, "EW_left": 0, "NS": 0, "NS_left": 10}
    rules = timing_rules(SOURCE.parent)
    window = (site.periods["am"].begin_s, site.periods["am"].end_s)
    found = lint_controls(arm.controls, arm.network, rules, window, "am", {"J1.north": 24.0})
    assert not [item for item in found if item.movement.startswith("J1.north") and "pedestrian" in item.rule]
    assert "long_crossing" not in {item.rule for item in found}


def test_the_signal_check_sees_the_clearance_of_each_half(site: Site, tmp_path: Path) -> None:
    """Let the exit half walk to the end of its green, and the check names that half and its own length."""
    _, arm, _ = both(site, tmp_path, exit_stages=["EW"])
    half = arm.network.approaches["J1.north"].exit_crossing
    assert half is not None
    control = arm.controls["J1"]
    (id, program), *_ = control.programs.items()
    first, *_ = program.stages()
    late = tuple(
        i if not first.first <= n <= first.last + 2 else i.__class__(
            i.duration_s, "".join("G" if k == half.link else x for k, x in enumerate(i.state)), i.name
        )
        for n, i in enumerate(program.intervals)
    )  # fmt: skip
    spoilt = control.__class__("J1", {id: program.__class__("J1", id, late)}, id)
    window = (site.periods["am"].begin_s, site.periods["am"].end_s)
    found = lint_controls({"J1": spoilt}, arm.network, timing_rules(SOURCE.parent), window, "am")
    clearance = [(f.movement, f.limit) for f in found if f.rule == "pedestrian_clearance"]
    assert clearance == [("J1.north_exit", pytest.approx(6.5))]


def test_it_says_what_was_and_what_is(site: Site) -> None:
    policy = applied(site)
    assert policy.change_log[0].en.endswith(
        "crossing of 23.5 m in two stages over a refuge of 4.0 m: 13.0 m over the approach in stage EW, "
        "6.5 m over the exit in NS_left+EW"
    )
    assert "安全岛 4.0 m" in policy.change_log[0].zh


def test_a_narrow_refuge_and_a_short_way_are_pointed_out(tmp_path: Path) -> None:
    lanes = [{"use": "left"}, {"use": "through+right"}]
    site = drawn(tmp_path, 1.6, lanes=lanes)
    told = [warning.en for warning in applied(site, expect={"median_m": 1.6}).warnings]
    assert any("it need not have a refuge" in words for words in told)
    assert any("1.6 m wide, it should have 2 m" in words for words in told)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"approach": "J1.nroth"}, "no approach named 'J1.nroth'"),
        ({"approach": "J1.south"}, "J1.south has no crossing in the model"),
        ({"expect": {"median_m": 3}}, "expected a median of 3 m, found 4.0 m"),
        ({"exit_stages": ["EW_lfet"]}, "exit_stages.1: no stage 'EW_lfet' (did you mean EW_left?)"),
        ({"exit_stages": ["NS"]}, "J1.south.through has protected green in stage 'NS'"),
        ({"exit_stages": ["EW_left"]}, "J1.west.left has protected green in stage 'EW_left'"),
        ({"approach_stages": ["NS_left"]}, "J1.north.left has protected green in stage 'NS_left'"),
        ({"approach_stages": []}, "approach_stages"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, fields: Facts, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        applied(site, **fields)
    assert told in str(refusal.value)


def test_without_a_median_there_is_no_refuge(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a median of 0\.0 m has no room for a refuge, which needs 1\.5 m"):
        applied(street(tmp_path), approach="J1.west", expect={"median_m": 2})


def test_a_stage_too_short_to_clear_is_refused(tmp_path: Path) -> None:
    uses = ("left", "left", "through", "through", "right")
    site = drawn(tmp_path, lanes=[{"use": use} for use in uses])
    with pytest.raises(ConfigError, match=r"stage 'EW_left' has 10 s of green, and 12 s go to clear 16.2 m"):
        applied(site, approach_stages=["EW_left"])


def test_a_street_has_one_median() -> None:
    data = site_data(15)
    ends = {"west": "J1", "east": "J2"}
    data["junctions"]["J2"] = {**junction(), "position_m": [-600, 0]}
    data["plans"]["day"]["J2"] = plan()
    data["streets"] = {"main": {"legs": [f"{id}.{leg}" for leg, id in ends.items()]}}
    for leg, id in ends.items():
        own = data["junctions"][id]["approaches"][leg]
        data["junctions"][id]["approaches"][leg] = {
            key: value for key, value in own.items() if key not in ("length_m", "exit_lanes")
        }
    data["junctions"]["J1"]["approaches"]["west"]["median_m"] = 3
    with pytest.raises(ConfigError, match=r"says 3 m, but J2.east says 0 m"):
        check_site(parse(SiteFacts, data, "site.yaml"), "site.yaml")


LEG = "cluster_274083968_cluster_1200364014_1200364088.north"
"""Of ingolstadt7, with a median of 7.4 m in its geometry."""


@pytest.mark.data
@pytest.mark.parametrize("whole", [True, False])
def test_the_proof_holds_on_a_network_that_others_made(
    shared_data: Path, tmp_path: Path, whole: bool
) -> None:
    """Streets and signals of ingolstadt7 with zebras put in: over the whole leg, or in halves as guessed."""
    net = (shared_data / "ingolstadt7/ingolstadt7.net.xml").resolve()
    convert(
        ["-s", str(net), "--sidewalks.guess", "--sidewalks.guess.max-speed", "20", "-o", "w.net.xml"],
        tmp_path,
    )
    zebras = ["--crossings.guess", "--crossings.guess.speed-threshold", "20"]
    if whole:
        bare = site_of(tmp_path / "w.net.xml", tmp_path / "bare").network.approaches[LEG]
        edges = f"{bare.edge} {bare.exit_edge}"
        zebra = f'<connections><crossing node="{bare.junction}" edges="{edges}" width="4"/></connections>'
        (tmp_path / "z.con.xml").write_text(zebra, encoding="utf-8")
        zebras = ["-x", "z.con.xml"]
    convert(["-s", "w.net.xml", *zebras, "-o", "z.net.xml"], tmp_path)
    site = site_of(tmp_path / "z.net.xml", tmp_path / "site")
    approach = site.network.approaches[LEG]
    assert (approach.exit_crossing is None) is whole
    fields = next(possible(site, LEG))
    base, arm, policy = both(site, tmp_path, **fields)
    proof = prove(base, arm, policy.footprint, policy.edits)
    print(proof.words.en)
    assert proof.changed
    assert not {object for object in proof.objects if object[0] in ("edge", "lane", "connection")}
    assert len(arm.network.approaches[LEG].walked) == 2


def possible(site: Site, leg: str) -> Iterator[Facts]:
    """Yield the uses in which each half walks in one stage and nothing is refused."""
    gap_m = median_m(site.network, site.network.approaches[leg])
    (signal,) = {half.signal for half in site.network.approaches[leg].walked.values()}
    control = site.signals["am"][str(signal)]
    stages = [stage.name for stage in control.programs[control.active].stages()]
    for near_half, far_half in product(stages, stages):
        fields: Facts = {"approach": leg, "expect": {"median_m": gap_m}}
        fields |= {"approach_stages": [near_half], "exit_stages": [far_half]}
        try:
            applied(site, **fields)
        except ConfigError:
            continue
        yield fields
