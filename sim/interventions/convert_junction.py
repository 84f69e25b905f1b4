"""`convert_junction`: another control of a junction, without signals (交叉口控制方式改造)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.control import SIGNALS
from sim.edits.vocabulary import SetControl
from sim.errors import Problems, near
from sim.interventions.base import Intervention, intervention
from sim.interventions.signalise import ExpectedControl, control_in_words, minor_approaches, minor_capacity
from sim.labels import Message, Text, text
from sim.site.model import Site
from sim.site.network import Junction
from sim.site.places import named


@intervention("convert_junction")
class ConvertJunction(Intervention):
    """Take signals away, or change the signs of a junction without them.

    `to`: `priority` (the others give way to the `major` approaches), `allway_stop` (everyone stops, first
    come first served), `right_before_left` (no signs: the right has the right of way). Zebras stay and have
    the right of way. `signalise` puts signals up.
    """

    title: ClassVar[Text] = Text("交叉口控制方式改造", "Convert a junction")
    takes_years: ClassVar[bool] = True
    example: ClassVar[str] = """\
kind: convert_junction
junction: J1
expect: {control: signals}
to: priority
major: [east, west]
"""
    watch: ClassVar[Text] = Text(
        "次要流向能否通过取决于可接受间隙：现状为让行控制的，在 `field_values` 写下实测值 "
        "`gap_capacity_vph`，与模型相符才给结论；现状为信号控制的无从观测，不给结论。取消信号后行人靠车让人过街，"
        "模型中车辆总会让行，偏乐观；安全须另行论证。环岛不在其中。",
        "Whether the minor movements get through rests on gaps that people accept. Where there are signs "
        "today, observe it (`gap_capacity_vph` in `field_values`); where there are signals nobody can, and "
        "there is no verdict. Without signals people on foot cross because "
        "drivers yield, and in the model they always do, which is optimistic; safety needs a study of its "
        "own. Roundabouts are not offered.",
    )

    kind: Literal["convert_junction"]
    junction: str
    expect: ExpectedControl
    to: Literal["priority", "allway_stop", "right_before_left"]
    major: tuple[str, ...] = ()

    def edits(self, site: Site, path: str) -> tuple[SetControl, ...]:
        """One SetControl."""
        junction = site.network.junction(self.junction, f"{path}.junction")
        self.expect.check(junction, path)
        problems = Problems()
        if self.to == junction.control and not self.major:
            problems.add(f"{path}.to", Message("that is how it is controlled today"))
        if junction.control == SIGNALS:
            shared = [j.id for j in site.network.junctions.values() if j.signal == junction.signal]
            if len(shared) > 1:
                told = Message(
                    "its signal {signal!r} controls {shared:and} together",
                    signal=junction.signal,
                    shared=shared,
                )
                problems.add(f"{path}.junction", told, Message("only a signal of one junction can go"))
        self._check_major(junction, path, problems)
        problems.raise_if_any()
        edges = {approach.name: approach.edge for approach in junction.approaches}
        major = tuple(edges[name] for name in self.major)
        return (SetControl(junction.id, junction.control, self.to, tuple(site.periods), major=major),)

    def assumes(self, site: Site) -> Text | None:
        """Say that nobody has observed what minor movements get through."""
        return minor_capacity(site, self.junction)

    def rests_on_gaps(self, site: Site) -> tuple[str, ...]:
        """Name the approaches that give way today; where signals decide, nobody can observe gaps yet."""
        return minor_approaches(site, self.junction)

    def describe(self, site: Site) -> Text:
        """Name the control before and after, and who has the right of way."""
        junction = site.network.junction(self.junction, f"{self.kind}.junction")
        where = named(site.facts, f"junction:{junction.id}")
        before, after = control_in_words(junction.control), control_in_words(self.to)
        names = [named(site.facts, f"approach:{junction.id}.{name}") for name in self.major]
        first = text(
            "intervention.convert_junction.major",
            zh="、".join(name.zh for name in names),
            en=", ".join(name.en for name in names),
        )
        return text(
            "intervention.convert_junction",
            zh=where.zh,
            en=where.en,
            before_zh=before.zh,
            before_en=before.en,
            after_zh=after.zh,
            after_en=after.en,
            major_zh=first.zh if names else "",
            major_en=first.en if names else "",
        )

    def _check_major(self, junction: Junction, path: str, problems: Problems) -> None:
        names = [approach.name for approach in junction.approaches]
        for number, name in enumerate(self.major, 1):
            if name not in names:
                told = Message("junction {id!r} has no approach {name!r}", id=junction.id, name=name)
                problems.add(f"{path}.major.{number}", told, near(name, names))
        if self.to == "priority" and not 0 < len(set(self.major)) < len(names):
            told = Message("say which approaches have the right of way, and leave at least one that has not")
            problems.add(f"{path}.major", told, Message("among {names}", names=names))
        if self.to != "priority" and self.major:
            told = Message("nobody has the right of way under {to!r}", to=self.to)
            problems.add(f"{path}.major", told, Message("leave it out"))
