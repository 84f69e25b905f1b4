"""The page in a real headless Chromium: looks, language switch, console, network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from sim.report.gathered import gather
from sim.report.printing import print_pdf
from tests.browser import acting, look
from tests.report_page import write_html
from tests.synthetic_study import write_synthetic_study


def visible_titles(dom: str) -> str:
    """Return which language the document says it shows."""
    (lang,) = re.findall(r"<html lang=\"([\w-]+)\"", dom)
    return lang


def test_no_console_message_and_no_request_but_the_file(browser: str, page: Path, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    done = look(
        browser,
        page.as_uri(),
        tmp_path / "profile",
        "--enable-logging=stderr",
        "--v=0",
        f"--log-net-log={log}",
        "--dump-dom",
    )
    assert "</html>" in done.stdout and visible_titles(done.stdout) == "zh-CN"
    assert not [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    # Whatever the browser itself asks for at start, no request names the page as its origin.
    requests = re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8", errors="replace"))
    page_text = page.read_text(encoding="utf-8")
    assert not [url for url in requests if url in page_text]
    assert "default-src 'none'" in page_text, "and the page forbids itself any"


def test_an_address_opens_the_page_in_english(browser: str, page: Path, tmp_path: Path) -> None:
    done = look(browser, page.as_uri() + "#en", tmp_path / "profile", "--dump-dom")
    assert visible_titles(done.stdout) == "en"


def test_chinese_shows_without_scripts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert visible_titles(text) == "zh-CN"
    assert 'html:lang(zh-CN) [lang="en"] { display: none; }' in text


def test_the_font_is_used_nothing_overflows_and_the_switch_shows_one_language_at_a_time(
    browser: str, page: Path, tmp_path: Path
) -> None:
    measuring = tmp_path / "measure.html"
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    # Fonts may be there before the last picture is: both are waited for.
    probe = """<script>
    function seen() {
      var shown = Array.from(document.querySelectorAll("h2 span")).filter(s => s.offsetParent);
      return Array.from(new Set(shown.map(s => s.lang))).join("+");
    }
    function click(lang) { document.querySelector('[data-switch="' + lang + '"]').click(); return seen(); }
    var loaded = new Promise(function (done) { addEventListener("load", done); });
    Promise.all([document.fonts.ready, loaded]).then(function () {
    var all = Array.from(document.querySelectorAll("main *"));
    var wide = all.filter(e => e.getBoundingClientRect().right > 1366 && !e.closest(".wide"));
    var images = Array.from(document.images);
    document.body.setAttribute("data-seen", [
      document.fonts.check('16px "Huandu Sans"', "缓堵"), wide.length, document.documentElement.scrollWidth,
      images.length, images.every(i => i.complete && i.naturalWidth > 0), seen(), click("en"), click("zh")
    ].join("/"));
    });</script></body>"""
    measuring.write_text(text.replace("</body>", probe), encoding="utf-8")
    dom = look(
        browser, measuring.as_uri(), tmp_path / "profile", "--virtual-time-budget=5000", "--dump-dom"
    ).stdout
    (seen,) = re.findall(r'data-seen="([^"]*)"', dom)
    font, wide, width, images, drawn, *languages = seen.split("/")
    assert languages == ["zh-CN", "en", "zh-CN"]
    assert (font, wide, images, drawn) == ("true", "0", "7", "true")
    assert int(width) <= 1366


def test_the_map_colours_hovers_slides_and_opens_a_table(browser: str, page: Path, tmp_path: Path) -> None:
    seen = acting(
        browser,
        page,
        tmp_path,
        """
        var data = JSON.parse(one("#map-data").textContent);
        var west = data.edges.findIndex(function (e) { return e.id === "J1.west"; });
        var north = data.edges.findIndex(function (e) { return e.id === "J1.north"; });
        var minor = data.edges.findIndex(function (e) { return e.id === "J2.south.exit"; });
        function line(view, i) { return all("svg[data-view=" + view + "] .link")[i]; }
        seen.west = line("change", west).getAttribute("stroke");
        seen.minor = line("change", minor).getAttribute("stroke-width");
        seen.before = line("before", north).getAttribute("stroke-width");
        seen.after = line("after", north).getAttribute("stroke-width");
        choose("[data-map=step]", 1, "input");
        seen.clock = one("[data-map=clock]").textContent;
        seen.early = line("before", north).getAttribute("stroke-width");
        seen.change = line("change", west).getAttribute("stroke");
        var reach = all("svg[data-view=change] .reach")[west];
        reach.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: 400, clientY: 300 }));
        seen.tip = one("#map-tip").hidden ? "" : one("#map-tip").textContent;
        one('[data-switch="en"]').click();
        reach.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: 400, clientY: 300 }));
        seen.english = one("#map-tip").textContent;
        all("details").forEach(function (d) { d.open = false; });
        one('circle[data-junction="1"]').dispatchEvent(new MouseEvent("click", { bubbles: true }));
        seen.opened = all("details[open]").map(function (d) { return d.dataset.junction; }).join();
        all("details").forEach(function (d) { d.open = false; });
        ["ArrowDown", "Enter"].forEach(function (key) {
          one("svg[data-view=after]").dispatchEvent(new KeyboardEvent("keydown", { key: key }));
        });
        seen.keyed = all("details[open]").map(function (d) { return d.dataset.junction; }).join();
        // Tables of junctions where nothing changed lie in a fold of their own.
        var fold = document.createElement("details");
        var tables = all('details[data-junction="' + data.junctions[1].id + '"]');
        tables[0].before(fold);
        tables.forEach(function (table) { table.open = false; fold.appendChild(table); });
        one('circle[data-junction="1"]').dispatchEvent(new MouseEvent("click", { bubbles: true }));
        seen.folded = fold.open && tables.some(function (table) { return table.open; });
        seen.box = one("svg[data-view=after]").getAttribute("viewBox").split(" ")[2];
        one("[data-map=in]").click();
        seen.zoomed = one("svg[data-view=after]").getAttribute("viewBox").split(" ")[2];
        """,
    )
    assert seen["west"] == seen["change"] == "#009e73", "the difference is of the whole period"
    assert float(seen["minor"]) < 1, "three vehicles are no evidence"
    assert float(seen["after"]) < float(seen["before"])
    assert seen["clock"] == "07:30–07:45" and float(seen["early"]) < float(seen["before"])
    assert "J1.west" in seen["tip"] and "n = 400 → 400" in seen["tip"] and "[−" in seen["tip"]
    assert "延误减少" in seen["tip"] and "less delay" in seen["english"]
    assert (seen["opened"], seen["keyed"]) == ("J2", "J1")
    assert seen["folded"], "a click opens the fold around a table, and the table"
    assert float(seen["zoomed"]) < float(seen["box"])


def test_a_click_on_a_head_sorts_the_table(browser: str, tmp_path: Path) -> None:
    folder = write_synthetic_study(tmp_path / "study", replicates=5, two_periods=False)
    page = folder / "report.html"
    write_html(folder, page)
    seen = acting(
        browser,
        page,
        tmp_path,
        """
        var table = one("#evidence table");
        function column(i) {
          return Array.from(table.tBodies[0].rows).map(function (r) { return r.cells[i].textContent; });
        }
        var head = table.tHead.rows[0].cells[5].querySelector("button");
        head.click(); seen.rising = column(5).join("|");
        head.click(); seen.falling = column(5).join("|");
        seen.said = table.tHead.rows[0].cells[5].getAttribute("aria-sort");
        """,
    )
    rising, falling = ([float(v) for v in seen[key].split("|")] for key in ("rising", "falling"))
    assert rising == sorted(rising) and falling == sorted(falling, reverse=True) and len(set(rising)) > 1
    assert seen["said"] == "descending"


def test_the_page_of_several_studies_filters_by_verdict(browser: str, tmp_path: Path) -> None:
    folders = [
        write_synthetic_study(tmp_path / name, arms=["baseline", *arms], location=place, name=name)
        for name, arms, place in (
            ("one", ["retime", "lane_use"], {"lat": 29.5, "lon": 106.4}),
            ("two", ["both"], {"lat": 29.6, "lon": 106.5}),
        )
    ]
    _, page = gather(folders, tmp_path)
    seen = acting(
        browser,
        page,
        tmp_path,
        """
        function rows() {
          return all("#ranking tbody tr").filter(function (r) { return r.offsetParent; }).length;
        }
        seen.before = [rows(), one("[data-filter-count]").textContent].join();
        var improved = one("[data-filter=improved]");
        var there = all('#ranking tr[data-verdict=improved]').length;
        improved.click();
        seen.after = [rows() + there, one("[data-filter-count]").textContent.slice(-1)].join();
        seen.left = all("main tbody tr").filter(function (r) {
          return r.offsetParent && r.dataset.verdict === "improved";
        }).length;
        improved.click(); seen.again = rows();
        seen.sites = all("svg.sites circle").length;
        one('[data-switch="en"]').click(); seen.names = all("svg.sites a text").map(function (t) {
          return Array.from(t.querySelectorAll("tspan")).filter(function (s) {
            return getComputedStyle(s).display !== "none";
          }).map(function (s) { return s.textContent; }).join();
        }).join("/");
        """,
    )
    assert seen["before"] == "3,3 / 3" and seen["after"] == "3,3"
    assert (seen["left"], seen["again"], seen["sites"]) == (0, 3, 2)
    assert seen["names"] == "Shiqiaopu/Shiqiaopu"


def test_a_street_that_one_policy_builds_is_dashed_on_its_maps_alone(browser: str, tmp_path: Path) -> None:
    folder = write_synthetic_study(
        tmp_path / "study", replicates=4, two_periods=False, arms=["baseline", "retime", "both"]
    )
    path = folder / "tables" / "geometry.json"
    streets = json.loads(path.read_text(encoding="utf-8"))
    line = [[0.0, 60.0], [400.0, 60.0]]
    link = {"line": line, "lanes": [line], "width_m": [3.2], "speed_kmh": 50, "name": "新联络线"}
    streets["new"] = {"baseline": {}, "retime": {}, "both": {"link.there": link}}
    path.write_text(json.dumps(streets), encoding="utf-8")
    course = folder / "tables" / "link_intervals.parquet"
    table = pd.read_parquet(course)
    driven = table[(table["arm"] == "both") & (table["edge"] == "J1.west")].assign(edge="link.there")
    pd.concat([table, driven]).to_parquet(course, index=False)
    page = folder / "report.html"
    write_html(folder, page)
    seen = acting(
        browser,
        page,
        tmp_path,
        """
        var data = JSON.parse(one("#map-data").textContent);
        var at = data.edges.findIndex(function (e) { return e.arm === "both"; });
        function shown(view) {
          var line = all("svg[data-view=" + view + "] .link")[at];
          return line.style.display === "none" ? "" : line.getAttribute("stroke-dasharray");
        }
        function everywhere() { return ["before", "after", "change"].map(shown).join("/"); }
        seen.others = everywhere();
        choose("[data-map=arm]", 1, "change");
        seen.own = everywhere();
        all("svg[data-view=after] .reach")[at].dispatchEvent(
          new MouseEvent("mousemove", { bubbles: true, clientX: 400, clientY: 300 }));
        seen.tip = one("#map-tip").textContent;
        seen.legend = one("[data-map=legend]").textContent;
        """,
    )
    assert seen["others"] == "//" and seen["own"] == "/9 4/9 4"
    assert seen["tip"].startswith("新联络线 · link.there · 新建道路")
    assert "n = 400" in seen["tip"] and "没有可配对比较" not in seen["tip"]
    assert "新建道路" in seen["legend"]


def test_hostile_names_run_nothing_in_the_map(browser: str, tmp_path: Path) -> None:
    hostile = "</div><script>document.body.dataset.hacked=1</script><img src=x onerror=alert(1)>"
    folder = write_synthetic_study(
        tmp_path / "study", replicates=4, two_periods=False, arms=["baseline", "lane_use"]
    )
    path = folder / "tables" / "geometry.json"
    streets = json.loads(path.read_text(encoding="utf-8"))
    streets["edges"]["J1.west"]["name"] = hostile
    streets["junctions"][hostile] = streets["junctions"].pop("J1")
    path.write_text(json.dumps(streets), encoding="utf-8")
    page = folder / "report.html"
    write_html(folder, page)
    seen = acting(
        browser,
        page,
        tmp_path,
        """
        var data = JSON.parse(one("#map-data").textContent);
        var west = data.edges.findIndex(function (e) { return e.id === "J1.west"; });
        all("svg[data-view=change] .reach")[west].dispatchEvent(
          new MouseEvent("mousemove", { bubbles: true, clientX: 400, clientY: 300 }));
        seen.tip = one("#map-tip").textContent;
        seen.hacked = document.body.dataset.hacked || "";
        seen.images = all("img").length;
        """,
    )
    assert seen["tip"].startswith(hostile) and seen["hacked"] == "" and seen["images"] == 0


def test_it_prints_one_page_per_policy(browser: str, page: Path) -> None:
    target = print_pdf(page)
    assert target is not None and target.read_bytes()[:5] == b"%PDF-"
    assert target.stat().st_size > 100_000


def test_without_a_browser_there_is_no_pdf(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert print_pdf(page) is None
