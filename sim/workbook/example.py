"""The small made-up site that fills the survey workbook: a crossroads and a T-junction on one street."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

Cells = tuple[Any, ...]

_LANES: dict[tuple[str, str], tuple[tuple[str, float | None], ...]] = {
    ("J1", "北进口"): (("左转", 50), ("直行+右转", None)),
    ("J1", "东进口"): (("左转", 60), ("直行", None), ("直行+右转", None)),
    ("J1", "南进口"): (("左转", 50), ("直行+右转", None)),
    ("J1", "西进口"): (("左转", 60), ("直行", None), ("直行+右转", None)),
    ("J2", "东进口"): (("左转", 60), ("直行", None), ("直行", None)),
    ("J2", "南进口"): (("左转", None), ("右转", None)),
    ("J2", "西进口"): (("直行", None), ("直行+右转", None)),
}
_HOURLY: dict[tuple[str, str], dict[str, int]] = {
    ("J1", "北进口"): {"左转": 96, "直行": 200, "右转": 80},
    ("J1", "东进口"): {"左转": 120, "直行": 640, "右转": 60},
    ("J1", "南进口"): {"左转": 88, "直行": 220, "右转": 96},
    ("J1", "西进口"): {"左转": 152, "直行": 680, "右转": 100},
    ("J2", "东进口"): {"左转": 72, "直行": 720},
    ("J2", "南进口"): {"左转": 100, "右转": 80},
    ("J2", "西进口"): {"直行": 760, "右转": 112},
}
"""Vehicles per hour in the morning peak."""
_SHARES = (0.22, 0.27, 0.28, 0.23)
"""Of the hour, per quarter."""
_QUEUES = {0: (2, 3), 1: (3, 6), 2: (6, 7), 3: (7, 4)}
"""Of the western left turn at J1, counted at the stop line: vehicles at the start and end of each quarter."""

_WEST_EAST, _LEFTS = "东进口直行、西进口直行", "东进口左转、西进口左转"
_NORTH_SOUTH, _YIELDING = "北进口直行、南进口直行", "北进口左转、南进口左转"
_WALK_NS, _WALK_EW = "北进口、南进口", "东进口、西进口"


def rows() -> dict[str, list[Cells]]:
    """Return the rows of every table, cells in the order of its columns."""
    return {
        "site": [
            ("中文名", "示例路口"),
            ("英文名", "Example junctions"),
            ("数据性质", "示意"),
            ("说明", "相距 300 m 的十字路口与丁字路口。示意数据,非该地实际。"),
            ("英文说明", "A crossroads and a T-junction 300 m apart. Made up."),
            ("数据来源", "示意数据,随模板编造 (made up with the template)"),
            ("预热时长(s)", 600),
            ("出口堵满仍驶入比例", 0.1),
        ],
        "periods": [
            ("早高峰", "am_peak", "AM peak", _time(7, 30), _time(8, 30), "工作日"),
            ("平峰", "midday", "Midday", _time(14, 0), _time(14, 30), "工作日"),
        ],
        "junctions": [
            ("J1", "示例路口", "Example junction", 0, 0, "信号"),
            ("J2", "丁字路口", "T-junction", 300, 0, "信号"),
        ],
        "approaches": [
            ("J1", "北进口", None, 400, 40, None, 1, 18, 4, None, None),
            ("J1", "东进口", None, None, 50, None, None, 22, 5, None, None),
            ("J1", "南进口", None, 400, 40, None, 1, 18, 4, None, None),
            ("J1", "西进口", None, 500, 50, 1.5, 2, 22, 5, None, None),
            ("J2", "东进口", None, 500, 50, None, 2, 22, 5, None, None),
            ("J2", "南进口", 175, 300, 40, None, 1, 14, 4, None, None),
            ("J2", "西进口", None, None, 50, None, None, None, None, None, None),
        ],
        "lanes": [
            (*leg, number, use, 3.25 if length_m is None else 3, length_m)
            for leg, lanes in _LANES.items()
            for number, (use, length_m) in enumerate(lanes, start=1)
        ],
        "streets": [("main", "示例路", "Example Road", "J1 东进口", "J2 西进口")],
        "counts": [*_counts("早高峰", _time(7, 30), 4, 1.0), *_counts("平峰", _time(14, 0), 2, 0.6)],
        "timetable": [("早高峰", "peak"), ("平峰", "offpeak")],
        "plans": [
            ("peak", "J1", 100, 0, "是"),
            ("peak", "J2", 100, 25, "是"),
            ("offpeak", "J1", 80, 0, "否"),
            ("offpeak", "J2", 80, 20, "否"),
        ],
        "stages": [
            ("peak", "J1", "A", _WEST_EAST, None, _WALK_NS, 36, 3, 3, 2, 24, 12, None, None),
            ("peak", "J1", "B", _LEFTS, None, None, 15, 3, 3, 2, None, None, "东进口左转 2", None),
            ("peak", "J1", "C", _NORTH_SOUTH, _YIELDING, _WALK_EW, 34, 3, 3, 2, 20, 14, None, None),
            ("peak", "J2", "A", _WEST_EAST, None, "南进口", 50, 3, 3, 2, 40, 10, None, None),
            ("peak", "J2", "B", "东进口直行、东进口左转", None, None, 12, 3, 3, 2, None, None, None, None),
            ("peak", "J2", "C", "南进口左转", None, "东进口", 23, 3, 3, 2, 9, 14, None, None),
            ("offpeak", "J1", "A", _WEST_EAST, None, _WALK_NS, 22, 3, 3, 2, 13, 12, None, None),
            ("offpeak", "J1", "B", _LEFTS, None, None, 10, 3, 3, 2, None, None, None, None),
            ("offpeak", "J1", "C", _NORTH_SOUTH, _YIELDING, _WALK_EW, 24, 3, 3, 2, 13, 14, None, None),
            ("offpeak", "J2", "A", _WEST_EAST, None, "南进口", 29, 3, 3, 2, 22, 10, None, None),
            ("offpeak", "J2", "B", "东进口直行、东进口左转", None, None, 9, 3, 3, 2, None, None, None, None),
            ("offpeak", "J2", "C", "南进口左转", None, "东进口", 18, 3, 3, 2, 7, 14, None, None),
        ],
        "bus_stops": [("示例路站", "J1 西进口", 380, 30, "港湾式")],
        "bus_lines": [("402", "早高峰", 8, "示例路站", 25)],
        "parking": [("kerb_north", "路内泊位", "Kerb bays", "路侧", "J1 北进口", 120, 48, 8)],
        "parking_demand": [("shoppers", "J1 北进口", "kerb_north", "J1 南进口", 8, 25, None, 3)],
        "pedestrians": [
            ("早高峰", _time(7, 30), "J1", "北进口", 18),
            ("早高峰", _time(7, 45), "J1", "北进口", 24),
            ("早高峰", _time(8, 0), "J1", "北进口", 22),
            ("早高峰", _time(8, 15), "J1", "北进口", 16),
            ("早高峰", None, "J1", "东进口", 15),
            ("早高峰", None, "J1", "南进口", 20),
            ("早高峰", None, "J1", "西进口", 12),
            ("早高峰", None, "J2", "东进口", 8),
            ("早高峰", None, "J2", "南进口", 10),
            ("平峰", None, "J1", "北进口", 10),
            ("平峰", None, "J1", "南进口", 10),
        ],
    }  # fmt: skip


def _counts(period: str, begin: datetime.time, quarters: int, level: float) -> Iterator[Cells]:
    for leg, hourly in _HOURLY.items():
        for movement, vehicles in hourly.items():
            for quarter in range(quarters):
                minutes = begin.hour * 60 + begin.minute + 15 * quarter
                total = round(vehicles * _SHARES[quarter] * level)
                buses, trucks = (round(total * 0.03), round(total * 0.02)) if movement == "直行" else (0, 0)
                queued = period == "早高峰" and (*leg, movement) == ("J1", "西进口", "左转")
                yield (
                    period, _time(minutes // 60, minutes % 60), *leg, movement,
                    total - buses - trucks, buses, trucks, None, None,
                    "停止线" if queued else "上游", *(_QUEUES[quarter] if queued else (None, None)),
                )  # fmt: skip


def _time(hours: int, minutes: int) -> datetime.time:
    return datetime.time(hours, minutes)
