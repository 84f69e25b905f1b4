"""A drawn four-leg junction for tests: short lanes, crossings on every leg, a two-plus-two stage plan."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from sim.loading import parse
from sim.site.facts import SiteFacts

Facts = dict[str, Any]
TITLE = {"zh": "测试", "en": "Test"}


def leg(bearing_deg: float, uses: list[str], **more: Any) -> Facts:
    """Draw a leg of 300 m with two exit lanes and a crossing; its lanes from left to right."""
    lanes = [{"use": use} for use in uses]
    return {
        "bearing_deg": bearing_deg, "speed_kmh": 50, "length_m": 300, "exit_lanes": 2,
        "crossing": {"length_m": 16}, "lanes": lanes, **more,
    }  # fmt: skip


SHORT_LEFT = [{"use": "left", "length_m": 60}, {"use": "through"}, {"use": "through+right"}]
STAGES: Facts = {
    "A": {"green": ["east.through", "west.through"], "crossings": ["north", "south"], "green_s": 30,
          "flash_s": 3, "yellow_s": 3, "all_red_s": 2, "pedestrian_flash_s": 8},
    "B": {"green": ["east.left", "west.left"], "green_s": 15, "yellow_s": 3, "all_red_s": 2},
    "C": {"green": ["north.through", "south.through"], "permissive": ["north.left", "south.left"],
          "crossings": ["east", "west"], "green_s": 30, "yellow_s": 3, "all_red_s": 2,
          "pedestrian_flash_s": 8},
}  # fmt: skip
CROSSROADS: Facts = {
    "name": "crossroads",
    "title": TITLE,
    "made_up": True,
    "junctions": {
        "J1": {
            "title": TITLE,
            "position_m": [0, 0],
            "approaches": {
                "north": leg(0, ["left+through", "through+right"]),
                "east": leg(90, [], lanes=SHORT_LEFT),
                "south": leg(180, ["left+through", "through+right"]),
                "west": leg(270, [], lanes=SHORT_LEFT),
            },
        }
    },
    "plans": {"day": {"J1": {"cycle_s": 90, "offset_s": 10, "stages": STAGES}}},
    "periods": {"am": {"title": TITLE, "begin": "07:30", "end": "08:30", "plan": "day",
                       "pedestrians_per_15min": {"J1.north": 30}}},
}  # fmt: skip


def crossroads(change: Callable[[Facts], object] | None = None) -> SiteFacts:
    """Parse the crossroads, changed in place by `change` if given."""
    return parse(SiteFacts, written(change), "site.yaml")


def written(change: Callable[[Facts], object] | None = None) -> Facts:
    """Return the crossroads as plain data."""
    data = copy.deepcopy(CROSSROADS)
    if change is not None:
        change(data)
    return data


def write_site(folder: Path, data: Facts) -> Path:
    """Write a site's folder, with counts of 25 vehicles for every quarter and movement; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    rows = [
        f"am,{start},{junction}.{name},{movement},car,25,upstream,,"
        for junction, facts in data.get("junctions", {}).items()
        for name, approach in facts["approaches"].items()
        for movement in sorted({way for lane in approach["lanes"] for way in lane["use"].split("+")})
        for start in ("07:30", "07:45", "08:00", "08:15")
    ]
    header = "period,start,approach,movement,class,count,taken_at,queue_start_veh,queue_end_veh"
    (folder / "counts.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder
