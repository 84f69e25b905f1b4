"""One arm to look at: the files of its first run, written once more, and the command that opens them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sim.demand import realise
from sim.demand.detours import driven
from sim.runs.campaign import laid_out, request
from sim.runs.run import write_inputs
from sim.study import Arm, Study
from sim.sumo.build import build
from sim.sumo.view import gui_command


def viewing_command(study: Study, arm: Arm, cache: Path) -> list[str]:
    """Write the first replicate of the first period under `cache/view/`; return the sumo-gui command for it.

    Raises ConfigError where the people do not fit the site.
    """
    period, replicate = study.periods[0], study.replicates[0]
    built = build(study.site, arm.applied, period, cache)
    files = laid_out(study.site, built)
    people = realise(study.site, period, replicate, study.settings, study.vehicles)
    moved = driven(people, arm.applied.edits, files.build.network, study.site, study.routes)
    run = request(study, period, replicate, files, replace(people, vehicles=moved))
    folder = cache / "view" / study.name / arm.id
    folder.mkdir(parents=True, exist_ok=True)
    write_inputs(run, folder)
    return gui_command(run.spec, folder)
