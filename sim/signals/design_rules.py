"""What a computed plan is held to: minimum greens, walking, cycle bounds, lost times. Data with sources."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sim.errors import ConfigError, Problem, near
from sim.labels import Message
from sim.loading import Facts, parse, read_yaml
from sim.signals.rules import Rule, timing_rules
from sim.standard_data import config_path

CHINESE = "chinese"
"""The rules of a plan that may be recommended."""
SHARED = (
    "minimum_green_s",
    "walking_speed_mps",
    "pedestrian_start_s",
    "shortest_cycle_s",
    "longest_cycle_s",
)
"""What a plan is designed to and checked against alike."""


class DesignRules(Facts):
    """One set of `configs/standards/signals/design.yaml`; times in s.

    What a set leaves out of the first five is that of the signal check (`timing.yaml`): one source.
    """

    minimum_green_s: Rule
    walking_speed_mps: Rule
    pedestrian_start_s: Rule
    """What a crossing gets beyond its length over the walking speed; 0: no pedestrian minimum."""
    shortest_cycle_s: Rule
    longest_cycle_s: Rule
    crossings_where_none_drawn: bool
    lane_width_m: Rule
    practical_saturation: Rule
    startup_lost_s: Rule
    yellow_used_s: Rule
    saturation_pcuph: Rule

    def walking_least_s(self, length_m: float, intergreen_s: float) -> float:
        """Shortest green of a stage in which a crossing of this length walks: 7 + L/v - I."""
        if not self.pedestrian_start_s.value:
            return 0.0
        return self.pedestrian_start_s.value + length_m / self.walking_speed_mps.value - intergreen_s


@lru_cache(maxsize=8)
def design_rules(root: Path, name: str = CHINESE) -> DesignRules:
    """Read a set of rules by name; a root's own file goes before the shipped one. ConfigError if unknown."""
    path = config_path(root, "standards", "signals", "design.yaml")
    checked = timing_rules(root)
    data = read_yaml(path)
    sets = data if isinstance(data, Mapping) else {}
    if name not in sets:
        raise ConfigError(
            [
                Problem(
                    "rules", Message("no signal timing rules {name!r}", name=name), near(name, map(str, sets))
                )
            ]
        )
    own = sets[name] if isinstance(sets[name], Mapping) else {}
    shared = {key: getattr(checked, key).model_dump() for key in SHARED}
    return parse(DesignRules, {**shared, **own}, f"{path}: {name}")
