"""Several slips at once, and what no single word is to blame for: all of it is told, nothing half-written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.labels import Text
from sim.policy import EMPTY
from tests.command_line import huandu
from tests.spoilt_root import (
    COUNTS,
    FRAME,
    J1,
    LOT,
    POLICY,
    SCENARIO,
    SITE,
    Edit,
    change,
    listed,
    problems,
    write,
)


@pytest.fixture
def root(checked: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(checked, tmp_path / "root")


def test_greens_that_conflict_are_all_named(root: Path) -> None:
    change(SITE, "east.through], permissive: [east.left]", "east.through, east.left]")(root)
    place = "site.yaml.plans.day.J1.stages.A"
    hint = "(list the one that gives way under `permissive`)"
    assert problems(root, "scenario=xingfu") == [
        f"{place}: east.left and west.through cross each other and are both green {hint}",
        f"{place}: east.left and crossing south cross each other and are both green {hint}",
    ]


def test_problems_of_words_scenario_site_counts_and_policy_stand_in_one_message(root: Path) -> None:
    change(COUNTS, ",150,", ",-1,")(root)
    change(COUNTS, "J1.south,left", "J1.sout,left")(root)
    change(POLICY, "retime_signal", "retime")(root)
    words = ("scenario=xinfu", "rum.x=1", "run=smok", "run.confidence=2", "primary=speed")
    found = problems(root, *words)
    places = [problem.split(": ")[0] for problem in found]
    assert places == [
        "scenario=xinfu",
        "run=smok",
        "override rum.x",
        "run.confidence",
        f"{COUNTS}:2",
        f"{COUNTS}:6",
        f"{SCENARIO}.primary",
        f"{J1}.kind",
    ]


def test_problems_of_site_and_policy_stand_in_one_message(root: Path) -> None:
    change(SITE, "warm_up_s", "warmup_s")(root)
    change(SITE, "cycle_s: 70", "cycle_s: 60")(root)
    change(POLICY, "greens_s", "grens_s")(root)
    assert [problem.split(": ")[0] for problem in problems(root, "scenario=xingfu")] == [
        "site.yaml.plans.day.J1",
        "site.yaml.warmup_s",
        f"{J1}.grens_s",
    ]


def test_the_key_on_of_a_parking_area_is_the_word_it_looks_like(root: Path) -> None:
    # Hydra reads YAML 1.1, where a bare `on:` is the truth value.
    lot = f"    lot: {{kind: add_parking_area, id: P1, expect: {{areas: []}}, area: {LOT}}}\n"
    write(POLICY, FRAME + lot)(root)
    answer = huandu("check", "scenario=xingfu", "--root", root)
    assert (answer.code, answer.err) == (0, "")
    assert "new lot P1 (Lot) on J1.west" in answer.out
    field = "policies.longer_main.interventions.lot.area.on"
    assert problems(root, "scenario=xingfu", f"{field}=J1.weast") == [
        f"{POLICY}.interventions.lot.area.on: no edge named 'J1.weast'"
        " (did you mean J1.west or J1.east or J1.east.up?)"
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ""),
        ("# nothing yet\n", ""),
        ("longer_main:\n", ""),
        (FRAME, ".interventions"),
        (FRAME.replace("  interventions:\n", ""), ".interventions"),
        (FRAME.replace("interventions:", "interventions: {}"), ".interventions"),
    ],
)
def test_a_policy_that_changes_nothing_is_no_silent_arm(text: str, place: str, root: Path) -> None:
    (root / POLICY).write_text(text, encoding="utf-8")
    assert problems(root, "scenario=xingfu") == [f"{POLICY}{place}: {EMPTY}"]


def test_an_empty_policy_is_refused_in_a_multirun_too(root: Path) -> None:
    (root / POLICY).write_text("", encoding="utf-8")
    answer = huandu("run", "scenario=xingfu", "-m", "run.demand_scale=0.9,1.0", "--root", root)
    assert answer.code == 2
    assert f"- {POLICY}: is empty" in answer.err
    assert not list((root / "results").glob("xingfu*"))


def test_a_measure_without_a_better_is_no_primary(root: Path) -> None:
    (found,) = problems(root, "scenario=xingfu", "primary=demand_flow")
    assert found.startswith(f"{SCENARIO}.primary: 'demand_flow' has no better or worse (known: ")
    assert "fair_travel_time" in found


@pytest.mark.parametrize("primary", ["fair_delay", "delay_time_ratio"])
def test_time_loss_is_no_primary_where_arms_may_not_be_compared_by_it(
    primary: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where they may not is tested with the measure; on a tree of streets every way is the only one.
    assert huandu("check", "scenario=xingfu", f"primary={primary}", "--root", root).code == 0
    why = Text("限速不同", "limits differ")
    monkeypatch.setattr("sim.runs.preflight.delay_may_be_primary", lambda *_: (False, why))
    assert problems(root, "scenario=xingfu", f"primary={primary}") == [
        "policy longer_main, period am: primary: limits differ (primary=fair_travel_time)"
    ]


def test_a_folder_that_cannot_be_written(root: Path) -> None:
    shutil.rmtree(root / "results")
    (root / "results").write_text("a file in its place")
    assert problems(root, "scenario=xingfu") == ["results/.store: cannot be written: Not a directory"]
    assert (root / "results").read_text() == "a file in its place"


def test_a_file_where_the_study_belongs_is_not_overwritten(root: Path) -> None:
    (root / "results" / "xingfu").write_text("a file in its place")
    assert problems(root, "scenario=xingfu", "overwrite=true") == [
        "results/xingfu: is no study of huandu and is not overwritten (study=OTHER)"
    ]


def test_a_folder_of_somebody_elses_is_not_gone_on_with(root: Path) -> None:
    (root / "results" / "xingfu").mkdir()
    (root / "results" / "xingfu" / "thesis.txt").write_text("mine")
    told = ["results/xingfu: is no study of huandu and is not gone on with (study=OTHER)"]
    assert problems(root, "scenario=xingfu", "resume=true") == told
    assert [path.name for path in (root / "results" / "xingfu").iterdir()] == ["thesis.txt"]


def test_a_truncated_network(root: Path) -> None:
    (network,) = (root / "results" / ".store" / "site").glob("*/*/net.net.xml")
    text = network.read_text(encoding="utf-8")
    (root / "scenarios" / "xingfu" / "network").mkdir()
    write("scenarios/xingfu/network/net.net.xml", text[: len(text) // 2])(root)
    facts = (root / SITE).read_text(encoding="utf-8")
    head, tail = facts[: facts.index("junctions:")], facts[facts.index("periods:") :]
    tail = tail.replace(", plan: day, pedestrians_per_15min: {J1.south: 15}", "")
    write(SITE, f"{head}imported: {{network: network/net.net.xml}}\n{tail}")(root)
    (found,) = problems(root, "scenario=xingfu")
    assert found.startswith("scenarios/xingfu/network/net.net.xml:")
    assert ": not a complete XML file: " in found
    (root / "scenarios" / "xingfu" / "network" / "net.net.xml").unlink()
    (found,) = problems(root, "scenario=xingfu")
    assert found == "site.yaml.imported.network: no such file: scenarios/xingfu/network/net.net.xml"


def test_listing_names_every_file_that_cannot_be_read(root: Path) -> None:
    write(POLICY, "- a list\n")(root)
    write("scenarios/xingfu/policies/other.yaml", "other: {site: xingfu}\n")(root)
    write("configs/scenario/empty.yaml", "")(root)
    answer = huandu("list", "policies", "--root", root)
    assert answer.code == 2
    assert listed(answer, root) == [
        f"{POLICY}: holds no `key: value` lines (see docs/example.md)",
        "scenarios/xingfu/policies/other.yaml.title: missing",
        f"scenarios/xingfu/policies/other.yaml.interventions: {EMPTY}",
    ]
    answer = huandu("list", "scenarios", "--root", root)
    assert answer.code == 2
    assert listed(answer, root) == [
        "configs/scenario/empty.yaml: holds no `key: value` lines (see docs/example.md)"
    ]


KERB = "{title: {zh: 路侧, en: Kerb}, kind: kerb, on: J1.west, at_m: %s, length_m: %s, stalls: %s}"
SHOP = "{origin: %s, exit: %s, %s, vehicles_per_h: 60, stay_min: %s}"


def parking(areas: dict[str, str], demand: dict[str, str]) -> Edit:
    def edit(root: Path) -> None:
        lines = [f"  {id}: {text}\n" for id, text in areas.items()]
        more = [f"  {id}: {text}\n" for id, text in demand.items()]
        with (root / SITE).open("a", encoding="utf-8") as file:
            file.writelines(["\nparking:\n", *lines, "parking_demand:\n", *more])

    return edit


def test_everything_wrong_with_parking_is_named_together(root: Path) -> None:
    areas = {
        "full": KERB % (10, 60, 11),
        "over": KERB % (60, 60, 10),
        "inside": KERB % (9000, 60, 10),
        "within": LOT.replace("on: J1.west", "on: ':J1_0'"),
    }
    demand = {
        "a": SHOP % ("J1.wst", "J1.east", "lot: full", 20),
        "b": SHOP % ("J1.west", "J1.west", "lot: ful", 20),
    }
    parking(areas, demand)(root)
    found = "\n".join(problems(root, "scenario=xingfu"))
    for words in (
        "parking.full.stalls: 11 stalls do not fit on 60 m",
        "parking.over.at_m: overlaps 'full', which takes 10 to 70 m",
        "parking.inside.at_m: the entrance at 9000 m lies inside the junction",
        "parking.within.on: ':J1_0' lies inside a junction",
        "parking_demand.a.origin: 'J1.wst' is no leg by which vehicles enter the site",
        "parking_demand.b.lot: no parking area 'ful' (did you mean full",
    ):
        assert words in found


def test_negative_stays_are_refused(root: Path) -> None:
    parking({"P": KERB % (10, 60, 10)}, {"a": SHOP % ("J1.west", "J1.east", "lot: P", -20)})(root)
    assert any("parking_demand.a.stay_min" in line for line in problems(root, "scenario=xingfu"))


def test_a_destination_from_which_no_lot_can_be_reached_is_refused(root: Path) -> None:
    far = SHOP % ("J1.west", "J1.east", "destination: J1.south, walks_at_most_m: 1", 20)
    parking({"P": KERB % (10, 60, 10)}, {"a": far})(root)
    (line,) = problems(root, "scenario=xingfu")
    assert (
        "parking_demand.a.destination: no parking area that can be reached within 1 m on foot of J1.south"
        in line
    )
