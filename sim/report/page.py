"""The page: one self-contained HTML file, Chinese first with an English switch; and the same as Markdown."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from sim.labels import Lang, Text
from sim.measures.level_of_service import Standard, read_standards
from sim.measures.spec import MeasureSpec
from sim.plots.figures import SIGNAL_FIGURES, write_figures
from sim.plots.numbers import number
from sim.plots.street_map import KEY as MAP_FIGURE
from sim.plots.street_map import scale_s
from sim.plots.study_data import StudyData, read_study
from sim.plots.style import VERDICT_COLOURS
from sim.plots.written import FigureFile
from sim.report.cards import board, cards
from sim.report.evidence import FATE_COLUMNS, definitions, digests, evidence, failed_runs, fate_lines
from sim.report.expert_review import write_review
from sim.report.further import further, strength
from sim.report.movements import COLUMNS, lacking, movement_tables
from sim.report.replay import replay
from sim.report.road_policies import horizon_words
from sim.report.route_choice import settled_lines
from sim.report.signals import stage_tables
from sim.report.street_map import link_counts, map_json, new_streets
from sim.report.templating import bilingual, environment, whole_page
from sim.report.words import finding_lines, measure_name
from sim.report.workbook import write_workbook
from sim.standard_data import config_path

SCRIPTS = ("page.js", "map.js", "replay.js")
MOST_SVG_BYTES = 5_000_000
"""Beyond this the page embeds figures as PNG where that is smaller: it is to stay under 10 MB."""
SCREEN_PX = 1000
"""Width of such a figure."""
SCREEN_COLOURS = 64
"""Charts have few: a third of the bytes."""


def write_report(folder: Path, specs: Mapping[str, MeasureSpec]) -> list[Path]:
    """Write figures, report.html, .md, .xlsx and .docx, and notice.md from what a study folder holds.

    What the folder lacks is named on the page; no verdict is shown without its row of the comparison. Equal
    folders give equal bytes.

    Parameters
    ----------
    folder
        `results/<study>`; study.json must be there.
    specs
        Measure -> its definition, as the comparison used it.

    Returns
    -------
    list[Path]
        Every file written.

    Raises
    ------
    ConfigError
        If the folder was written by a newer huandu.
    """
    figures = write_figures(read_study(folder), specs, folder / "figures")
    drawn = [path for figure in figures for path in (figure.png, figure.svg)]
    shown = study_shown(folder, specs, figures)
    review, workbook = folder / "report.docx", folder / "report.xlsx"
    write_review(shown["data"], shown, figures, review)
    write_workbook(shown["data"], specs, workbook)
    return [*drawn, *write_page(folder, shown), review, workbook]


def write_page(folder: Path, shown: Mapping[str, Any]) -> list[Path]:
    """Write the page, the same as Markdown, and the draft of the notice. `shown`: see `study_shown`."""
    page, plain, notice = files = [folder / name for name in ("report.html", "report.md", "notice.md")]
    for path, words in ((page, html), (plain, markdown), (notice, public_notice)):
        path.write_text(words(shown), encoding="utf-8", newline="\n")
    return files


def study_shown(folder: Path, specs: Mapping[str, MeasureSpec], figures: list[FigureFile]) -> dict[str, Any]:
    """Gather everything that the templates show of a study folder, whose figures are drawn."""
    standards_folder = config_path(folder.resolve().parent.parent, "standards")
    standards = read_standards(standards_folder) if standards_folder.is_dir() else {}
    return context(read_study(folder), specs, standards, figures)


def context(
    data: StudyData,
    specs: Mapping[str, MeasureSpec],
    standards: Mapping[str, Standard],
    figures: list[FigureFile],
) -> dict[str, Any]:
    """Gather everything that the templates show."""
    tables = list(movement_tables(data, specs, standards))
    compared = evidence(data, specs[data.primary])
    listed = [table for group in tables for table in (*group.junctions, *group.quiet)]
    shown = {s.title.en: s for table in listed for s in table.standards}
    return {
        "data": data,
        "study": data.study,
        "primary": specs[data.primary],
        "primary_name": measure_name(specs[data.primary]),
        "percent": f"{100 * float(data.study.get('confidence', 0.95)):g}",
        "cards": cards(data, specs, compared),
        "board": board(data, specs),
        "tables": tables,
        "movement_columns": COLUMNS,
        "movements_lack": _listed(lacking(listed, specs)),
        "standards": list(shown.values()),
        "not_simulated": _listed([data.period_title(period) for period in data.not_simulated]),
        "figures": [figure for figure in figures if figure.key not in {*SIGNAL_FIGURES, MAP_FIGURE}],
        "signal_figures": [figure for figure in figures if figure.key in SIGNAL_FIGURES],
        "signal_tables": list(stage_tables(data)),
        "findings": finding_lines(data),
        "fates": fate_lines(data),
        "fate_columns": FATE_COLUMNS,
        "failed": failed_runs(data),
        "evidence": compared,
        "settled": settled_lines(data),
        "horizon": [*horizon_words(data), *(Text(**said) for said in data.study.get("on_foot", ()))],
        "further": further(data, specs),
        "strength": strength(data),
        **street_map(data, specs, standards),
        "replay": replay(data, specs),
        "definitions": definitions(data, specs),
        "digests": digests(data),
    }


def street_map(
    data: StudyData, specs: Mapping[str, MeasureSpec], standards: Mapping[str, Standard]
) -> dict[str, Any]:
    """Gather what the section of the map shows."""
    delay = specs.get("control_delay")
    parts = [] if delay is None else [(delay.mcid_abs, " s/veh", 1.0), (delay.mcid_rel, "%", 100.0)]
    return {
        "map": map_json(data, standards),
        "map_scale": number(scale_s(data), 0),
        "map_mcid": "max(" + ", ".join(f"{k * value:g}{unit}" for value, unit, k in parts) + ")",
        "map_counts": [
            {"arm": data.arm_title(arm["id"]), "period": data.period_title(period), "words": words}
            for arm in data.policies
            for period in data.periods
            if (words := link_counts(data, arm["id"], period)) is not None
        ],
        "map_new": any(new_streets(data, arm["id"]) for arm in data.policies),
        "colours": VERDICT_COLOURS,
    }


def _listed(names: list[Text]) -> Text | None:
    return Text("、".join(n.zh for n in names), ", ".join(n.en for n in names)) if names else None


def html(shown: Mapping[str, Any]) -> str:
    """Render the page; the font holds the characters that the page uses, no more."""
    svg_bytes = sum(figure.svg.stat().st_size for figure in [*shown["figures"], *shown["signal_figures"]])

    def source(figure: FigureFile) -> str:
        content, kind = figure.svg.read_bytes(), "svg+xml"
        if svg_bytes > MOST_SVG_BYTES and len(small := _screen(figure.png)) < len(content):
            content, kind = small, "png"
        return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"

    body = environment(bilingual).get_template("body.html.j2").render(**shown, source=source)
    return whole_page(body, SCRIPTS, shown["data"].title)


def _screen(png: Path) -> bytes:
    """Return a figure as wide as a screen shows it: the printed one has far more dots."""
    from PIL import Image  # noqa: PLC0415 - only large studies need it

    with Image.open(png) as picture:
        high = round(picture.height * SCREEN_PX / picture.width)
        small = picture.convert("RGB").resize((SCREEN_PX, high), Image.Resampling.LANCZOS)
        small = small.quantize(SCREEN_COLOURS, dither=Image.Dither.NONE)
        file = BytesIO()
        small.save(file, "PNG", optimize=True)
    return file.getvalue()


def markdown(shown: Mapping[str, Any]) -> str:
    """Render the short form for text readers; HTML in names stays text there too."""
    return environment(_line).get_template("report.md.j2").render(**shown)


DETOURS = ("closing", "fill", "open")
"""Something is closed; perhaps a turn is; nothing is. In this order over the periods of a policy."""


def _detour(changed: Iterable[Mapping[str, Any]]) -> str:
    """Say from the proof whether anybody may have to drive round."""
    new = {
        (one["kind"], _turn(one["id"])) for one in changed if (one["what"], one["after"]) == ("exists", "yes")
    }
    gone = {
        (one["kind"], _turn(one["id"]))
        for one in changed
        if (one["what"], one["before"]) == ("exists", "yes")
    }
    if any(kind == "closure" for kind, _ in new) or any(kind == "edge" for kind, _ in gone):
        return "closing"
    # A lane's way through the junction is gone; another lane may still have it, which the proof does not say.
    return "fill" if any(one[0] == "connection" and one not in new for one in gone) else "open"


def _turn(id: str) -> str:
    """Return a connection's edges without their lanes; any other id as it is."""
    return "->".join(end.rpartition("_")[0] for end in id.split("->")) if "->" in id else id


def public_notice(shown: Mapping[str, Any]) -> str:
    """Render the draft of the public notice, whole in either language: what changes, when, detour, contact.

    No number of any effect.
    """
    detours: dict[str, str] = {}
    for proof in shown["data"].proof:
        found = _detour(proof["changed"])
        detours[proof["arm"]] = min(found, detours.get(proof["arm"], "open"), key=DETOURS.index)
    languages: tuple[Lang, ...] = ("zh", "en")
    whole = [
        environment(partial(_plain, lang)).get_template("notice.md.j2").render(**shown, detours=detours)
        for lang in languages
    ]
    return "\n---\n\n".join(whole)


def _plain(lang: Lang, words: Text) -> Markup:
    return escape(" ".join(words.of(lang).split()).replace("|", "\\|"))


def _line(words: Text) -> Markup:
    joined = words.zh if words.zh == words.en else words.both()
    return _plain("zh", Text(joined, joined))
