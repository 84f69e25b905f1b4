"""What the proof compares has names for people, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.edits.object_words import attribute_words, kind_words
from sim.labels import catalogue
from sim.sumo.proof import Change


@pytest.mark.parametrize(
    ("what", "whole", "part"),
    [
        ("intervals of huandu.peak", "各灯态时长（huandu.peak）", "各灯态时长"),
        ("waits inside J1.west_3->J2_1", "在路口内等候（J1.west_3->J2_1）", "在路口内等候"),
        ("lights in huandu.peak (2)", "灯色（huandu.peak (2)）", "灯色"),
        ("incoming lanes", "驶入车道", "驶入车道"),
        ("speed", "限速", "限速"),
        ("a new kind", "a new kind", "a new kind"),
    ],
)
def test_attributes(what: str, whole: str, part: str) -> None:
    assert attribute_words(what).zh == whole
    assert attribute_words(what, whole=False).zh == part
    assert attribute_words(what).en == what


def test_an_unknown_kind_keeps_its_name() -> None:
    assert kind_words("teapot") == ("teapot", "teapot")


def test_a_change_says_which_way_an_object_went() -> None:
    assert Change("connection", "a->b", "exists", "-", "yes").of("zh") == "连接 a->b: 新增"
    assert str(Change("connection", "a->b", "exists", "yes", "-")) == "connection a->b: removed"
    speed = Change("lane", "a_0", "speed", "13.89", "11.11")
    assert (speed.of("zh"), str(speed)) == (
        "车道 a_0: 限速: 13.89 -> 11.11",
        "lane a_0: speed: 13.89 -> 11.11",
    )


def test_every_kind_of_a_footprint_and_every_attribute_looked_at_has_a_name(repo_root: Path) -> None:
    kinds: set[str] = set()
    for path in sorted((repo_root / "sim" / "edits").glob("*.py")):
        kinds |= set(re.findall(r'\("([a-z_]+)", ', path.read_text(encoding="utf-8")))
    looked_at = (repo_root / "sim" / "sumo" / "declared.py").read_text(encoding="utf-8")
    attributes = {
        words.split(" of ")[0].split(" in ")[0] for words in re.findall(r'_differs\(f?"([^"]+)"', looked_at)
    }
    assert len(kinds) > 10 and len(attributes) > 10, "they are no longer found"
    assert not {f"object.{kind}" for kind in kinds} - set(catalogue())
    assert not {f"attribute.{name}" for name in attributes} - set(catalogue())
