"""Figures and tables of signals: bands by hand, what is drawn for a changed signal, files for controllers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from sim.plots import phase_diagram, time_space
from sim.plots.signal_data import read_signals
from sim.plots.study_data import StudyData
from sim.plots.style import house_style, save
from sim.report.signals import stage_tables
from sim.signals import tables
from sim.signals.program import Interval, SignalProgram
from sim.signals.reading import Reading, read
from sim.signals.stage_table import write_stage_tables
from sim.site.network import Approach, Connection, Network
from sim.trajectories import trajectories
from tests.drawn_sites import network
from tests.synthetic_study import study_json


def test_a_band_passes_where_every_green_is_met() -> None:
    greens = [[(0.0, 30.0), (100.0, 130.0)], [(20.0, 60.0), (120.0, 160.0)], [(35.0, 45.0), (150.0, 175.0)]]
    assert time_space.bands(greens, [0.0, 15.0, 30.0]) == [(5.0, 15.0), (120.0, 130.0)]
    assert time_space.bands(greens, [0.0, 65.0, 30.0]) == []


def signalised() -> Network:
    """Give the two junctions signals: one link for each of their connections."""
    streets = network()
    links: dict[str, Connection] = {}
    for junction in streets.junctions.values():
        own = [c for a in junction.approaches for m in a.movements for c in m.connections]
        links |= {c.key: replace(c, signal=junction.id, link=number) for number, c in enumerate(own)}

    def lit(approach: Approach) -> Approach:
        moves = (
            replace(m, connections=tuple(links[c.key] for c in m.connections)) for m in approach.movements
        )
        return replace(approach, movements=tuple(moves))

    junctions = {
        id: replace(
            j, signal=id, position_m=(300.0 * (id == "J2"), 0.0), approaches=tuple(map(lit, j.approaches))
        )
        for id, j in streets.junctions.items()
    }
    return replace(streets, junctions=junctions, connections=tuple(links.values()))


def program(signal: str, green_s: float, cycle_s: float, offset_s: float) -> SignalProgram:
    """West and east go, then the others."""
    streets = signalised()
    links = streets.links[signal]
    main = {link for link, (key,) in links.items() if key.split(".")[1].startswith(("west", "east"))}
    state = "".join("G" if link in main else "r" for link in range(max(links) + 1))
    other = state.translate(str.maketrans("Gr", "rG"))
    first = (Interval(green_s, state, "A"), Interval(3, state.replace("G", "y")))
    rest_s = cycle_s - green_s - 3
    return SignalProgram(
        signal,
        "day",
        (*first, Interval(rest_s - 3, other, "B"), Interval(3, other.replace("G", "y"))),
        offset_s,
    )


def keyed(arm: str, found: tuple[Reading, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys = {"arm": arm, "period": "am_peak"}
    return tables.lights(found).assign(**keys), tables.stages(found).assign(**keys)


@pytest.fixture
def data(tmp_path: Path) -> StudyData:
    streets = signalised()
    today = tuple(read(program(s, 30, 80, 0), streets) for s in ("J1", "J2"))
    later = (today[0], read(program("J2", 40, 80, 25), streets))
    parts = [keyed("baseline", today), keyed("retime", later)]
    folder = tmp_path / "tables"
    folder.mkdir()
    pd.concat([p[0] for p in parts]).to_parquet(folder / "signal_lights.parquet")
    pd.concat([p[1] for p in parts]).to_parquet(folder / "signal_stages.parquet")
    tables.corridors(streets, {"main": ("J1", "J2"), "back": ("J2", "J1"), "one": ("J1",)}, {}).to_parquet(
        folder / "corridors.parquet"
    )
    nothing = pd.DataFrame()
    study = study_json({"am_peak": ("早高峰", "AM peak")}, 2, ["baseline", "retime"])
    return StudyData(tmp_path, study, nothing, nothing, nothing, nothing, nothing)


def test_only_changed_signals_are_drawn(data: StudyData, tmp_path: Path) -> None:
    signals = read_signals(data.folder)
    assert signals.changed("retime", "am_peak") == ("J2",)
    assert list(signals.corridors["corridor"]) == ["main", "main"], "the way back is the same corridor"
    drawn = [*phase_diagram.draw(data, {}), *time_space.draw(data, {})]
    assert [(d.key, d.period, d.of) for d in drawn] == [
        ("phase_diagram", "am_peak", "J2"),
        ("time_space", "am_peak", "main"),
    ]
    for drawing in drawn:
        with house_style():
            png, svg = save(drawing.figure, tmp_path / "figures", drawing.key)
        assert png.stat().st_size > 10_000
        assert "made-up-data" in svg.read_text(encoding="utf-8"), "the mark is inside the image"


def test_a_new_signal_is_drawn_without_a_plan_of_today(data: StudyData) -> None:
    for name in ("signal_lights", "signal_stages"):
        path = data.folder / "tables" / f"{name}.parquet"
        table = pd.read_parquet(path)
        table[(table["arm"] != "baseline") | (table["signal"] != "J2")].to_parquet(path)
    (drawing,) = phase_diagram.draw(data, {})
    assert drawing.of == "J2"
    (table,) = stage_tables(data)
    assert table.cycle == "— → 80"


def test_a_policy_that_lets_a_signal_react_has_no_bands(data: StudyData) -> None:
    path = data.folder / "tables" / "signal_stages.parquet"
    stages = pd.read_parquet(path)
    reacts = (stages["arm"] == "retime") & (stages["signal"] == "J1")
    stages.loc[reacts, "coordinated"] = False
    stages.to_parquet(path)
    assert list(time_space.draw(data, {})) == []
    assert [drawing.of for drawing in phase_diagram.draw(data, {})] == ["J2"]


def test_rows_of_a_diagram_cover_the_cycle(data: StudyData) -> None:
    lights, _ = read_signals(data.folder).of("retime", "am_peak", "J2")
    for row in phase_diagram.rows_of(lights):
        assert sum(end_s - begin_s for begin_s, end_s, _ in row.windows) == 80


def test_the_page_shows_old_and_new(data: StudyData) -> None:
    (table,) = stage_tables(data)
    assert (table.signal, table.cycle, table.offset) == ("J2", "80", "0 → 25")
    greens = {line.stage: line.cells[1] for line in table.lines}
    assert greens["A"] == ("30", "40")


def test_stage_tables_for_controllers(data: StudyData, tmp_path: Path) -> None:
    stages = read_signals(data.folder).stages
    paths = write_stage_tables(stages, tmp_path / "one")
    assert [p.name for p in paths] == ["stage_tables.xlsx", "001.J1.csv", "002.J2.csv"]
    csv = pd.read_csv(paths[2], encoding="utf-8-sig")
    assert list(csv["arm"].unique()) == ["baseline", "retime"]
    assert csv.loc[
        (csv["arm"] == "retime") & (csv["stage"] == "A"), ["green_s", "yellow_s", "offset_s"]
    ].to_numpy().tolist() == [[40, 3, 25]]
    book = load_workbook(paths[0])
    assert book.sheetnames == ["J1", "J2"]
    assert [cell.value for cell in book["J2"][2]][:2] == ["对比方案", "时段"]
    again = write_stage_tables(stages, tmp_path / "two")
    assert again[0].read_bytes() == paths[0].read_bytes()
    long = stages.assign(signal=stages["signal"] + "_with/a:name*longer than a sheet may have")
    odd = load_workbook(write_stage_tables(long, tmp_path / "three")[0])
    assert all(len(name) <= 31 for name in odd.sheetnames)


def test_no_signals_no_files(tmp_path: Path) -> None:
    assert write_stage_tables(read_signals(tmp_path).stages, tmp_path) == []


def test_simulated_vehicles_are_drawn_on_the_clock_of_the_greens(data: StudyData) -> None:
    came = pd.DataFrame(
        [
            # Along both stop lines; the last one turned off, and one never passed the second.
            ("v1", "J1.west.through", 1612.0, 1615.0),
            ("v1", "J2.west.through", 1650.0, 1651.0),
            ("v2", "J2.east.through", 1630.0, 1630.0),
            ("v2", "J1.east.through", 1668.0, 1690.0),
            ("v3", "J1.west.through", 1620.0, 1622.0),
            ("v4", "J1.west.through", 1620.0, 1622.0),
            ("v4", "J2.west.through", 1670.0, float("nan")),
        ],
        columns=["vehicle", "movement", "reached_s", "passed_s"],
    )
    corridors = read_signals(data.folder).corridors
    junction_of = {f"{j}.{leg}.through": j for j in ("J1", "J2") for leg in ("west", "east")}
    found = trajectories(came, corridors, junction_of)
    far_m = corridors["position_m"].max()
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("main", "v1", 1612, 0), ("main", "v1", 1615, 0),
        ("main", "v1", 1650, far_m), ("main", "v1", 1651, far_m),
        ("main", "v2", 1630, far_m), ("main", "v2", 1630, far_m),
        ("main", "v2", 1668, 0), ("main", "v2", 1690, 0),
    ]  # fmt: skip
    whole = pd.concat(
        [found.assign(arm=arm, period="am_peak", replicate=1) for arm in ("baseline", "retime")]
    )
    whole.to_parquet(data.folder / "tables" / "trajectories.parquet")
    (drawing,) = time_space.draw(data, {})
    for axes in drawing.figure.axes:
        lines = [line for line in axes.lines if len(line.get_xdata()) == 4]
        # 80 s cycles: the median time lies in the one that begins at 1600.
        assert [list(line.get_xdata()) for line in lines] == [[12, 15, 50, 51], [30, 30, 68, 90]]
        assert list(lines[0].get_ydata()) == [0, 0, far_m, far_m]
