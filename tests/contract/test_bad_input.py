"""One slip in a file or a word: one message with its place and what to do, exit 2, nothing half-written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.spoilt_root import COUNTS, FRAME, J1, POLICY, SCENARIO, SITE, Edit, change, problems, remove, write


@pytest.fixture
def root(checked: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(checked, tmp_path / "root")


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
    "unknown field of a policy": (
        "policies.longer_main.permanet=false",
        "scenarios/xingfu/policies/longer_main.yaml.permanet: unknown key (did you mean permanent?)",
    ),
    "field of a policy that a file may leave out": (
        "policies.longer_main.permanent=5",
        "scenarios/xingfu/policies/longer_main.yaml.permanent:"
        " input should be a valid boolean, unable to interpret input, not 5",
    ),
    "field of an unknown policy": (
        "policies.longer.interventions.j1.cycle_s=90",
        "policies.longer.interventions.j1.cycle_s=90: no policy 'longer' (did you mean longer_main?)",
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


def test_an_emission_class_that_sumo_does_not_have_is_refused_by_the_check(
    root: Path, repo_root: Path
) -> None:
    own = Path("configs/standards/appraisal/emissions.yaml")
    shipped = (repo_root / own).read_text(encoding="utf-8")
    (root / own).parent.mkdir(parents=True)
    write(str(own), shipped.replace("UBus_Std_gt15-18t_Euro-VI_A-C", "UBus_Euro-9"))(root)
    assert problems(root, "scenario=xingfu", "run.emissions=true") == [
        f"{own}.classes.bus: SUMO has no emission class 'HBEFA4/UBus_Euro-9'"
        " (names stand in SUMO's documentation, Models/Emissions/HBEFA4-based)"
    ]
