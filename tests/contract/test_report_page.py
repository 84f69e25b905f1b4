"""The page as a file: self-contained, harmless whatever the names, honest about what it lacks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fontTools.ttLib import TTFont

from sim.measures import SPECS
from sim.measures.level_of_service import grade, read_standards
from sim.plots.fonts import code_points, undrawable
from sim.plots.street_map import scale_s
from sim.plots.study_data import read_study
from sim.report.evidence import evidence
from sim.report.movements import COLUMNS, STANDS_IN, lacking, movement_tables
from sim.report.page import context, html, write_report
from sim.report.web_font import web_font
from tests.report_page import Reader, edit, read, small, write_page
from tests.synthetic_study import write_synthetic_study

MIDDAY = {"midday": {"zh": "平峰", "en": "Midday"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_synthetic_study(
        tmp_path_factory.mktemp("study"), replicates=5, arms=["baseline", "lane_use"]
    )
    write_report(folder, SPECS)
    return folder


def test_the_page_is_one_file_under_10_mb_that_asks_for_nothing(folder: Path) -> None:
    path = folder / "report.html"
    assert path.stat().st_size < 10_000_000
    for tag, attributes in read(folder).tags:
        for name in ("src", "href", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), f"<{tag} {name}={value[:60]}>"
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"url\((?!\"data:)|@import|https?://[^\"]*\.(js|css)", page)


def test_sections_stand_in_the_order_of_reading(folder: Path) -> None:
    sections = [attributes["id"] for tag, attributes in read(folder).tags if tag == "section"]
    assert sections == [
        "verdicts",
        "board",
        "map",
        "replay",
        "movements",
        "signals",
        "figures",
        "evidence",
        "fates",
        "findings",
        "changes",
        "definitions",
        "versions",
    ]


def test_cards_tell_verdict_numbers_gate_and_harm(folder: Path) -> None:
    said = read(folder).text("verdicts")
    for words in (
        "改善",
        "→",
        "检查：",
        "哪些变差了",
        "J1 北进口左转",
        "车道功能",
        "仿真中显著",
        "只对本模型、本需求成立",
    ):
        assert words in said
    reader = read(folder)
    assert "区间只反映同一典型日内的随机到达，不含日间波动、调查误差和标定误差。" in reader.text("evidence")
    assert "未标定" in reader.text("") and "示意数据,非该地实际" in reader.text("")
    assert "× 平均控制延误" in reader.text("movements")
    assert "41 辆评价时段内出发的车辆未到达" in reader.text("findings")


def test_cards_tell_problem_diagnosis_place_cost_department_and_confidence(folder: Path) -> None:
    reader = read(folder)
    said = reader.text("verdicts")
    for words in (
        "西进口左转绿灯不足，排队溢出展宽段",
        "早高峰，石桥铺路口 J1 西进口左转控制延误",
        "95%位排队长度",
        "造价合计 8.5 万元",
        "责任部门：交警大队设施科",
        "施工期：2027-03-01 – 2027-04-15",
        "5/5 对重复",
        "模型未标定",
    ):
        assert words in said
    sketches = [attributes for tag, attributes in reader.tags if tag == "svg" and "viewbox" in attributes]
    assert len(sketches) == 1, "one policy, one sketch"


def test_costs_that_nobody_gave_are_said_to_be_missing(tmp_path: Path) -> None:
    folder = write_synthetic_study(
        tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime", "both"]
    )
    said = write_page(folder).text("verdicts")
    assert "造价未填写" in said and "责任部门未填写" in said
    assert "造价合计 8.5 万元 cost" in said and "（至少；1 项措施未填造价）" in said


def test_the_map_colours_only_what_stands_after_false_discovery_control(folder: Path) -> None:
    reader = read(folder)
    data = json.loads("".join(reader.held["map-data"]))
    links = pd.read_parquet(folder / "tables" / "links.parquet")
    shown = dict(zip((e["id"] for e in data["edges"]), data["changes"]["lane_use"]["am_peak"], strict=True))
    own = links[(links["arm"] == "lane_use") & (links["period"] == "am_peak")].set_index("edge")
    coloured = {edge for edge, one in shown.items() if one and one[0] in ("improved", "worse")}
    assert coloured == {"J1.west"}
    assert all(own.loc[list(coloured), "q"] <= 0.05)
    assert all((own["difference"].abs() >= own["mcid"])[list(coloured)])
    assert shown["J2.south.exit"] is None, "three vehicles are an anecdote: not tested"
    assert shown["J1.north"][0] == "equivalent"
    assert "错误发现率" in reader.text("map") and "非官方指数" in reader.text("map")


def test_one_scale_for_all_policies(folder: Path) -> None:
    data = read_study(folder)
    whole = scale_s(data)
    worse = data.link_intervals.assign(
        delay_s=data.link_intervals["delay_s"].where(data.link_intervals["arm"] == "baseline", 900.0)
    )
    assert scale_s(replace(data, link_intervals=worse)) == whole


def test_page_and_markdown_never_claim_a_proof(folder: Path) -> None:
    for name in ("report.html", "report.md"):
        text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", (folder / name).read_text(encoding="utf-8"))
        assert "证明" not in text and not re.search(r"\bprove[nd]?\b", text)


def test_every_character_of_the_page_is_in_the_embedded_font(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    (encoded,) = re.findall(r'font/woff;base64,([A-Za-z0-9+/=]+)"', page)
    import base64  # noqa: PLC0415

    with TTFont(BytesIO(base64.b64decode(encoded))) as font:
        drawn = set(font.getBestCmap())
    texts = "".join(text for parts in read(folder).texts.values() for text in parts)
    assert not {c for c in texts if ord(c) not in drawn and c not in "\n\r\t"}
    assert len(drawn) < 3000 < len(code_points()), "only a part of the font is embedded"
    assert not undrawable(texts)


def test_the_font_is_the_same_bytes_for_the_same_characters() -> None:
    assert web_font("缓堵") == web_font("堵缓缓")


def test_equal_folders_give_equal_pages(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        folder = small(tmp_path / name)
        write_page(folder)
        pages.append([(folder / file).read_bytes() for file in ("report.html", "report.md")])
    assert pages[0] == pages[1]


def test_an_improvement_says_which_periods_it_does_not_cover(tmp_path: Path) -> None:
    folder = small(tmp_path)
    whole = write_page(folder).text("verdicts")
    assert "改善" in whole and "仅限已仿真的时段" not in whole
    edit(folder / "study.json", lambda study: study["site"]["declared_periods"].update(MIDDAY))
    reader = write_page(folder)
    assert "未仿真的时段：平峰" in reader.text("")
    assert "（仅限已仿真的时段）" in reader.text("verdicts")
    plain = (folder / "report.md").read_text(encoding="utf-8")
    assert "Periods not simulated: Midday" in plain
    assert "（仅限已仿真的时段） / (simulated periods only)" in plain


def test_a_temporary_policy_claims_nothing_for_other_periods(tmp_path: Path) -> None:
    folder = small(tmp_path)

    def temporary(study: dict[str, Any]) -> None:
        study["site"]["declared_periods"] |= MIDDAY
        study["arms"][1]["permanent"] = False

    edit(folder / "study.json", temporary)
    assert "仅限已仿真的时段" not in write_page(folder).text("verdicts")


def test_places_are_called_by_their_titles(folder: Path) -> None:
    said = read(folder).text("verdicts")
    assert "石桥铺路口 J1 北进口左转" in said and "Shiqiaopu junction J1 north left" in said
    assert "石桥铺路口 J1" in read(folder).text("movements") and "路口 J2" in read(folder).text("movements")


def test_a_junctions_table_goes_from_demand_to_pedestrians(folder: Path) -> None:
    data = read_study(folder)
    queues = data.comparison[data.comparison["measure"] == "back_of_queue_p95"]
    more = [queues.assign(measure=name) for name in ("storage_overflow", "pedestrian_delay")]
    whole = replace(data, comparison=pd.concat([data.comparison, *more], ignore_index=True))
    junction = next(movement_tables(whole, SPECS, {})).junctions[0]
    assert [spec.id for spec in junction.columns] == [name for name in COLUMNS if name not in STANDS_IN]
    bare = next(movement_tables(data, SPECS, {})).junctions
    assert "storage_overflow" not in {spec.id for spec in bare[0].columns}
    assert [words.zh for words in lacking(bare, SPECS)] == [
        SPECS[name].name["zh"] for name in ("storage_overflow", "pedestrian_delay")
    ]


def test_where_nobody_walks_in_the_model_signals_say_what_pedestrians_lose(folder: Path) -> None:
    data = read_study(folder)
    queues = data.comparison[data.comparison["measure"] == "back_of_queue_p95"]
    analytic = queues.assign(measure="pedestrian_delay_analytic")
    whole = replace(data, comparison=pd.concat([data.comparison, analytic], ignore_index=True))
    tables = next(movement_tables(whole, SPECS, {})).junctions
    assert tables[0].columns[-1].id == "pedestrian_delay_analytic"
    assert [words.zh for words in lacking(tables, SPECS)] == [SPECS["storage_overflow"].name["zh"]]


def test_many_junctions_without_a_change_are_folded_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read_study(folder)
    still = replace(data, comparison=data.comparison.assign(verdict="equivalent"))
    assert not any(group.quiet for group in movement_tables(still, SPECS, {}))  # one: no use to fold it
    monkeypatch.setattr("sim.report.movements.FEW", 0)
    for group in movement_tables(still, SPECS, {}):  # the policy acts at J1
        assert [table.junction for table in group.junctions] == ["J1"]
        assert [table.junction for table in group.quiet] == ["J2"]
    for group in movement_tables(data, SPECS, {}):
        assert {table.junction for table in (*group.junctions, *group.quiet)} == {"J1", "J2"}
        assert not any(table.worse_count or table.better_count for table in group.quiet)
    said = Reader(html(context(still, SPECS, {}, []))).text("movements")
    assert "另有 1 个路口，没有一行变差" in said and "石桥铺路口 J1" in said


def test_level_of_service_is_by_tables_that_fit_the_junction(tmp_path: Path, repo_root: Path) -> None:
    folder = small(tmp_path, controls={"J1": "signals", "J2": "priority"})
    data, standards = read_study(folder), read_standards(repo_root / "configs" / "standards")
    (group,) = movement_tables(data, SPECS, standards)
    tables = {table.junction: table for table in group.junctions}
    assert [s.title.en for s in tables["J1"].standards] == [
        "CJJ/T 141-2010 level of service, signalised junctions",
        "HCM level of service, signalised junctions",
    ]
    (alone,) = tables["J2"].standards
    assert alone.title.en == "HCM level of service, unsignalised junctions"
    scale = alone.scales["control_delay"]
    for line in tables["J2"].lines:
        (found,) = line.grades
        if line.kind == "junction":
            assert found is None, "two-way stop: no grade for the junction as a whole"
    delays = data.comparison[
        (data.comparison["measure"] == "control_delay")
        & (data.comparison["arm"] == "retime")
        & data.comparison["scope"].str.startswith("movement:J2.")
    ]
    wanted = sorted(grade(scale, value) for value in delays["before"])
    found_ones = [line.grades[0] for line in tables["J2"].lines if line.kind == "movement"]
    assert wanted and sorted(one.before for one in found_ones if one) == wanted
    shown = Reader(html(context(data, SPECS, standards, [])))
    assert "CJJ/T 141" in shown.text("movements") and "无信号交叉口" in shown.text("definitions")


def test_a_real_calibrated_site_carries_neither_mark(tmp_path: Path) -> None:
    folder = small(tmp_path, made_up=False, calibrated=True)
    write_page(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "示意数据" not in page and 'id="uncalibrated"' not in page


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "#ffffff"),
        ("faint", "#ffffff"),
        ("faint", "soft"),
        ("accent", "#ffffff"),
        ("good", "good-bg"),
        ("good", "bad-bg"),
        ("bad", "bad-bg"),
        ("bad", "soft"),
        ("flat", "flat-bg"),
        ("#6d2900", "bad-bg"),
        ("#5a4335", "bad-bg"),
    ],
)
def test_colours_of_the_page_contrast_as_wcag_aa_asks(repo_root: Path, ink: str, paper: str) -> None:
    style = (repo_root / "sim" / "report" / "templates" / "page.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", style))

    def luminance(name: str) -> float:
        digits = named.get(name, name).removeprefix("#")
        digits = digits if len(digits) == 6 else "".join(2 * d for d in digits)
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(ink), luminance(paper)))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_sections_of_parking_winners_and_displacement_stand_where_there_are_tables(tmp_path: Path) -> None:
    folder = small(tmp_path)
    without = [a["id"] for tag, a in write_page(folder).tags if tag == "section"]
    assert not {"parking", "winners", "displacement"} & set(without)
    keys = {"arm": "retime", "period": "am_peak"}
    people = {"trips": 900, "winners": 300, "losers": 120, "unchanged": 480, "ci_low": -6.0, "ci_high": -2.0}
    everyone = keys | people | {"group": "all", "name": "", "change_s": -4.0}
    pair = keys | people | {"group": "od", "name": "a > b", "change_s": -4.0}
    pd.DataFrame([everyone, pair]).to_parquet(folder / "tables" / "people.parquet")
    places = pd.DataFrame(
        [("north", 7.0, "worse"), ("west", -9.0, "better"), ("east", 0.5, "")],
        columns=["leg", "difference", "change"],
    )
    places.assign(
        **keys,
        scope="movement:J1." + places["leg"] + ".left",
        ci_low=places["difference"] - 1,
        ci_high=places["difference"] + 1,
        q=0.01,
        delay_h_per_h=0.2,
    ).to_parquet(folder / "tables" / "displacement.parquet")
    comparison = pd.read_csv(folder / "tables" / "comparison.csv", keep_default_na=False)
    parking = (
        comparison[(comparison["scope"] == "network") & (comparison["arm"] == "retime")]
        .head(1)
        .assign(scope="parking:P1<b>")
    )
    pd.concat([comparison, parking]).to_csv(folder / "tables" / "comparison.csv", index=False)
    reader = write_page(folder)
    sections = [a["id"] for tag, a in reader.tags if tag == "section"]
    assert sections[5:10] == ["signals", "parking", "winners", "displacement", "figures"]
    assert "P1<b>" in reader.text("parking")
    assert "全部出行" in reader.text("winners") and "a > b" not in reader.text("winners")
    assert "北进口左转" in reader.text("displacement") and "东进口" not in reader.text("displacement")


def test_whom_a_better_mean_was_bought_from_is_said_in_words(tmp_path: Path) -> None:
    folder = small(tmp_path)
    numbers = {"before": 30.0, "after": 41.0, "difference": 11.0, "ci_low": 8.0, "ci_high": 14.0}
    keys = {"arm": "retime", "period": "am_peak", "measure": "control_delay"}
    rows = [
        {"group": "main_road", "scope": "", "change": "better", "starved": False},
        {"group": "worst_movement", "scope": "movement:J1.north.left", "change": "worse", "starved": True},
    ]
    pd.DataFrame([keys | numbers | row for row in rows]).to_parquet(folder / "tables" / "panel.parquet")
    total = {"net_h": -3.0, "ci_low": -4.0, "ci_high": 1.0, "worse_places": 2, "better_places": 1}
    sums = {"lost_h_per_h": 0.5, "gained_h_per_h": 2.0, "arm": "retime", "period": "am_peak"}
    pd.DataFrame([total | sums]).to_parquet(folder / "tables" / "cordon.parquet")
    reader = write_page(folder)
    said = "平均值的改善以牺牲部分出行者为代价，变差的是方案后最差流向（石桥铺路口 J1 北进口左转）"
    assert said in reader.text("panel") and said in reader.text("verdicts")
    assert "总量变化无法认定" in reader.text("net")


def test_the_blank_control_and_gridlock_stand_with_the_evidence(tmp_path: Path) -> None:
    folder = small(tmp_path)
    row = {"period": "am_peak", "difference": -5.0, "ci_low": -7.0, "ci_high": -3.0, "reason": "<b>new"}
    row |= {"simultaneous_low": -9.0, "simultaneous_high": -1.0, "centre": -5.0, "centre_low": -6.5}
    row |= {"centre_high": -3.5, "replicates": 10, "pairs_for_5_percent": 42.0}
    evidence = [row | {"arm": "placebo", "reason": "narrow"}, row | {"arm": "retime"}]
    pd.DataFrame(evidence).to_parquet(folder / "tables" / "evidence.parquet")
    pd.DataFrame(
        [
            {
                "arm": "retime",
                "period": "am_peak",
                "runs": 10,
                "gridlocked": 3,
                "share_low": 0.07,
                "share_high": 0.65,
            }
        ]
    ).to_parquet(folder / "tables" / "gridlock.parquet")
    said = write_page(folder).text("evidence")
    assert "空白对照" in said and "[−9.0, −1.0]" in said and "区间已足够窄" in said and "<b>new" in said
    assert "3 / 10" in said and "[7, 65]%" in said


def test_what_could_be_detected_is_told_at_the_confidence_of_the_intervals(tmp_path: Path) -> None:
    folder = small(tmp_path)
    data = read_study(folder)
    (asked,) = [line for line in evidence(data, SPECS[data.primary]) if line.arm == data.arm_title("retime")]
    rows = [{"arm": "retime", "period": "am_peak", "confidence": 0.999}]
    pd.DataFrame(rows).to_parquet(folder / "tables" / "evidence.parquet")
    (raised,) = [line for line in evidence(data, SPECS[data.primary]) if line.arm == data.arm_title("retime")]
    assert float(raised.smallest) > float(asked.smallest)


def test_junctions_without_crossings_are_marked_as_optimistic_at_the_head(tmp_path: Path) -> None:
    folder = write_synthetic_study(tmp_path / "study", two_periods=False)
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["on_foot"] = [{"zh": "路口 J9：未建行人，偏乐观。", "en": "junction J9: no crossings"}]
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    write_page(folder)
    banner = (folder / "report.html").read_text(encoding="utf-8").partition('id="horizon">')[2]
    assert "未建行人" in banner.partition("</div>")[0]
