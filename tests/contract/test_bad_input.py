"""Bad input: one message naming every problem with its place and what to do, exit 2, nothing half-written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.labels import Text
from sim.policy import EMPTY
from tests.command_line import Answer, huandu
from tests.own_root import write_root

SITE = "scenarios/xingfu/site.yaml"
COUNTS = "scenarios/xingfu/counts.csv"
POLICY = "scenarios/xingfu/policies/longer_main.yaml"
SCENARIO = "configs/scenario/xingfu.yaml"
J1 = f"{POLICY}.interventions.j1"
FRAME = """\
longer_main:
  site: xingfu
  title: {zh: 测试, en: Test}
  interventions:
"""
LOT = "{title: {zh: 场, en: Lot}, kind: off_street, on: J1.west, at_m: 60, stalls: 40}"

Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose network is built already."""
    root = write_root(tmp_path_factory.mktemp("checked"))
    assert huandu("check", "scenario=xingfu", "--root", root).code == 0
    return root


@pytest.fixture
def root(checked: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(checked, tmp_path / "root")


def change(name: str, old: str, new: str) -> Edit:
    def edit(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return edit


def write(name: str, text: str) -> Edit:
    return lambda root: (root / name).write_text(text, encoding="utf-8")


def remove(name: str) -> Edit:
    return lambda root: (root / name).unlink()


def nothing(root: Path) -> None:
    """The files are as they should be; the words are not."""


def problems(root: Path, *words: str) -> list[str]:
    """Run with these words; return the problems named, and hold what every refusal must hold."""
    before = files(root)
    answer = huandu("run", *words, "--root", root)
    assert (answer.code, answer.out) == (2, "")
    assert {path for path in root.rglob("*") if ".store" not in path.parts} == before, (
        "something half-written"
    )
    return listed(answer, root)


def files(root: Path) -> set[Path]:
    """Return what there is, but for the store, which holds whole things only."""
    return {path for path in root.rglob("*") if ".store" not in path.parts}


def listed(answer: Answer, root: Path) -> list[str]:
    assert "Traceback" not in answer.err
    head, *lines = answer.refusal.splitlines()
    assert head == f"huandu: {len(lines)} problem{'s' if len(lines) > 1 else ''}:"
    assert all(line.startswith("- ") for line in lines)
    first, *chinese = answer.err.removesuffix(answer.refusal).splitlines()
    assert first == f"huandu: {len(lines)} 处问题："
    assert [line.split(": ")[0] for line in chinese] == [line.split(": ")[0] for line in lines]
    return [line.removeprefix("- ").replace(f"{root}/", "") for line in lines]


CASES: dict[str, tuple[Edit, str]] = {
    "unknown key of the site": (
        change(SITE, "warm_up_s", "warmup_s"),
        "site.yaml.warmup_s: unknown key (did you mean warm_up_s?)",
    ),
    "unknown key of a policy": (
        change(POLICY, "greens_s", "grens_s"),
        f"{J1}.grens_s: unknown key (did you mean greens_s?)",
    ),
    "unknown key of a scenario": (
        change(SCENARIO, "primary:", "primry:"),
        f"{SCENARIO}.primry: unknown key (did you mean primary?)",
    ),
    "a key twice": (
        change(SITE, "made_up: true", "made_up: true\nmade_up: false"),
        f"{SITE}:4: not valid YAML: the key 'made_up' stands twice",
    ),
    "misspelt kind": (
        change(POLICY, "retime_signal", "retime_signals"),
        f"{J1}.kind: no intervention kind 'retime_signals' (did you mean retime_signal or actuate_signal or "
        "signalise?)",
    ),
    "missing policy": (
        change(SCENARIO, "[longer_main]", "[longer_mian]"),
        "scenarios/xingfu/policies/longer_mian.yaml: no such policy file (did you mean longer_main?)",
    ),
    "missing counts": (
        remove(COUNTS),
        f"{COUNTS}: no such file (a drawn site needs its counts beside site.yaml)",
    ),
    "missing site": (
        change(SCENARIO, "site: xingfu", "site: xinfu"),
        f"{SCENARIO}.site: no site 'xinfu' in scenarios (did you mean xingfu?)",
    ),
    "policy without its id": (
        write(POLICY, "site: xingfu\ntitle: {zh: 测试, en: Test}\ninterventions: {}\n"),
        "policies: a policy's fields stand where its id belongs"
        " (begin the file with the policy's id and a colon, and indent the rest)",
    ),
    "scenario without its first line": (
        change(SCENARIO, "# @package _global_\n", ""),
        f"{SCENARIO}: its keys lie under `scenario` (make `# @package _global_` its first line)",
    ),
    "not YAML": (
        write(POLICY, "longer_main:\n  site: [xingfu\n"),
        f"{POLICY}:3: not valid YAML: expected ',' or ']', but got '<stream end>'",
    ),
    "id that became a number": (
        change(POLICY, "junction: J1", "junction: 101"),
        f'{J1}.junction: 101 is a number where a name is wanted (quote it: "101")',
    ),
    "key that became a number": (
        change(SITE, "  day:\n    J1:", "  day:\n    101:"),
        'site.yaml.plans.day.101: 101 is a number where a name is wanted (quote it: "101")',
    ),
    "word that became a truth value": (
        change(POLICY, "junction: J1", "junction: off"),
        f"{J1}.junction: False is a truth value where a name is wanted"
        " (quote the word: bare on, off, yes and no are truth values in YAML)",
    ),
    "site's lane without an exit": (
        change(SITE, "{use: through}, {use: through+right}", "{use: left}, {use: through+right}"),
        "site.yaml.junctions.J1.approaches.west.lanes[0].use: 'left' leads to no exit lane:"
        " no leg of J1 lies to the left",
    ),
    "policy's lane without an exit": (
        write(
            POLICY,
            FRAME + "    use: {kind: set_lane_use, approach: J1.west, expect: [through, through+right],"
            " lanes: [left, through+right]}\n",
        ),
        f"{POLICY}.interventions.use.lanes.1: no 'left' movement leaves J1.west:"
        " there is no exit lane for it (known: right, through)",
    ),
    "counts of no movement": (
        change(COUNTS, "J1.west,right", "J1.west,left"),
        f"{COUNTS}:3: 20 vehicles counted for J1.west.left, a movement that no lane has"
        " (J1.west has: through, right)",
    ),
    "counts of no approach": (
        change(COUNTS, "J1.west,right", "J1.wets,right"),
        f"{COUNTS}:3: no approach 'J1.wets' (did you mean J1.west or J1.east?)",
    ),
    "counts that are words": (
        change(COUNTS, ",150,", ",many,"),
        f"{COUNTS}:2: count 'many' is not a number",
    ),
    "policy for another site": (
        change(POLICY, "site: xingfu", "site: shiqiaopu"),
        f"{POLICY}.site: a policy for 'shiqiaopu', but the scenario's site is 'xingfu'"
        " (name a policy of this site, or write one: what it expects to find is not here)",
    ),
    "site unlike what the policy expects": (
        change(POLICY, "cycle_s: 70", "cycle_s: 90"),
        f"{J1}.expect.cycle_s: expected 90 s, found 70 s (in period 'am')",
    ),
    "cycle that does not add up": (
        change(SITE, "cycle_s: 70", "cycle_s: 60"),
        "site.yaml.plans.day.J1: cycle_s says 60 s but the stages add up to 70 s",
    ),
    "cycle shorter than its intergreens": (
        change(POLICY, "greens_s: {A: 40, B: 20}", "cycle_s: 8"),
        f"{J1}.cycle_s: a cycle of 8 s leaves no green beside 10 s of other greens and intergreens",
    ),
    "green shorter than its flashing": (
        change(SITE, "pedestrian_flash_s: 8", "pedestrian_flash_s: 30"),
        "site.yaml.plans.day.J1.stages.A: flashing green must be shorter than the green it ends",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_named_with_its_place(case: str, root: Path) -> None:
    edit, expected = CASES[case]
    edit(root)
    assert problems(root, "scenario=xingfu") == [expected]


WORDS: dict[str, tuple[str, str]] = {
    "unknown group": (
        "rum.replicates=3",
        "override rum.replicates: unknown key (did you mean run or resume?)",
    ),
    "unknown setting": (
        "run.replicats=3",
        "run.replicats: unknown key (did you mean replicates or replay or first_replicate?)",
    ),
    "unknown settings": ("run=smok", "run=smok: no such configuration (did you mean smoke?)"),
    "unknown field": (
        "policies.longer_main.interventions.j1.grens_s.A=40",
        f"{J1}.grens_s: unknown key (did you mean greens_s?)",
    ),
    "unknown policy": (
        "~policies.longer",
        "override policies.longer: unknown key (did you mean policies.longer_main?)",
    ),
    "unreadable": (
        "run.replicates",
        "override run.replicates: cannot be read (write key=value, e.g. run.replicates=20)",
    ),
    "out of range": ("run.replicates=0", "run.replicates: input should be greater than or equal to 1, not 0"),
    "unknown period": ("periods=[pm]", f"{SCENARIO}.periods: the site has no period 'pm' (known: am)"),
    "unknown measure": (
        "primary=fair_dely",
        f"{SCENARIO}.primary: 'fair_dely' is no measure (did you mean fair_delay?)",
    ),
    "unknown vehicle set": (
        "run.vehicles=sigma_zro",
        "run.vehicles: no vehicle set 'sigma_zro' (did you mean sigma_zero or sigma_half?)",
    ),
    "step of another calibration": (
        "run.step_length_s=0.5",
        "run.step_length_s: 0.5 s, but the vehicle set 'sigma_zero' was calibrated with 1 s"
        " (run.step_length_s=1, or calibrate a set of your own)",
    ),
    "sweep of no field": (
        "sweep.policies.longer_main.interventions.j1.grens_s.A=[1,2]",
        "sweep.policies.longer_main.interventions.j1.grens_s.A: policy 'longer_main' has no such field"
        " (did you mean greens_s?)",
    ),
    "sweep of no list": (
        "sweep.policies.longer_main.interventions.j1.greens_s.A=30",
        "sweep.policies.longer_main.interventions.j1.greens_s.A: 30 is not a list of values"
        " (write [a,b,c] or {from: a, to: b, step: c})",
    ),
    "name that is no folder": (
        "study=../elsewhere",
        "study=../elsewhere: is no folder name (letters, digits, and _ . = , -)",
    ),
}


@pytest.mark.parametrize("case", WORDS)
def test_a_bad_word_is_named_with_what_is_near(case: str, root: Path) -> None:
    word, expected = WORDS[case]
    assert problems(root, "scenario=xingfu", word) == [expected]


def test_a_scenario_that_is_not_there(root: Path) -> None:
    place = "configs/scenario"
    assert problems(root, "scenario=xinfu") == [
        f"scenario=xinfu: no such scenario in {place} (did you mean xingfu?)"
    ]
    assert problems(root, "scenario=a") == [f"scenario=a: no such scenario in {place} (known: xingfu)"]
    assert problems(root) == ["scenario: say which: scenario=NAME (known: xingfu)"]
    assert problems(root, "scenaro=xingfu") == [
        "override scenaro: unknown key (did you mean scenario?)",
        "scenario: say which: scenario=NAME (known: xingfu)",
    ]


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
