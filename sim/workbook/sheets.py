"""The survey workbook's sheets, tables and columns: the one place where headings stand.

A sheet holds one or more tables. A table begins with its title in brackets, 【路口】, then its headings,
then its rows up to the next title. A column's key is the field of the site model wherever there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sim.workbook import words
from sim.workbook.words import Reader, amount, clock, identifier, integer, leg, number

IGNORED = "备注"
"""Sheets and columns whose name begins so are the user's own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `stand_in` takes the place of an unfit value, so that checking can go on; `offers` fills the cell's list,
    `offers_from` (table.column) takes the list from what another table holds.
    """

    key: str
    heading: str
    english: str
    read: Reader = words.text
    required: bool = True
    stand_in: Any = None
    offers: tuple[str, ...] = ()
    offers_from: str = ""

    @property
    def name(self) -> str:
        """The heading without its unit."""
        return bare(self.heading)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a sheet; `note` is shown under its title."""

    key: str
    title: str
    english: str
    columns: tuple[Column, ...]
    note: str = ""

    @property
    def marker(self) -> str:
        """What the first cell of the table says."""
        return f"【{self.title}】"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; one that is not `required` may be deleted."""

    name: str
    english: str
    tables: tuple[Table, ...]
    required: bool = True


def bare(heading: str) -> str:
    """Return a heading's first line without its unit, as columns are recognised."""
    first = heading.strip().splitlines()[0] if heading.strip() else ""
    return re.sub(r"[(（].*?[)）]|\s", "", first)


def _optional(key: str, heading: str, english: str, read: Reader = words.text, **more: Any) -> Column:
    return Column(key, heading, english, read, required=False, **more)


def _choice(mapping: dict[str, Any]) -> dict[str, Any]:
    return {"read": words.one_of(mapping), "offers": tuple(mapping)}


def _period(**more: Any) -> Column:
    return Column("period", "时段", "period", offers_from="periods.name", **more)


def _junction() -> Column:
    return Column("junction", "路口", "junction id", identifier, offers_from="junctions.id")


APPROACH_WORDS = tuple(word + words.APPROACH for word in words.BEARINGS)
USE_WORDS = ("左转", "直行", "右转", "左转+直行", "直行+右转", "左转+直行+右转", "掉头+左转", "掉头")
ITEMS = (
    Column("title_zh", "中文名", "name in Chinese"),
    _optional("title_en", "英文名", "name in English"),
    Column("made_up", "数据性质", "made up or surveyed", **_choice(words.MADE_UP), stand_in=True),
    _optional("description_zh", "说明", "description in Chinese"),
    _optional("description_en", "英文说明", "description in English"),
    Column("source", "数据来源", "who surveyed what and when"),
    _optional("warm_up_s", "预热时长(s)", "warm-up, seconds", number),
    _optional("enters_full_exit_share", "出口堵满仍驶入比例", "drivers entering a full exit, share", number),
)
"""Rows of the table 站点: they stand under each other, not beside each other."""
_APPROACH = Column("approach", "进口", "approach", words.approach, offers=APPROACH_WORDS)
_ENGLISH = _optional("title_en", "英文名", "name in English")

SHEETS = (
    Sheet(
        "基本信息",
        "basics",
        (
            Table(
                "site",
                "站点",
                "site",
                (
                    _optional("item", "项目", "item"),
                    Column("content", "内容", "content", lambda value: value),
                ),
            ),
            Table(
                "periods",
                "时段",
                "periods",
                (
                    Column("name", "时段", "name in Chinese"),
                    Column("id", "编号", "id, e.g. am_peak", identifier),
                    _ENGLISH,
                    Column("begin", "开始", "begin", clock, stand_in="00:00"),
                    Column("end", "结束", "end", clock, stand_in="24:00"),
                    _optional("day", "日类型", "day", **_choice(words.DAYS)),
                ),
                "只写需要评价的时段，长度为 15 分钟的整数倍。 Evaluated periods, whole quarters of an hour.",
            ),
        ),
    ),
    Sheet(
        "渠化",
        "layout",
        (
            Table(
                "junctions",
                "路口",
                "junctions",
                (
                    Column("id", "路口", "id, e.g. J1", identifier),
                    Column("title_zh", "名称", "name in Chinese"),
                    _ENGLISH,
                    Column("x_m", "X(m)", "metres to the east", number, stand_in=0),
                    Column("y_m", "Y(m)", "metres to the north", number, stand_in=0),
                    Column("control", "控制方式", "control", **_choice(words.CONTROLS), stand_in="signals"),
                ),
            ),
            Table(
                "approaches",
                "进口道",
                "approaches",
                (
                    _junction(),
                    _APPROACH,
                    _optional("bearing_deg", "方位角(°)", "bearing, 0 = north; else from the name", number),
                    _optional("length_m", "长度(m)", "to the edge of the model", number),
                    Column("speed_kmh", "限速(km/h)", "speed limit", number, stand_in=50),
                    _optional("grade_pct", "坡度(%)", "grade, uphill positive; not simulated", number),
                    _optional("exit_lanes", "出口车道数", "lanes leaving here", integer, stand_in=4),
                    _optional("crossing_m", "人行横道长(m)", "crossing's length; empty: none", number),
                    _optional("crossing_width_m", "人行横道宽(m)", "crossing's width", number),
                    _optional("solid_line_m", "导向车道线长(m)", "solid lines before the stop line", number),
                    _optional("median_m", "中央分隔带宽(m)", "median's width, all along the leg", number),
                ),
                "通往另一路口的进口不填长度和出口车道数。 On a street leave length and exit lanes empty.",
            ),
            Table(
                "lanes",
                "车道",
                "lanes",
                (
                    _junction(),
                    _APPROACH,
                    Column("lane", "车道", "1 = next to the median", integer),
                    Column("use", "用途", "lane use", words.turns, stand_in="through", offers=USE_WORDS),
                    _optional("width_m", "宽度(m)", "width", number),
                    _optional("length_m", "展宽段长(m)", "short lane's length; empty: full", number),
                ),
                "从中央分隔带向路侧编号 1、2、3…（驾驶人视角从左到右）。 From the median to the kerb.",
            ),
            Table(
                "streets",
                "路段",
                "streets between junctions",
                (
                    Column("id", "编号", "id", identifier),
                    _optional("title_zh", "名称", "name in Chinese"),
                    _ENGLISH,
                    Column("leg_1", "一端", "one leg, e.g. J1 东进口", leg),
                    Column("leg_2", "另一端", "the other leg", leg),
                ),
            ),
        ),
    ),
    Sheet(
        "流量",
        "counts",
        (
            Table(
                "counts",
                "流量",
                "counts per 15 minutes",
                (
                    _period(),
                    Column("start", "开始时间", "start of the quarter", clock),
                    _junction(),
                    _APPROACH,
                    Column("movement", "流向", "movement", words.turn, offers=tuple(words.TURNS)),
                    *(_optional(id, f"{word}(辆)", id, amount) for word, id in words.CLASSES.items()),
                    Column(
                        "taken_at", "统计位置", "counted at", **_choice(words.TAKEN_AT), stand_in="upstream"
                    ),
                    _optional("queue_start_veh", "期初排队(辆)", "queue at the start", amount),
                    _optional("queue_end_veh", "期末排队(辆)", "queue at the end", amount),
                ),
                "每流向每 15 分钟一行；没有车写 0。停止线流量请填排队：需求 = 流量 + 期末排队 - 期初排队。"
                " One row per movement and quarter; demand = count + growth of the queue.",
            ),
        ),
    ),
    Sheet(
        "配时",
        "signal plans",
        (
            Table(
                "timetable",
                "时段表",
                "plan of each period",
                (_period(), Column("plan", "方案", "plan", identifier, offers_from="plans.plan")),
            ),
            Table(
                "plans",
                "方案",
                "plans",
                (
                    Column("plan", "方案", "id, e.g. peak", identifier),
                    _junction(),
                    _optional("cycle_s", "周期(s)", "cycle, a control sum", number),
                    _optional("offset_s", "相位差(s)", "offset", number),
                    Column(
                        "flash_inside",
                        "绿闪含在绿灯内",
                        "green includes flashing green",
                        **_choice(words.YES_NO),
                        stand_in=True,
                    ),
                ),
            ),
            Table(
                "stages",
                "相位",
                "stages, in the order they run",
                (
                    Column("plan", "方案", "plan", identifier, offers_from="plans.plan"),
                    _junction(),
                    Column("stage", "相位", "name of the stage", words.token),
                    _optional("green", "放行流向", "protected movements", words.movements),
                    _optional("permissive", "让行放行", "movements that give way", words.movements),
                    _optional("crossings", "行人放行", "legs whose crossing walks", words.approaches),
                    Column("green_s", "绿灯(s)", "green", number, stand_in=30),
                    _optional("flash_s", "绿闪(s)", "flashing green", number),
                    _optional("yellow_s", "黄灯(s)", "yellow", number),
                    _optional("all_red_s", "全红(s)", "all red", number),
                    _optional("walk_s", "行人绿灯(s)", "walk", number),
                    _optional("pedestrian_flash_s", "行人绿闪(s)", "flashing walk", number),
                    _optional("late_start_s", "迟启", "late starts, e.g. 东进口左转 3", words.shifts),
                    _optional("early_cut_s", "早断", "early cuts", words.shifts),
                ),
                "流向以顿号分隔，如：东进口直行、西进口直行。未列出的右转不受控。"
                " Right turns that no stage names are free.",
            ),
        ),
    ),
    Sheet(
        "公交",
        "buses",
        (
            Table(
                "bus_stops",
                "公交站",
                "stops",
                (
                    Column("name", "站名", "name"),
                    Column("on", "所在进口", "leg, e.g. J1 北进口", leg),
                    _optional("at_m", "距上游端(m)", "from the leg's upstream end", number),
                    _optional("length_m", "站台长(m)", "length", number),
                    _optional("form", "形式", "bay or kerbside", offers=("港湾式", "直接式")),
                ),
                "暂不带入模型，公交车按流量表计入。 Not carried over yet: buses run as counted.",
            ),
            Table(
                "bus_lines",
                "公交线路",
                "lines",
                (
                    Column("name", "线路", "line"),
                    _period(required=False),
                    _optional("headway_min", "发车间隔(min)", "headway", number),
                    _optional("stops", "停靠站", "stops"),
                    _optional("dwell_s", "停靠时间(s)", "dwell", number),
                ),
            ),
        ),
        required=False,
    ),
    Sheet(
        "泊位",
        "parking",
        (
            Table(
                "parking",
                "停车场",
                "parking areas",
                (
                    Column("id", "编号", "id", identifier),
                    Column("title_zh", "名称", "name in Chinese"),
                    _ENGLISH,
                    Column(
                        "kind", "类型", "kerb or off-street", **_choice(words.PARKING), stand_in="off_street"
                    ),
                    Column("on", "所在进口", "leg, e.g. J1 北进口", leg),
                    Column("at_m", "距上游端(m)", "from the leg's upstream end", number, stand_in=0),
                    _optional("length_m", "长度(m)", "length", number),
                    Column("stalls", "泊位数", "stalls", integer, stand_in=1),
                ),
            ),
            Table(
                "parking_demand",
                "停车需求",
                "parking demand",
                (
                    Column("id", "编号", "id", identifier),
                    Column("origin", "驶入", "leg they come in by", leg),
                    Column("lot", "停车场", "parking area", identifier, offers_from="parking.id"),
                    Column("exit", "驶出", "leg they leave by", leg),
                    Column("vehicles_per_h", "到达(辆/h)", "arrivals per hour", number, stand_in=1),
                    Column("stay_min", "平均停放(min)", "mean stay", number, stand_in=30),
                    _optional("stay_sd_min", "停放标准差(min)", "standard deviation of stays", number),
                    _optional("stock_veh", "时段开始时停放(辆)", "parked when a period begins", integer),
                ),
            ),
        ),
        required=False,
    ),
    Sheet(
        "行人",
        "pedestrians",
        (
            Table(
                "pedestrians",
                "行人",
                "people crossing a leg, both ways, per quarter",
                (
                    _period(),
                    _optional("start", "开始时间", "start of the quarter; empty: every quarter", clock),
                    _junction(),
                    _APPROACH,
                    Column("people", "人数", "people", amount, stand_in=0),
                ),
                "开始时间留空表示每 15 分钟都是该人数。 Without a start the number holds for every quarter.",
            ),
        ),
        required=False,
    ),
)
NOTES_SHEET = "说明"
TABLES = {table.key: (sheet, table) for sheet in SHEETS for table in sheet.tables}
