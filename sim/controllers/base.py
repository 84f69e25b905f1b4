"""What a run-time control law is: plain objects that see queues and answer with commands.

A law is named in plain data (`{"kind": "queue_extension", ...}`), never by a Python path. The worker process
imports this module: it stays light.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sim.errors import ConfigError, Problem, near
from sim.labels import Message, message_of


@dataclass(frozen=True, slots=True)
class SignalView:
    """What a signal's controller sees at one instant.

    `state` has one letter per link (see `sim.signals.program`), `lanes[link]` is the stop-line lane the link
    serves (empty for a crossing). `queue_veh[lane]` is the number of vehicles that stand on a lane, of these
    or any other, `vehicles[lane]` of all that are on it; where the controller looks at the end of a lane
    alone (`Controller.reach_m`), only of those there. What it does not ask for in deciding is not counted.
    """

    signal: str
    interval: int
    elapsed_s: float
    state: str
    lanes: tuple[str, ...]
    queue_veh: Mapping[str, int]
    vehicles: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the running interval for at least so long from now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Advance:
    """End the running interval now; the next one follows in the program's order."""


@dataclass(frozen=True, slots=True)
class Jump:
    """Begin another interval now, whatever the order; its number in the program."""

    interval: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Let classes onto some lanes inside the junction from now on, and nobody onto others."""

    opened: Mapping[str, tuple[str, ...]]
    closed: tuple[str, ...]


Command = Hold | Advance | Jump | Switch


class Controller(Protocol):
    """A control law for some signals; it keeps its own state between decisions.

    `interval_s` is the time between decisions, `signals` what it controls. A signal it says nothing about
    goes on as its program says. Looking costs time: at each decision instant only the views are taken that
    `due` asks for, and in them only the lanes are counted that `decide` asks for.
    """

    @property
    def interval_s(self) -> float:
        """Seconds between decisions."""

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals it controls."""

    def due(self, time_s: float) -> tuple[str, ...]:
        """Signals it wants to see now."""

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Lanes of which it counts only those so near to the end, metres; others are counted whole."""

    def decide(self, views: Mapping[str, SignalView], time_s: float) -> Mapping[str, Command]:
        """Answer with a command per signal; called every `interval_s` with the views that are due."""


class EveryTime:
    """For laws that look at all their signals every time."""

    __slots__ = ()
    signals: tuple[str, ...]

    def due(self, time_s: float) -> tuple[str, ...]:
        """Ask for all of them."""
        return self.signals

    def reach_m(self, signal: str) -> Mapping[str, float]:
        """Count lanes whole."""
        return {}


StepHook = Callable[[float], None]
"""Called with the time at every decision instant, after the step that ends there."""

_KINDS: dict[str, Callable[..., Controller]] = {}


def controller(kind: str) -> Callable[[Callable[..., Controller]], Callable[..., Controller]]:
    """Register a control law under the name it has in plain data."""

    def register(make: Callable[..., Controller]) -> Callable[..., Controller]:
        _KINDS[kind] = make
        return make

    return register


def make_controller(description: Mapping[str, Any], path: str) -> Controller:
    """Make a control law from plain data; ConfigError where the kind is unknown or its fields do not fit."""
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in description.items()}
    kind = fields.pop("kind", None)
    if kind not in _KINDS:
        raise ConfigError(
            [Problem(f"{path}.kind", Message("no controller {kind!r}", kind=kind), near(str(kind), _KINDS))]
        )
    try:
        return _KINDS[kind](**fields)
    except (TypeError, ValueError) as error:
        raise ConfigError([Problem(path, message_of(error))]) from None
