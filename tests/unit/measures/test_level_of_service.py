"""Grades at the edges of their bins, against the published tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.measures import SPECS
from sim.measures.level_of_service import Standard, crosses, grade, read_standards, title

JUST = 1e-9


@pytest.fixture(scope="module")
def standards(repo_root: Path) -> Mapping[str, Standard]:
    return read_standards(repo_root / "configs" / "standards")


@pytest.mark.parametrize(
    ("name", "measure", "bounds"),
    [
        ("hcm_signalised", "control_delay", (10, 20, 35, 55, 80)),
        ("hcm_unsignalised", "control_delay", (10, 15, 25, 35, 50)),
        ("cjj_t_141_2010", "control_delay", (10, 20, 35, 55, 80)),
        ("cjj_t_141_2010", "degree_of_saturation", (0.25, 0.50, 0.70, 0.85, 0.95)),
    ],
)
def test_a_bound_still_belongs_to_the_better_letter(
    standards: Mapping[str, Standard], name: str, measure: str, bounds: tuple[float, ...]
) -> None:
    table = standards[name].scales[measure]
    assert grade(table, 0) == "A"
    for bound, better, worse in zip(bounds, "ABCDE", "BCDEF", strict=True):
        assert grade(table, bound) == better
        assert grade(table, bound + JUST) == worse
    assert grade(table, 1e6) == "F"


def test_gbt_33171_bins_are_closed_on_the_left(standards: Mapping[str, Standard]) -> None:
    table = standards["gbt_33171_2016"].scales["delay_time_ratio"]
    grades = list(table.grades)
    for bound, better, worse in zip((0.3, 0.5, 0.6, 0.7), grades, grades[1:], strict=False):
        assert grade(table, bound - JUST) == better
        assert grade(table, bound) == worse
    assert title(table, grade(table, 0.0)).zh == "畅通"
    assert title(table, grade(table, 1.0)).zh == "严重拥堵"


def test_nothing_observed_has_no_grade(standards: Mapping[str, Standard]) -> None:
    assert grade(standards["hcm_signalised"].scales["control_delay"], float("nan")) == ""


def test_an_interval_crosses_only_with_two_grades(standards: Mapping[str, Standard]) -> None:
    table = standards["hcm_signalised"].scales["control_delay"]
    assert not crosses(table, 20.5, 35)
    assert crosses(table, 20, 35)
    assert crosses(table, 34, 35.1)
    assert crosses(table, float("nan"), 22)


def test_every_table_grades_a_known_measure_and_names_its_source(standards: Mapping[str, Standard]) -> None:
    assert set(standards) == {"hcm_signalised", "hcm_unsignalised", "cjj_t_141_2010", "gbt_33171_2016"}
    for standard in standards.values():
        assert standard.source
        assert standard.confidence.startswith(("confirmed", "second-hand", "unconfirmed"))
        for measure, table in standard.scales.items():
            assert table.unit == SPECS[measure].unit


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        ("{A: 20, B: 10, C: null}", "must rise"),
        ("{A: 10, B: 20}", "last has none"),
        ("{A: null, B: null}", "needs an upper bound"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, grades: str, words: str) -> None:
    frame = 'title: {zh: 表, en: T}\nedition: "1"\nsource: s\nconfidence: c\nscales:\n  control_delay:\n'
    scale = f"    unit: s/veh\n    bound_belongs_to: better\n    grades: {grades}\n"
    (tmp_path / "bad.yaml").write_text(frame + scale, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        read_standards(tmp_path)
