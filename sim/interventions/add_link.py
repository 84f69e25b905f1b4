"""`add_link`: a new connector between two junctions (新建联络线)."""

from __future__ import annotations

from typing import ClassVar, Literal

from sim.interventions.base import intervention
from sim.interventions.new_streets import NewStreet
from sim.labels import Text, text
from sim.site.model import Site


@intervention("add_link")
class AddLink(NewStreet):
    """Build a street between two places: several lanes, a speed of its own, one way or both.

    It crosses what lies between without a junction, as a bridge or a tunnel does. Fields as in `open_road`;
    with `one_way: true` it leads from the first place to the second only. Studies with it are in equilibrium
    (`routes`) where nothing else is said; the short run stands beside it.
    """

    title: ClassVar[Text] = Text("新建联络线", "Add a link")
    takes_years: ClassVar[bool] = True
    example: ClassVar[str] = """\
kind: add_link
id: binjiang
between: [J1, J2]
expect: {gap_m: 220}
via_m: [[50, 80], [170, 80]]
lanes: 2
speed_kmh: 60
ways:
  - {from: J1.south, to: new, lanes: [1], green_with: J1.south.left}
  - {from: new, to: J1.north, green_with: J1.south.through}
  - {from: J2.east, to: new, lanes: [1], green_with: J2.east.left}
  - {from: new, to: J2.west, green_with: J2.east.through}
"""
    watch: ClassVar[Text] = Text(
        "模型边界以外的过境交通不会改走新线，效果为下限；长期应结合年份与增长率。",
        "Through traffic from beyond the model does not come to it: the effect is a lower bound. In the long "
        "term name a year and a growth.",
    )

    kind: Literal["add_link"]
    one_way: bool = False

    @property
    def directions(self) -> Literal["both", "one"]:
        """Whether it leads back, too."""
        return "one" if self.one_way else "both"

    def describe(self, site: Site) -> Text:
        """Name the two places, the length, directions, lanes and speed."""
        where = self.where(site)
        return text(
            f"intervention.add_link.{self.directions}",
            zh=where.zh,
            en=where.en,
            id=self.id,
            m=f"{self.length_m(site.network):.0f}",
            lanes=self.lanes,
            kmh=f"{self.speed_kmh:g}",
        )
