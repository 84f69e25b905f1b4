"""An isolated junction of four legs with a fixed-time plan: drawn, loaded, run and measured by huandu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sim.analysis import Analysis, Tables
from sim.measures.base import RunView
from sim.policy import BASELINE, apply, empty_policy, parse_policy
from sim.runs.campaign import run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.scenario import routes_of
from sim.site.facts import seconds
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, Assignment, Routes, RunSettings, Study
from sim.sumo.site import load

Facts = dict[str, Any]
Flows = Mapping[str, float]
"""Movement of the junction, e.g. `north.through` -> vehicles per hour; the others carry nobody."""

PERIOD = "am"
LEGS = ("north", "east", "south", "west")
TITLE = {"zh": "测试", "en": "Test"}
CYCLE_S = 100.0
GREEN_S = 30.0
"""Of each through stage; a left-turn stage has 10 s, every stage 3 s of yellow and 2 s of all-red."""

# From the rig of docs/validation/vehicle-sets.md, set sigma_zero, cars at 50 km/h: the vehicles served in a
# cycle, behind a queue that never clears, are worth this much green at saturation flow. Start-up loss takes
# 2.5 s of it, yellow gives most of that back.
SATURATION_VPH = 1658.0
SERVED_PER_CYCLE = {45.0: 19.89, 25.0: 10.93}


def effective_green_s(green_s: float) -> float:
    """Return g_e of a green, s: interpolated between the rig's greens, as vehicles served times 3600 / S."""
    (long_s, many), (short_s, few) = SERVED_PER_CYCLE.items()
    served = few + (green_s - short_s) * (many - few) / (long_s - short_s)
    return served * 3600 / SATURATION_VPH


def capacity_vph(lanes: int, green_s: float = GREEN_S, cycle_s: float = CYCLE_S) -> float:
    """Capacity of a through lane group: S N g_e / C."""
    return SATURATION_VPH * lanes * effective_green_s(green_s) / cycle_s


def stage(green: list[str], green_s: float, **more: Any) -> Facts:
    return {"green": green, "green_s": green_s, "yellow_s": 3, "all_red_s": 2, **more}


def junction(**legs: Facts) -> Facts:
    """Draw four equal legs: a left lane, two through lanes, a right lane; `legs` changes one, or `every`."""
    uses = ("left", "through", "through", "right")
    whole = legs.get("every", {})
    approaches = {
        name: {"bearing_deg": 90 * number, "speed_kmh": 50, "length_m": 600, "exit_lanes": 2,
               "lanes": [{"use": use} for use in uses], **whole, **legs.get(name, {})}
        for number, name in enumerate(LEGS)
    }  # fmt: skip
    return {"title": TITLE, "position_m": [0, 0], "approaches": approaches}


def plan(**through: Any) -> Facts:
    """Write the plan of `junction`; `through` adds to its stages `EW` and `NS`."""
    return {
        "cycle_s": CYCLE_S,
        "stages": {
            "EW": stage(["east.through", "west.through"], GREEN_S, **through.get("EW", {})),
            "EW_left": stage(["east.left", "west.left"], 10),
            "NS": stage(["north.through", "south.through"], GREEN_S, **through.get("NS", {})),
            "NS_left": stage(["north.left", "south.left"], 10),
        },
    }


def site_data(minutes: int = 60, **more: Any) -> Facts:
    """Return the site as plain data, with a window of so many minutes from 07:30."""
    end = f"{7 + (30 + minutes) // 60:02d}:{(30 + minutes) % 60:02d}"
    return {
        "name": "isolated",
        "title": TITLE,
        "made_up": True,
        "junctions": {"J1": junction()},
        "plans": {"day": {"J1": plan()}},
        "periods": {PERIOD: {"title": TITLE, "begin": "07:30", "end": end, "plan": "day"}},
        **more,
    }


def two_through_lanes(minutes: int, **more: Any) -> Facts:
    """Return the site with two through lanes on every leg and two stages of 45 s."""
    data = site_data(minutes, **more)
    for leg in data["junctions"]["J1"]["approaches"].values():
        leg["lanes"] = [{"use": "through"}, {"use": "through"}]
    data["plans"]["day"]["J1"] = {
        "cycle_s": 100,
        "stages": {
            "NS": stage(["north.through", "south.through"], 45),
            "EW": stage(["east.through", "west.through"], 45),
        },
    }
    return data


def draw(folder: Path, data: Facts, flows: Flows) -> Site:
    """Write `site.yaml` and `counts.csv` below `folder` as a user would, and load them."""
    folder = folder / data["name"]
    folder.mkdir(parents=True)
    (folder / "site.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    begin, end = (seconds(data["periods"][PERIOD][key]) // 60 for key in ("begin", "end"))
    rows = ["period,start,approach,movement,class,count,taken_at,queue_start_veh,queue_end_veh"]
    for name, at in data["junctions"].items():
        for leg, approach in at["approaches"].items():
            turns = sorted({turn for lane in approach["lanes"] for turn in lane["use"].split("+")})
            rows += [
                f"{PERIOD},{m // 60:02d}:{m % 60:02d},{name}.{leg},{turn},car,"
                f"{flows.get(f'{leg}.{turn}', 0) / 4 if name == 'J1' else 0:g},upstream,,"
                for turn in turns
                for m in range(begin, end, 15)
            ]
    (folder / "counts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return load(folder, folder.parent / "results" / ".store")


@dataclass(frozen=True)
class Evaluated:
    """A finished study: its tables, and single runs as measures see them."""

    analysis: Analysis

    @cached_property
    def tables(self) -> Tables:
        return self.analysis.tables()

    def view(self, replicate: int = 1, arm: str = BASELINE) -> RunView:
        key = (arm, PERIOD, replicate)
        digest = self.analysis.runs[key].digest
        assert digest is not None, self.analysis.runs[key].failure
        return self.analysis.view(key, digest)

    def values(self, measure: str, scope: str = "network", arm: str = BASELINE) -> pd.Series[float]:
        """One value per replicate."""
        table = self.tables.measures
        own = table[(table["measure"] == measure) & (table["scope"] == scope) & (table["arm"] == arm)]
        return own.set_index("replicate")["value"].sort_index()

    def difference(self, measure: str, scope: str, arm: str) -> pd.Series[float]:
        """Arm minus baseline, one value per replicate."""
        return self.values(measure, scope, arm) - self.values(measure, scope)


def evaluate(
    site: Site,
    policies: Mapping[str, Facts] | None = None,
    routes: Routes = "fixed",
    assignment: Facts | None = None,
    **settings: Any,
) -> Evaluated:
    """Run baseline and policies (each a mapping of interventions, maybe none) as `huandu run` does."""
    frame = {"site": site.name, "title": TITLE}
    arms = [Arm(BASELINE, apply(empty_policy(), site, "baseline"))]
    for name, interventions in (policies or {}).items():
        if not interventions:
            arms.append(Arm(name, apply(replace(empty_policy(), id=name), site, name)))
            continue
        policy = parse_policy(name, {**frame, "interventions": interventions}, name)
        arms.append(Arm(name, apply(policy, site, name)))
    root = site.folder.parent
    answer, open_route_sets = routes_of(routes, site, arms)
    study = Study(
        name="study",
        scenario="isolated",
        site=site,
        arms=tuple(arms),
        periods=(PERIOD,),
        primary="fair_travel_time",
        mcid=(None, None),
        settings=RunSettings(**{"replicates": 1, "placebo": False, "jobs": 1, "timeout_s": 300, **settings}),
        vehicles=vehicle_set(root, settings.get("vehicles")),
        root=root,
        routes=answer,
        open_route_sets=open_route_sets,
        assignment=Assignment(**(assignment or {})),
    )
    store = Store(root / "results" / ".store")
    checked = preflight(study, store.root)
    done = run_study(study, checked.builds, store)
    assert not done.failures
    return Evaluated(Analysis(study, store, checked, done.runs, done.free_flow, assignment=done.assignment))
