"""Figures: what is drawn, marked, and the same every time."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest

from sim.measures import SPECS
from sim.plots import forest, movement_bars
from sim.plots.figures import in_order, write_figures
from sim.plots.fonts import drawable
from sim.plots.queue_over_time import worst_approaches
from sim.plots.study_data import read_study
from sim.plots.style import MARK_GID, short
from sim.plots.throughput import so_far
from sim.plots.written import FigureFile
from sim.site.places import narrow_place, place
from tests.synthetic_study import write_synthetic_study

MARK = "示意数据,非该地实际"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_study(
        tmp_path_factory.mktemp("study"), replicates=5, two_periods=False, arms=["baseline", "lane_use"]
    )


@pytest.fixture(scope="module")
def figures(study: Path) -> list[FigureFile]:
    return write_figures(read_study(study), SPECS, study / "figures")


def test_all_are_drawn_and_nothing_of_matplotlib_is_changed(study: Path) -> None:
    before = dict(mpl.rcParams)
    found = write_figures(read_study(study), SPECS, study / "again")
    assert [figure.key for figure in found] == [
        "forest",
        "street_map",
        "paired_dots",
        "trip_scatter",
        "movement_bars",
        "queue_over_time",
        "throughput",
        "delay_distribution",
    ]
    assert dict(mpl.rcParams) == before
    for figure in found:
        assert figure.png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_figures_are_the_same_bytes_again(study: Path, figures: list[FigureFile]) -> None:
    for one, two in zip(figures, write_figures(read_study(study), SPECS, study / "twice"), strict=True):
        assert one.svg.read_bytes() == two.svg.read_bytes(), one.key
        assert one.png.read_bytes() == two.png.read_bytes(), one.key


def test_made_up_data_are_marked_inside_every_image(figures: list[FigureFile]) -> None:
    for figure in figures:
        svg = figure.svg.read_text(encoding="utf-8")
        assert f'id="{MARK_GID}"' in svg and f'id="{MARK_GID}-across"' in svg
        assert MARK in svg  # matplotlib notes the text beside its outlines
        assert "<text" not in svg, "letters are outlines: no font is needed to see the mark"


def test_real_data_carry_no_mark_and_the_image_differs(tmp_path: Path, figures: list[FigureFile]) -> None:
    folder = write_synthetic_study(
        tmp_path, replicates=5, two_periods=False, arms=["baseline", "lane_use"], made_up=False
    )
    data = read_study(folder)
    for figure, marked in zip(write_figures(data, SPECS, folder / "figures"), figures, strict=True):
        assert MARK_GID not in figure.svg.read_text(encoding="utf-8")
        assert figure.png.read_bytes() != marked.png.read_bytes()


def test_movements_that_got_worse_come_first(study: Path) -> None:
    rows = movement_bars.chosen_rows(read_study(study), "lane_use", "am_peak")
    assert rows["scope"].iloc[0] == "movement:J1.north.left"
    assert rows["verdict"].iloc[0] == "worse"
    assert len(rows) == movement_bars.MOST


def test_queues_are_of_the_approaches_that_are_worst_today(study: Path) -> None:
    assert worst_approaches(read_study(study), "am_peak") == [
        "approach:J1.west",
        "approach:J2.west",
        "approach:J1.east",
    ]


def test_a_run_that_ended_early_keeps_its_count(study: Path) -> None:
    data = read_study(study)
    profiles = data.profiles
    early = (profiles["replicate"] == 1) & (profiles["profile"] == "arrived_veh") & (profiles["x"] > 33000)
    shorter = replace(data, profiles=profiles[~early].reset_index(drop=True))
    assert shorter.curves("baseline", "am_peak", "arrived_veh")[1].isna().any()
    counts = so_far(shorter, "baseline", "am_peak", "arrived_veh")
    assert counts.notna().all(axis=None)
    assert (counts.diff().dropna() >= 0).all(axis=None), "cumulative counts never fall"


def test_nothing_is_drawn_without_results(tmp_path: Path) -> None:
    folder = write_synthetic_study(tmp_path, replicates=4, two_periods=False, arms=["baseline", "retime"])
    shutil.rmtree(folder / "tables")
    assert write_figures(read_study(folder), SPECS, folder / "figures") == []


def test_one_replicate_is_drawn_without_interval(tmp_path: Path) -> None:
    folder = write_synthetic_study(tmp_path, replicates=1, two_periods=False, arms=["baseline", "retime"])
    (drawing,) = forest.draw(read_study(folder), SPECS)
    assert drawing.figure.axes[0].get_ylim()[0] > 0
    assert len(write_figures(read_study(folder), SPECS, folder / "figures")) == 8


def test_dollar_signs_line_breaks_and_rare_characters_in_a_title_are_drawn(tmp_path: Path) -> None:
    folder = write_synthetic_study(
        tmp_path, replicates=4, two_periods=False, arms=["baseline", "$x_{1}$ \\frac\n<b>&😀𠀀"]
    )
    figures = write_figures(read_study(folder), SPECS, folder / "figures")
    assert len(figures) == 8
    for figure in figures:
        assert not re.search(r"<b>|<script", figure.svg.read_text(encoding="utf-8"))


def test_titles_are_cut_by_width_and_lack_nothing_the_font_lacks() -> None:
    assert short("西进口增加左转车道", 10) == "西进口增加…"
    assert short("short", 10) == "short"


def test_a_long_junction_id_leaves_room_for_the_turn() -> None:
    long = "movement:cluster_101333380_1652675105_#17more.southeast_2.left"
    assert narrow_place(long).en == "cluste…17more southeast 2 left"
    assert narrow_place("approach:cluster_101333380_1652675105.north").zh.startswith("cluste…675105 ")
    assert narrow_place("movement:J1.north.left") == place("movement:J1.north.left")
    assert drawable("a\n b\t😀") == "a b □"


def test_several_processes_draw_what_one_draws(study: Path, tmp_path: Path) -> None:
    data = read_study(study)
    alone = write_figures(data, SPECS, tmp_path / "alone")
    shares = [write_figures(data, SPECS, tmp_path / "shared", share, 3) for share in (2, 0, 1)]
    together = in_order(figure for share in shares for figure in share)
    assert [(f.key, f.png.name) for f in together] == [(f.key, f.png.name) for f in alone]
    assert all(len(share) < len(alone) for share in shares)
    for one, other in zip(alone, together, strict=True):
        assert (one.png.read_bytes(), one.svg.read_bytes()) == (
            other.png.read_bytes(),
            other.svg.read_bytes(),
        )
