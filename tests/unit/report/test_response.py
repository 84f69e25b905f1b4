"""Where a result that rests on people's response breaks even."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.factorial import ATTRIBUTION, attribution, design
from sim.interventions import REGISTRY
from sim.loading import parse
from sim.report.response import added_last, break_even, break_even_beside
from tests.report_page import edit_comparison, small, write_page

FALL = {
    "before": 20.0,
    "after": 8.0,
    "name": {"zh": "违停", "en": "illegal stopping"},
    "unit": {"zh": "次/(km·h)", "en": "per km and hour"},
    "between": {"zh": "成正比内插", "en": "in proportion"},
}
RISE = {
    **FALL,
    "before": 0.0,
    "after": 100.0,
    "name": {"zh": "遵守比例", "en": "share"},
    "unit": {"zh": "%", "en": "%"},
}


def test_it_lies_in_proportion_between_today_and_the_response_simulated() -> None:
    assert break_even(FALL, gain=12.0, mcid=3.0) == pytest.approx(17.0)
    assert break_even(FALL, gain=3.0, mcid=3.0) == pytest.approx(8.0)
    assert math.isnan(break_even(FALL, gain=2.9, mcid=3.0)), "nothing is said beyond what was simulated"
    assert math.isnan(break_even(FALL, gain=-5.0, mcid=3.0))
    assert break_even(RISE, gain=12.0, mcid=3.0) == pytest.approx(25.0)


@pytest.mark.parametrize(
    ("response", "low", "difference", "high", "words"),
    [
        (FALL, -16.0, -12.0, -8.0, "若违停降至 17 次/(km·h)（15.5 至 17.8），则收益恰为"),
        (FALL, -22.0, -12.0, -2.0, "区间内也可能降至 8 次/(km·h) 仍不足"),
        (FALL, -6.0, -2.0, 2.0, "违停即使降至 8 次/(km·h)，收益也不到"),
        (
            RISE,
            -16.0,
            -12.0,
            -8.0,
            "若遵守比例升至 25 %（18.8 至 37.5），则收益恰为最小有意义变化（成正比内插）",
        ),
        (RISE, -6.0, -2.0, 2.0, "遵守比例即使升至 100 %，收益也不到"),
    ],
)
def test_the_card_says_it(
    tmp_path: Path, response: dict[str, object], low: float, difference: float, high: float, words: str
) -> None:
    folder = small(tmp_path)
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["arms"][1]["response"] = response
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    edit_comparison(folder, ci_low=low, difference=difference, ci_high=high, mcid=3.0)
    assert words in write_page(folder).text("verdicts")


def test_beside_others_its_own_share_counts() -> None:
    """Of 12 s the others gain 2 anyway; 3 are wanted, so one tenth of its own 10 s is."""
    assert break_even_beside(FALL, gain=12.0, own=10.0, mcid=3.0) == pytest.approx(20.0 - 12.0 / 10)
    assert math.isinf(break_even_beside(FALL, gain=12.0, own=8.0, mcid=3.0)), "the others gain 4"
    assert math.isnan(break_even_beside(FALL, gain=2.0, own=1.0, mcid=3.0))
    assert math.isnan(break_even_beside(FALL, gain=2.0, own=-1.0, mcid=4.0)), "it makes things worse"


@pytest.mark.parametrize("names", [("police", "lane"), ("police", "lane", "bay")])
def test_what_one_adds_to_the_others_is_told_from_shares_and_interactions(names: tuple[str, ...]) -> None:
    """Any values at all, interactions included: with it less without it, all others there."""
    runs = design(len(names))
    values = {
        run: pd.Series([7.0 * number**2 % 11, 3.0 * number**3 % 13], index=[1, 2])
        for number, run in enumerate(runs, start=1)
    }
    table = attribution("p", "am", names, values, "", 0.95)
    everything = (True,) * len(names)
    for number, name in enumerate(names):
        without = tuple(place != number for place in range(len(names)))
        expected = (values[everything] - values[without]).mean()
        assert added_last(table, name) == pytest.approx(expected)


def test_of_a_fraction_nothing_is_told() -> None:
    names = ("police", "lane", "bay", "signal")
    everything, nothing = (True,) * 4, (False,) * 4
    values = {run: pd.Series([1.0, 2.0], index=[1, 2]) for run in [*design(4), everything, nothing]}
    assert math.isnan(added_last(attribution("p", "am", names, values, "", 0.95), "police"))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "违停的盈亏平衡点须先分解各自的贡献（run.attribution=true）"),
        (-10.0, "其余措施照常，若违停降至 18.8 次/(km·h) 左右"),
        (-8.0, "即使违停仍如今日，其余措施的收益也已达到最小有意义变化"),
    ],
)
def test_the_card_says_it_of_one_among_several(tmp_path: Path, share: float | None, words: str) -> None:
    folder = small(tmp_path)
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    arm = study["arms"][1]
    arm["response"] = {**FALL, "of": "police"}
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    edit_comparison(folder, ci_low=-16.0, difference=-12.0, ci_high=-8.0, mcid=3.0)
    if share is not None:
        numbers = {"ci_low": share - 1, "ci_high": share + 1, "n_pairs": 4, "design": "2^2", "gate": ""}
        rows = [
            {"arm": arm["id"], "period": period, "term": "share", "names": name, "difference": own, **numbers}
            for period in study["periods"]
            for name, own in (("police", share), ("lane", -12.0 - share))
        ]
        pd.DataFrame(rows)[list(ATTRIBUTION)].to_parquet(folder / "tables" / "attribution.parquet")
    assert words in write_page(folder).text("verdicts")


def test_without_a_response_nothing_is_said(tmp_path: Path) -> None:
    assert "盈亏平衡" not in write_page(small(tmp_path)).text("verdicts")


@pytest.mark.parametrize(
    ("kind", "fields", "ends"),
    [
        ("enforce", {"stopping": "s", "expect": {"per_km_h": 20}, "per_km_h": 8}, (20, 8)),
        (
            "box_junction",
            {"junctions": ["J"], "expect": {"enters_full_exit_share": 0.1}, "enters_full_exit_share": 0.02},
            (10, 2),
        ),
        (
            "remove_kerb_parking",
            {"area": "k", "expect": {"stalls": 9}, "stops_illegally": 0.2},
            (100, 20),
        ),
        ("school_hours", {"close": ["e"], "expect": {"lanes": 1}, "hours": ["07:00-08:00"]}, (0, 100)),
        ("merge_alternation", {"junction": "J", "expect": {"control": "priority"}}, (0, 100)),
        ("speed_limit", {"on": ["e"], "expect": {"speed_kmh": 50}, "speed_kmh": 40}, None),
    ],
)
def test_kinds_state_their_response(kind: str, fields: dict[str, object], ends: object) -> None:
    found = parse(REGISTRY[kind], {"kind": kind, **fields}, "f").response()
    assert (None if found is None else (found.before, found.after)) == ends


def test_a_verdict_that_nobody_surveyed_the_response_of_is_no_bare_one(tmp_path: Path) -> None:
    folder = small(tmp_path)
    assert "有前提" not in write_page(folder).text("verdicts")
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    study["arms"][1]["conditional"] = [{"zh": "若违停降至 8", "en": "if it falls to 8"}]
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    page = write_page(folder)
    assert all(
        words in page.text("verdicts") for words in ("有前提的结论：", "若违停降至 8", "（若前提成立）")
    )
    assert "（若前提成立）" in page.text("board")
    assert "（若前提成立）" in (folder / "report.md").read_text(encoding="utf-8")
