"""What `passes_blocker_after_s` does to an imported model that gridlocks: bologna_acosta, with and without.

    python -m tests.validation.blocker

makes eight baseline runs and rewrites imports-blocker.csv and its section in imports.md; about six minutes
alone on one core.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sim.checks.findings import Finding, find, read_gates
from sim.demand import realise
from sim.importing import import_site
from sim.measures.base import RunView
from sim.policy import BASELINE, apply, empty_policy
from sim.runs.run import Runner
from sim.runs.store import Store
from sim.runs.work import laid_out, request
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.build import build
from sim.sumo.site import load
from sim.tables import FREE_FLOW, RUN_TABLES, empty

MODEL = "bologna_acosta"
SOURCE = "bologna_acosta/run.sumocfg"
REPLICATES = (1, 2, 3, 4)
AFTER_S = (None, 10.0)
TABLE = Path(__file__).resolve().parents[2] / "docs" / "validation" / "imports-blocker.csv"
COLUMNS = ("replicate", "passes_blocker_after_s", "fair_s", "not_arrived", "passings", "gridlock_s", "end_s")


def run_all(data: Path, folder: Path, root: Path) -> pd.DataFrame:
    """Drive the baseline of every replicate, never passing a blocker (the default) and after ten seconds."""
    (folder / "scenarios").mkdir(parents=True)
    import_site(data / SOURCE, MODEL, folder)
    store = Store(folder / "store")
    authors = load(folder / "scenarios" / MODEL, store.root)
    gates = read_gates(root / "configs" / "standards" / "gates.yaml")
    settings, vehicles = RunSettings(jobs=1), vehicle_set(root, None)
    rows = []
    for number in REPLICATES:
        for after_s in AFTER_S:
            facts = authors.facts.model_copy(update={"passes_blocker_after_s": after_s})
            site = replace(authors, facts=facts)
            arm = Arm(BASELINE, apply(empty_policy(), site, BASELINE))
            limits = (None, None)
            study = Study(
                MODEL,
                MODEL,
                site,
                (arm,),
                ("window",),
                "fair_travel_time",
                limits,
                settings,
                vehicles,
                folder,
            )
            files = laid_out(site, build(site, arm.applied, "window", store.root))
            people = realise(site, "window", number, settings, vehicles)
            record = Runner(store).run_one(request(study, "window", number, files, people))
            assert record.failure is None, record.failure
            assert record.digest is not None
            tables = {name: store.read(record.digest, name) for name in RUN_TABLES}
            run = store.facts(record.digest)
            view = RunView(tables, run, files.build.network, facts, files.build.controls, empty(FREE_FLOW))
            found = find(view, gates)
            gridlock = found.loc[found["finding"] == Finding.GRIDLOCK, "value"]
            trips = tables["trips"]
            rows.append(
                (
                    number,
                    after_s,
                    round(float(view.cohort["fair_s"].mean()), 1),
                    int((trips["fate"] != "arrived").sum()),
                    run.collisions,
                    round(float(gridlock.max())) if len(gridlock) else 0,
                    round(run.end_s),
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def section(table: pd.DataFrame) -> str:
    """Write the section of imports.md."""
    lines = [
        "| replicate | passes a blocker | fair travel time, s | not arrived | collisions counted | gridlock |"
        " run ended, s |",
        "|" + " --- |" * 7,
        *(
            f"| {r.replicate} | {_after(r.passes_blocker_after_s)} | {r.fair_s:.1f} | {r.not_arrived} |"
            f" {r.passings} | {f'yes, {r.gridlock_s} s' if r.gridlock_s else 'no'} | {r.end_s} |"
            for r in table.itertuples()
        ),
    ]
    return TEXT.format(table="\n".join(lines))


def _after(after_s: float) -> str:
    return "never (default)" if pd.isna(after_s) else f"after {after_s:g} s"


TEXT = """
## A blocker that is passed

Made by `python -m tests.validation.blocker`; the same numbers in `imports-blocker.csv`. Drawn sites let
drivers pass a vehicle that has stood inside a junction for ten seconds. An imported site keeps its authors'
model, in which nobody ever does, unless its `site.yaml` says so (`passes_blocker_after_s: 10`), then in every
arm. The baseline of bologna_acosta, the same people in each pair of rows; *gridlock* is the finding (nobody
arrives for ten minutes while twenty stand). Collisions counted include the passings.

{table}
"""


def write(table: pd.DataFrame) -> None:
    """Write the table and, in the page of imports, its section."""
    from tests.validation import imports  # noqa: PLC0415  it prints this section: not in a circle

    table.to_csv(TABLE, index=False, lineterminator="\n")
    imports.PAGE.write_text(imports.page(pd.read_csv(imports.RUNS)), encoding="utf-8")


def main() -> None:
    """Make every run and write what they gave."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        write(run_all(root.parent / "shared" / "data", Path(folder), root))


if __name__ == "__main__":
    main()
