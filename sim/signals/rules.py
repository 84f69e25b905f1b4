"""The rules that a signal plan is held against, as data: `configs/standards/signals/timing.yaml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from sim.labels import Text, catalogue
from sim.loading import Facts, parse, read_yaml
from sim.standard_data import config_path


class Rule(Facts):
    """One number of a rule with its source, the edition where a standard is named, and how sure that is.

    `confidence` is one word or several: confirmed, second-hand, unconfirmed, rule; high, medium, low.
    """

    value: float = Field(ge=0)
    source: str
    source_zh: str = ""
    confidence: str
    edition: str = ""

    @property
    def origin(self) -> Text:
        """The source in both languages."""
        return Text(self.source_zh or self.source, self.source)

    @property
    def certainty(self) -> Text:
        """How sure it is, in both languages; words of one's own stay as they are."""
        known = [
            catalogue().get(f"certainty.{word}", Text(word, word)) for word in self.confidence.split(", ")
        ]
        return Text("，".join(word.zh for word in known), self.confidence)


class TimingRules(Facts):
    """Every number that `sim.signals.lint` uses. Units in the names; `pedestrian_clearance` is a share."""

    minimum_green_s: Rule
    walking_speed_mps: Rule
    pedestrian_start_s: Rule
    pedestrian_clearance: Rule
    longest_crossing_m: Rule
    yellow_s: Rule
    reaction_s: Rule
    deceleration_mps2: Rule
    intergreen_rounding_s: Rule
    shortest_cycle_s: Rule
    longest_cycle_two_stages_s: Rule
    longest_cycle_s: Rule
    longest_pedestrian_wait_s: Rule

    def walk_s(self, crossing_m: float) -> float:
        """Time to walk a crossing (行人清空时间): L / v_p, seconds."""
        return crossing_m / self.walking_speed_mps.value

    def clearance_s(self, crossing_m: float) -> float:
        """Shortest time from the end of walking to a conflicting protected green, seconds."""
        return self.pedestrian_clearance.value * self.walk_s(crossing_m)

    def pedestrian_time_s(self, crossing_m: float) -> float:
        """Shortest time from the start of walking to a conflicting protected green: t + L / v_p, seconds.

        METHODS 7.2: green of at least t_r + L_c / v_p, the clearance included.
        """
        return self.pedestrian_start_s.value + self.walk_s(crossing_m)

    def stopping_yellow_s(self, speed_mps: float) -> float:
        """Yellow that an approach speed asks for: t_r + v / (2 a), seconds."""
        return self.reaction_s.value + speed_mps / (2 * self.deceleration_mps2.value)

    def intergreen_s(self, speed_mps: float, difference_m: float) -> float:
        """Intergreen I = z / u_a + t_s (s), at least the yellow.

        `difference_m` (z) is how much farther from the stop line the conflict point lies for who clears than
        for who enters; t_s = u_a / (2 a) is the time to brake.
        """
        braking_s = speed_mps / (2 * self.deceleration_mps2.value)
        return max(self.yellow_s.value, max(0.0, difference_m) / speed_mps + braking_s)


def read_rules(path: Path) -> TimingRules:
    """Read the rules; ConfigError with all problems."""
    return parse(TimingRules, read_yaml(path), str(path))


def timing_rules(root: Path) -> TimingRules:
    """Read the rules that hold under a root: its own, else those that ship with huandu."""
    return read_rules(config_path(root, "standards", "signals", "timing.yaml"))
