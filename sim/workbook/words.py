"""What may stand in a cell: Chinese words to the site model's ids, and one reader per kind of cell. Pure.

A reader takes what Excel holds (text without blanks around it, a number, a time, ...; never an empty cell)
and returns the value, or raises `Unfit`.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from sim.errors import NOTHING, near
from sim.labels import Message
from sim.site.facts import DIRECTIONS

Reader = Callable[[Any], Any]

BEARINGS = {
    "北": ("north", 0), "东北": ("northeast", 45), "东": ("east", 90), "东南": ("southeast", 135),
    "南": ("south", 180), "西南": ("southwest", 225), "西": ("west", 270), "西北": ("northwest", 315),
}  # fmt: skip
"""Where an approach comes from: Chinese -> (id, bearing in degrees)."""
APPROACH = "进口"
TURNS = {"掉头": "uturn", "左转": "left", "直行": "through", "右转": "right"}
SHORT_TURNS = {**TURNS, "调头": "uturn", "左": "left", "直": "through", "右": "right"}
CLASSES = {"小客车": "car", "公交车": "bus", "货车": "truck", "摩托车": "motorcycle", "非机动车": "bicycle"}
TAKEN_AT = {"停止线": "stop_line", "上游": "upstream"}
DAYS = {"工作日": "weekday", "周末": "weekend"}
CONTROLS = {"信号": "signals", "让行": "priority", "右方先行": "right_before_left"}
PARKING = {"路侧": "kerb", "路外": "off_street"}
YES_NO = {"是": True, "否": False}
MADE_UP = {"示意": True, "实测": False}

SEPARATORS = re.compile(r"[、,，;；\n]+")
_ID = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
_TOKEN = re.compile(r"^\w[\w-]*$")
_TURN = re.compile("|".join(sorted(SHORT_TURNS, key=len, reverse=True)))
_BEARING = "|".join(sorted(BEARINGS, key=len, reverse=True))
_APPROACH = re.compile(rf"({_BEARING})({APPROACH})?$")
_LEG = re.compile(rf"([A-Za-z][A-Za-z0-9_-]*?)[ .·]*({_BEARING})({APPROACH})?$")
_MOVEMENT = re.compile(rf"({_BEARING})({APPROACH})?[ ]*(\S+)$")
_SHIFT = re.compile(r"(.*?[^\d.\s=:：])\s*[=:：]?\s*(\d+(?:\.\d+)?)\s*(?:s|秒)?$")
_CLOCK = re.compile(r"^(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?$")


class Unfit(Exception):
    """A cell holds something it may not hold."""

    def __init__(self, message: Message, suggestion: Message = NOTHING) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def shown(value: Any) -> str:
    """Write a cell's content as the user sees it, text in quotes."""
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def number(value: Any) -> float:
    """Read a number; a whole one stays an int, so that files say 3 and not 3.0."""
    if isinstance(value, str):
        try:
            finite = math.isfinite(float(value))
        except ValueError:
            finite = False
        if not finite:
            raise Unfit(Message("{value} is not a number", value=shown(value)))
        raise Unfit(
            Message("{value} is text, not a number", value=shown(value)),
            Message("format the cell as number, type {value} again", value=value),
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(
            Message("{value} is not a number", value=shown(value)),
            Message("set the cell's format to number, not date or time"),
        )
    return int(value) if float(value).is_integer() else round(float(value), 9)


def amount(value: Any) -> float:
    """Read a number of vehicles or people: 0 or more."""
    found = number(value)
    if found < 0:
        raise Unfit(Message("{value} is negative", value=shown(value)), Message("0 or more"))
    return found


def integer(value: Any) -> int:
    """Read a whole number."""
    found = number(value)
    if not isinstance(found, int):
        raise Unfit(Message("{value} is not a whole number", value=shown(value)))
    return found


def text(value: Any) -> str:
    """Read free text; a number is taken as it is written (bus line 402)."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, bool)):
        raise Unfit(
            Message("{value} is not text", value=shown(value)),
            Message("set the cell's format to text and type it again"),
        )
    return str(value)


def token(value: Any) -> str:
    """Read a name that the site's files use as a key: letters (Chinese too), digits, _ and -."""
    name = text(value)
    if not _TOKEN.match(name):
        raise Unfit(
            Message("{name} is not a name", name=shown(name)),
            Message("letters, digits, _ and - only, no blanks"),
        )
    return name


def identifier(value: Any) -> str:
    """Read an id: Latin letters, digits, _ and -, a letter first (it becomes part of SUMO's ids)."""
    name = text(value)
    if not _ID.match(name):
        hint = (
            Message("write J{name}", name=name)
            if name.isdigit()
            else Message("Latin letters, digits, _ and -, e.g. J1, am_peak")
        )
        raise Unfit(Message("{value} is not an id", value=shown(value)), hint)
    return name


def clock(value: Any) -> str:
    """Read a time of day, an Excel time or text like 7:30; returns HH:MM or HH:MM:SS."""
    match value:
        case datetime.datetime() | datetime.date():
            raise Unfit(
                Message("{value:%Y-%m-%d} is a date, not a time", value=value),
                Message("format the cell as time, write 07:30"),
            )
        case datetime.time():
            whole = value.hour * 3600 + value.minute * 60 + value.second + round(value.microsecond / 1e6)
        case datetime.timedelta():
            whole = round(value.total_seconds())
        case str() if found := _CLOCK.match(value):
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            whole = hours * 3600 + minutes * 60 + seconds
        case _:
            raise Unfit(
                Message("{value} is not a time", value=shown(value)),
                Message("write 07:30 in a cell of the format time"),
            )
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def one_of(words: Mapping[str, Any]) -> Reader:
    """Return the reader of one word out of a few."""

    def read(value: Any) -> Any:
        if value not in words:
            raise Unfit(
                Message("{value} is none of {words}", value=shown(value), words="/".join(words)),
                near(str(value), words),
            )
        return words[value]

    return read


def turn(value: Any) -> str:
    """Read a turning movement: 左转 -> left."""
    if value not in SHORT_TURNS:
        raise Unfit(Message("{value} is not a movement", value=shown(value)), near(str(value), TURNS))
    return SHORT_TURNS[str(value)]


def turns(value: Any) -> str:
    """Read what a lane may do: 直行+右转, or 直右 -> through+right."""
    word = re.sub(r"[\s+/、]", "", str(value))
    found = [SHORT_TURNS[part] for part in _TURN.findall(word)]
    if not found or _TURN.sub("", word).strip("转行") or len(set(found)) < len(found):
        raise Unfit(
            Message("{value} is not a lane use", value=shown(value)),
            Message("e.g. 左转, 直行+右转, 掉头+左转"),
        )
    return "+".join(sorted(found, key=[str(way) for way in DIRECTIONS].index))


def approach(value: Any) -> str:
    """Read an approach: 北进口 (or 北) -> north."""
    found = _APPROACH.match(str(value))
    if not found:
        known = [word + APPROACH for word in BEARINGS]
        raise Unfit(Message("{value} is not an approach", value=shown(value)), near(str(value), known))
    return BEARINGS[found[1]][0]


def leg(value: Any) -> str:
    """Read a leg of a junction: "J1 北进口" -> J1.north."""
    found = _LEG.match(str(value))
    if not found:
        raise Unfit(
            Message("{value} is not a leg", value=shown(value)),
            Message("write junction and approach, e.g. J1 北进口"),
        )
    return f"{found[1]}.{BEARINGS[found[2]][0]}"


def movements(value: Any) -> list[str]:
    """Read movements of one junction: "东进口直行、西直左" -> east.through, west.through, west.left."""
    return [name for part in _parts(value) for name in _movement(part)]


def approaches(value: Any) -> list[str]:
    """Read approaches of one junction: "北进口、南进口" -> north, south."""
    return [approach(part) for part in _parts(value)]


def shifts(value: Any) -> dict[str, float]:
    """Read seconds per movement: "东左转 3、西左转 2.5" -> east.left: 3, west.left: 2.5."""
    found: dict[str, float] = {}
    for part in _parts(value):
        match = _SHIFT.match(part)
        if not match:
            raise Unfit(
                Message("{part} is not a movement and its seconds", part=shown(part)),
                Message("write e.g. 东进口左转 3"),
            )
        found |= dict.fromkeys(_movement(match[1].strip()), number(float(match[2])))
    return found


def bearing_of(name: str) -> float:
    """Return the bearing of an approach that is written without one, degrees."""
    return next(bearing for id, bearing in BEARINGS.values() if id == name)


def _movement(word: str) -> list[str]:
    found = _MOVEMENT.match(word)
    if not found:
        raise Unfit(
            Message("{word} is not a movement", word=shown(word)),
            Message("write approach and turn, e.g. 东进口直行"),
        )
    try:
        ways = turns(found[3])
    except Unfit:
        raise Unfit(
            Message("{word} is not a movement", word=shown(word)),
            Message("write approach and turn, e.g. 东进口直行"),
        ) from None
    return [f"{BEARINGS[found[1]][0]}.{way}" for way in ways.split("+")]


def _parts(value: Any) -> list[str]:
    return [part.strip() for part in SEPARATORS.split(str(value)) if part.strip()]
