"""What a study may ask of its runs beside time. A run that is not asked for more stays what it is."""

from __future__ import annotations

from dataclasses import replace

from sim.conflicts import CONFLICTS_FILE, observed, read_conflict_rules
from sim.emissions import EMISSIONS_FILE, read_emission_classes
from sim.errors import Problems
from sim.labels import Message
from sim.runs.inputs import RunRequest
from sim.standard_data import config_path
from sim.study import Study
from sim.sumo import conflicts, emissions


def check_asked(study: Study, problems: Problems) -> None:
    """Refuse emission classes that the simulator does not have, before anything runs."""
    if not study.settings.emissions:
        return
    path = config_path(study.root, *EMISSIONS_FILE)
    named = read_emission_classes(path).classes.model_dump()
    unknown = emissions.unknown_classes(named.values())
    for vehicle, name in named.items():
        if name in unknown:
            told = Message("SUMO has no emission class {name!r}", name=name)
            hint = Message("names stand in SUMO's documentation, Models/Emissions/HBEFA4-based")
            problems.add(f"{path}.classes.{vehicle}", told, hint)


def asked_for(request: RunRequest, study: Study) -> RunRequest:
    """Let vehicles emit, watch for conflicts, or be noted at stop lines; trajectories stay the same."""
    if study.settings.stop_lines:
        request = replace(request, spec=replace(request.spec, stop_lines=True))
    demand, options = request.demand, dict(request.spec.options)
    if study.settings.emissions:
        classes = read_emission_classes(config_path(study.root, *EMISSIONS_FILE)).classes
        demand = emissions.emitting(demand, classes)
        options |= emissions.OPTIONS
    if study.settings.conflicts:
        rules = read_conflict_rules(config_path(study.root, *CONFLICTS_FILE))
        options |= conflicts.options(rules, observed(demand.vehicles["id"], rules.observed_share))
    if options == request.spec.options:
        return request
    return replace(request, spec=replace(request.spec, options=options), demand=demand)
