"""Boxes of junctions (黄格线): as marks in an arm's files, and as what drivers do in a run.

SUMO knows who enters a junction whose exit is full by the vehicle's type, the same for all junctions. So who
heeds a box and nothing else changes type where they come to it, and back where they leave it, by calibrators
that do nothing else: trajectories are bit for bit those of the types (measured, SUMO 1.28).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from sim.demand import Demand
from sim.demand.tables import own_uniforms
from sim.site.model import ALWAYS_S
from sim.site.network import Network
from sim.sumo.objects import BOX
from sim.sumo.xml_file import element, opening
from sim.vehicles import FILLS_EXIT

UNMARKED, HEEDS = ".fills_unmarked", ".heeds_box"
"""Suffixes of types: of who enters a full exit where no box is marked, and of the same drivers at a box."""
FILLS = "jmIgnoreKeepClearTime"
SHARE = "enters_full_exit_share"


def boxes_xml(boxes: Mapping[str, float], network: Network) -> str:
    """Write an additional file that shows every box and says how many enter it though their exit is full."""
    lines = ["<additional>\n"]
    for id, share in sorted(boxes.items()):
        x, y = network.junctions[id].position_m
        mark = {"id": BOX + id, "type": "box_junction", "color": "yellow", "x": f"{x:.2f}", "y": f"{y:.2f}"}
        lines += [
            opening("poi", mark),
            element("param", {"key": SHARE, "value": f"{share:g}"}, 2),
            "    </poi>\n",
        ]
    return "".join([*lines, "</additional>\n"])


def heeding(demand: Demand, heed: float, site: str, replicate: int) -> Demand:
    """Give those who heed a box types of their own; `heed`: their share of who enters full exits today."""
    kinds = demand.vehicles["type"].to_numpy(dtype=object)
    fills = np.array([str(kind).endswith(FILLS_EXIT) for kind in kinds], dtype=bool)
    if not fills.any() or heed <= 0:
        return demand
    ids = ["box/" + id for id in demand.vehicles["id"]]
    chosen = fills & (own_uniforms(site, replicate, ids, 1)[:, 0] < heed)
    plain = [str(kind).removesuffix(FILLS_EXIT) for kind in kinds]
    types = {id: dict(attributes) for id, attributes in demand.types.items()}
    for kind in sorted({plain[n] for n in np.flatnonzero(chosen)}):
        filling = types[kind + FILLS_EXIT]
        types[kind + UNMARKED] = filling
        types[kind + HEEDS] = {key: value for key, value in filling.items() if key != FILLS}
    column = [plain[n] + UNMARKED if chosen[n] else kinds[n] for n in range(len(kinds))]
    return replace(
        demand, vehicles=demand.vehicles.assign(type=column).astype({"type": "string"}), types=types
    )


def partner(kind: str) -> str | None:
    """Return the type that one of `heeding` changes to at a box; None for any other type."""
    return kind.replace(UNMARKED, HEEDS) if UNMARKED in kind else None


def changes_type(kind: str) -> bool:
    """Whether vehicles change to or from a type on their way."""
    return UNMARKED in kind or HEEDS in kind


def calibrators(
    boxes: Mapping[str, float], network: Network, types: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Yield the lines that change types at boxes; `types`: all in use that change, with their attributes."""
    pairs = [(kind, other) for kind in sorted(types) if (other := partner(kind)) is not None]
    if not pairs:
        return
    nodes = {network.junctions[id].node for id in boxes}
    into = {edge.id for edge in network.edges.values() if edge.to_node in nodes}
    out_of = {edge.id for edge in network.edges.values() if edge.from_node in nodes}
    for id in sorted({kind for pair in pairs for kind in pair}):
        yield element("vType", {"id": id, **types[id]})
    for edge in sorted(into ^ out_of):  # between two boxes nothing changes
        for number, (unmarked, heeds) in enumerate(pairs):
            old, new = (unmarked, heeds) if edge in into else (heeds, unmarked)
            yield opening("calibrator", {"id": f"box.{edge}.{number}", "edge": edge, "pos": 0, "vTypes": old})
            yield element("flow", {"begin": 0, "end": ALWAYS_S, "type": new}, 2)
            yield "    </calibrator>\n"
