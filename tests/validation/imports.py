"""An imported baseline beside plain SUMO on the original files, under the same options.

Both sides run with the plain binary, the same seed, window, departure defaults and without teleports. The
original runs on a copy of its files, with every output redirected. The imported side is the baseline arm of
the site (network at rest, programs in huandu's own file) with the people of one replicate without jitter:
only speed factors, and types of distributions, are drawn anew. A run's statistic is

    mean over everyone of (timeLoss + departDelay)

with vehicles that are still under way, or were never let in, at the end of the window. Runs of one side
differ in the seed; the same seed gives the two sides unrelated draws, so their means are compared by Welch's
interval. RESCO's protocol is the same with the departure defaults of its time.

    python -m tests.validation.imports

makes every run again and rewrites docs/validation/imports.md and imports-runs.csv; about ten minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from sim.demand import realise
from sim.importing import import_site
from sim.policy import apply, empty_policy
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import RunSettings
from sim.sumo.build import build
from sim.sumo.demand_files import write_demand
from sim.sumo.install import binary, environment
from sim.sumo.site import load
from tests.validation import blocker, zone_counts

NEW = {"departlane": "best_prob", "departspeed": "avg"}
"""Departure defaults of SUMO 1.28."""
OLD = {"departlane": "first", "departspeed": "0"}
"""Departure defaults until 1.26: RESCO's results were made with them."""


@dataclass(frozen=True)
class Case:
    """One model of the real data, its window, the defaults and the number of seeds per side."""

    name: str
    config: str
    begin_s: int
    end_s: int
    protocol: str
    seeds: int
    options: Mapping[str, str] = field(default_factory=dict)
    """Further options of SUMO, on both sides."""

    @property
    def defaults(self) -> Mapping[str, str]:
        """Departure defaults of the protocol."""
        return OLD if self.protocol == "RESCO" else NEW


COLOGNE = ("cologne8", "cologne8/cologne8.sumocfg", 25200, 28800)
INGOLSTADT = ("ingolstadt7", "ingolstadt7/ingolstadt7.sumocfg", 57600, 61200)
CASES = (
    Case(*COLOGNE, "RESCO", 10),
    Case(*INGOLSTADT, "RESCO", 10),
    Case(*COLOGNE, "1.28", 6),
    Case(*INGOLSTADT, "1.28", 6),
    Case("jinan_3x4", "jinan_3x4/n.sumocfg", 0, 3600, "1.28", 4),
    Case("bologna_acosta", "bologna_acosta/run.sumocfg", 0, 3600, "1.28", 6),
    # Trams meet on a single track: without the model's own teleports of 70 s both sides are stuck for good.
    Case(
        "doerpfeldstr",
        "doerpfeldstr/all_modes.sumocfg",
        50300,
        54100,
        "1.28",
        4,
        {"time-to-teleport.bidi": "70"},
    ),
)

PUBLISHED = {"cologne8": (63.77, 1.96), "ingolstadt7": (91.31, 2.71)}
"""RESCO, fixed time, SUMO 1.9.1, 30 runs: mean and sd, s."""
REFERENCE = {"cologne8": (51.5, 0.7), "ingolstadt7": (90.6, 4.4)}
"""The same protocol with plain SUMO 1.28.0 on the original files, by the data's README: mean and sd, s."""

DOCS = Path(__file__).resolve().parents[2] / "docs" / "validation"
RUNS = DOCS / "imports-runs.csv"
PAGE = DOCS / "imports.md"
COLUMNS = ("model", "protocol", "side", "seed", "delay_s", "vehicles", "unfinished", "date")


@dataclass(frozen=True)
class Outcome:
    """One run: the statistic, how many it stands on, and how many of them had not arrived."""

    delay_s: float
    vehicles: int
    unfinished: int


class Pair:
    """One model, copied, and the site imported from it under the given departure defaults."""

    def __init__(self, case: Case, data: Path, folder: Path, root: Path) -> None:
        self.case = case
        self.folder = folder
        self.defaults = case.defaults
        self.root = root
        (folder / "scenarios").mkdir(parents=True)
        source = data / case.config
        self.config = folder / "original" / source.name
        shutil.copytree(source.parent, self.config.parent)
        self.config.parent.chmod(0o755)
        self.lines = import_site(self._config(), case.name, folder)
        self.site = self._site()

    def _config(self) -> Path:
        """Write the configuration with the defaults pinned in it."""
        tree = ET.parse(self.config)
        extra = ET.SubElement(tree.getroot(), "processing")
        for name, value in self.defaults.items():
            ET.SubElement(extra, f"default.{name}", {"value": value})
        path = self.config.with_name(f"pinned.{self.config.name}")
        tree.write(path)
        return path

    def _site(self) -> Site:
        site = load(self.folder / "scenarios" / self.case.name, self.folder / "store")
        facts = site.facts.model_copy(update={"departure_jitter_s": 0.0})
        return Site(site.folder, facts, site.network, site.network_file, site.signals, site.counts)

    def original(self, seed: int) -> Outcome:
        """Run the original files."""
        return self._run(["-c", str(self.config), "--log", os.devnull], seed)

    def imported(self, seed: int) -> Outcome:
        """Run the imported baseline; the seed is the replicate's number too."""
        arm = build(self.site, apply(empty_policy(), self.site, ""), "window", self.folder / "store")
        people = realise(self.site, "window", seed, RunSettings(), vehicle_set(self.root, None))
        routes = self.folder / f"{seed}.rou.xml"
        write_demand(people, arm, routes)
        additionals = ",".join(map(str, arm.additional_files))
        return self._run(["-n", str(arm.net_file), "-r", str(routes), "-a", additionals], seed)

    def _run(self, files: list[str], seed: int) -> Outcome:
        output = self.folder / "tripinfo.xml"
        options = {
            "begin": self.case.begin_s,
            "end": self.case.end_s,
            "seed": seed,
            "time-to-teleport": -1,
            "tripinfo-output": output,
            "tripinfo-output.write-unfinished": "true",
            "tripinfo-output.write-undeparted": "true",
            "no-step-log": "true",
            "no-warnings": "true",
            "xml-validation": "never",
            **{f"default.{name}": value for name, value in self.defaults.items()},
            **self.case.options,
        }
        command = [str(binary("sumo")), *files, *(f"--{name}={value}" for name, value in options.items())]
        subprocess.run(command, check=True, env=environment(), capture_output=True, text=True)
        return read_tripinfo(output)


def read_tripinfo(path: Path) -> Outcome:
    """Read the statistic: everyone counts."""
    delays = []
    unfinished = 0
    for _, element in ET.iterparse(path):
        if element.tag == "tripinfo":
            delays.append(float(element.attrib["timeLoss"]) + float(element.attrib["departDelay"]))
            unfinished += float(element.get("arrival", "-1")) < 0
        element.clear()
    return Outcome(float(np.mean(delays)), len(delays), unfinished)


def run_all(data: Path, folder: Path, root: Path, cases: Sequence[Case] = CASES) -> pd.DataFrame:
    """Make every run."""
    rows: list[tuple[object, ...]] = []
    for case in cases:
        pair = Pair(case, data, folder / f"{case.name}-{case.protocol}", root)
        for side in ("original", "imported"):
            for seed in range(1, case.seeds + 1):
                outcome: Outcome = getattr(pair, side)(seed)
                numbers = (round(outcome.delay_s, 3), outcome.vehicles, outcome.unfinished)
                rows.append((case.name, case.protocol, side, seed, *numbers, f"{datetime.now(UTC):%Y-%m-%d}"))
    return pd.DataFrame(rows, columns=COLUMNS)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per model and protocol: both sides, and Welch's interval of imported minus original."""
    rows = []
    for (model, protocol), group in runs.groupby(["model", "protocol"], sort=False):
        a, b = (group.loc[group["side"] == side, "delay_s"] for side in ("original", "imported"))
        low, high = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
        people = [
            sorted(set(group.loc[group["side"] == side, "vehicles"])) for side in ("original", "imported")
        ]
        rows.append(
            {
                "model": model,
                "protocol": protocol,
                "seeds": len(a),
                "vehicles": people[0][0] if people[0] == people[1] and len(people[0]) == 1 else str(people),
                "original": a.mean(),
                "sd_original": a.std(),
                "imported": b.mean(),
                "sd_imported": b.std(),
                "difference": b.mean() - a.mean(),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def page(runs: pd.DataFrame) -> str:
    """Write the page from the runs."""
    table = summary(runs)
    lines = [
        _row("model", "protocol", "seeds per side", "vehicles", "plain SUMO, original files",
             "imported baseline", "imported − original (95 %)"),
        _row(*["---"] * 7),
    ]  # fmt: skip
    lines += [
        _row(
            r.model,
            r.protocol,
            r.seeds,
            r.vehicles,
            f"{r.original:.1f} (sd {r.sd_original:.1f})",
            f"{r.imported:.1f} (sd {r.sd_imported:.1f})",
            f"{r.difference:+.1f} ({r.low:+.1f} to {r.high:+.1f}), {r.difference / r.original:+.1%}",
        )
        for r in table.itertuples()
    ]
    resco = [
        _row("model", "RESCO, SUMO 1.9.1, published", "plain SUMO 1.28.0, data README",
             "imported baseline, SUMO 1.28.0", "distance from the README's value"),
        _row(*["---"] * 5),
    ]  # fmt: skip
    for r in table[table["protocol"] == "RESCO"].itertuples():
        published, reference = PUBLISHED[str(r.model)], REFERENCE[str(r.model)]
        resco.append(
            _row(
                r.model,
                f"{published[0]} (sd {published[1]})",
                f"{reference[0]} (sd {reference[1]})",
                f"{r.imported:.1f} (sd {r.sd_imported:.1f}, {r.seeds} seeds)",
                f"{(float(r.imported) - reference[0]) / reference[1]:+.1f} sd",
            )
        )
    when = ", ".join(sorted(set(runs["date"])))
    page = PAGE_TEXT.format(table="\n".join(lines), resco="\n".join(resco), when=when)
    movements, blocked = pd.read_csv(zone_counts.TABLE), pd.read_csv(blocker.TABLE)
    return page + zone_counts.section(movements) + blocker.section(blocked)


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


PAGE_TEXT = """\
# Imported baselines beside plain SUMO

Made by `python -m tests.validation.imports` on {when}, SUMO 1.28.0; every run is in `imports-runs.csv`.

**Statistic**: mean over everyone of (timeLoss + departDelay), seconds per vehicle, one hour; vehicles still
under way or never let in at the end of the hour are counted with what they lost until then. Both sides: plain
`sumo`, same seed numbers, same departure defaults, no teleporting (one exception below). The original side
runs the authors' files as they are; the imported side runs the baseline arm of the imported site (network
normalised, trips routed once, speed factors and types drawn per replicate, no departure jitter). `sd` is the
spread of one run over seeds: the noise of a single comparison. The interval is Welch's, for the difference of
the two means.

{table}

Not the same on purpose, and so part of the difference: SUMO finds the routes of `<trip>`s when they depart,
by the speeds of the moment, the import finds them once on the empty network (cologne8, ingolstadt7); the
network of an older release is normalised first. doerpfeldstr ran with `--time-to-teleport.bidi 70` on both
sides, as its authors set it: its trams meet head-on on a single track, and without that option plain SUMO is
stuck on the original files as well (seed 1: 489 of 2,746 vehicles not arrived at the end, against 115).
The import carries this one teleport over, as the site fact `trains_pass_after_s`; all others are off.

## RESCO's protocol

The same with `--default.departlane first --default.departspeed 0`, SUMO's defaults when RESCO was published.

{resco}
"""


def write(runs: pd.DataFrame) -> None:
    """Write the runs and the page."""
    runs.to_csv(RUNS, index=False, lineterminator="\n")
    PAGE.write_text(page(runs), encoding="utf-8")


def main() -> None:
    """Make every run and write the page."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        write(run_all(root.parent / "shared" / "data", Path(folder), root))


if __name__ == "__main__":
    main()
