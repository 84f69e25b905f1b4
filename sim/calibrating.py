"""`huandu calibrate`: fit the vehicles of a site to its field values, and hold its flows against counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from sim.analysis import Analysis
from sim.calibration.agreement import AGREEMENT, HOUR_S, agreement, comparable, counted_vph, judged
from sim.calibration.fit import Fit, fit, residuals, targets
from sim.calibration.stored import FOLDER, calibrated_vehicles, write_vehicles
from sim.demand import read_counts
from sim.errors import ConfigError, Problem
from sim.labels import Message, Text, text, understood
from sim.policy import BASELINE
from sim.runs.campaign import run_study
from sim.runs.passport import study_saturation
from sim.runs.preflight import Preflight, preflight
from sim.runs.store import Store
from sim.standard_data import vehicle_set
from sim.study import Study
from sim.tables import empty
from sim.vehicles import VehicleSet

HELD_OUT_FILE = "counts.csv"
"""In the site's folder `calibration/`: counts of another day, in the form of the site's own."""
AGREEMENT_FILE = "agreement.csv"
REPLICATES = 3
TOLERANCE = 1.0


def calibrate(study: Study) -> Iterator[Text]:
    """Calibrate a drawn site and yield what there is to say; writes `calibration/` in the site's folder.

    `study` is any study of the site; of its arms only today counts. ConfigError where there is nothing to
    calibrate with. The counts of another day are never fitted to.
    """
    site = study.site
    place = f"scenarios/{site.name}/site.yaml"
    if site.facts.imported is not None:
        what = Message("an imported site drives with its authors' types and has no counts")
        hint = Message("calibrate a drawn site, or name a vehicle set: run.vehicles=NAME")
        raise ConfigError([Problem(place, what, hint)])
    wanted = targets(site.facts, site.network)
    held_out = site.folder / FOLDER / HELD_OUT_FILE
    if not wanted and not held_out.is_file():
        what = Message("no field values of saturation flow or start-up loss to fit to")
        hint = Message(
            "write them there, or counts of another day into {path}", path=f"{FOLDER}/{HELD_OUT_FILE}"
        )
        raise ConfigError([Problem(f"{place}.field_values", what, hint)])
    other_day = read_counts(held_out, site.facts) if held_out.is_file() else None
    base = vehicle_set(study.root, study.settings.vehicles)
    today = replace(study, arms=study.arms[:1], vehicles=base)
    store = Store(study.root / "results" / ".store")
    checked = preflight(today, store.root)
    if wanted:
        found = _fitted(today, checked, store, base)
        written = write_vehicles(site.folder, site.name, base, found)
        yield from _said_of_fit(found)
        yield text("calibrate.written", path=str(written.relative_to(study.root)))
    kept = calibrated_vehicles(site.folder) or base
    yield from _flows(replace(today, vehicles=kept), checked, store, other_day)


def _fitted(study: Study, checked: Preflight, store: Store, base: VehicleSet) -> Fit:
    wanted = targets(study.site.facts, study.site.network)

    def measure(vehicles: VehicleSet) -> pd.DataFrame:
        return study_saturation(replace(study, vehicles=vehicles), checked.builds, store, set(wanted))

    found = fit(base, wanted, measure)
    unmade = sorted(set(wanted) - set(found.after["movement"]))
    if unmade:
        what = Message("nobody makes these movements of a signal: {names}", names=unmade)
        raise ConfigError([Problem(f"scenarios/{study.site.name}/site.yaml.field_values", what)])
    return found


def _said_of_fit(found: Fit) -> Iterator[Text]:
    yield text("calibrate.factors", headway=f"{found.headway:.3f}", acceleration=f"{found.acceleration:.3f}")
    before, after = (table.set_index("movement") for table in (found.before, found.after))
    for name, values in sorted(found.targets.items()):
        for key, field, digits in (
            ("saturation", values.saturation_vph, 0), ("lost", values.startup_lost_s, 1),
        ):  # fmt: skip
            if field is None:
                continue
            column = "saturation_vph" if key == "saturation" else "startup_lost_s"
            numbers = {"field": field, "before": before[column][name], "after": after[column][name]}
            yield text(
                f"calibrate.{key}", movement=name, **{k: f"{v:.{digits}f}" for k, v in numbers.items()}
            )
    worst = max(map(abs, residuals(found.after, found.targets)), default=0.0)
    yield text("calibrate.fits" if worst <= TOLERANCE else "calibrate.fits_not")


def _flows(study: Study, checked: Preflight, store: Store, other_day: pd.DataFrame | None) -> Iterator[Text]:
    """Simulate today and hold its flows against the counts it was made from and those of another day."""
    settings = study.settings.model_copy(
        update={"replicates": study.settings.replicates or REPLICATES, "placebo": False}
    )
    runs = replace(study, name=f"{study.name}_calibration", settings=settings)
    done = run_study(runs, checked.builds, store)
    if done.failures:
        yield text("calibrate.failed", reason=understood(next(iter(done.failures.values()))))
        return
    table = Analysis(runs, store, checked, done.runs, done.free_flow).long("measures")
    table = table[(table["arm"] == BASELINE) & table["scope"].str.startswith("movement:")]
    tables = []
    for period in study.periods:
        length_s = study.site.periods[period].end_s - study.site.periods[period].begin_s
        if length_s < HOUR_S:
            yield text("calibrate.short", period=period)
            continue
        flows = [
            _mean(table[table["period"] == period], measure) for measure in ("served_flow", "demand_flow")
        ]
        for name, counts in (("fitted", study.site.counts), ("held_out", other_day)):
            if counts is not None:
                simulated = comparable(counts[counts["period"] == period], *flows)
                rows = agreement(counted_vph(counts, period, length_s), simulated, name, period)
                tables.append(rows)
                yield _said_of_flows(rows, name, period)
    if other_day is None:
        yield text("calibrate.no_other_day", path=f"{FOLDER}/{HELD_OUT_FILE}")
    path = study.site.folder / FOLDER / AGREEMENT_FILE
    path.parent.mkdir(exist_ok=True)
    whole = pd.concat(tables, ignore_index=True) if tables else empty(AGREEMENT)
    whole.to_csv(path, index=False, float_format="%.4g")
    yield text("calibrate.written", path=str(path.relative_to(study.root)))


def _said_of_flows(rows: pd.DataFrame, name: str, period: str) -> Text:
    found = judged(rows)
    worst = rows["movement"].iloc[int(rows["geh"].argmax())] if len(rows) else "-"
    return text(
        f"calibrate.flows.{name}",
        period=period,
        good=f"{found.good_share:.0%}",
        worst=f"{found.worst:.1f}",
        movement=str(worst),
        sum=f"{found.sum_share:+.1%}",
        verdict="✓" if found.good else "×",
    )


def _mean(table: pd.DataFrame, measure: str) -> pd.Series[float]:
    """Return movement -> mean over the replicates."""
    own = table[table["measure"] == measure]
    return own["value"].groupby(own["scope"].str.removeprefix("movement:")).mean()
