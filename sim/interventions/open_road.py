"""`open_road`: the missing piece of a street that ends (打通断头路)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.edits.vocabulary import Edit
from sim.errors import ConfigError, Problem
from sim.interventions.base import intervention
from sim.interventions.new_streets import NewStreet, node_of
from sim.interventions.street_ends import is_dead_end
from sim.labels import Message, Text, text
from sim.site.model import Site


@intervention("open_road")
class OpenRoad(NewStreet):
    """Build the missing piece between a dead end and another dead end or junction, in both directions.

    `between` names two junctions or nodes, `expect.gap_m` how far apart they are; `lanes` in each direction;
    `via_m` points between them in the network's metres (straight without). At a dead end old and new street
    go on into each other; at a junction `ways` say who may turn into the new street and out of it. Studies
    with it are in equilibrium (`routes`) where nothing else is said; the short run stands beside it.
    """

    title: ClassVar[Text] = Text("打通断头路", "Open a dead-end road")
    takes_years: ClassVar[bool] = True
    example: ClassVar[str] = """\
kind: open_road
id: jiugang
between: [J1.south.end, J3.west.end]
expect: {gap_m: 130}
lanes: 1
speed_kmh: 40
"""
    watch: ClassVar[Text] = Text(
        "结果取决于路径响应方法，报告中注明：未注明时为均衡，短期结果并列；诱增交通在有目标年时并列。"
        "交叉口处的新流向需要有灯态：`green_with` 借用现有流向的绿灯，冲突时会被拒绝，应另作配时。"
        "新路不建人行道。",
        "The result rests on how routes answer, which the report states: equilibrium where nothing else is "
        "said, the short run beside it, and induced demand where a horizon is named. At a signal a new way "
        "borrows the green of a movement that is there; where that meets another protected green it is "
        "refused and takes a new plan. The new street has no sidewalks.",
    )

    kind: Literal["open_road"]

    def edits(self, site: Site, path: str) -> tuple[Edit, ...]:
        """As `NewStreet`; ConfigError where neither end is a dead end, or a street is there already."""
        edits = super().edits(site, path)
        nodes = {node_of(site.network, name) for name in self.between}
        if any({edge.from_node, edge.to_node} == nodes for edge in site.network.edges.values()):
            told = Message("a street joins {between:and} already", between=self.between)
            raise ConfigError([Problem(f"{path}.between", told, Message("`widen_road` adds lanes to it"))])
        if not any(is_dead_end(site.network, node) for node in nodes):
            told = Message(
                "neither {between!r} nor {between_2!r} is a dead end",
                between=self.between[0],
                between_2=self.between[1],
            )
            raise ConfigError([Problem(f"{path}.between", told, Message("`add_link` joins two junctions"))])
        return edits

    def describe(self, site: Site) -> Text:
        """Name the two places, the length, lanes and speed."""
        where = self.where(site)
        return text(
            "intervention.open_road",
            zh=where.zh,
            en=where.en,
            id=self.id,
            m=f"{self.length_m(site.network):.0f}",
            lanes=self.lanes,
            kmh=f"{self.speed_kmh:g}",
        )
