"""The whole product on models made by others, as a user: import, check, two policies, run.

Five models with demand (one signal retimed, one approach re-marked) and two large networks without
(import, check, one signal retimed). Everything goes through the command line, in a root of its own.

    python -m tests.validation.real_input

makes every run again and rewrites docs/validation/real-input.md; about half an hour on two cores to itself.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from sim.comparison import inference
from sim.comparison.inference import MINIMUM_PAIRS
from sim.comparison.replication import required_replicates, unpaired_replicates

ROOT = Path(__file__).resolve().parents[2]
FIVE_PERCENT = 0.05
CONFIDENCE = 0.95
PAGE = ROOT / "docs" / "validation" / "real-input.md"
TABLE = ROOT / "docs" / "validation" / "real-input.csv"


@dataclass(frozen=True)
class Model:
    """One model of the real data and what is tried on it; without replicates only import and check."""

    name: str
    source: str
    replicates: int
    retime: Mapping[str, Any]
    lane_use: Mapping[str, Any] | None = None
    options: Sequence[str] = ()

    @property
    def policies(self) -> dict[str, dict[str, Any]]:
        """The content of the policy files, by policy."""
        kinds = {"retime": ("retime_signal", self.retime), "lane_use": ("set_lane_use", self.lane_use)}
        return {
            policy: {
                "site": self.name,
                "title": {"zh": policy, "en": policy},
                "interventions": {"change": {"kind": kind, **fields}},
            }
            for policy, (kind, fields) in kinds.items()
            if fields
        }


# The busiest places of each network, found with `huandu check`; greens moved within an unchanged cycle.
MODELS = (
    Model(
        "cologne8",
        "cologne8/cologne8.sumocfg",
        5,
        {"junction": "26110729", "expect": {"cycle_s": 90}, "greens_s": {"S1": 28, "S3": 38}},
        {
            "approach": "26110729.west",
            "expect": ["uturn+left+through", "through+right"],
            "lanes": ["uturn+left", "through+right"],
        },
    ),
    Model(
        "ingolstadt7",
        "ingolstadt7/ingolstadt7.sumocfg",
        5,
        {
            "junction": "cluster_274083968_cluster_1200364014_1200364088",
            "expect": {"cycle_s": 90},
            "greens_s": {"S1": 33, "S2": 14, "S3": 34},
        },
        {
            "approach": "cluster_cluster_1833965782_cluster_32564118_371775504_"
            "cluster_1833965806_371781950.north",
            "expect": ["left+right", "right"],
            "lanes": ["left", "left+right"],
        },
    ),
    Model(
        "jinan_3x4",
        "jinan_3x4/n.sumocfg",
        4,
        {"junction": "intersection_3_2", "expect": {"cycle_s": 90}, "greens_s": {"S1": 30, "S3": 36}},
        {
            "approach": "intersection_3_2.west",
            "expect": ["left", "through", "right"],
            "lanes": ["left+through", "through", "right"],
        },
    ),
    Model(
        "bologna_acosta",
        "bologna_acosta/run.sumocfg",
        4,
        {"junction": "9", "expect": {"cycle_s": 105}, "greens_s": {"S1": 34, "S4": 8}},
        {
            "approach": "27.west",
            "expect": ["left", "through", "right"],
            "lanes": ["left", "left+through", "right"],
        },
    ),
    Model(
        "doerpfeldstr",
        "doerpfeldstr/all_modes.sumocfg",
        4,
        {"junction": "clusterJ1_J2", "expect": {"cycle_s": 106}, "greens_s": {"S1": 30, "S2": 70}},
        {
            "approach": "cluster_101333380_1652675105_1704693841_2169462573_#17more.southeast",
            "expect": ["uturn+left", "through", "through", "through+right"],
            "lanes": ["uturn+left", "through", "through+right", "right"],
        },
    ),
    Model(
        "osm_shanghai",
        "osm_shanghai/shanghai_center.osm",
        0,
        {"junction": "10222316786", "expect": {"cycle_s": 90}, "greens_s": {"S1": 47, "S2": 37}},
    ),
    Model(
        "badhersfeld",
        "badhersfeld/osm_edited.net.xml.gz",
        0,
        {},
        {
            "approach": "cluster_1423165881_1423165892_287126449.east",
            "expect": ["left+through", "through+right"],
            "lanes": ["left", "through+right"],
        },
    ),
)


@dataclass(frozen=True)
class Said:
    """What one command gave: exit code, its words, how long it took."""

    code: int
    out: str
    wall_s: float


def huandu(root: Path, *words: str) -> Said:
    """Run one command of the product in a process of its own."""
    program = "import sys; from sim.cli import main; sys.exit(main())"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, "--root", str(root), *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    return Said(done.returncode, done.stdout + done.stderr, time.monotonic() - started)


def prepare(model: Model, data: Path, root: Path) -> Said:
    """Import a model into a new root and name its policies in its scenario."""
    for folder in ("scenarios", "configs"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    said = huandu(root, "import", str(data / model.source), "--name", model.name, *model.options)
    if said.code == 0:
        write_policies(model, root)
    return said


def write_policies(model: Model, root: Path) -> None:
    """Write the policy files and a scenario that names them."""
    for policy, content in model.policies.items():
        path = root / "scenarios" / model.name / "policies" / f"{policy}.yaml"
        path.write_text(yaml.safe_dump({policy: content}, allow_unicode=True), encoding="utf-8")
    scenario = {
        "defaults": [{f"/{model.name}/policies@policies": list(model.policies)}],
        "site": model.name,
        "primary": "fair_travel_time",
        "legal_baseline": False,  # one arm less to simulate
    }
    text = "# @package _global_\n" + yaml.safe_dump(scenario, sort_keys=False)
    (root / "configs" / "scenario" / f"{model.name}.yaml").write_text(text, encoding="utf-8")


def try_out(model: Model, data: Path, root: Path) -> list[dict[str, Any]]:
    """Import, check and run one model; return one row per policy. AssertionError where a command fails."""
    made = prepare(model, data, root)
    assert made.code == 0, made.out
    checked = huandu(root, "check", f"scenario={model.name}")
    assert checked.code == 0, checked.out
    row = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "model": model.name,
        "replicates": model.replicates,
        "import_s": round(made.wall_s),
        "check_s": round(checked.wall_s),
    }
    objects = dict(zip(model.policies, OBJECTS.findall(checked.out), strict=True))
    for policy, (changed, identical) in objects.items():
        row[policy] = {"changed": int(changed.replace(",", "")), "identical": int(identical.replace(",", ""))}
    if not model.replicates:
        return [{**_of_arm(row, policy), "policy": policy} for policy in model.policies]
    how = "default" if model.replicates >= MINIMUM_PAIRS else "smoke"
    done = huandu(root, "run", f"scenario={model.name}", f"run={how}", f"run.replicates={model.replicates}")
    assert done.code == 0, done.out
    row["run_s"] = round(done.wall_s)
    folder = root / "results" / model.name / "tables"
    compared = pd.read_csv(folder / "comparison.csv")
    fates = pd.read_parquet(folder / "fates.parquet")
    timing = pd.read_csv(folder / "timing.csv")
    row["of_one_run_s"] = round(float(timing["wall_s"].median()), 1)
    findings = pd.read_parquet(folder / "findings.parquet")
    values = pd.read_csv(folder / "runs.csv").set_index(["arm", "replicate"])["fair_travel_time"]
    rows = []
    for policy in model.policies:
        (main,) = compared[
            (compared["arm"] == policy)
            & (compared["measure"] == "fair_travel_time")
            & (compared["scope"] == "network")
        ].to_dict("records")
        of_arms = findings[findings["arm"].isin(["baseline", policy]) & (findings["scope"] == "")]
        missing = (fates["demanded"] - fates["arrived"]).groupby(fates["arm"]).mean().round(1)
        rows.append(
            {
                **_of_arm(row, policy),
                "policy": policy,
                "vehicles": int(fates["demanded"].median()),
                "not_arrived_today": missing["baseline"],
                "not_arrived": missing[policy],
                **{name: main[name] for name in NUMBERS},
                "findings": " ".join(sorted(set(of_arms["finding"]))),
                **needed(values["baseline"].to_numpy(dtype=float), values[policy].to_numpy(dtype=float)),
                "rows": int((compared["arm"] == policy).sum()),
                "rows_without_value": int(compared.loc[compared["arm"] == policy, "difference"].isna().sum()),
            }
        )
    return rows


OBJECTS = re.compile(r"([\d,]+) objects? changed, .*?; ([\d,]+) identical")
NUMBERS = ("before", "after", "difference", "ci_low", "ci_high", "mcid", "verdict", "gate")
COLUMNS = (
    "date", "model", "policy", "vehicles", "replicates", *NUMBERS, "findings", "not_arrived_today",
    "not_arrived", "rows", "rows_without_value", "changed", "identical", "import_s", "check_s", "run_s",
    "of_one_run_s", "sd_difference", "paired", "unpaired", "one_seed_half",
)  # fmt: skip


def _of_arm(row: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """Fold what is noted under the policy's own name into the row."""
    return {**{key: value for key, value in row.items() if not isinstance(value, dict)}, **row[policy]}


def needed(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return how many replicates an interval of ±5 % of today takes, and what one seed would be worth.

    `one_seed_half`: half the 95 % interval, in per cent of today, of the difference of two single runs with
    seeds of their own, were their spread known: ``z sqrt(s_x^2 + s_y^2)``. One seed has no interval.
    """
    five = FIVE_PERCENT * abs(float(x.mean()))
    spread = math.sqrt(float(np.var(x, ddof=1) + np.var(y, ddof=1)))
    return {
        "sd_difference": inference.standard_deviation(y - x),
        "paired": required_replicates(y - x, five, CONFIDENCE),
        "unpaired": unpaired_replicates(x, y, five, CONFIDENCE),
        "one_seed_half": 100 * stats.norm.ppf((1 + CONFIDENCE) / 2) * spread / abs(float(x.mean())),
    }


def run_all(data: Path, root: Path, models: Sequence[Model] = MODELS) -> pd.DataFrame:
    """Try out every model, each in a root of its own below `root`."""
    rows = [row for model in models for row in try_out(model, data, root / model.name)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def page(table: pd.DataFrame) -> str:
    """Write the page from the table."""
    ran = table[table["replicates"] > 0]
    results = [
        "| model | policy | vehicles | pairs | today | difference (95 %) | smallest that matters | verdict |"
        " check | findings of the whole run | not arrived: today, policy |",
        "|" + " --- |" * 11,
        *(
            f"| {r.model} | {r.policy} | {r.vehicles:.0f} | {r.replicates} | {r.before:.1f} |"
            f" {r.difference:+.1f} ({r.ci_low:+.1f} to {r.ci_high:+.1f}) | {r.mcid:.1f} | {r.verdict} |"
            f" {r.gate} | {r.findings} |"
            f" {r.not_arrived_today:g}, {r.not_arrived:g} |"
            for r in ran.itertuples()
        ),
    ]
    work = [
        "| model | policy | objects changed | identical | import, s | check, s | study, s | one run, s |"
        " rows compared | without a value |",
        "|" + " --- |" * 10,
        *(
            f"| {r.model} | {r.policy} | {r.changed} | {r.identical} | {r.import_s} | {r.check_s} |"
            f" {_number(r.run_s)} | {_number(r.of_one_run_s)} | {_number(r.rows)} |"
            f" {_number(r.rows_without_value)} |"
            for r in table.itertuples()
        ),
    ]
    needs = [
        "| model | policy | paired | unpaired | one seed |",
        "|" + " --- |" * 5,
        *(
            f"| {r.model} | {r.policy} | {r.paired:.0f} | {r.unpaired:.0f} | ±{r.one_seed_half:.1f} % |"
            for r in ran.itertuples()
        ),
    ]
    changes = []
    for model in MODELS:  # as tried, word for word
        for policy, content in model.policies.items():
            fields = json.dumps(content["interventions"]["change"], ensure_ascii=False)
            changes.append(f"- {model.name}, {policy}: `{fields}`")
    return TEXT.format(
        when=", ".join(sorted(set(table["date"]))),
        results="\n".join(results),
        work="\n".join(work),
        needs="\n".join(needs),
        changes="\n".join(changes),
    )


def _number(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:g}"


TEXT = """\
# The whole product on real input

Made by `python -m tests.validation.real_input` on {when}, SUMO 1.28.0; the same numbers in `real-input.csv`.
Every model goes through the command line as a user would take it: `import`, `check`, `run` with two policies
(one signal retimed within its cycle, one approach re-marked), in a folder of its own. Two large networks
without demand are imported and checked with one policy. The policies were chosen to change something busy,
not to be good.

## What the studies say

Fair travel time of the whole network, s per vehicle: door to door, everyone counted. `pairs` is the number of
replicates; with so few an interval is wide, and a verdict is about these models' demand only. `not arrived`:
vehicles per run that were still under way or outside when the run ended, two window lengths after the window.

{results}

## Replicates needed for ±5 %

Half of a 95 % interval of the difference at most 5 % of today's value, from the spread of these replicates: a
spread from four or five is itself known to a factor of two or three. `paired`: the same people in both arms,
as here. `unpaired`: replicates per arm with other people in each. `one seed`: what a single pair of runs with
seeds of their own is worth, half of a 95 % interval if their spread were known; from one it is not.

{needs}

## What it took

`identical` counts the objects of the built network that are the same as today's, one by one. Times are wall
seconds on two cores that others used as well, so they are upper bounds.

{work}

## Policies

{changes}
"""


def write(table: pd.DataFrame) -> None:
    """Write the table and the page."""
    table.to_csv(TABLE, index=False, lineterminator="\n", float_format="%.6g")
    PAGE.write_text(page(table), encoding="utf-8")


def main() -> None:
    """Make every run and write the page."""
    with tempfile.TemporaryDirectory() as root:
        write(run_all(ROOT.parent / "shared" / "data", Path(root)))


if __name__ == "__main__":
    main()
