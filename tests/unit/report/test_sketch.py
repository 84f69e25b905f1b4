"""The sketch on a card: where a policy changes something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.plots.study_data import read_study
from sim.report.street_map import sketch
from tests.report_page import edit, small


def drawn(folder: Path, **touched: Any) -> str:
    def only(streets: dict[str, Any]) -> None:
        streets["touched"]["retime"] = {"edges": [], "junctions": [], **touched}

    edit(folder / "tables" / "geometry.json", only)
    return str(sketch(read_study(folder), "retime") or "")


def test_a_car_park_has_its_place(tmp_path: Path) -> None:
    folder = small(tmp_path)
    assert drawn(folder) == "", "nothing on the streets is touched: no sketch"
    svg = drawn(folder, parking={"lot": [-60.0, -20.0]})
    assert svg.count(">P</text>") == 1 == svg.count("<rect"), "a P where its entrance is"
    assert "#c9cfd6" in svg, "the streets around it"
    assert "#e69f00" not in svg, "no lane changes"
