"""The study's own runs as pilots of its warm-up."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from sim.comparison import warm_up
from sim.policy import BASELINE
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.study import Study


def warm_up_table(
    study: Study, store: Store, runs: Mapping[tuple[str, str, int], RunRecord], curves: pd.DataFrame
) -> pd.DataFrame:
    """Check the site's warm-up in every arm, the study's own runs being the pilots.

    `curves`: vehicles under way, columns LONG["running"] of `sim.analysis`.
    """
    site, times, pilots = study.site, {}, []
    for period in study.periods:
        at = site.periods[period]
        cycles = {
            program.cycle_s
            for control in site.signals.get(period, {}).values()
            for program in control.programs.values()
        }
        done = (
            r.digest
            for (a, p, _), r in sorted(runs.items())
            if (a, p) == (BASELINE, period) and not r.failure
        )
        digest = next(done, None)
        longest_s = 0.0
        if digest is not None:
            longest_s = float(store.read(digest, "trips")["free_time_s"].max())
        times[period] = warm_up.Times(
            float(at.begin_s),
            float(site.facts.warm_up_s),
            float(at.end_s - at.begin_s),
            tuple(sorted(cycles - {0.0})),
            0.0 if math.isnan(longest_s) else longest_s,
        )
        under_way = curves[curves["period"] == period]
        # Who stands in a stall when the demand begins is put there before: nobody drives then.
        under_way = under_way[under_way["x"].between(at.begin_s - site.facts.warm_up_s, at.end_s)]
        for arm in study.arms:
            own = under_way[under_way["arm"] == arm.id]
            across = own.pivot_table(index="x", columns="replicate", values="value").dropna()
            pilots.append(warm_up.Pilot(arm.id, period, across))
    return warm_up.checked(pilots, times)
