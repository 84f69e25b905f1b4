"""The moving picture in a real Chromium: it plays, pauses, can be scrubbed, and follows a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.measures import SPECS
from sim.plots.study_data import read_study
from sim.report.page import context, html
from tests.browser import watching
from tests.report_page import write_html
from tests.synthetic_replay import write_synthetic_replay
from tests.synthetic_study import write_synthetic_study

READY = """
one("#replay").scrollIntoView();
while (one("#replay").dataset.ready !== "yes") { await pause(20); }
function counts() { return all("#replay figure output").map(function (o) { return o.textContent; }); }
function colours(i) {
  // How many dots of a side have the colour of what moves, of what stands, of a ring.
  var canvas = all("#replay canvas")[i], pen = canvas.getContext("2d");
  var dots = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  var found = [0, 0, 0], wanted = [[31, 111, 178], [138, 18, 84], [230, 159, 0]];
  for (var k = 0; k < dots.length; k += 4) {
    wanted.forEach(function (c, n) {
      if (dots[k] === c[0] && dots[k + 1] === c[1] && dots[k + 2] === c[2]) { found[n] += 1; }
    });
  }
  return found;
}
"""


def written(folder: Path, **changed: object) -> Path:
    """Write a small study with a picture and its page."""
    study = write_synthetic_study(folder, replicates=5, two_periods=False, arms=["baseline", "both"])
    write_synthetic_replay(study, "both")
    path = study / "tables" / "replay.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["pictures"][0] |= changed
    path.write_text(json.dumps(content), encoding="utf-8")
    page = study / "report.html"
    write_html(study, page)
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("study"))


def test_it_plays_pauses_and_can_be_scrubbed(browser: str, page: Path, tmp_path: Path) -> None:
    seen = watching(
        browser,
        page,
        tmp_path,
        READY
        + """
        var at = one("[data-replay=at]"), play = one("[data-replay=play]"), seen = {};
        seen.start = [at.value, counts(), colours(0), colours(1)];
        choose("[data-replay=speed]", 20, "change");
        play.click(); await pause(1500); seen.label = play.textContent;
        play.click(); await pause(50); seen.paused = at.value; await pause(400); seen.still = at.value;
        choose("[data-replay=at]", 140, "input");
        seen.stand = [one("[data-replay=clock]").textContent, counts(), colours(0), colours(1)];
        one("[data-replay=next]").click(); await pause(50);
        seen.ring = [colours(0)[2], colours(1)[2]];
        one('[data-switch="en"]').click();
        seen.english = [play.textContent, counts()[0], one("[data-replay=said]").textContent];
        choose("[data-replay=at]", 299, "input"); play.click(); await pause(700);
        seen.end = [at.value, play.textContent];
        play.click(); await pause(300); seen.again = +at.value;
        await tell(seen);
        """,
    )
    assert seen["start"][:2] == ["0", ["画面内 30 辆，其中静止 0 辆"] * 2]
    assert min(seen["start"][2][0], seen["start"][3][0]) > 100
    assert seen["label"] == "暂停"
    assert 3 < float(seen["paused"]) < 299 and seen["still"] == seen["paused"]
    clock, counts, before, after = seen["stand"]
    assert clock == "07:37:20"
    assert counts == ["画面内 30 辆，其中静止 30 辆", "画面内 30 辆，其中静止 0 辆"]
    assert before[1] > 100 > before[0] and after[0] > 100 > after[1]
    assert min(seen["ring"]) > 30, "the same person on both sides"
    assert seen["english"][:2] == ["Play", "vehicles in view 30, of them standing 30"]
    assert "Replicate 2: of 5 pairs the one whose difference is nearest the median" in seen["english"][2]
    assert seen["end"] == ["300", "Play"]
    assert 0 < seen["again"] < 100, "at the end it begins anew"


def test_a_click_follows_a_person_and_zoom_shows_less(browser: str, page: Path, tmp_path: Path) -> None:
    seen = watching(
        browser,
        page,
        tmp_path,
        READY
        + """
        var canvas = all("#replay canvas")[1], box = canvas.getBoundingClientRect(), seen = {};
        // car.0003 drives in the middle of the picture's height: 3 * 37 - 280 m from its middle.
        var x = box.left + box.width * (111 - 280 + 300) / 600, y = box.top + box.height / 2;
        canvas.dispatchEvent(new MouseEvent("click", { clientX: x, clientY: y }));
        seen.ring = [colours(0)[2], colours(1)[2]];
        var dots = colours(0)[0];
        one("[data-replay=in]").click(); one("[data-replay=in]").click();
        seen.wide = [dots, colours(0)[0]];
        one("[data-replay=out]").click(); one("[data-replay=out]").click(); one("[data-replay=out]").click();
        seen.back = colours(0)[0] - dots;
        await tell(seen);
        """,
    )
    assert min(seen["ring"]) > 30
    assert seen["wide"][1] != seen["wide"][0] and seen["back"] == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"digests": ["0" * 64, "1" * 64]}, "recorded of runs that are no longer this study"),
        ({"failure": "<b>the run differs"}, "no picture, &lt;b&gt;the run differs"),
    ],
)
def test_a_picture_that_is_not_this_studys_is_named_and_not_shown(
    tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    text = written(tmp_path, **changed).read_text(encoding="utf-8")
    assert words in text
    assert (
        "<canvas" not in text and "replay-picture" not in text.partition("<body>")[2].partition("<script>")[0]
    )


def test_a_study_without_a_recording_says_so(tmp_path: Path) -> None:
    study = write_synthetic_study(tmp_path, replicates=5, two_periods=False, arms=["baseline", "both"])
    data = read_study(study)
    assert data.missing == ()
    assert "run.replay=false" in html(context(data, SPECS, {}, []))
