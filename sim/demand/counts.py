"""Turning counts: `counts.csv` to a checked table, and from counts to demand.

Columns of the file: `period, start ("07:30"), approach ("J1.north"), movement (left|through|right|uturn),
class (car|bus|truck|motorcycle|bicycle), count, taken_at (stop_line|upstream), queue_start_veh,
queue_end_veh`.

A row counts one quarter of an hour. The quarters of each movement cover each period exactly; a class of which
nobody came may be left out of a quarter, a movement may not (write 0). Every approach with lanes is counted
in every period.

The queue is that of the *movement* at the start and at the end of the quarter. It is written once, on any of
its class rows, or alike on all of them, and only with stop-line counts: an upstream count already is demand.

    demand = count + (queue at end - queue at start),  the growth shared over the movement's classes as they
    were counted

since a stop-line count is served flow (METHODS: q = v + dQ/dt).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import get_args

import pandas as pd

from sim.errors import Problems, near
from sim.labels import Message
from sim.site.facts import DIRECTIONS, SiteFacts, VehicleClass, seconds
from sim.site.network import Network

QUARTER_S = 900
CLASSES: tuple[str, ...] = get_args(VehicleClass)
TAKEN_AT = ("stop_line", "upstream")

COUNTS: Mapping[str, str] = {
    "period": "string",
    "start": "string",  # as written
    "start_s": "int64",  # since midnight
    "approach": "string",
    "movement": "string",
    "class": "string",
    "count": "float64",
    "taken_at": "string",
    "queue_start_veh": "float64",  # NaN: not observed
    "queue_end_veh": "float64",
    "line": "int64",  # in the file
}
"""Columns of the checked counts (`Site.counts`)."""

HEADER = (
    "period",
    "start",
    "approach",
    "movement",
    "class",
    "count",
    "taken_at",
    "queue_start_veh",
    "queue_end_veh",
)
SERIES = ["period", "approach", "movement", "class"]


def read_counts(path: Path, facts: SiteFacts, network: Network | None = None) -> pd.DataFrame:
    """Read and check `counts.csv` against the facts of a drawn site, or the network of an imported one.

    On an imported one any part of its movements may be counted.

    Returns a table with the columns of COUNTS in file order. Raises ConfigError with every problem, each with
    its line.
    """
    problems = Problems()
    rows = _rows(path, problems)
    problems.raise_if_any()
    turns = _turns(facts, network)
    read = [
        row for line, fields in rows if (row := _row(f"{path}:{line}", line, fields, facts, turns, problems))
    ]
    counts = pd.DataFrame(read, columns=list(COUNTS)).astype(dict(COUNTS))
    _check_cover(path, counts, facts, problems)
    _check_queues(path, counts, problems)
    problems.raise_if_any()
    return counts


def _rows(path: Path, problems: Problems) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            for name in header:
                if name not in HEADER:
                    problems.add(
                        f"{path}:1", Message("unknown column {name!r}", name=name), near(name, HEADER)
                    )
            if missing := [name for name in HEADER if name not in header]:
                problems.add(f"{path}:1", Message("missing column {missing}", missing=missing))
            rows = []
            for fields in reader:
                if any(field.strip() for field in fields):
                    if len(fields) != len(header):
                        message = Message(
                            "{n_fields} fields where the header has {n_header}",
                            n_fields=len(fields),
                            n_header=len(header),
                        )
                        problems.add(f"{path}:{reader.line_num}", message)
                    row = dict(zip(header, (field.strip() for field in fields), strict=False))
                    rows.append((reader.line_num, row))
            return rows
    except FileNotFoundError:
        problems.add(
            str(path), Message("no such file"), Message("a drawn site needs its counts beside site.yaml")
        )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.add(
            str(path), Message("cannot be read: {error}", error=error), Message("save it as CSV in UTF-8")
        )
    return []


def _turns(facts: SiteFacts, network: Network | None) -> dict[str, tuple[str, ...]]:
    """Return approach -> directions in which one may leave it."""
    if network is not None:
        return {one.id: tuple(m.direction for m in one.movements) for one in network.approaches.values()}
    return {
        f"{junction}.{leg}": tuple(
            use for use in DIRECTIONS if any(use in lane.use.split("+") for lane in leg_facts.lanes)
        )
        for junction, at in facts.junctions.items()
        for leg, leg_facts in at.approaches.items()
    }


def _row(
    place: str,
    line: int,
    fields: Mapping[str, str],
    facts: SiteFacts,
    turns: Mapping[str, Sequence[str]],
    problems: Problems,
) -> dict[str, object] | None:
    before = len(problems.found)
    for column, known in (
        ("period", tuple(facts.periods)),
        ("movement", sorted({*DIRECTIONS, *chain.from_iterable(turns.values())}, key=_usual)),
        ("class", CLASSES),
        ("taken_at", TAKEN_AT),
    ):
        if fields[column] not in known:
            problems.add(
                place,
                Message("no {column} {fields!r}", column=column, fields=fields[column]),
                near(fields[column], known),
            )
    count = _number(place, "count", fields["count"], problems)
    if count is not None and math.isnan(count):
        problems.add(place, Message("count is empty"), Message("write 0 where nobody came"))
    queues = [_number(place, name, fields[name], problems) for name in ("queue_start_veh", "queue_end_veh")]
    start_s = _start(place, fields["start"], problems)
    _check_movement(place, fields["approach"], fields["movement"], count or 0.0, turns, problems)
    if len(problems.found) > before:
        return None
    return {
        "period": fields["period"],
        "start": fields["start"],
        "start_s": start_s,
        "approach": fields["approach"],
        "movement": fields["movement"],
        "class": fields["class"],
        "count": count,
        "taken_at": fields["taken_at"],
        "queue_start_veh": queues[0],
        "queue_end_veh": queues[1],
        "line": line,
    }


def _number(place: str, name: str, text: str, problems: Problems) -> float | None:
    """Read a number that is not negative; NaN for an empty field, None (and a problem) for anything else."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        problems.add(place, Message("{name} {text!r} is not a number", name=name, text=text))
        return None
    if not 0 <= value < math.inf:
        problems.add(
            place,
            Message("{name} {text} is not a number of vehicles", name=name, text=text),
            Message("0 or more"),
        )
        return None
    return value


def _start(place: str, text: str, problems: Problems) -> int | None:
    parts = text.split(":")
    if len(parts) == 2 and all(part.isdigit() for part in parts) and int(parts[1]) < 60:  # noqa: PLR2004 - HH:MM
        return seconds(text)
    problems.add(place, Message("start {text!r} is not a time", text=text), Message('write "07:30"'))
    return None


def _usual(direction: str) -> tuple[int, str]:
    known = direction in DIRECTIONS
    return (DIRECTIONS.index(direction) if known else len(DIRECTIONS)), direction


def _check_movement(
    place: str,
    name: str,
    movement: str,
    count: float,
    turns: Mapping[str, Sequence[str]],
    problems: Problems,
) -> None:
    if name not in turns:
        problems.add(place, Message("no approach {name!r}", name=name), near(name, turns))
        return
    # A survey form lists every movement; a zero where there is none says nothing wrong.
    if movement in DIRECTIONS and movement not in turns[name] and count > 0:
        have = list(turns[name]) or Message("no lanes into the junction")
        message = Message(
            "{count:g} vehicles counted for {name}.{movement}, a movement that no lane has",
            count=count,
            name=name,
            movement=movement,
        )
        problems.add(place, message, Message("{name} has: {have}", name=name, have=have))


def _check_cover(path: Path, counts: pd.DataFrame, facts: SiteFacts, problems: Problems) -> None:
    """Check that the quarters of every movement cover every period, each class at most once."""
    for period_id, period in facts.periods.items():
        wanted = list(range(period.begin_s, period.end_s, QUARTER_S))
        if (period.end_s - period.begin_s) % QUARTER_S:
            message = Message(
                "the period {period_id!r} ({begin}-{end}) is no whole number of quarters",
                period_id=period_id,
                begin=period.begin,
                end=period.end,
            )
            problems.add(str(path), message)
            continue
        own = counts[counts["period"] == period_id]
        for (approach, movement, kind), series in own.groupby(SERIES[1:], sort=False):
            _check_series(path, f"{period_id} {approach}.{movement} {kind}", series, wanted, problems)
        for (approach, movement), rows in own.groupby(SERIES[1:3], sort=False):
            if missing := [clock(start_s) for start_s in wanted if start_s not in set(rows["start_s"])]:
                message = Message(
                    "{period_id} {approach}.{movement} has no count at {missing}",
                    period_id=period_id,
                    approach=approach,
                    movement=movement,
                    missing=missing,
                )
                problems.add(f"{path}:{rows['line'].iloc[0]}", message, Message("write 0 where nobody came"))
        for junction, at in facts.junctions.items():
            for leg, leg_facts in at.approaches.items():
                if leg_facts.lanes and f"{junction}.{leg}" not in set(own["approach"]):
                    message = Message(
                        "{junction}.{leg} is not counted in period {period_id!r}",
                        junction=junction,
                        leg=leg,
                        period_id=period_id,
                    )
                    problems.add(str(path), message, Message("write rows with 0 where nobody came"))


def _check_series(path: Path, name: str, series: pd.DataFrame, wanted: list[int], problems: Problems) -> None:
    """Check that a class is counted once per quarter, in quarters of the period."""
    seen: dict[int, int] = {}
    for line, start_s in zip(series["line"], series["start_s"], strict=True):
        place = f"{path}:{line}"
        if start_s in seen:
            problems.add(
                place,
                Message("{name} at {at} stands twice", name=name, at=clock(start_s)),
                Message("first in line {seen}", seen=seen[start_s]),
            )
        elif start_s not in wanted:
            overlaps = any(abs(start_s - quarter) < QUARTER_S for quarter in wanted)
            at = clock(start_s)
            message = (
                Message("{name} at {at} overlaps a quarter of the period", name=name, at=at)
                if overlaps
                else Message("{name} at {at} lies outside the period", name=name, at=at)
            )
            wanted_at = [clock(quarter) for quarter in wanted]
            problems.add(place, message, Message("quarters start at {wanted}", wanted=wanted_at))
        seen.setdefault(start_s, line)


def _check_queues(path: Path, counts: pd.DataFrame, problems: Problems) -> None:
    """Check that queues stand in pairs, agree within a movement, follow on each other, leave demand >= 0."""
    for (period, approach, movement), rows in counts.groupby(SERIES[:3], sort=False):
        name = f"{period} {approach}.{movement}"
        previous: tuple[int, float] | None = None
        for start_s, quarter in rows.sort_values("start_s").groupby("start_s"):
            given = quarter[["queue_start_veh", "queue_end_veh"]].dropna(how="all").drop_duplicates()
            place = f"{path}:{quarter['line'].iloc[0]}"
            what = f"{name} at {clock(int(str(start_s)))}"
            if given.empty:
                previous = None
                continue
            if len(given) > 1:
                message = Message("{what}: the rows of one movement give different queues", what=what)
                problems.add(place, message, Message("one queue per movement"))
                continue
            if given.isna().any(axis=None):
                problems.add(place, Message("{what}: a queue needs both its start and its end", what=what))
                continue
            begin, end = (float(value) for value in given.iloc[0])
            if (quarter["taken_at"] == "upstream").any():
                message = Message(
                    "{what}: a queue beside an upstream count, which already is demand", what=what
                )
                problems.add(place, message, Message("leave the queue empty, or say taken_at stop_line"))
            if quarter["count"].sum() + end - begin < 0:
                problems.add(
                    place,
                    Message("{what}: the queue shrinks by more than was counted at the stop line", what=what),
                )
            if previous is not None and previous[1] != begin:
                message = Message(
                    "{what}: queue {begin:g} at its start, {previous:g} at the end of the quarter before",
                    what=what,
                    begin=begin,
                    previous=previous[1],
                )
                problems.add(place, message, Message("write the same number in both"))
            previous = (int(str(start_s)), end)


def clock(time_s: int) -> str:
    """HH:MM of seconds since midnight."""
    return f"{time_s // 3600:02d}:{time_s % 3600 // 60:02d}"


def demand_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Return demand: columns `period, start_s, approach, movement, class, demand_veh` (vehicles per quarter).

    demand = count + queue growth of the movement, shared over its classes in proportion to their counts
    (evenly over its rows where none was counted).
    """
    keys = ["period", "start_s", "approach", "movement"]
    table = counts.copy()
    table["growth"] = table["queue_end_veh"] - table["queue_start_veh"]
    groups = table.groupby(keys)
    growth = groups["growth"].transform("max").fillna(0.0)
    total = groups["count"].transform("sum")
    share = (table["count"] / total.where(total > 0)).fillna(1.0 / groups["count"].transform("size"))
    table["demand_veh"] = table["count"] + growth * share
    return table[[*keys, "class", "demand_veh"]].sort_values([*keys, "class"], ignore_index=True)


def without_quarter(counts: pd.DataFrame, period: str, start_s: int) -> pd.DataFrame:
    """Return the counts as if one quarter of a period had not been counted: the mean of those beside it.

    At an end of the period the one quarter beside it; the caller has seen that there is one.
    """
    own = counts["period"] == period
    beside = counts[own & (counts["start_s"] - start_s).abs().eq(QUARTER_S)]
    quarters = beside["start_s"].nunique()
    filled = beside.sort_values("start_s", kind="stable").drop_duplicates(SERIES)
    sums = beside.groupby(SERIES)["count"].sum() / quarters
    filled = filled.assign(
        start=clock(start_s),
        start_s=start_s,
        count=sums.loc[pd.MultiIndex.from_frame(filled[SERIES])].to_numpy(),
        queue_start_veh=math.nan,
        queue_end_veh=math.nan,
    )
    rest = counts[~(own & (counts["start_s"] == start_s))]
    return pd.concat([rest, filled], ignore_index=True).astype(dict(COUNTS))


def no_counts() -> pd.DataFrame:
    """Return a counts table without rows (imported sites)."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COUNTS.items()})
