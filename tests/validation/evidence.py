"""Blank control, a real policy and a placebo on models made by others; how many replicates ±5 % take.

For each model a study of three arms: today, one signal retimed (as in `real_input`), and a placebo: a lane
painted on a street that nobody drives, or, where every street and turn is driven, a new street between two
ends of the model that nobody takes. The placebo must come out as noise and the page must say so. From the
differences follows how many replicates an interval of ±5 % takes: paired, unpaired, or with one seed. Of the
three largest models a quarter of an hour is taken.

    python -m tests.validation.evidence [model ...] [--replicates 5]

without models cologne8 alone; rewrites the rows of these models in docs/validation/evidence.csv and the page.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim.demand import realise
from sim.errors import ConfigError
from sim.interventions.new_streets import positions
from sim.interventions.street_ends import is_dead_end
from sim.labels import catalogue
from sim.policy import apply, parse_policy
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import RunSettings
from sim.sumo.site import load
from tests.validation import real_input
from tests.validation.real_input import huandu, needed

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "validation" / "evidence.md"
TABLE = ROOT / "docs" / "validation" / "evidence.csv"
CONFIDENCE = 0.95
QUARTER = ("--end", "900")
"""Of the large models a quarter of an hour, from an empty network on."""

NANCHANG = real_input.Model(
    "nanchang_cuta",
    "nanchang_cutA/c.sumocfg",
    4,
    {"junction": "31849299017", "expect": {"cycle_s": 90}, "greens_s": {"S1": 46, "S2": 36}},
    options=("--scale", "0.6", *QUARTER),
)
_OF_REAL_INPUT = {model.name: model for model in real_input.MODELS}
MODELS: Mapping[str, real_input.Model] = {
    **{name: _OF_REAL_INPUT[name] for name in ("cologne8", "ingolstadt7")},
    **{name: replace(_OF_REAL_INPUT[name], options=QUARTER) for name in ("jinan_3x4", "bologna_acosta")},
    NANCHANG.name: NANCHANG,
}

TITLES = {
    "painted": ("无人行驶处加画一条车道", "A lane painted where nobody drives"),
    "new_street": ("无人行驶的新路", "A new street that nobody takes"),
}
"""Titles of the two kinds of placebo, by the policy's id."""


@dataclass(frozen=True)
class Trial:
    """A model with the two policies that are tried on it: its own, and one that cannot matter."""

    model: real_input.Model
    placebo: str
    fields: Mapping[str, Any]

    def write(self, root: Path) -> None:
        """Write policies and scenario."""
        policies = {k: v for k, v in self.model.policies.items() if k == "retime"}
        policies[self.placebo] = self.policy()
        for name, content in policies.items():
            path = root / "scenarios" / self.model.name / "policies" / f"{name}.yaml"
            path.write_text(yaml.safe_dump({name: content}, allow_unicode=True), encoding="utf-8")
        scenario = {
            "defaults": [{f"/{self.model.name}/policies@policies": list(policies)}],
            "site": self.model.name,
            "legal_baseline": False,
            # Who would be served better by a new street takes it: the one that is built serves nobody.
            "routes": "detour" if self.placebo == "new_street" else "fixed",
        }
        path = root / "configs" / "scenario" / f"{self.model.name}.yaml"
        path.write_text("# @package _global_\n" + yaml.safe_dump(scenario), encoding="utf-8")

    def policy(self) -> dict[str, Any]:
        """Return the content of the placebo's file."""
        zh, en = TITLES[self.placebo]
        return {
            "site": self.model.name,
            "title": {"zh": zh, "en": en},
            "interventions": {"change": dict(self.fields)},
        }


def with_placebo(model: real_input.Model, site: Site, root: Path) -> Trial:
    """Return the first change that cannot matter and that can be made on this site."""
    for placebo, fields in [*painted_lanes(site, root), *new_streets(site)]:
        trial = Trial(model, placebo, fields)
        try:
            apply(parse_policy(placebo, trial.policy(), placebo), site, placebo)
        except ConfigError:
            continue
        return trial
    raise LookupError(f"{model.name}: nothing can be changed that would not matter")


def painted_lanes(site: Site, root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Offer a lane at the median, for the leftmost movement, of each approach that nobody drives."""
    period = next(iter(site.periods))
    people = realise(site, period, 1, RunSettings(), vehicle_set(root, None))
    driven = {edge for edges in people.vehicles["edges"] for edge in edges.split()}
    for approach in site.network.approaches.values():
        uses = lane_uses(site.network, approach)
        if approach.edge in driven or not uses or len(approach.movements) == 1:
            continue
        leftmost, *others = uses[0].split("+")
        after = [leftmost, "+".join(others)] if len(uses) == 1 and others else [leftmost, *uses]
        yield (
            "painted",
            {
                "kind": "widen_road",
                "on": [approach.id],
                "expect": {"lanes": len(uses), "uses": uses},
                "lanes": len(uses) + 1,
                "uses": after,
            },
        )


def new_streets(site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Offer a street between any two ends of the model, the nearest first."""
    places = positions(site.network)
    ends = sorted(node for node in places if is_dead_end(site.network, node))
    pairs = [(math.dist(places[a], places[b]), a, b) for a, b in combinations(ends, 2)]
    for gap_m, a, b in sorted(pairs):
        yield (
            "new_street",
            {
                "kind": "add_link",
                "id": "unused",
                "between": [a, b],
                "expect": {"gap_m": round(gap_m)},
                "lanes": 1,
                "speed_kmh": 20,
            },
        )


def try_out(model: real_input.Model, data: Path, root: Path, replicates: int) -> list[dict[str, Any]]:
    """Run one model's study and return a row per arm; AssertionError where a command fails."""
    if not (root / "scenarios" / model.name).is_dir():
        made = real_input.prepare(replace(model, retime={}, lane_use=None), data, root)
        assert made.code == 0, made.out
    site = load(root / "scenarios" / model.name, root / "results" / ".store")
    trial = with_placebo(model, site, root)
    trial.write(root)
    asked = (f"run.replicates={replicates}", "run.jobs=1", "run.passport=false", "run.replay=false")
    done = huandu(root, "run", f"scenario={model.name}", *asked, "overwrite=true")
    assert done.code == 0, done.out
    folder = root / "results" / model.name
    return rows(model.name, folder, trial, round(done.wall_s))


def rows(name: str, folder: Path, trial: Trial, wall_s: float) -> list[dict[str, Any]]:
    """Read the arms' rows from a study's folder, the blank control's among them."""
    tables = folder / "tables"
    compared = pd.read_csv(tables / "comparison.csv").set_index(["arm", "measure", "scope"])
    evidence = pd.read_csv(tables / "evidence.csv")
    runs = pd.read_csv(tables / "runs.csv")
    page = (folder / "report.html").read_text(encoding="utf-8")
    seeds = runs.set_index(["arm", "replicate"])["fair_travel_time"]
    found = []
    for one in evidence.to_dict("records"):
        arm = one["arm"]
        row = compared.loc[(arm, "fair_travel_time", "network")] if arm in compared.index else None
        x, y = (seeds[side].to_numpy(dtype=float) for side in ("baseline", arm))
        found.append(
            {
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "model": name,
                "arm": {"placebo": "blank control"}.get(arm, arm),
                "what": json.dumps(_what(trial, arm), ensure_ascii=False) if _what(trial, arm) else "",
                "replicates": len(x),
                "today": x.mean(),
                "difference": one["difference"],
                "ci_low": one["ci_low"],
                "ci_high": one["ci_high"],
                "mcid": one["mcid"],
                "verdict": "" if row is None else row["verdict"],
                "within_noise": "" if row is None else bool(row["within_noise"]),
                "gate": "" if row is None else row["gate"],
                "page_says_noise": "" if row is None else says_noise(page, arm),
                **needed(x, y),
                "study_s": wall_s,
            }
        )
    return found


def says_noise(page: str, arm: str) -> bool:
    """Whether a policy's own card says that it cannot be told from noise."""
    words = catalogue()["report.card.within_noise"].zh.partition("}")[2]
    titles = {name: zh for name, (zh, _) in TITLES.items()}
    (card,) = [one for one in page.split('<article class="card')[1:] if titles.get(arm, arm) in one[:600]]
    return words in card.partition("</article>")[0]


def _what(trial: Trial, arm: str) -> Mapping[str, Any] | None:
    return {"retime": trial.model.retime, trial.placebo: trial.fields}.get(arm)


def write(table: pd.DataFrame) -> None:
    """Put new rows in place of the old ones of the same models, and write table and page."""
    if TABLE.is_file():
        old = pd.read_csv(TABLE, keep_default_na=False, na_values={"unpaired": ["nan"]})
        table = pd.concat([old[~old["model"].isin(set(table["model"]))], table], ignore_index=True)
    table = table.sort_values("model", kind="stable")
    table.to_csv(TABLE, index=False, lineterminator="\n", float_format="%.6g")
    stored = pd.read_csv(TABLE, keep_default_na=False)
    PAGE.write_text(page(stored), encoding="utf-8")


def page(table: pd.DataFrame) -> str:
    """Write the page from the table."""
    lines = [
        f"| {r.model} | {r.arm} | {r.replicates} | {float(r.today):.1f} | {float(r.difference):+.2f} "
        f"({float(r.ci_low):+.2f} to {float(r.ci_high):+.2f}) | {float(r.mcid):.1f} | {r.verdict} |"
        f" {r.within_noise} | {r.page_says_noise} | {r.gate} |"
        for r in table.itertuples()
    ]
    needs = [
        f"| {r.model} | {r.arm} | {_whole(r.paired)} | {_whole(r.unpaired)} |"
        f" ±{float(r.one_seed_half):.1f} % |"
        for r in table.itertuples()
    ]
    what = [f"- {r.model}, {r.arm}: `{r.what}`" for r in table.itertuples() if r.what]
    return TEXT.format(
        when=", ".join(sorted(set(table["date"]))),
        lines="\n".join(lines),
        needs="\n".join(needs),
        what="\n".join(what),
    )


def _whole(value: object) -> str:
    number = float(str(value)) if str(value) not in ("", "nan") else math.nan
    return "" if math.isnan(number) else f"{number:.0f}"


TEXT = """\
# Evidence on real input

Made by `python -m tests.validation.evidence` on {when}, SUMO 1.28.0; the same numbers in `evidence.csv`.
Per model one study: today, one signal retimed, a placebo (a lane painted on a street that nobody drives), and
the blank control of every study (everyone leaves up to a second earlier or later). Fair travel time, s/veh.
Every street and turn of jinan_3x4 is driven: its placebo is a new street between two ends of the model, which
nobody takes. Of jinan_3x4, bologna_acosta and nanchang_cuta (0.6 of its demand) the first quarter of an hour
is taken, four pairs: networks that begin empty and are far from their peak. A model without rows has not been
run yet.

## The placebo is noise

`noise`: within noise, by the table; `told`: the policy's own card says so (rows of 2026-11-22: the page does,
on whichever card).

| model | arm | pairs | today | difference (95 %) | smallest that matters | verdict | noise | told | check |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{lines}

## Replicates needed for ±5 %

Half of a 95 % interval at most 5 % of today's value, from the spread of these replicates. `paired`: the same
people in both arms, as here. `unpaired`: other people in each arm. `one seed`: what a single pair of runs
with seeds of their own is worth, half of a 95 % interval if their spread were known; from one it is not.
Whole hours of the same models, and others, stand in [real input](real-input.md#replicates-needed-for-5-).

| model | arm | paired | unpaired | one seed |
| --- | --- | --- | --- | --- |
{needs}

## What was changed

{what}
"""


def main(words: Sequence[str] | None = None) -> None:
    """Run the models that are named and write table and page."""
    parser = argparse.ArgumentParser("python -m tests.validation.evidence")
    parser.add_argument("models", nargs="*", default=["cologne8"], help=", ".join(MODELS))
    parser.add_argument("--replicates", type=int, default=5)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--root", type=Path, help="keep studies here: runs in its store are not made again")
    options = parser.parse_args(words)
    data = options.data
    with tempfile.TemporaryDirectory() as fresh:
        root = options.root or Path(fresh)
        found = [
            row
            for name in options.models
            for row in try_out(MODELS[name], data, root / name, options.replicates)
        ]
        write(pd.DataFrame(found))


if __name__ == "__main__":
    main()
