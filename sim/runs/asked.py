"""What a study may ask of its runs beside time: emissions. A run not asked for more stays what it is."""

from __future__ import annotations

from dataclasses import replace

from sim.emissions import EMISSIONS_FILE, read_emission_classes
from sim.runs.run import RunRequest
from sim.standard_data import config_path
from sim.study import Study
from sim.sumo import emissions


def asked_for(request: RunRequest, study: Study) -> RunRequest:
    """Let the vehicles of a run emit, if the study asks for it; its trajectories stay the same."""
    if not study.settings.emissions:
        return request
    classes = read_emission_classes(config_path(study.root, *EMISSIONS_FILE)).classes
    return replace(
        request,
        spec=replace(request.spec, options={**request.spec.options, **emissions.OPTIONS}),
        demand=emissions.emitting(request.demand, classes),
    )
