"""What the page says beside a verdict: the blank control, noise, and a spread that is odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.tables import PLACEBO
from tests.report_page import edit_comparison, small, write_page

NOISE = "与随机波动无法区分"
TWO_GROUPS = "各次结果分为两群"


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
