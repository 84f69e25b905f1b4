"""The files of an imported site: facts, people, vehicle types, and where everything came from."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sim.demand.imported import Trip
from sim.demand.sampled import trips_bytes
from sim.demand.vehicle_types import VehicleTypes
from sim.labels import Message
from sim.loading import parse
from sim.publish import file_sum
from sim.site.facts import SiteFacts
from sim.site.network import Network
from sim.sumo.import_files import STOPPING_PLACES, ModelFiles
from sim.sumo.import_source import Source
from sim.sumo.import_vehicles import Vehicle
from sim.sumo.install import RELEASE

NETWORK, SIGNALS, ADDITIONAL = (
    "network/net.net.xml.gz",
    "network/signals.add.xml",
    "network/additional.add.xml",
)
TYPES, TRIP_FILE = "demand/vehicle_types.json", "demand/trips.csv.gz"


@dataclass(frozen=True)
class Account:
    """What an import has to say, in lines."""

    carried: Sequence[Message]
    remarks: Sequence[Message]
    not_carried: Sequence[Message]
    lost: Sequence[str]
    """Ids of trips without any way."""

    def lines(self) -> list[Message]:
        """Return the lines to print."""
        return [
            *(Message("carried over: {line}", line=line) for line in self.carried),
            *(Message("note: {line}", line=line) for line in self.remarks),
            *(Message("not carried over: {line}", line=line) for line in self.not_carried),
        ]


@dataclass(frozen=True)
class Window:
    """The period of the site, seconds of the model's own clock, and the warm-up before it."""

    begin_s: int
    end_s: int
    warm_up_s: int = 0

    @property
    def first_s(self) -> int:
        """When the first vehicle may leave."""
        return self.begin_s - self.warm_up_s


def clock(time_s: float) -> str:
    """Write a time as HH:MM:SS."""
    time = math.floor(time_s)
    return f"{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}"


def write_demand(folder: Path, vehicles: Sequence[Vehicle], types: VehicleTypes) -> None:
    """Write the vehicles, sorted as they come, and their types; equal vehicles give equal bytes."""
    trips = [
        Trip(
            id=v.id,
            depart_s=v.depart_s,
            type=v.type,
            edges=" ".join(v.edges),
            depart_lane=v.attributes["departLane"],
            depart_pos=v.attributes["departPos"],
            depart_speed=v.attributes["departSpeed"],
            arrival_lane=v.attributes["arrivalLane"],
            arrival_pos=v.attributes["arrivalPos"],
            speed_factor=v.speed_factor,
            stops=json.dumps([dict(stop) for stop in v.stops]) if v.stops else "",
            line=v.line,
        )
        for v in vehicles
    ]
    (folder / TRIP_FILE).write_bytes(trips_bytes(trips))
    data = {"types": types.types, "distributions": types.distributions}
    (folder / TYPES).write_text(
        json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def write_site(
    folder: Path,
    name: str,
    model: Source,
    window: Window,
    written: Sequence[str],
    not_carried: Sequence[Message],
    parking: Mapping[str, Any],
) -> None:
    """Write site.yaml; `written` are the files beside it, by their paths in the folder."""
    title = name.replace("_", " ")
    keys = {
        NETWORK: "network",
        SIGNALS: "signals",
        ADDITIONAL: "additional",
        TYPES: "vehicle_types",
        TRIP_FILE: "trips",
    }
    facts = {
        "name": name,
        "title": {"zh": title, "en": title},
        "made_up": False,
        "imported": {
            **{keys[file]: file for file in written},
            "sha256": {file: file_sum(folder / file) for file in written},
            "source": model.name,
            "not_carried_over": [line.of("en") for line in not_carried],
        },
        "periods": {
            "window": {
                "title": {"zh": "模型时段", "en": "Period of the model"},
                "begin": clock(window.begin_s),
                "end": clock(window.end_s),
            }
        },
        "warm_up_s": window.warm_up_s,
    }
    if parking:
        facts["parking"] = dict(parking)
    for fact in ("passes_blocker_after_s", "trains_pass_after_s"):
        if (after_s := getattr(model, fact)) is not None:
            facts[fact] = after_s
    parse(SiteFacts, facts, "site.yaml")
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=110)
    (folder / "site.yaml").write_text(HEAD + text, encoding="utf-8")


HEAD = """\
# Made by `huandu import`. Titles, periods (within the imported departures), warm_up_s, routes, parking and
# `measured_junctions: [ID, ...]` (all with signals if left out) are yours to edit; the files under `imported`
# are not.
"""


def carried(
    network: Network, signals: int, files: ModelFiles, types: VehicleTypes, vehicles: Sequence[Vehicle]
) -> list[Message]:
    """Say what was carried over, with numbers."""
    lines = [
        Message(
            "network: {edges} edges, {junctions} junctions, {signals} signals",
            edges=len(network.edges),
            junctions=len(network.junctions),
            signals=signals,
        )
    ]
    if files.signals:
        programs = sum(element.tag == "tlLogic" for element in files.signals)
        plans = sum(element.tag == "WAUT" for element in files.signals)
        lines.append(
            Message(
                "signals from additional files: {programs} programs, {plans} switching plans",
                programs=programs,
                plans=plans,
            )
        )
    kinds: Counter[str] = Counter(STOPPING_PLACES[place.element.tag] for place in files.places.values())
    kinds += Counter(f"{written.element.tag}s" for written in files.behaviour)
    lines += [Message("{kind}: {number}", kind=kind, number=number) for kind, number in sorted(kinds.items())]
    if vehicles:
        stops = sum(len(v.stops) for v in vehicles)
        lines.append(
            Message(
                "vehicles: {vehicles}, with {stops} stops, {timetabled} timetabled",
                vehicles=len(vehicles),
                stops=stops,
                timetabled=sum(v.timetabled for v in vehicles),
            )
        )
        lines.append(
            Message(
                "vehicle types: {types}, distributions: {distributions}",
                types=len(types.types),
                distributions=len(types.distributions),
            )
        )
    else:
        lines.append(Message("no demand: the site can be checked and viewed, not run"))
    return lines


def remarks_on(vehicles: Sequence[Vehicle], routed: int, zones: int, window: Window) -> list[Message]:
    """Say what was done to the demand beyond writing it out."""
    remarks = []
    if zones:
        remarks.append(Message("{zones} traffic analysis zones: used to find routes, not kept", zones=zones))
    if routed:
        remarks.append(
            Message(
                "{routed} trips had no route: routed once on the empty network (duarouter), fixed since",
                routed=routed,
            )
        )
    if colons := sum(":" in v.id for v in vehicles):
        remarks.append(Message("{colons} vehicle ids hold a ':': kept", colons=colons))
    if vehicles and not window.warm_up_s:
        at = clock(window.begin_s)
        remarks.append(
            Message(
                "no warm-up: as in the model the network is empty at {at}; "
                "a later --begin makes room for one",
                at=at,
            )
        )
    return remarks


def write_sources(folder: Path, model: Source, account: Account) -> None:
    """Write SOURCES.md: the original files, and everything the import has to say."""

    def listed(lines: Iterable[str]) -> str:
        return "".join(f"- {line}\n" for line in lines) or "- 无 / nothing\n"

    def both(lines: Iterable[Message]) -> str:
        return listed(line.both() for line in lines)

    text = SOURCES.format(
        source=model.name,
        release=RELEASE,
        originals=listed(f"`{path.name}`: sha256 {file_sum(path)}" for path in model.originals),
        carried=both(account.carried),
        changed=both([*CHANGED, *account.remarks]),
        left_out=both(account.not_carried),
    )
    if account.lost:
        text += "\n## 无路径的出行 / Trips without a way\n\n" + listed(
            re.sub(r"([`*_])", r"\\\1", id) for id in account.lost
        )
    (folder / "SOURCES.md").write_text(text, encoding="utf-8")


CHANGED = (
    Message(
        "network: passed through netconvert until another pass changes nothing (lane lengths and permissions "
        "of an older network may change by that)"
    ),
    Message("flows, distributions of routes and trips without routes: made explicit vehicles once"),
    Message(
        "lane, position and speed of departure and arrival: written with every vehicle, SUMO's defaults "
        "where it had none"
    ),
    Message("everything that writes files: removed"),
)

SOURCES = """\
# 来源 / Sources

Made by `huandu import` (SUMO {release}) from `{source}`.

作者与许可 / Authors and licence: not stated by the import; write them here before passing the site on.

## 原始文件 / Original files

{originals}
## 已导入 / Carried over

{carried}
## 改动 / Changed

{changed}
## 未导入 / Not carried over

{left_out}"""
