"""Every example of the reference page holds on one place, and its drawing is what the edits do there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.errors import ConfigError
from sim.intervention_drawings import example_edits, write
from sim.interventions import REGISTRY
from sim.report.intervention_drawing import drawing
from sim.site.model import Site
from sim.sumo.site import load

LARGEST_BYTES = 9_000
HOW = "run: python -m sim.intervention_drawings docs/interventions"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder(repo_root: Path) -> Path:
    return repo_root / "docs" / "interventions"


@pytest.fixture(scope="module")
def place(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return load(folder / "place", tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_the_example_holds_and_its_drawing_is_current(place: Site, folder: Path, kind: str) -> None:
    """An example that does not hold on docs/interventions/place is refused with what is there instead."""
    svg = drawing(place, example_edits(place, kind))
    path = folder / f"{kind}.svg"
    assert path.is_file(), HOW
    assert path.read_text(encoding="utf-8") == svg, HOW
    assert len(svg.encode()) < LARGEST_BYTES
    today, then = (ET.tostring(panel) for panel in ET.fromstring(svg).findall(f"{SVG}g"))
    assert _drawn(today) != _drawn(then), "nobody sees what changes"


def _drawn(panel: bytes) -> str:
    """Everything of a panel but its title and where it stands."""
    return re.sub(r"<[^>]*bold[^>]*>[^<]*|translate\(\d+\)|c\d+", "", panel.decode())


def test_no_drawing_is_left_of_a_kind_that_is_gone(folder: Path) -> None:
    assert {path.stem for path in folder.glob("*.svg")} == set(REGISTRY)


def test_an_example_that_does_not_hold_is_refused_with_both_values(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = REGISTRY["retime_signal"].example.replace("cycle_s: 110", "cycle_s: 111")
    monkeypatch.setattr(REGISTRY["retime_signal"], "example", wrong)
    with pytest.raises(ConfigError, match="expected 111 s, found 110 s"):
        example_edits(place, "retime_signal")


def test_drawings_are_written_and_old_ones_go(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "place", tmp_path / "place")
    (tmp_path / "gone.svg").write_text("<svg/>")
    write(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.svg")} == set(REGISTRY)
