"""The page for those who do not see colours, do not use a mouse, or have it read to them: WCAG 2.1, AA."""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sim.report.gathered import gather
from tests.browser import watching
from tests.synthetic_study import write_synthetic_study

LANGUAGES = ("zh", "en")
OPEN = """
one('[data-switch="LANG"]').click();
all("details").forEach(function (d) { d.open = true; });
one("#replay").scrollIntoView();
while (one("#replay").dataset.ready !== "yes") { await pause(20); }
"""
CHECKS = Path(__file__).parents[1] / "accessibility.js"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_stands_out_and_everything_has_a_name(
    browser: str, page: Path, tmp_path: Path, lang: str
) -> None:
    seen = watching(browser, page, tmp_path, OPEN.replace("LANG", lang) + CHECKS.read_text(encoding="utf-8"))
    assert seen["tested"] > 500 and seen["pale"] == []
    assert seen["reached"] > 60 and seen["nameless"] == []
    assert (seen["order"], seen["hidden"], seen["pictures"], seen["broken"]) == (0, 0, 0, 0)
    assert seen["twice"] == []
    assert (seen["first"], seen["jumps"]) == (1, 0)
    assert seen["lang"] == {"zh": "zh-CN", "en": "en"}[lang]
    assert seen["title"] == {"zh": "石桥铺 · 缓堵 huandu", "en": "Shiqiaopu · huandu"}[lang]
    assert seen["map"] == {"zh": "差值（方案−现状）", "en": "Difference (policy − baseline)"}[lang]


def test_the_map_tells_its_links_to_the_keyboard(browser: str, page: Path, tmp_path: Path) -> None:
    seen = watching(
        browser,
        page,
        tmp_path,
        """
        var map = one("svg[data-view=change]"), tip = one("#map-tip"), seen = { tips: [] };
        map.focus(); seen.focused = document.activeElement === map;
        function press(key) { map.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true })); }
        ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown"].forEach(function (key) {
          press(key); seen.tips.push(tip.firstChild.textContent);
        });
        seen.marked = all(".keyed").length;
        press("Escape"); seen.closed = tip.hidden; seen.unmarked = all(".keyed").length;
        seen.role = tip.getAttribute("role");
        await tell(seen);
        """,
    )
    first, second, back, junction = seen["tips"]
    assert seen["focused"] and first == back != second and junction.startswith("石桥铺路口")
    assert (seen["marked"], seen["closed"], seen["unmarked"], seen["role"]) == (1, True, 0, "status")


def axe() -> str:
    """Return the script of axe-core, from the package that brings it along."""
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    return (resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


RUN_AXE = """
var rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
var found = await axe.run(document, { runOnly: rules });
await tell([found.passes.length, found.violations.map(function (v) {
  return v.id + ": " + v.nodes.map(function (n) { return n.html.slice(0, 80); }).join(" ");
})]);
"""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_axe_finds_nothing(browser: str, page: Path, tmp_path: Path, lang: str) -> None:
    act = f"{axe()};{OPEN.replace('LANG', lang)}{RUN_AXE}"
    seen: list[Any] = watching(browser, page, tmp_path, act, timeout_s=240)
    assert seen[0] > 20 and seen[1] == []


def test_axe_finds_nothing_on_the_page_of_several_studies(browser: str, tmp_path: Path) -> None:
    folders = [
        write_synthetic_study(tmp_path / name, arms=["baseline", arm], location=place, name=name)
        for name, arm, place in (
            ("one", "retime", {"lat": 29.5, "lon": 106.4}),
            ("two", "both", {"lat": 29.6, "lon": 106.5}),
        )
    ]
    _, page = gather(folders, tmp_path)
    seen: list[Any] = watching(browser, page, tmp_path, f"{axe()};{RUN_AXE}", timeout_s=240)
    assert seen[0] > 20 and seen[1] == []
