"""What is said about a number: places, verdicts, the terminal's table."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sim.comparison.compare import COMPARISON
from sim.comparison.inference import VERDICTS
from sim.labels import Text
from sim.measures import SPECS
from sim.report.terminal import verdict_table_text
from sim.report.words import at_least, change, finding_words, meaning
from sim.site.places import crossing_streets, narrow_place, place
from tests.synthetic_study import study_json

SPEC = SPECS["fair_travel_time"]


def row(**values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "arm": "retime",
        "period": "am_peak",
        "measure": "fair_travel_time",
        "scope": "network",
        "unit": "s/veh",
        "direction": "lower",
        "before": 146.47,
        "after": 132.39,
        "sd_before": 4.0,
        "sd_after": 4.2,
        "difference": -14.08,
        "ci_low": -16.24,
        "ci_high": -11.92,
        "relative": -0.0961,
        "relative_ci_low": -0.111,
        "relative_ci_high": -0.081,
        "mcid": 7.32,
        "n_pairs": 10,
        "p_holm": 0.0002,
        "within_noise": False,
        "gate": "",
        "verdict": "improved",
    }
    return plain | values


def comparison(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COMPARISON)).astype(dict(COMPARISON))


@pytest.mark.parametrize(
    ("scope", "zh", "en"),
    [
        ("movement:J1.north.left", "路口 J1 北进口左转", "junction J1 north left"),
        (
            "movement:cluster.1_2.southwest_2.uturn",
            "路口 cluster.1_2 西南进口2 掉头",
            "junction cluster.1_2 southwest 2 U-turn",
        ),
        ("approach:J1.west", "路口 J1 西进口", "junction J1 west"),
        ("approach:J1.解放路", "路口 J1 解放路", "junction J1 解放路"),
        ("junction:J1", "路口 J1", "junction J1"),
        ("network", "全部范围", "whole area"),
        ("class:bus", "公交车", "buses"),
        ("route:R1", "路径 R1", "route R1"),
        ("odd:<b>", "odd:<b>", "odd:<b>"),
    ],
)
def test_places_in_words(scope: str, zh: str, en: str) -> None:
    assert place(scope) == (zh, en)


TITLES = {
    "junction:J1": Text("石桥铺路口", "Shiqiaopu junction"),
    "approach:J1.west": Text("石杨路", "Shiyang Road"),
    "route:R1": Text("东行", "eastbound"),
    "junction:杨家坪": Text("杨家坪", "Yangjiaping 杨家坪"),
}


@pytest.mark.parametrize(
    ("scope", "zh", "en"),
    [
        ("junction:J1", "石桥铺路口 J1", "Shiqiaopu junction J1"),
        ("movement:J1.north.left", "石桥铺路口 J1 北进口左转", "Shiqiaopu junction J1 north left"),
        ("approach:J1.west", "石桥铺路口 J1 石杨路（西进口）", "Shiqiaopu junction J1 Shiyang Road (west)"),
        ("route:R1", "路径 东行（R1）", "route eastbound (R1)"),
        ("junction:J2", "路口 J2", "junction J2"),
        ("junction:杨家坪", "杨家坪", "Yangjiaping 杨家坪"),  # the id is not said twice
    ],
)
def test_titled_places_in_words(scope: str, zh: str, en: str) -> None:
    assert place(scope, TITLES) == (zh, en)


def test_junctions_without_a_title_are_called_after_their_streets() -> None:
    def leg(edge: str) -> SimpleNamespace:
        return SimpleNamespace(edge=edge)

    names = {"a": "八一大道", "b": "北京西路", "c": "八一大道", "d": "Main Street", "e": ""}
    network: Any = SimpleNamespace(
        edges={id: SimpleNamespace(name=name) for id, name in names.items()},
        junctions={
            "1": SimpleNamespace(approaches=[leg("a"), leg("b"), leg("c")]),
            "2": SimpleNamespace(approaches=[leg("d"), leg("e")]),
            "3": SimpleNamespace(approaches=[leg("e")]),
        },
    )
    found = crossing_streets(network)
    assert found["junction:1"] == ("八一大道与北京西路路口", "八一大道 / 北京西路")
    assert found["junction:2"] == ("Main Street路口", "junction on Main Street")
    assert place("junction:3", found) == ("路口 3", "junction 3") and "junction:3" not in found
    assert place("approach:1.north", found).zh == "八一大道与北京西路路口 1 北进口"


def test_a_figure_keeps_the_titles_that_it_has_room_for() -> None:
    assert narrow_place("movement:J1.north.left", TITLES) == ("石桥铺路口 J1 北进口左转", "J1 north left")
    long = {"junction:J1": Text("很长很长的路口名称", "x")}
    assert narrow_place("movement:J1.north.left", long) == ("J1 北进口左转", "x J1 north left")


def test_a_row_is_written_out_with_honest_digits() -> None:
    written = change(row(), SPEC)
    assert (written.before, written.after, written.difference) == ("146.5", "132.4", "−14.1")
    assert written.interval == "[−16.2, −11.9]"
    assert (written.relative, written.relative_interval) == ("−9.6%", "[−11.1, −8.1]%")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_meaning_that_claims_no_proof(verdict: str) -> None:
    said = meaning(row(verdict=verdict, gate="invalid" if verdict == "not_comparable" else ""), SPEC)
    assert said.zh and said.en
    assert "证明" not in said.zh and "prove" not in said.en.lower()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verdict": "inconclusive", "n_pairs": 3}, "少于 4 次"),
        ({"verdict": "inconclusive", "gate": "lower_bound"}, "只是下限"),
        ({"verdict": "inconclusive", "ci_low": -9.0, "ci_high": 4.0}, "需要更多重复仿真"),
        ({"verdict": "not_comparable", "gate": "invalid"}, "无效的运行"),
        (
            {"verdict": "not_comparable", "gate": "caution", "n_pairs": 0, "difference": math.nan},
            "没有可配对比较",
        ),
        ({"verdict": "improved", "gate": "lower_bound"}, "实际改善只会更大"),
        ({"verdict": "worse", "gate": "lower_bound"}, "实际变差只会更大"),
    ],
)
def test_the_reason_of_a_verdict_is_told(values: dict[str, Any], words: str) -> None:
    assert words in meaning(row(**values), SPEC).zh


def test_at_least_needs_a_censored_value() -> None:
    assert at_least(row(gate="lower_bound"), SPEC)
    assert not at_least(row(gate="caution"), SPEC)
    assert not at_least(
        row(gate="lower_bound"), SPECS["served_flow"]
    )  # counted exactly, whatever clears later


def test_a_finding_that_is_not_known_keeps_its_name() -> None:
    assert finding_words("from_a_later_version", 1.0, 0.0).zh == "from_a_later_version"
    assert "3 辆车被瞬移" in finding_words("teleports", 3.0, 0.0).zh


class TestTerminalTable:
    study = study_json(
        {"am_peak": ("早高峰", "AM peak"), "pm_peak": ("晚高峰", "PM peak")}, 10, ["baseline", "retime"]
    )

    def test_verdicts_stand_with_their_intervals_and_the_verdict_over_periods(self) -> None:
        table = comparison(
            row(), row(period="pm_peak", verdict="worse", difference=5.0, ci_low=3.0, ci_high=7.0)
        )
        lines = verdict_table_text(table, self.study, "zh").splitlines()
        assert lines[0] == "公平出行时间（s/veh，95%置信区间）"
        assert "−14.1" in lines[3] and "[−16.2, −11.9]" in lines[3] and lines[3].endswith("改善")
        assert "全部时段综合" in lines[5] and lines[5].endswith("变差")  # harm in one period stands
        assert "示意数据,非该地实际" in lines[-2] and lines[-1] == "未标定"

    def test_no_verdict_over_periods_where_one_has_no_result(self) -> None:
        lines = verdict_table_text(comparison(row()), self.study, "en").splitlines()
        assert "no result" in lines[4]
        assert not any("all periods" in line for line in lines)

    def test_declared_periods_that_were_not_simulated_are_named(self) -> None:
        morning = {"am_peak": self.study["periods"]["am_peak"]}
        study = {**self.study, "periods": morning}  # its site declares the evening, too
        lines = verdict_table_text(comparison(row()), study, "zh").splitlines()
        assert "已仿真时段综合" in lines[4] and lines[4].endswith("改善（仅限已仿真的时段）")
        assert any("未仿真的时段：晚高峰" in line for line in lines)
        lines = verdict_table_text(comparison(row(verdict="worse")), study, "zh").splitlines()
        assert lines[4].endswith("变差")

    def test_columns_line_up_where_characters_are_wide(self) -> None:
        text = verdict_table_text(comparison(row(), row(period="pm_peak")), self.study, "zh")
        head, first = text.splitlines()[1], text.splitlines()[3]
        cells = [
            sum(2 if ord(c) > 0x2E80 else 1 for c in line[: line.index(word)])
            for line, word in ((head, "变化"), (first, "−14.1"))
        ]
        assert cells[0] == cells[1]
