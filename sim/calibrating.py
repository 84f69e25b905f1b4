"""`huandu calibrate`: fit the vehicles of a site to its field values, and hold its flows against counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from sim.analysis import Analysis
from sim.calibrating_trips import write_trips
from sim.calibration.agreement import (
    AGREEMENT,
    AGREEMENT_FILE,
    HOUR_S,
    agreement,
    comparable,
    counted_vph,
    judged,
)
from sim.calibration.fit import Fit, fit, residuals, targets
from sim.calibration.stored import FOLDER, calibrated_vehicles, write_vehicles
from sim.demand import read_counts, without_quarter
from sim.demand.counts import QUARTER_S, clock
from sim.errors import ConfigError, Problem, near
from sim.labels import Message, Text, text, understood
from sim.policy import BASELINE
from sim.runs.campaign import run_study
from sim.runs.passport import study_saturation
from sim.runs.preflight import Preflight, preflight
from sim.runs.store import Store
from sim.standard_data import vehicle_set
from sim.study import Study
from sim.sumo.site import COUNTS_FILE
from sim.tables import empty
from sim.vehicles import VehicleSet

HELD_OUT_FILE = "counts.csv"
"""In the site's folder `calibration/`: counts of another day, in the form of the site's own."""
REPLICATES = 3
TOLERANCE = 1.0


class Quarter(NamedTuple):
    """A quarter of an hour of one period, held out of the counts that demand is made from."""

    period: str
    start_s: int

    @property
    def start(self) -> str:
        """HH:MM."""
        return clock(self.start_s)


def quarter_of(words: str, counts: pd.DataFrame) -> Quarter:
    """Read a quarter of the counts, PERIOD@HH:MM; ConfigError where it is none, or has none beside it."""
    starts = counts[["period", "start_s"]].drop_duplicates()
    known = {
        f"{period}@{clock(start_s)}": Quarter(period, start_s)
        for period, start_s in zip(starts["period"], starts["start_s"], strict=True)
    }
    found = known.get(words)
    if found is None:
        what = Message("no quarter {words!r} was counted", words=words)
        raise ConfigError([Problem("--held-out", what, near(words, known))])
    if sum(one.period == found.period for one in known.values()) == 1:
        what = Message("period {period!r} has no other quarter to take its flows from", period=found.period)
        raise ConfigError([Problem("--held-out", what)])
    return found


def calibrate(study: Study, held_out_quarter: str | None = None) -> Iterator[Text]:
    """Calibrate a site and yield what there is to say; writes `calibration/` in the site's folder.

    A drawn site's vehicles are fitted; its demand is its counts. Of an imported one, whose types are its
    authors', trips are drawn that agree with its `counts.csv`.

    `study` is any study of the site; of its arms only today counts. The counts of another day are never
    fitted to, nor is the quarter that is held out, PERIOD@HH:MM: demand is then made as if it had not been
    counted. ConfigError where there is nothing to calibrate with, or no such quarter.
    """
    site = study.site
    place = f"scenarios/{site.name}/site.yaml"
    if site.facts.imported is not None:
        yield from _imported(study, held_out_quarter)
        return
    quarter = quarter_of(held_out_quarter, site.counts) if held_out_quarter else None
    wanted = targets(site.facts, site.network)
    held_out = site.folder / FOLDER / HELD_OUT_FILE
    if not wanted and not held_out.is_file() and quarter is None:
        what = Message("no field values of saturation flow or start-up loss to fit to")
        hint = Message(
            "write them there, or counts of another day into {path}", path=f"{FOLDER}/{HELD_OUT_FILE}"
        )
        raise ConfigError([Problem(f"{place}.field_values", what, hint)])
    other_day = read_counts(held_out, site.facts) if held_out.is_file() else None
    base = vehicle_set(study.root, study.settings.vehicles)
    counted = site.counts
    if quarter is not None:
        site = replace(site, counts=without_quarter(counted, *quarter))
    today = replace(study, site=site, arms=study.arms[:1], vehicles=base)
    store = Store(study.root / "results" / ".store")
    checked = preflight(today, store.root)
    if wanted:
        found = _fitted(today, checked, store, base)
        written = write_vehicles(site.folder, site.name, base, found)
        yield from _said_of_fit(found)
        yield text("calibrate.written", path=str(written.relative_to(study.root)))
    kept = calibrated_vehicles(site.folder) or base
    yield from _flows(replace(today, vehicles=kept), checked, store, counted, other_day, quarter)


def _imported(study: Study, held_out_quarter: str | None) -> Iterator[Text]:
    """Draw the trips of an imported site from its own ways by its counts, and hold flows against counts."""
    site = study.site
    own, other = site.folder / COUNTS_FILE, site.folder / FOLDER / HELD_OUT_FILE
    if not own.is_file():
        what = Message("no turning counts to draw the trips of an imported site by")
        hint = Message("write them there, in the form of a drawn site's")
        raise ConfigError([Problem(f"scenarios/{site.name}/{COUNTS_FILE}", what, hint)])
    counted = read_counts(own, site.facts, site.network)
    other_day = read_counts(other, site.facts, site.network) if other.is_file() else None
    quarter = quarter_of(held_out_quarter, counted) if held_out_quarter else None
    used = counted if quarter is None else without_quarter(counted, *quarter)
    for written in write_trips(site, used, held_out_quarter or ""):
        yield text("calibrate.written", path=str(written.relative_to(study.root)))
    today = replace(study, arms=study.arms[:1])
    store = Store(study.root / "results" / ".store")
    yield from _flows(today, preflight(today, store.root), store, counted, other_day, quarter)


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


def _flows(
    study: Study,
    checked: Preflight,
    store: Store,
    counted: pd.DataFrame,
    other_day: pd.DataFrame | None,
    quarter: Quarter | None,
) -> Iterator[Text]:
    """Simulate today and hold its flows against counts: the site's own, another day's, a quarter left out.

    In the period of the quarter that was held out it alone is looked at: the rest of the hour is not judged.
    """
    settings = study.settings.model_copy(
        update={"replicates": study.settings.replicates or REPLICATES, "placebo": False}
    )
    runs = replace(study, name=f"{study.name}_calibration", settings=settings)
    done = run_study(runs, checked.builds, store)
    if done.failures:
        yield text("calibrate.failed", reason=understood(next(iter(done.failures.values()))))
        return
    analysis = Analysis(runs, store, checked, done.runs, done.free_flow)
    table = analysis.long("measures")
    table = table[(table["arm"] == BASELINE) & table["scope"].str.startswith("movement:")]
    tables = []
    for period in study.periods:
        length_s = study.site.periods[period].end_s - study.site.periods[period].begin_s
        if quarter is not None and quarter.period == period:
            rows = _of_quarter(analysis, counted, quarter)
            tables.append(rows)
            yield _said_of_flows(rows, "quarter", period, quarter.start)
            continue
        if length_s < HOUR_S:
            yield text("calibrate.short", period=period)
            continue
        flows = [
            _mean(table[table["period"] == period], measure) for measure in ("served_flow", "demand_flow")
        ]
        for name, counts in (("fitted", counted), ("held_out", other_day)):
            if counts is not None and (counts["period"] == period).any():
                simulated = comparable(counts[counts["period"] == period], *flows)
                rows = agreement(counted_vph(counts, period, length_s), simulated, name, period)
                tables.append(rows)
                yield _said_of_flows(rows, name, period)
    if other_day is None and quarter is None:
        yield text("calibrate.no_other_day", path=f"{FOLDER}/{HELD_OUT_FILE}")
    path = study.site.folder / FOLDER / AGREEMENT_FILE
    path.parent.mkdir(exist_ok=True)
    whole = pd.concat(tables, ignore_index=True) if tables else empty(AGREEMENT)
    whole.to_csv(path, index=False, float_format="%.4g")
    yield text("calibrate.written", path=str(path.relative_to(study.root)))


def _of_quarter(analysis: Analysis, counted: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """Return columns AGREEMENT of a quarter that demand knows nothing of, flows and counts per hour."""
    views = [
        analysis.view(key, run.digest)
        for key, run in analysis.runs.items()
        if key[1] == quarter.period and run.digest is not None
    ]
    first_s, end_s = float(quarter.start_s), float(quarter.start_s + QUARTER_S)
    views = [
        replace(view, facts=replace(view.facts, window_begin_s=first_s, window_end_s=end_s)) for view in views
    ]
    served, demand = (
        pd.DataFrame([getattr(view, name) for view in views]).fillna(0.0).mean() * HOUR_S / QUARTER_S
        for name in ("served_vehicles", "demand")
    )
    own = counted[(counted["period"] == quarter.period) & (counted["start_s"] == quarter.start_s)]
    per_hour = counted_vph(own, quarter.period, QUARTER_S)
    return agreement(per_hour, comparable(own, served, demand), "held_out", quarter.period, quarter.start)


def _said_of_flows(rows: pd.DataFrame, name: str, period: str, start: str = "") -> Text:
    found = judged(rows)
    worst = rows["movement"].iloc[int(rows["geh"].argmax())] if len(rows) else "-"
    return text(
        f"calibrate.flows.{name}",
        period=period,
        start=start,
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
