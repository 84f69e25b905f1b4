"""What the page says beside a verdict: the blank control, noise, and a spread that is odd."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from docx.document import Document as DocumentOf

from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.expert_review import write_review
from sim.report.page import context
from sim.report.terminal import verdict_table_text
from sim.tables import PLACEBO
from tests.report_page import edit_comparison, small, write_page

NOISE = "与随机波动无法区分"
TWO_GROUPS = "各次结果分为两群"


def review(folder: Path) -> DocumentOf:
    """Write and read the report for the expert review."""
    data = read_study(folder)
    write_review(data, context(data, SPECS, {}, []), [], folder / "report.docx")
    return Document(str(folder / "report.docx"))


@pytest.mark.parametrize("within", [True, False])
def test_the_blank_control_stands_beside_the_verdict(tmp_path: Path, within: bool) -> None:
    folder = small(tmp_path)
    edit_comparison(folder, floor_low=-2.4, floor_high=1.6, within_noise=within)
    page = write_page(folder)
    verdicts, board = page.text("verdicts"), page.text("board")
    assert "空白对照：[−2.4, +1.6] s/veh" in verdicts
    assert "区间与空白对照重叠" in verdicts if within else NOISE not in verdicts
    assert ("≈" in board.partition("≈：")[0]) == within
    assert PLACEBO not in verdicts
    plain = (folder / "report.md").read_text(encoding="utf-8")
    assert ("（与随机波动无法区分）" in plain) == within
    cells = [row.cells[-1].text for table in review(folder).tables for row in table.rows]
    assert any(cell.endswith("（与随机波动无法区分）") for cell in cells) == within
    data = read_study(folder)
    assert ("（与随机波动无法区分）" in verdict_table_text(data.comparison, data.study, "zh")) == within


@pytest.mark.parametrize("p_holm", [0.09, 0.03])
def test_what_the_family_does_not_bear_out_is_said_beside_the_verdict(tmp_path: Path, p_holm: float) -> None:
    folder = small(tmp_path)
    edit_comparison(folder, p_holm=p_holm)
    alone, note = p_holm > 0.05, "多重比较校正后不显著"
    data = read_study(folder)
    clear = (data.comparison["ci_low"] > 0) | (data.comparison["ci_high"] < 0)
    assert clear.any() and data.comparison["alone"].equals(clear & alone)
    assert (note in write_page(folder).text("verdicts")) == alone
    assert (f"（{note}）" in (folder / "report.md").read_text(encoding="utf-8")) == alone
    cells = [row.cells[-1].text for table in review(folder).tables for row in table.rows]
    assert any(note in cell for cell in cells) == alone
    comparison = pd.read_csv(folder / "tables" / "comparison.csv")
    assert (note in verdict_table_text(comparison, data.study, "zh")) == alone


def test_a_verdict_of_one_day_says_so_beside_the_verdict(tmp_path: Path) -> None:
    folder = small(tmp_path)
    said = "结论只针对一个典型日"
    assert said in write_page(folder).text("verdicts")
    assert said in (folder / "report.md").read_text(encoding="utf-8")
    words = [one.text for one in review(folder).paragraphs]
    assert any(said in one for one in words)
    assert any("区间只反映同一典型日内的随机到达" in one for one in words)


def test_without_a_blank_control_nothing_is_said_of_it(tmp_path: Path) -> None:
    folder = small(tmp_path)
    edit_comparison(folder, floor_low=float("nan"), floor_high=float("nan"), within_noise=False)
    assert "空白对照：" not in write_page(folder).text("verdicts")


@pytest.mark.parametrize("shape", ["", "two_groups", "outlier,two_groups"])
def test_results_in_two_groups_are_said_in_words(tmp_path: Path, shape: str) -> None:
    folder = small(tmp_path)
    edit_comparison(folder, shape=shape, gate="caution")
    verdicts = write_page(folder).text("verdicts")
    assert (TWO_GROUPS in verdicts) == ("two_groups" in shape)
    assert ("有一次重复远离其余各次" in verdicts) == ("outlier" in shape)
    assert "配对重复不全" not in verdicts or not shape
