"""The signals of a study as tables: every arm and period, today's first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from sim.interventions.coordinate import Coordinate
from sim.labels import Text
from sim.signals import tables
from sim.signals.stage_table import write_stage_tables
from sim.study import Study
from sim.sumo.build import ArmBuild
from sim.sumo.signals import PREFIX


def write_signal_tables(study: Study, builds: Mapping[tuple[str, str], ArmBuild], folder: Path) -> None:
    """Write `signal_lights`, `signal_stages` and `corridors` as Parquet, and the stage tables for people."""
    lights: list[pd.DataFrame] = []
    stages: list[pd.DataFrame] = []
    for period in study.periods:
        times = study.site.periods[period]
        for arm in study.arms:
            built = builds[arm.id, period]
            window_s = (float(times.begin_s), float(times.end_s))
            found = tables.readings(built.controls, built.network, window_s)
            lights.append(_keyed(tables.lights(found), arm.id, period))
            stages.append(_keyed(tables.stages(found), arm.id, period))
    folder.mkdir(parents=True, exist_ok=True)
    all_stages = pd.concat(stages, ignore_index=True)
    for name, whole in (
        ("signal_lights", pd.concat(lights, ignore_index=True)),
        ("signal_stages", all_stages),
        ("corridors", corridor_table(study)),
    ):
        whole.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    write_stage_tables(all_stages, folder)


def corridor_table(study: Study) -> pd.DataFrame:
    """Return the corridors worth drawing: columns `sim.signals.tables.CORRIDORS`."""
    titles = {name: Text(r.title.zh, r.title.en) for name, r in study.site.facts.routes.items()}
    return tables.corridors(study.site.network, _named(study), titles)


def _keyed(table: pd.DataFrame, arm: str, period: str) -> pd.DataFrame:
    """Put arm and period in front; programs go by the names that people gave them."""
    keys = pd.DataFrame({"arm": arm, "period": period}, index=table.index, dtype="string")
    return pd.concat([keys, table.assign(program=table["program"].str.removeprefix(PREFIX))], axis=1)


def _named(study: Study) -> Mapping[str, Sequence[str]]:
    """Corridors worth drawing: what a policy coordinates, then the site's named routes."""
    coordinated = {
        f"{arm.id}.{name}": item.junctions
        for arm in study.arms
        for name, item in arm.applied.policy.interventions.items()
        if isinstance(item, Coordinate)
    }
    routes = {
        name: tables.route_junctions(study.site.network, route.via)
        for name, route in study.site.facts.routes.items()
    }
    return {**coordinated, **routes}
