"""A site ready to be changed and simulated: its facts, its normalised network, its signals, its counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sim.signals.program import SignalControl
from sim.site.facts import Period, SiteFacts
from sim.site.network import Network


@dataclass(frozen=True, slots=True)
class Closure:
    """Lanes (by id) and connections (by key) closed for a time of day, but for some vehicle classes."""

    begin_s: float
    end_s: float
    lanes: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Site:
    """What interventions read. Nothing in it depends on any policy.

    `network_file` is the normalised network that every arm is derived from, `signals[period][signal]` what
    runs in that period (every signal of the network is there). `counts` is the checked
    `counts.csv` of a drawn site (columns in `sim.demand`), empty for an imported one. `closures` are ours:
    a site as it is has none.
    """

    folder: Path
    facts: SiteFacts
    network: Network
    network_file: Path
    signals: Mapping[str, Mapping[str, SignalControl]]
    counts: pd.DataFrame
    closures: Mapping[str, Closure] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The site's id."""
        return self.facts.name

    @property
    def periods(self) -> Mapping[str, Period]:
        """Named periods by id."""
        return self.facts.periods

    @property
    def has_demand(self) -> bool:
        """Whether somebody travels: a network may be imported without vehicles."""
        return self.facts.imported is None or self.facts.imported.trips is not None
