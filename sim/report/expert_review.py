"""The report for the expert review as a Word file: the usual chapters, three-line tables, figures."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.labels import Text, text
from sim.measures import SPECS
from sim.plots.numbers import number, with_interval
from sim.plots.study_data import StudyData, records
from sim.plots.written import FigureFile
from sim.report.benefit_cost import benefit_cost, benefit_values
from sim.report.card_facts import problem
from sim.report.cards import Outcome
from sim.report.road_policies import road_policies
from sim.report.section import Section
from sim.report.survey import survey_tables
from sim.report.words import BAD, GOOD
from sim.site.places import place

EPOCH = datetime.datetime(2000, 1, 1)
MOST_MOVEMENTS = 20
MOST_GROUPS = 200
"""Rows of one table; the workbook has all."""
GROUP_MEASURE = "fair_travel_time"
"""By which groups of travellers are compared."""
CHOSEN_FIGURES = ("forest", "street_map", "paired_dots", "trip_scatter", "queue_over_time")
SLOW = ("pedestrian_delay", "parking_occupancy", "parking_turnover", "parking_failed")
SAFETY = ("emergency_braking", "collisions", "teleports")
"""Findings that speak of safety, as far as a simulation can."""


def write_review(
    data: StudyData, shown: Mapping[str, Any], figures: Sequence[FigureFile], path: Path
) -> None:
    """Write report.docx in Chinese; equal studies give equal bytes."""
    from sim.report.word_file import WordFile  # noqa: PLC0415 - only who writes it needs its memory

    word = WordFile(_zh("report.title", site=data.title))
    if data.made_up:
        word.paragraph(_zh("plot.made_up") + "。" + _zh("report.made_up_more"), bold=True)
    _overview(word, data, shown)
    _survey(word, data)
    _policies(word, shown)
    _model(word, data, shown)
    _comparison(word, data, shown, figures)
    _side_effects(word, data, shown)
    _cost(word, data, shown)
    _conclusion(word, shown)
    _appendices(word, data, shown)
    path.write_bytes(_dated(word.content()))


def _zh(key: str, **values: Text | str) -> str:
    return text(key, **values).zh if values else text(key).zh


def _overview(word: Any, data: StudyData, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.overview"))
    said = problem(data)
    word.paragraph(said.zh if said else _zh("report.notice.fill"))
    study = data.study
    word.paragraph(
        _zh(
            "report.subtitle",
            name=str(study.get("name", "")),
            policies=str(len(shown["cards"])),
            periods=str(len(data.periods)),
            replicates=str(len(study["replicates"])),
        )
    )
    word.bullets([card.title.zh for card in shown["cards"]])


def _survey(word: Any, data: StudyData) -> None:
    word.chapter(_zh("report.review.survey"))
    word.paragraph(_zh("report.review.survey_read"))
    table = data.comparison
    own = table[(table["measure"] == "control_delay") & table["scope"].str.startswith("movement:")]
    own = own.drop_duplicates(["period", "scope"]).dropna(subset=["before"])
    rows = []
    for row in records(own.sort_values(["before", "scope"], ascending=[False, True]).head(MOST_MOVEMENTS)):
        scope, period, arm = str(row["scope"]), str(row["period"]), str(row["arm"])
        approach = "approach:" + scope.removeprefix("movement:").rpartition(".")[0]
        others = [
            data.row(arm, period, measure, where)
            for measure, where in (
                ("demand_flow", scope),
                ("degree_of_saturation", scope),
                ("back_of_queue_p95", approach),
            )
        ]
        cells = [
            number(float(other["before"]), decimals) if other is not None else "—"
            for other, decimals in zip(others, (0, 2, 0), strict=True)
        ]
        rows.append(
            [
                data.period_title(period).zh,
                place(scope, data.titles).zh,
                cells[0],
                number(float(row["before"]), 1),
                cells[1],
                cells[2],
            ]
        )
    heads = [
        _zh("report.column.period"),
        _zh("report.column.movement"),
        _zh("report.column.demand") + " veh/h",
        _zh("report.column.delay") + " s/veh",
        _zh("report.column.vc"),
        _zh("report.column.queue") + " m",
    ]
    word.table(_zh("report.review.survey_table"), heads, rows)


def _policies(word: Any, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.policies"))
    for card in shown["cards"]:
        word.section(card.title.zh)
        if card.reason:
            word.paragraph(_zh("report.card.reason") + card.reason.zh)
        word.bullets([words.zh for words in card.changes] or [_zh("report.card.no_changes")])


def _model(word: Any, data: StudyData, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.model"))
    packages = data.provenance.get("packages") or {}
    word.paragraph(
        _zh(
            "report.review.model_read",
            sumo=str(packages.get("eclipse-sumo") or "—"),
            vehicles=str(data.study.get("vehicles") or _zh("report.evidence.vehicles_default")),
            replicates=str(len(data.study["replicates"])),
            measure=shown["primary_name"],
            percent=str(shown["percent"]),
        )
    )
    answer = _zh(f"routes.{data.study.get('routes', 'fixed')}")
    word.paragraph(f"{_zh('routes.title')}：{answer}。")
    for words in shown["horizon"]:
        word.paragraph(words.zh)
    word.paragraph(_zh("report.evidence.covers"))
    if not data.calibrated:
        word.paragraph(_zh("report.uncalibrated") + "。" + _zh("report.uncalibrated_more"), bold=True)
    rows = [
        [_zh(f"gate.{line.severity}"), line.period.zh, line.words.zh, str(line.replicates)]
        for line in shown["findings"]
    ]
    heads = [_zh(f"report.column.{name}") for name in ("severity", "period", "finding", "runs")]
    word.table(_zh("report.section.findings"), heads, rows)


def _comparison(word: Any, data: StudyData, shown: Mapping[str, Any], figures: Sequence[FigureFile]) -> None:
    word.chapter(_zh("report.review.comparison"))
    word.paragraph(_zh("report.verdicts.read", measure=shown["primary_name"], percent=str(shown["percent"])))
    names = ("policy", "period", "before", "after", "change", "interval", "verdict")
    rows = []
    for card in shown["cards"]:
        for outcome in card.outcomes:
            one = outcome.change
            told = (
                ["—"] * 4 + [_zh("report.no_result")]
                if one is None
                else [
                    one.before,
                    one.after,
                    one.difference,
                    one.interval,
                    _verdict(one.verdict, one.within_noise, one.alone),
                ]
            )
            rows.append([card.title.zh, outcome.period.zh, *told])
    unit = shown["primary"].unit
    title = f"{shown['primary_name'].zh}（{unit}）" if unit else shown["primary_name"].zh
    word.table(title, [_zh(f"report.column.{name}") for name in names], rows)
    for part in road_policies(data, {data.primary: shown["primary"]}):
        if part is not None:
            word.paragraph(_zh(f"report.further.{part.id}"))
            _section(word, part)
    for figure in figures:
        if figure.key in CHOSEN_FIGURES:
            word.picture(figure.png, _zh(f"plot.{figure.key}.read"))


def _side_effects(word: Any, data: StudyData, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.side_effects"))
    table = data.comparison
    own = table[
        table["measure"].isin(SLOW)
        | ((table["measure"] == GROUP_MEASURE) & table["scope"].str.startswith(("class:", "purpose:")))
    ]
    own = own[(own["n_pairs"] > 0) & ~own["measure"].isin([name for name, s in SPECS.items() if s.asked])]
    compared = len(own)
    own = own[own["verdict"] != "equivalent"]
    names = {one.id: one.name.zh for one in shown["definitions"]}
    rows = [
        [
            data.arm_title(str(row["arm"])).zh,
            data.period_title(str(row["period"])).zh,
            names.get(str(row["measure"]), str(row["measure"])),
            place(str(row["scope"]), data.titles).zh,
            f"{number(float(row['before']), 1)} → {number(float(row['after']), 1)} {row['unit']}".strip(),
            " ".join(with_interval(row["difference"], row["ci_low"], row["ci_high"], 1, matters=row["mcid"])),
            _verdict(str(row["verdict"]), bool(row.get("within_noise", False))),
        ]
        for row in records(own.head(MOST_GROUPS))
    ]
    heads = [
        _zh(f"report.column.{name}")
        for name in ("policy", "period", "measure", "places", "level", "interval", "verdict")
    ]
    word.table(_zh("report.review.slow_table"), heads, rows)
    if compared > len(own):
        word.paragraph(_zh("report.review.equivalent_rows", n=str(compared - len(own))))
    if len(own) > MOST_GROUPS:
        word.paragraph(_zh("report.review.more_rows", n=str(len(own) - MOST_GROUPS)))
    word.paragraph(_zh("report.card.worse") + "：", leads=True)
    for card in shown["cards"]:
        lines = [
            f"{line.period.zh} {line.change.where.zh} {line.change.measure.zh} "
            f"{line.change.before} → {line.change.after} {line.change.unit}".strip()
            for line in card.worse
        ]
        if card.more_worse:
            lines.append(_zh("report.review.more_worse", n=str(card.more_worse)))
        nothing = _zh("report.card.nothing_worse", n=str(card.compared))
        word.section(card.title.zh)
        word.bullets(lines or [nothing if card.compared else _zh("report.no_result")])
    safety = data.findings[data.findings["finding"].isin(SAFETY)]
    word.paragraph(_zh("report.review.safety" if safety.empty else "report.review.safety_found"))


def _cost(word: Any, data: StudyData, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.cost"))
    rows = []
    for card in shown["cards"]:
        for item in card.costs.items:
            rows.append(
                [card.title.zh, item.name.zh, item.cost or "—", item.department or "—", item.works or "—"]
            )
        rows.append(
            [card.title.zh, _zh("report.review.total"), card.costs.total or "—", "", card.costs.works]
        )
    heads = [_zh(f"report.review.{name}") for name in ("policy", "item", "amount", "department", "works")]
    word.table(_zh("report.card.cost"), heads, rows)
    if benefit_cost(data) is None:
        return
    word.section(_zh("report.section.benefit_cost"))
    word.paragraph(_zh("report.further.benefit_cost"))
    for card in shown["cards"]:
        word.bullets([f"{card.title.zh}：{line.zh}" for line in card.benefit])
    for part in (benefit_cost(data), benefit_values(data)):
        if part is not None:
            _section(word, part)


def _section(word: Any, part: Section) -> None:
    """Write a table of the page."""
    cells = [[getattr(cell.words, "zh", cell.words) for cell in row] for row in part.rows]
    word.table(_zh(f"report.section.{part.id}"), [head.zh for head in part.heads], cells)


def _conclusion(word: Any, shown: Mapping[str, Any]) -> None:
    word.chapter(_zh("report.review.conclusion"))
    for card in shown["cards"]:
        verdict = _zh(f"verdict.{card.verdict.token}") if card.verdict else _zh("report.no_verdict")
        limited = _zh("report.simulated_only") if card.verdict and card.verdict.simulated_only else ""
        word.paragraph(f"{card.title.zh}：{verdict}{limited}", bold=True)
        word.bullets([f"{o.period.zh}：{_meant(o)}" for o in card.outcomes if o.meaning])
        if card.verdict:
            word.bullets([words.zh for words in card.days])
    word.paragraph(_zh("report.in_this_model"))


def _meant(outcome: Outcome) -> str:
    change = outcome.change
    beside = "" if change is None else _beside(change.within_noise, change.alone)
    return (outcome.meaning.zh if outcome.meaning else "") + beside


def _verdict(token: str, within_noise: bool, alone: bool = False) -> str:
    return _zh(f"verdict.{token}") + _beside(within_noise and token in (*GOOD, *BAD), alone)


def _beside(within_noise: bool, alone: bool) -> str:
    return (_zh("report.noise") if within_noise else "") + (_zh("report.alone") if alone else "")


def _appendices(word: Any, data: StudyData, shown: Mapping[str, Any]) -> None:
    word.appendix(_zh("report.review.appendix_survey"))
    for counted in survey_tables(data):
        word.table(*counted)
    files = data.study["site"].get("files") or {}
    rows = [[name, digest[:16]] for name, digest in files.items()]
    word.table(_zh("report.review.files"), [_zh("report.review.file"), "SHA-256"], rows)
    word.appendix(_zh("report.review.appendix_timing"))
    for table in shown["signal_tables"]:
        heads = [_zh("stage_table.stage"), *(_zh(f"stage_table.{name}") for name in table.columns)]
        rows = [[line.stage, *(a if a == b else f"{a} → {b}" for a, b in line.cells)] for line in table.lines]
        title = f"{table.signal} · {table.period.zh} · {table.arm.zh}"
        plan = _zh("report.signals.plan", cycle=table.cycle, offset=table.offset)
        word.table(f"{title}（{plan}）", heads, rows)
    if not shown["signal_tables"]:
        word.paragraph(_zh("report.signals.none"))
    word.appendix(_zh("report.review.appendix_opinions"))
    heads = [_zh(f"report.review.{name}") for name in ("number", "opinion", "adopted", "how")]
    word.table(_zh("report.review.opinions_table"), heads, [[str(i), "", "", ""] for i in range(1, 7)])


def _dated(content: bytes) -> bytes:
    """Set every date in the archive to one fixed date, so that equal reports are equal bytes."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(fixed, "w") as new:
        for info in old.infolist():
            part = old.read(info)
            new.writestr(zipfile.ZipInfo(info.filename, EPOCH.timetuple()[:6]), part, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
