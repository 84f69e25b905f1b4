"""From the rows of the sheets 基本信息, 渠化, 配时, 泊位 and 行人 to the data of `site.yaml`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.demand.counts import QUARTER_S, clock
from sim.errors import Problems
from sim.labels import Message
from sim.signals.plan import Stage
from sim.site.facts import seconds
from sim.workbook.book import Row, items_of
from sim.workbook.draft import Draft
from sim.workbook.sheets import TABLES
from sim.workbook.words import bearing_of

Rows = Mapping[str, list[Row]]


def draft_of(rows: Rows, name: str, problems: Problems) -> tuple[Draft, Mapping[str, str]]:
    """Return the draft of the site, and period names as the workbook uses them -> ids."""
    draft = Draft({"name": name}, problems)
    _basics(draft, items_of(rows["site"], problems) if rows["site"] else None)
    periods = _periods(draft, rows)
    _junctions(draft, rows)
    _not_empty(draft, "junctions", "junction")
    _not_empty(draft, "periods", "period")
    _approaches(draft, rows)
    _lanes(draft, rows)
    _streets(draft, rows)
    _plans(draft, rows, periods)
    _parking(draft, rows)
    _pedestrians(draft, rows, periods)
    for key in [key for key, value in draft.data.items() if value in ({}, [])]:
        if key not in ("junctions", "periods"):
            del draft.data[key]
    return draft, periods


def approach_path(row: Row) -> str:
    """Return where the approach of a row lies in the data."""
    return f"junctions.{row['junction']}.approaches.{row['approach']}"


def _not_empty(draft: Draft, table: str, what: str) -> None:
    """Note that there are no junctions or periods, once and not in every row that names one."""
    if draft.data[table]:
        return
    sheet, described = TABLES[table]
    draft.broken = True
    draft.unnamed.add(what)
    if not any(described.marker in problem.message for problem in draft.problems.found):
        draft.problems.add(
            f"{sheet.name}!A1", Message("no {what} in the table {marker}", what=what, marker=described.marker)
        )


def _basics(draft: Draft, row: Row | None) -> None:
    if row is None:
        draft.data |= {"title": {"zh": "", "en": ""}, "made_up": True}
        return
    draft.title(draft.data, "", row, draft.data["name"])
    draft.places["title"] = row.place("title_zh")
    if row["description_zh"] or row["description_en"]:
        texts = (row["description_zh"], row["description_en"])
        draft.data["description"] = {"zh": texts[0] or texts[1], "en": texts[1] or texts[0]}
    for key in ("made_up", "warm_up_s", "enters_full_exit_share"):
        draft.places[key] = row.place(key)
        draft.stand_ins[key] = None
        if row[key] is not None:
            draft.data[key] = row[key]


def _periods(draft: Draft, rows: Rows) -> dict[str, str]:
    periods: dict[str, Any] = draft.data.setdefault("periods", {})
    names: dict[str, str] = {}
    draft.places["periods"] = "基本信息!A1"
    for row in rows["periods"]:
        id, path = row["id"], f"periods.{row['id']}"
        if id is None:
            if row["name"]:
                names.setdefault(row["name"], "")  # the name is known, so that nobody complains of it again
            continue
        if not draft.once(row, "id", draft.places, path):
            continue
        if row["name"] in names:
            draft.problems.add(
                row.place("name"), Message("the period {name!r} stands twice", name=row["name"])
            )
        period = periods.setdefault(id, {})
        draft.title(period, path, row, id, "name")
        draft.fill(period, path, "periods", row, {key: key for key in ("begin", "end", "day")})
        if row["name"]:
            names[row["name"]] = id
    return names


def _junctions(draft: Draft, rows: Rows) -> None:
    junctions: dict[str, Any] = draft.data.setdefault("junctions", {})
    draft.places["junctions"] = "渠化!A1"
    for row in rows["junctions"]:
        path = f"junctions.{row['id']}"
        if row["id"] is None:
            draft.broken = True
            draft.unnamed.add("junction")
        if row["id"] is None or not draft.once(row, "id", draft.places, path):
            continue
        junction = junctions.setdefault(row["id"], {})
        draft.title(junction, path, row, row["id"])
        draft.fill(junction, path, "junctions", row, {"control": "control"})
        junction["position_m"] = [row["x_m"], row["y_m"]]
        draft.places |= {f"{path}.position_m": row.place("x_m"), f"{path}.position_m.1": row.place("y_m")}
        junction["approaches"] = {}


def _approaches(draft: Draft, rows: Rows) -> None:
    junctions = draft.data["junctions"]
    for row in rows["approaches"]:
        if not draft.knows(row, "junction", junctions, "junction") or row["approach"] is None:
            draft.broken = True
            continue
        path = approach_path(row)
        if not draft.once(row, "approach", draft.places, path):
            continue
        approach = junctions[row["junction"]]["approaches"].setdefault(row["approach"], {})
        approach["bearing_deg"] = bearing_of(row["approach"])
        fields = (
            "bearing_deg",
            "speed_kmh",
            "length_m",
            "grade_pct",
            "exit_lanes",
            "solid_line_m",
            "median_m",
        )
        draft.fill(approach, path, "approaches", row, {key: key for key in fields})
        draft.stand_ins[f"{path}.bearing_deg"] = bearing_of(row["approach"])
        crossing: dict[str, Any] = {}
        keys = {"crossing_m": "length_m", "crossing_width_m": "width_m"}
        draft.places[f"{path}.crossing"] = row.place("crossing_m")
        draft.fill(crossing, f"{path}.crossing", "approaches", row, keys)
        if crossing:
            approach["crossing"] = crossing
            draft.stand_ins[f"{path}.crossing.length_m"] = 20


def _lanes(draft: Draft, rows: Rows) -> None:
    junctions = draft.data["junctions"]
    lanes: dict[str, dict[int, Row]] = {}
    for row in rows["lanes"]:
        if not draft.knows(row, "junction", junctions, "junction") or row["approach"] is None:
            draft.broken = True
            continue
        path = approach_path(row)
        if row["approach"] not in junctions[row["junction"]]["approaches"]:
            what = Message(
                "{junction} has no such approach in the table 【进口道】", junction=row["junction"]
            )
            draft.problems.add(row.place("approach"), what)
            draft.broken = True
            continue
        if row["lane"] is None:
            draft.tainted |= {path, f"{path}.lanes"}
            continue
        own = lanes.setdefault(path, {})
        if row["lane"] in own:
            what = Message("lane {lane} stands twice", lane=row["lane"])
            draft.problems.add(
                row.place("lane"), what, Message("first in {what}", what=own[row["lane"]].place("lane"))
            )
        own.setdefault(row["lane"], row)
    for path, own in lanes.items():
        if sorted(own) != list(range(1, len(own) + 1)) and path not in draft.tainted:
            numbers = sorted(own)
            what = Message(
                "lanes {numbers}: number them 1 to {n_own} from the median", numbers=numbers, n_own=len(own)
            )
            draft.problems.add(own[max(own)].place("lane"), what)
        _, junction, _, approach = path.split(".")
        drawn = []
        draft.places[f"{path}.lanes"] = next(iter(own.values())).place("lane")
        for index, number in enumerate(sorted(own)):
            lane: dict[str, Any] = {}
            keys = {key: key for key in ("use", "width_m", "length_m")}
            draft.fill(lane, f"{path}.lanes.{index}", "lanes", own[number], keys)
            if own[number].bad:
                draft.tainted.add(path)
            drawn.append(lane)
        junctions[junction]["approaches"][approach]["lanes"] = drawn


def _streets(draft: Draft, rows: Rows) -> None:
    streets: dict[str, Any] = draft.data.setdefault("streets", {})
    for row in rows["streets"]:
        path = f"streets.{row['id']}"
        if row["id"] is None or not draft.once(row, "id", draft.places, path):
            continue
        draft.places[path] = row.place()
        if row["leg_1"] is None or row["leg_2"] is None:
            draft.broken = True
            continue
        street = streets.setdefault(row["id"], {"legs": [row["leg_1"], row["leg_2"]]})
        draft.places |= {f"{path}.legs.{i}": row.place(f"leg_{i + 1}") for i in range(2)}
        if row["title_zh"] or row["title_en"]:
            draft.title(street, path, row, row["id"])


def _plans(draft: Draft, rows: Rows, periods: Mapping[str, str]) -> None:
    plans: dict[str, Any] = draft.data.setdefault("plans", {})
    inside: dict[str, bool] = {}
    draft.places["plans"] = "配时!A1"
    for row in rows["plans"]:
        if row["plan"] is None or row["junction"] is None:
            continue
        path = f"plans.{row['plan']}.{row['junction']}"
        if not draft.once(row, "junction", draft.places, path):
            continue
        draft.places.setdefault(f"plans.{row['plan']}", row.place("plan"))
        plan = plans.setdefault(row["plan"], {}).setdefault(row["junction"], {})
        draft.fill(plan, path, "plans", row, {"cycle_s": "cycle_s", "offset_s": "offset_s"})
        draft.places[path] = row.place("cycle_s") if row["cycle_s"] is not None else row.place()
        draft.places[f"{path}.stages"] = row.place()
        plan["stages"] = {}
        inside[path] = row["flash_inside"]
    for row in rows["stages"]:
        _stage(draft, row, inside)
    for path in inside:
        if any(taint == path or taint.startswith(f"{path}.") for taint in draft.tainted):
            draft.tainted.add(path)
            plans[path.split(".")[1]][path.split(".")[2]].pop("cycle_s", None)
    _timetable(draft, rows["timetable"], periods)


def _stage(draft: Draft, row: Row, inside: Mapping[str, bool]) -> None:
    if row["plan"] is None or row["junction"] is None:
        draft.tainted |= set(inside)  # whose stage it is nobody knows
        return
    plan = f"plans.{row['plan']}.{row['junction']}"
    if plan not in inside:
        what = Message(
            "{plan} at {junction} is not in the table 【方案】", plan=row["plan"], junction=row["junction"]
        )
        draft.problems.add(row.place("plan"), what, Message("give it a row there"))
        draft.tainted |= {path for path in inside if path.endswith(f".{row['junction']}")}
        return
    path = f"{plan}.stages.{row['stage']}"
    if row["stage"] is None:
        draft.tainted.add(plan)
        return
    if not draft.once(row, "stage", draft.places, path):
        draft.tainted.add(plan)
        return
    stage: dict[str, Any] = {}
    draft.fill(stage, path, "stages", row, {key: key for key in Stage.model_fields})
    draft.places[path] = row.place("stage")
    if not inside[plan]:
        stage["green_s"] = row["green_s"] + (row["flash_s"] or 0)
    if row["walk_s"] is not None and not row.bad:
        _walk(draft, row, stage)
    _, name, junction = plan.split(".")
    draft.data["plans"][name][junction]["stages"][row["stage"]] = stage


def _walk(draft: Draft, row: Row, stage: dict[str, Any]) -> None:
    """Hold walk and flashing walk against the green; who may not walk to its end stops that much earlier."""
    walk_s, flash_s, green_s = row["walk_s"], row["pedestrian_flash_s"] or 0, stage["green_s"]
    if not row["crossings"]:
        draft.problems.add(row.place("walk_s"), Message("walk, but no crossing in 行人放行"))
    elif walk_s + flash_s > green_s:
        what = Message(
            "walk {walk_s:g} s and flashing walk {flash_s:g} s are longer than the green of {green_s:g} s",
            walk_s=walk_s,
            flash_s=flash_s,
            green_s=green_s,
        )
        draft.problems.add(row.place("walk_s"), what, Message("the green includes the flashing green"))
    elif green_s > walk_s:
        stage["pedestrian_flash_s"] = green_s - walk_s


def _timetable(draft: Draft, rows: list[Row], periods: Mapping[str, str]) -> None:
    for id in draft.data["periods"]:
        draft.places[f"periods.{id}.plan"] = rows[0].place("plan") if rows else "配时!A1"
    seen: dict[str, str] = {}
    for row in rows:
        if not draft.knows(row, "period", periods, "period"):
            continue
        if row["period"] in seen:
            what = Message("the period {period!r} stands twice", period=row["period"])
            draft.problems.add(
                row.place("period"), what, Message("first in {seen}", seen=seen[row["period"]])
            )
            continue
        seen[row["period"]] = row.place("period")
        id = periods[row["period"]]
        if id:
            draft.places[f"periods.{id}.plan"] = row.place("plan")
            if row["plan"] is None:
                draft.tainted.add(f"periods.{id}.plan")
            else:
                draft.data["periods"][id]["plan"] = row["plan"]


def _parking(draft: Draft, rows: Rows) -> None:
    tables = {
        "parking": ("kind", "on", "at_m", "length_m", "stalls"),
        "parking_demand": ("origin", "lot", "exit", "vehicles_per_h", "stay_min", "stay_sd_min", "stock_veh"),
    }
    for table, fields in tables.items():
        found: dict[str, Any] = draft.data.setdefault(table, {})
        for row in rows[table]:
            path = f"{table}.{row['id']}"
            if row["id"] is None or not draft.once(row, "id", draft.places, path):
                continue
            if any(row[key] is None for key in ("on", "origin", "lot", "exit") if key in fields):
                draft.places[path] = row.place()
                draft.tainted |= {path, "parking_demand"}  # its place is unknown: leave it and its users out
                continue
            entry: dict[str, Any] = found.setdefault(row["id"], {})
            if table == "parking":
                draft.title(entry, path, row, row["id"])
            draft.fill(entry, path, table, row, {key: key for key in fields})


def _pedestrians(draft: Draft, rows: Rows, periods: Mapping[str, str]) -> None:
    people: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows["pedestrians"]:
        known = draft.knows(row, "period", periods, "period")
        if not known or row["junction"] is None or row["approach"] is None or "start" in row.bad:
            continue
        key = (periods[row["period"]], f"{row['junction']}.{row['approach']}")
        own, start = people.setdefault(key, {}), row["start"] or ""
        if start in own or (own and "" in (start, *own)):
            earlier = next(iter(own.values())).place("people")
            what = Message(
                "{leg} {start} stands twice, or beside a number for every quarter",
                leg=key[1],
                start=start or Message("without a start"),
            )
            draft.problems.add(row.place("start"), what, Message("first in {earlier}", earlier=earlier))
        own.setdefault(start, row)
    for (period, leg), own in people.items():
        if period not in draft.data["periods"]:
            continue
        path = f"periods.{period}.pedestrians_per_15min.{leg}"
        first = next(iter(own.values()))
        draft.places[path] = first.place("people")
        facts = draft.data["periods"][period]
        target = facts.setdefault("pedestrians_per_15min", {})
        if "" in own:
            target[leg] = own[""]["people"]
            continue
        if f"periods.{period}" not in draft.tainted:
            begin_s, end_s = seconds(facts["begin"]), seconds(facts["end"])
            wanted = [clock(at_s) for at_s in range(begin_s, end_s, QUARTER_S)]
            for start in sorted(set(own) - set(wanted)):
                hint = Message("quarters start at {wanted}", wanted=wanted)
                draft.problems.add(
                    own[start].place("start"),
                    Message("{start} is no quarter of the period", start=start),
                    hint,
                )
            if missing := [start for start in wanted if start not in own]:
                draft.problems.add(
                    first.place("start"),
                    Message("{leg} has no number at {missing}", leg=leg, missing=missing),
                )
        target[leg] = [own[start]["people"] for start in sorted(own)]
