"""Beside policies that change roads: the short run, and the demand that a road may induce."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from sim.analysis import Analysis
from sim.comparison.replication import LOOKS
from sim.edits.open_ways import opens_or_closes
from sim.legal_baseline import PRESENT_LEGAL
from sim.policy import BASELINE
from sim.sides.worlds import World
from sim.study import Study

SHORT_RUN = "short_run"
INDUCED = "induced"
"""Tables, and folders of their runs within that of the study."""
INDUCED_LEVELS = (1.05, 1.10)
"""Factors on the demand of a policy, today's streets keeping theirs."""
MOST_INDUCED = LOOKS[0]
"""Replicates of each: a sensitivity, no verdict of its own."""


def short_run(study: Study) -> Study | None:
    """Return today's settled ways with detours in every arm that opens or closes ways; None without such."""
    arms = [arm for arm in study.arms[1:] if opens_or_closes(study.site, arm.applied.edits)]
    if study.routes != "equilibrium" or not study.settings.short_run or not arms:
        return None
    settings = study.settings.model_copy(update={"placebo": False})
    name = f"{study.name}/{SHORT_RUN}"
    return replace(study, name=name, arms=(study.arms[0], *arms), settings=settings, short_run=True)


def induced(study: Study) -> list[World]:
    """Return the policies of a study for a year to come with more demand; none for a study of today."""
    if study.horizon is None or not study.settings.induced:
        return []
    arms = tuple(arm for arm in study.arms if arm.id != PRESENT_LEGAL)
    most = min(len(study.replicates), MOST_INDUCED)
    found = []
    for level in INDUCED_LEVELS if len(arms) > 1 else ():
        own = {"placebo": False, "replicates": most, "demand_scale": study.settings.demand_scale * level}
        settings = study.settings.model_copy(update=own)
        name = f"{study.name}/{INDUCED}/demand_{level:g}"
        side = replace(study, name=name, arms=arms, settings=settings)
        found.append(World(INDUCED, f"{level:g}", side))
    return found


def policies_alone(side: Analysis, main: Analysis) -> Analysis:
    """Return the runs of a side study without those of today, whose people are others.

    Where ways are in equilibrium, gaps are held against that of the study's own baseline.
    """
    runs = {key: run for key, run in side.runs.items() if key[0] != BASELINE}
    today = main.assignment[main.assignment["arm"] == BASELINE]
    arms = side.assignment[side.assignment["arm"] != BASELINE]
    assignment = pd.concat([today, arms], ignore_index=True)
    return replace(side, runs=runs, measured={}, assignment=assignment)


def against_today(policies: Analysis, main: Analysis) -> pd.DataFrame:
    """Compare the primary measure of policies with more demand with that of today; columns `COMPARISON`."""
    replicates = policies.study.replicates
    today = {
        key: tables for key, tables in main.measured.items() if key[0] == BASELINE and key[2] in replicates
    }
    return policies.primary_of({**today, **policies.measured}, replicates)
