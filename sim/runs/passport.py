"""The capacity passport of a study's site: its streets of today, with the people of its periods."""

from __future__ import annotations

from collections.abc import Container, Mapping

import pandas as pd

from sim.calibration.passport import passport, read_passport_rules
from sim.demand import realise
from sim.policy import BASELINE
from sim.runs.saturation import measure_saturation
from sim.runs.store import Store
from sim.runs.work import laid_out, request
from sim.standard_data import config_path
from sim.study import Study
from sim.sumo.build import ArmBuild


def study_passport(study: Study, builds: Mapping[tuple[str, str], ArmBuild], store: Store) -> pd.DataFrame:
    """Measure every movement of a signal that somebody makes; columns `tables.PASSPORT`.

    RunError where a simulation fails.
    """
    rules = read_passport_rules(config_path(study.root, "standards", "passport.yaml"))
    network = builds[BASELINE, study.periods[0]].network
    return passport(study_saturation(study, builds, store), network, study.site.facts, rules)


def study_saturation(
    study: Study,
    builds: Mapping[tuple[str, str], ArmBuild],
    store: Store,
    only: Container[str] | None = None,
) -> pd.DataFrame:
    """Measure all movements, or `only` some; columns `calibration.passport.MEASURED`.

    Replicate 0 of every period lends the vehicle mix. RunError where a simulation fails.
    """
    people = [realise(study.site, period, 0, study.settings, study.vehicles) for period in study.periods]
    period = study.periods[0]
    files = laid_out(study.site, builds[BASELINE, period])
    zones = files.zones.movements
    return measure_saturation(
        files.build,
        {name: zone for name, zone in zones.items() if only is None or name in only},
        people,
        request(study, period, 0, files, people[0]).spec,
        store,
        timeout_s=study.settings.timeout_s,
        jobs=study.settings.jobs,
    )
