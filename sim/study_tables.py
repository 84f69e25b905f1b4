"""The tables of a study as files of its folder: long ones as Parquet, those for people as CSV too."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd

from sim.analysis import Analysis, Tables
from sim.apart import Begin, done
from sim.appraisal import VALUES_FILE, read_values
from sim.calibration.agreement import AGREEMENT_FILE, read_agreement
from sim.calibration.passport import PASSPORT_FILE
from sim.calibration.stored import FOLDER as CALIBRATION
from sim.comparison.benefit_cost import assumptions, benefit_cost
from sim.measurements import KEYS
from sim.results import StudyFolder, write_json
from sim.runs.preflight import Preflight
from sim.runs.signal_tables import write_signal_tables
from sim.standard_data import config_path
from sim.street_map import begin_levels, write_street_map
from sim.study import Study
from sim.trajectories import write_trajectories
from sim.trip_pairs import write_trip_pairs

SIDE_TABLES = {
    *("attribution", "robustness", "break_even", "benefit_cost", "appraisal_values"),
    *("short_run", "induced"),
}
"""Tables of what was asked for beside the study."""
FOR_PEOPLE = {"comparison", "evidence", "displacement", "cordon", "panel", "people", "warm_up", *SIDE_TABLES}
"""Tables that are written as CSV too."""


def begin_curves_and_plans(folder: StudyFolder, analysis: Analysis, begin: Begin) -> list[Future[None]]:
    """Begin to write what no comparison is needed for: signal plans and the curves of all runs."""
    study = analysis.study
    curves = folder.tables / "profiles"
    shutil.rmtree(curves, ignore_errors=True)
    curves.mkdir()
    of_arms = [(arm.id, period) for arm in study.simulated for period in study.periods]
    bare = replace(analysis, measured={})
    return [
        begin(write_signal_tables, study, analysis.checked.builds, folder.tables),
        *(
            begin(_write_profiles, bare, arm, period, curves / f"{number:04d}.parquet")
            for number, (arm, period) in enumerate(of_arms, 1)
        ),
    ]


def write_tables(
    folder: StudyFolder,
    analysis: Analysis,
    tables: Tables,
    sides: Mapping[str, pd.DataFrame],
    begin: Begin,
) -> None:
    """Write the long tables as Parquet, those for people as CSV, the proofs as JSON.

    What reads the runs once more, or workbooks, is begun by `begin` and finished when this returns.
    """
    study, checked, stored = analysis.study, analysis.checked, (analysis.store, analysis.runs)
    levels = begin_levels(study, checked, *stored, begin)
    begun = [
        begin(write_trajectories, study, checked, *stored, folder.tables),
        begin(
            write_trip_pairs, study, *stored, primary_rows(analysis, tables), analysis.on_foot, folder.tables
        ),
    ]
    of_study = {field.name: getattr(tables, field.name) for field in fields(tables)}
    for name, table in {**of_study, **sides}.items():
        table.to_parquet(folder.tables / f"{name}.parquet", index=False, compression="zstd")
        if name in FOR_PEOPLE:
            table.to_csv(folder.tables / f"{name}.csv", index=False, float_format="%.6g")
    for name in SIDE_TABLES - sides.keys():  # of an earlier time, when they were asked for
        for kind in ("parquet", "csv"):
            (folder.tables / f"{name}.{kind}").unlink(missing_ok=True)
    _runs_table(analysis, tables).to_csv(folder.tables / "runs.csv", index=False, float_format="%.6g")
    if len(analysis.passport):
        analysis.passport.to_parquet(folder.tables / PASSPORT_FILE, index=False, compression="zstd")
        analysis.passport.to_csv(folder.tables / "passport.csv", index=False, float_format="%.6g")
    if len(agreed := read_agreement(analysis.study.site.folder / CALIBRATION / AGREEMENT_FILE)):
        agreed.to_parquet(folder.tables / "agreement.parquet", index=False, compression="zstd")
        agreed.to_csv(folder.tables / AGREEMENT_FILE, index=False, float_format="%.4g")
    write_json(folder.tables / "proof.json", _proofs(analysis.checked))
    delay = analysis.specs["control_delay"]
    write_street_map(study, checked, levels, tables.comparison, delay, folder.tables)
    for one in begun:
        done(one)


def _write_profiles(analysis: Analysis, arm: str, period: str, path: Path) -> None:
    """Write the curves of one arm and period: the longest table, in parts that are never together here."""
    analysis.profiles_of(arm, period).to_parquet(path, index=False, compression="zstd")


def _runs_table(analysis: Analysis, tables: Tables) -> pd.DataFrame:
    """Return one row per run for people: digest or reason, and its network-wide measures."""
    of_network = tables.measures[tables.measures["scope"] == "network"]
    wide = of_network.pivot_table(index=list(KEYS), columns="measure", values="value", aggfunc="first")
    rows = [
        (*key, record.digest or "", record.failure or "") for key, record in sorted(analysis.runs.items())
    ]
    table = pd.DataFrame(rows, columns=[*KEYS, "digest", "failure"])
    return table.merge(wide.reset_index(), on=list(KEYS), how="left")


def appraised(study: Study, tables: Tables) -> Mapping[str, pd.DataFrame]:
    """Hold benefit against cost, if a policy states what it costs."""
    costs = {arm.id: cost for arm in study.arms if (cost := arm.applied.policy.cost) is not None}
    if not costs:
        return {}
    values = read_values(config_path(study.root, *VALUES_FILE))
    at = study.site.periods
    windows_h = {period: (at[period].end_s - at[period].begin_s) / 3600 for period in study.periods}
    table = benefit_cost(tables.comparison, costs, windows_h, values, study.primary, tables.people)
    return {"benefit_cost": table, "appraisal_values": assumptions(values)}


def primary_rows(analysis: Analysis, tables: Tables) -> pd.DataFrame:
    """Return the rows of the primary measure of the network: all of them would be copied on their way."""
    rows = tables.measures
    return rows[(rows["measure"] == analysis.study.primary) & (rows["scope"] == "network")]


def _proofs(checked: Preflight) -> list[dict[str, object]]:
    return [
        {
            "arm": arm,
            "period": period,
            "identical": proof.identical,
            "words": proof.words._asdict(),
            "changed": [
                {"kind": c.kind, "id": c.id, "what": c.what, "before": c.before, "after": c.after}
                for c in proof.changed
            ],
        }
        for (arm, period), proof in sorted(checked.proofs.items())
    ]
