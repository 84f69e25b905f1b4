"""A study: one site, its arms, periods and replicates, and how to run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.comparison.replication import HALF_WIDTH, LOOKS
from sim.labels import Message
from sim.loading import Facts
from sim.policy import AppliedPolicy
from sim.site.model import Site
from sim.tables import PLACEBO
from sim.vehicles import VehicleSet

Driver = Literal["auto", "sumo", "libsumo", "traci"]
Routes = Literal["fixed", "detour", "equilibrium"]
"""`fixed`: everyone drives the way of today. `detour`: whose way is broken or closed, and whom a new street
serves better by free-flow time, takes the fastest way of the empty network, once, at departure.
`equilibrium`: in each arm, today included, people choose by simulated times until nobody could save much."""


class RunSettings(Facts):
    """`configs/run/*.yaml`: how to run. Only what the digest lists shapes results; the rest is comfort."""

    replicates: int | None = Field(None, ge=1, le=400)
    """A number, or ``auto``: at the looks 10, 15, 20, 30, 40 until every interval is narrow enough."""
    stop_half_width: float = Field(HALF_WIDTH, gt=0, le=5)
    """Narrow enough: half the interval of the primary measure is at most this share of its smallest change
    that matters."""
    placebo: bool = True
    """Whether a blank control is run beside the arms: today, everyone's departure moved by up to a second."""
    attribution: bool = False
    """Whether every policy of several interventions is run in parts, too: which of them brings how much."""
    robustness: bool = False
    """Whether the comparison is repeated with 20 % less to 20 % more demand and other vehicle sets; with the
    demand of other days it always is where three were counted."""
    emissions: bool = False
    """Whether vehicles emit, by SUMO's HBEFA4 model (docs/appraisal.md); part of the digests of such runs."""
    short_run: bool = True
    """Whether policies that open or close ways are run with detours from today's settled ways, too, where
    the study is in equilibrium."""
    induced: bool = True
    """Whether policies for a year to come are run with 5 and 10 % more demand than today's streets, too."""
    conflicts: bool = False
    """Whether some travellers watch for conflicts (SUMO's SSM device); part of the digests of such runs."""
    stop_lines: bool = False
    """Whether it is noted who comes to which signal when, and what it shows: arrivals on green, queues at the
    start of green, cycles waited through; part of the digests of such runs."""
    passport: bool = True
    """Whether the capacity passport is measured; without one the page says not calibrated."""
    smoke: bool = False
    """Only to see whether it runs: fewer replicates are allowed than a verdict needs; then none is given."""
    first_replicate: int = Field(1, ge=0)
    """Number of the first replicate: a fresh set of replicates is `first_replicate` beyond the old ones."""
    step_length_s: float = Field(1.0, gt=0, le=1.0)
    clear_factor: float = Field(2.0, ge=0)
    """The run goes on after the window until the cohort has arrived, at most this many window lengths."""
    vehicles: str | None = None
    """A vehicle set in `configs/vehicles/`; left out: the default set (drawn), its own types (imported)."""
    demand_scale: float = Field(1.0, gt=0, le=5)
    driver: Driver = "auto"
    timeout_s: float = Field(3600.0, gt=0)
    jobs: int | None = Field(None, ge=1)
    """Runs at a time; all cores if left out."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    replay: bool = True
    """Whether a moving picture is recorded for the page: a pair of runs per policy is simulated once more."""

    @field_validator("replicates", mode="before")
    @classmethod
    def _auto(cls, value: Any) -> Any:
        return None if value == "auto" else value


class ExecutorSettings(Facts):
    """`configs/executor/*.yaml`: where to run. Nothing of it shapes results."""

    kind: Literal["local", "dask"] = "local"
    address: str | None = None
    """Of Dask's scheduler, `tcp://HOST:PORT`."""
    connect_s: float = Field(20.0, gt=0)
    """How long to wait for an answer at the address."""


class Assignment(Facts):
    """When the choice of ways is settled; of `routes: equilibrium`."""

    gap: float = Field(0.03, gt=0, le=0.2)
    """Relative gap: the share of all travel time that people would save on the fastest ways of the moment."""
    iterations_at_most: int = Field(20, ge=1, le=200)
    """So many loadings of the demand; a larger gap is a finding then."""


class Horizon(Facts):
    """For which year a study is: every arm, today's streets included, gets the demand of that year."""

    surveyed: int = Field(ge=1990, le=2100)
    """Year of the counts."""
    year: int = Field(ge=1990, le=2100)
    growth_per_year: float = Field(ge=-0.1, le=0.2)
    """Of all demand, compounded: 0.02 is 2 % a year."""
    cut_out: bool = False
    """Whether traffic from beyond the model would come to what is built: effects are a lower bound then."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.year < self.surveyed:
            raise ValueError(
                Message("{year} lies before the survey of {surveyed}", year=self.year, surveyed=self.surveyed)
            )
        return self

    @property
    def factor(self) -> float:
        """Demand of the year over that of the survey: (1 + growth) to the power of the years between."""
        return float((1 + self.growth_per_year) ** (self.year - self.surveyed))


class ScenarioFacts(Facts):
    """`configs/scenario/NAME.yaml`: which site, which policies, which window, judged by what."""

    site: str
    policies: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)
    periods: tuple[str, ...] | None = None
    primary: str = "fair_travel_time"
    mcid_abs: float | None = Field(None, ge=0)
    mcid_rel: float | None = Field(None, ge=0)
    legal_baseline: bool = True
    """Whether present plans that break a minimum stand beside policies on signals made legal, too."""
    routes: Routes | None = None
    """How routes answer to what changes, by one rule in every arm. Left out: `equilibrium` where a policy
    opens or closes a street or a turn, else `fixed`."""
    assignment: Assignment = Field(default_factory=Assignment)
    horizon: Horizon | None = None
    """Medium and long term: the year that the policies are for."""


@dataclass(frozen=True)
class Arm:
    """One thing to compare (对比方案): the baseline, a policy or a stage of one, maybe with swept fields."""

    id: str
    applied: AppliedPolicy
    swept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Study:
    """Everything `sim.runs.campaign` needs. `arms[0]` is the baseline."""

    name: str
    scenario: str
    site: Site
    arms: tuple[Arm, ...]
    periods: tuple[str, ...]
    primary: str
    mcid: tuple[float | None, float | None]
    settings: RunSettings
    vehicles: VehicleSet
    """What drives: on an imported site without a set of its own it lends only what its types lack."""
    root: Path
    executor: ExecutorSettings = field(default_factory=ExecutorSettings)
    routes: Routes = "fixed"
    open_route_sets: frozenset[str] = frozenset()
    """Ids of the arms that open or close a street or a turn while `routes` lets nobody choose."""
    short_run: bool = False
    """Of a study in equilibrium: ways are settled in today's streets alone; in every other arm people start
    from those, and only whom the rule of `detour` concerns changes."""
    assignment: Assignment = field(default_factory=Assignment)
    horizon: Horizon | None = None
    """The year whose demand the settings' scale has in it already; None: that of the survey."""
    look: int = LOOKS[0]
    """How many replicates so far, where the settings leave the number open."""

    @property
    def replicates(self) -> tuple[int, ...]:
        """The replicates' numbers; each is also SUMO's seed in every arm."""
        first = self.settings.first_replicate
        return tuple(range(first, first + (self.settings.replicates or self.look)))

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of replicates at which the study may stop: the one asked for, else `replication.LOOKS`."""
        return LOOKS if self.settings.replicates is None else (self.settings.replicates,)

    def at(self, look: int) -> Study:
        """Return the study with so many replicates, where the number is open."""
        return replace(self, look=look)

    @property
    def simulated(self) -> tuple[Arm, ...]:
        """The arms and, last, the blank control: today's streets under people that are moved by a moment."""
        return (*self.arms, Arm(PLACEBO, self.arms[0].applied)) if self.settings.placebo else self.arms
