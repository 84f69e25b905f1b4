"""The signal plan on the wall (配时方案): stages as sets of movements, in seconds.

`SignalPlan` is what an engineer writes; `sim.signals.program` holds the exact sequence of intervals that a
controller runs and drawn and imported sites share. A movement is named within its junction: `north.left`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from sim.labels import Message
from sim.loading import Facts


class Stage(Facts):
    """One stage (相位阶段). Green includes the flashing green at its end (`flash_s` of it).

    `green` are protected movements, `permissive` ones must give way, as a left turn to oncoming traffic.
    `crossings` lists the legs whose zebra walks; walking ends `pedestrian_flash_s` before vehicles' green.
    `late_start_s`/`early_cut_s` (迟启/早断) shift single movements within the stage.
    """

    green: tuple[str, ...] = ()
    permissive: tuple[str, ...] = ()
    crossings: tuple[str, ...] = ()
    green_s: float = Field(gt=0)
    flash_s: float = Field(0.0, ge=0)
    yellow_s: float = Field(3.0, ge=0)
    all_red_s: float = Field(0.0, ge=0)
    pedestrian_flash_s: float = Field(0.0, ge=0)
    late_start_s: Mapping[str, float] = Field(default_factory=dict)
    early_cut_s: Mapping[str, float] = Field(default_factory=dict)

    @property
    def length_s(self) -> float:
        """Green, yellow and all-red together, seconds."""
        return self.green_s + self.yellow_s + self.all_red_s

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.flash_s >= self.green_s or self.pedestrian_flash_s >= self.green_s:
            raise ValueError(Message("flashing green must be shorter than the green it ends"))
        if not self.green and not self.permissive and not self.crossings:
            raise ValueError(Message("a stage that serves nobody"))
        return self


class SignalPlan(Facts):
    """A fixed-time plan of one junction: an ordered map of stages.

    A movement that is green in two stages running stays green between them (搭接). Right turns that no stage
    names are free (右转不受控): they go on red, giving way to pedestrians and crossing traffic.
    """

    stages: Mapping[str, Stage] = Field(min_length=1)
    cycle_s: float | None = Field(None, gt=0)
    """Optional control sum: must equal the stages' total."""
    offset_s: float = 0.0

    @property
    def length_s(self) -> float:
        """Cycle length (周期), seconds."""
        return sum(stage.length_s for stage in self.stages.values())

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.cycle_s is not None and not math.isclose(self.cycle_s, self.length_s, abs_tol=1e-6):
            raise ValueError(
                Message(
                    "cycle_s says {cycle_s:g} s but the stages add up to {length_s:g} s",
                    cycle_s=self.cycle_s,
                    length_s=self.length_s,
                )
            )
        return self
