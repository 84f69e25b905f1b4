"""One arm to look at: the files of its first run, written once more, and the command that opens them."""

from __future__ import annotations

from pathlib import Path

from sim.runs.inputs import write_inputs
from sim.runs.store import Store
from sim.runs.work import Work, laid_out
from sim.study import Arm, Study
from sim.sumo.build import build
from sim.sumo.view import gui_command


def viewing_command(study: Study, arm: Arm, cache: Path) -> list[str]:
    """Write the first replicate of the first period under `cache/view/`; return the sumo-gui command for it.

    `cache` is the root of the store. Where ways are in equilibrium, they are found first. Raises ConfigError
    where the people do not fit the site, RunError where a loading fails.
    """
    period = study.periods[0]
    files = {
        (one.id, period): laid_out(study.site, build(study.site, one.applied, period, cache))
        for one in (study.arms[0], arm)
    }
    run = Work(study, Store(cache), files).request(arm.id, period, study.replicates[0])
    folder = cache / "view" / study.name / arm.id
    folder.mkdir(parents=True, exist_ok=True)
    write_inputs(run, folder)
    return gui_command(run.spec, folder)
