"""What a computed plan is held to: minimum greens, walking, cycle bounds, lost times. Data with sources."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from sim.errors import ConfigError, Problem, near
from sim.labels import Message
from sim.loading import Facts, parse, read_yaml
from sim.standard_data import config_path

CHINESE = "chinese"
"""The rules of a plan that may be recommended."""


class RuleValue(Facts):
    """A number with where it comes from and how far to trust it."""

    value: float = Field(ge=0)
    source: str
    confidence: Literal["high", "medium", "low"]


class DesignRules(Facts):
    """One set of `configs/standards/signals/design.yaml`; times in s."""

    least_green_through_s: RuleValue
    least_green_turning_s: RuleValue
    walking_speed_mps: RuleValue
    walking_start_s: RuleValue
    """What a crossing gets beyond its length over the walking speed; 0: no pedestrian minimum."""
    crossings_where_none_drawn: bool
    lane_width_m: RuleValue
    cycle_least_s: RuleValue
    cycle_greatest_s: RuleValue
    practical_saturation: RuleValue
    startup_lost_s: RuleValue
    yellow_used_s: RuleValue
    saturation_pcuph: RuleValue

    def walking_least_s(self, length_m: float, intergreen_s: float) -> float:
        """Shortest green of a stage in which a crossing of this length walks: 7 + L/v - I."""
        if not self.walking_start_s.value:
            return 0.0
        return self.walking_start_s.value + length_m / self.walking_speed_mps.value - intergreen_s


@lru_cache(maxsize=8)
def design_rules(root: Path, name: str = CHINESE) -> DesignRules:
    """Read a set of rules by name; a root's own file goes before the shipped one. ConfigError if unknown."""
    path = config_path(root, "standards", "signals", "design.yaml")
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
    return parse(DesignRules, sets[name], f"{path}: {name}")
