"""`add_stage`: give movements a stage of their own, such as a protected left turn (增设专用相位)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from sim.edits.vocabulary import SetProgram
from sim.errors import ConfigError, Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.plans import changed_programs, refuse, refuse_waiting_areas, set_programs, taken_apart
from sim.interventions.retime_signal import SHORTEST_GREEN_S, ExpectedTiming, in_periods
from sim.labels import Message, Text, message_of, text
from sim.signals.program import GREEN, Interval, SignalProgram
from sim.site.model import Site
from sim.site.network import Junction, Movement, Network
from sim.site.places import named


@intervention("add_stage")
class AddStage(Intervention):
    """Insert a stage behind another one: green for the movements it `serves`, then yellow and all-red.

    The cycle grows by it unless `greens_s` shortens other stages. Whoever is green in the stages before and
    after it stays green if nobody served crosses, else ends with the longest yellow and red that the plan
    has. U-turns go with the left turn of their approach. With `only` the movements are red in all other
    stages (protected only), else they keep what they have there.
    """

    title: ClassVar[Text] = Text("增设专用相位", "Add a stage")
    example: ClassVar[str] = """\
kind: add_stage
junction: J2
expect: {cycle_s: 100}
stage: left
serves: [J2.north.left, J2.south.left]
behind: A
green_s: 15
greens_s: {A: 40}
only: true
"""
    watch: ClassVar[Text] = Text(
        "需要专用车道：与其他流向共用车道时，该流向会被前车挡住。新相位期间行人为红灯。",
        "It takes a lane of its own: on a shared lane whoever is not served blocks it. Pedestrians have red "
        "in the new stage.",
    )

    kind: Literal["add_stage"]
    junction: str
    period: str | None = None
    program: str | None = None
    expect: ExpectedTiming
    stage: str = Field(min_length=1)
    serves: tuple[str, ...] = Field(min_length=1)
    behind: str
    green_s: float = Field(ge=SHORTEST_GREEN_S)
    yellow_s: float = Field(3.0, ge=3, le=6)
    all_red_s: float = Field(2.0, ge=0, le=10)
    greens_s: Mapping[str, float] = Field(default_factory=dict)
    only: bool = False

    def edits(self, site: Site, path: str) -> tuple[SetProgram, ...]:
        """One SetProgram for each period concerned."""
        return set_programs(site, self._changes(site, path))

    def describe(self, site: Site) -> Text:
        """Say what the stage serves and how the cycle changes."""
        where = named(site.facts, f"junction:{self.junction}")
        served = [named(site.facts, f"movement:{id}") for id in self.serves]
        return in_periods(
            site,
            {
                period: text(
                    "intervention.add_stage",
                    zh=where.zh,
                    en=where.en,
                    stage=self.stage,
                    behind=self.behind,
                    served_zh="、".join(words.zh for words in served),
                    served_en=", ".join(words.en for words in served),
                    green=f"{self.green_s:g}",
                    old=f"{old.cycle_s:g}",
                    new=f"{new.cycle_s:g}",
                )
                for period, (old, new) in self._changes(site, self.kind).items()
            },
            every=self.period is None,
        )

    def eligibility(self, site: Site) -> tuple[Text, ...]:
        """Lanes that movements share with others that the stage does not serve."""
        found = []
        for id in self.serves:
            movement = site.network.movements.get(id)
            if movement is None:
                continue
            edge = movement.connections[0].from_edge
            lanes = {c.from_lane for c in movement.connections}
            beside = site.network.connections_from[edge]
            others = {c.from_lane for c in beside if c.to_edge != movement.to_edge and c.direction != "uturn"}
            served = {site.network.movements[s].to_edge for s in self.serves if s in site.network.movements}
            if lanes & others and not {c.to_edge for c in beside} <= served:
                found.append(text("eligibility.add_stage.shared", movement=id))
        return tuple(found)

    def _changes(self, site: Site, path: str) -> dict[str, tuple[SignalProgram, SignalProgram]]:
        def change(program: SignalProgram, junction: Junction, path: str) -> SignalProgram:
            return self._with_stage(site.network, program, junction, path)

        refuse_waiting_areas(site.network, self.junction, f"{path}.junction")
        return changed_programs(site, (self.junction, self.period, self.program), self.expect, change, path)

    def _with_stage(
        self, network: Network, program: SignalProgram, junction: Junction, path: str
    ) -> SignalProgram:
        served = self._served(network, junction, path)
        names = [stage.name for stage in program.stages()]
        problems = Problems()
        if self.stage in names:
            problems.add(
                f"{path}.stage",
                Message("there is a stage {stage!r} already", stage=self.stage),
                Message("now: {names}", names=names),
            )
        for field, name in (("behind", self.behind), *((f"greens_s.{n}", n) for n in self.greens_s)):
            if name not in names:
                problems.add(f"{path}.{field}", Message("no stage {name!r}", name=name), near(name, names))
        problems.raise_if_any()
        try:
            program = program.retimed(self.greens_s)
        except ValueError as error:
            raise refuse(f"{path}.greens_s", message_of(error)) from None
        stays = _never_changing(program)
        if self.only:
            program = _without(program, set(served))
        if [stage.name for stage in program.stages()] != names:
            told = Message("a stage of today would have no green left")
            problems.add(f"{path}.only", told, Message("leave `only` out, or reorder the stages instead"))
            problems.raise_if_any()
        taken = taken_apart(program)
        next_name = names[(names.index(self.behind) + 1) % len(names)]
        before, after = taken.greens[self.behind][-1].state, taken.greens[next_name][0].state
        stays |= {
            k
            for k in range(len(before))
            if before[k] in GREEN and after[k] in GREEN and not _meets(network, junction, k, served)
        }
        state = "".join(served.get(k, letter if k in stays else "r") for k, letter in enumerate(before))
        new = (Interval(self.green_s, state, self.stage),)
        yellows = taken.yellows | served.keys()
        taken = replace(taken, greens={**taken.greens, self.stage: new}, yellows=yellows)
        names.insert(names.index(self.behind) + 1, self.stage)
        joined = taken.joined(names, {(self.stage, next_name): (self.yellow_s, self.all_red_s)})
        return replace(joined, offset_s=program.offset_s + taken.lead_s)

    def _served(self, network: Network, junction: Junction, path: str) -> dict[int, str]:
        """Return link -> its letter in the new stage; ConfigError where movements cannot go together."""
        problems = Problems()
        movements: dict[str, Movement] = {}
        for number, id in enumerate(self.serves, 1):
            try:
                movement = network.movement(id, f"{path}.serves.{number}")
            except ConfigError as error:
                problems.extend(error)
                continue
            if all(c.signal != junction.signal for c in movement.connections):
                told = Message(
                    "{id} is not controlled by the signal of {junction_id!r}", id=id, junction_id=junction.id
                )
                problems.add(f"{path}.serves.{number}", told)
            movements[id] = movement
        problems.raise_if_any()
        uturns = [
            other
            for movement in movements.values()
            if movement.direction.startswith("left")
            for other in network.approaches[f"{movement.junction}.{movement.approach}"].movements
            if other.direction.startswith("uturn") and other.id not in movements
        ]
        keys = {c.key: id for id, m in movements.items() for c in m.connections}
        for one, id in keys.items():
            for foe in network.foes.get(one, frozenset()) & keys.keys():
                if id < keys[foe]:
                    problems.add(
                        f"{path}.serves",
                        Message("{id} and {keys} cross each other", id=id, keys=keys[foe]),
                        Message("one stage each"),
                    )
        letters = {c.link: "g" for m in uturns for c in m.connections if c.link is not None}
        letters |= {c.link: "G" for m in movements.values() for c in m.connections if c.link is not None}
        known = keys.keys() | {c.key for m in uturns for c in m.connections}
        for link in letters:
            strangers = set(network.links[junction.signal or ""][link]) - known
            if strangers:
                told = Message(
                    "{strangers} shares a signal head with what the stage serves", strangers=sorted(strangers)
                )
                problems.add(f"{path}.serves", told, Message("serve that movement too"))
        problems.found = list(dict.fromkeys(problems.found))
        problems.raise_if_any()
        return letters


def _never_changing(program: SignalProgram) -> set[int]:
    size = len(program.intervals[0].state)
    return {k for k in range(size) if len({i.state[k] for i in program.intervals}) == 1}


def _without(program: SignalProgram, links: set[int]) -> SignalProgram:
    """Show some links red all the time."""

    def red(state: str) -> str:
        return "".join("r" if k in links else letter for k, letter in enumerate(state))

    return replace(program, intervals=tuple(replace(i, state=red(i.state)) for i in program.intervals))


def _meets(network: Network, junction: Junction, link: int, served: Mapping[int, str]) -> bool:
    """Whether what a link lets go crosses something that is served."""
    links = network.links[junction.signal or ""]
    foes = frozenset().union(*(network.foes.get(key, frozenset()) for key in links.get(link, ())))
    return link not in served and any(foes & set(links.get(other, ())) for other in served)
