"""The capacity passport of a study's site: its streets of today, with the people of its periods."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sim.calibration.passport import passport, read_passport_rules
from sim.demand import realise
from sim.policy import BASELINE
from sim.runs.campaign import laid_out, request
from sim.runs.saturation import measure_saturation
from sim.runs.store import Store
from sim.standard_data import config_path
from sim.study import Study
from sim.sumo.build import ArmBuild


def study_passport(study: Study, builds: Mapping[tuple[str, str], ArmBuild], store: Store) -> pd.DataFrame:
    """Measure every movement of a signal that somebody makes; columns `tables.PASSPORT`.

    Replicate 0 of every period lends the vehicle mix. RunError where a simulation fails.
    """
    people = [realise(study.site, period, 0, study.settings, study.vehicles) for period in study.periods]
    period = study.periods[0]
    files = laid_out(study.site, builds[BASELINE, period])
    measured = measure_saturation(
        files.build,
        files.zones.movements,
        people,
        request(study, period, 0, files, people[0]).spec,
        store,
        timeout_s=study.settings.timeout_s,
        jobs=study.settings.jobs,
    )
    rules = read_passport_rules(config_path(study.root, "standards", "passport.yaml"))
    return passport(measured, files.build.network, study.site.facts, rules)
