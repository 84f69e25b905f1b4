"""The page in a real headless Chromium: looks, language switch, console, network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.measures import SPECS
from sim.report.page import write_report
from tests.synthetic_study import write_synthetic_study

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1366,768",
)


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_synthetic_study(
        tmp_path_factory.mktemp("study"), replicates=5, two_periods=False, arms=["baseline", "both"]
    )
    write_report(folder, SPECS)
    return folder / "report.html"


def look(browser: str, url: str, profile: Path, *switches: str) -> subprocess.CompletedProcess[str]:
    command = [browser, *SWITCHES, f"--user-data-dir={profile}", *switches, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


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
    assert "</html>" in done.stdout
    assert not [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    # Whatever the browser itself asks for at start, no request names the page as its origin.
    requests = re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8", errors="replace"))
    page_text = page.read_text(encoding="utf-8")
    assert not [url for url in requests if url in page_text]
    assert "default-src 'none'" in page_text, "and the page forbids itself any"


def test_the_switch_shows_one_language_at_a_time(browser: str, page: Path, tmp_path: Path) -> None:
    clicking = tmp_path / "click.html"
    text = page.read_text(encoding="utf-8")
    # The page's own policy allows its own script only: the click comes from a copy without that policy.
    open_copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    probe = """<script>
    function seen() {
      return Array.from(document.querySelectorAll("h2 span")).filter(s => s.offsetParent).map(s => s.lang);
    }
    var first = seen(); document.querySelector('[data-switch="en"]').click(); var second = seen();
    document.querySelector('[data-switch="zh"]').click(); var third = seen();
    var told = [first, second, third].map(l => Array.from(new Set(l)).join("+"));
    document.body.setAttribute("data-seen", told.join("/"));
    </script></body>"""
    clicking.write_text(open_copy.replace("</body>", probe), encoding="utf-8")
    dom = look(browser, clicking.as_uri(), tmp_path / "profile", "--dump-dom").stdout
    assert re.findall(r'data-seen="([^"]*)"', dom) == ["zh-CN/en/zh-CN"]


def test_an_address_opens_the_page_in_english(browser: str, page: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    assert visible_titles(look(browser, page.as_uri(), profile, "--dump-dom").stdout) == "zh-CN"
    assert visible_titles(look(browser, page.as_uri() + "#en", profile, "--dump-dom").stdout) == "en"


def test_chinese_shows_without_scripts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert visible_titles(text) == "zh-CN"
    assert 'html:lang(zh-CN) [lang="en"] { display: none; }' in text


def test_the_embedded_font_is_used_and_nothing_overflows(browser: str, page: Path, tmp_path: Path) -> None:
    measuring = tmp_path / "measure.html"
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    probe = """<script>document.fonts.ready.then(function () {
    var all = Array.from(document.querySelectorAll("main *"));
    var wide = all.filter(e => e.getBoundingClientRect().right > 1366 && !e.closest(".wide"));
    var images = Array.from(document.images);
    document.body.setAttribute("data-seen", [
      document.fonts.check('16px "Huandu Sans"', "缓堵"), wide.length, document.documentElement.scrollWidth,
      images.length, images.every(i => i.complete && i.naturalWidth > 0)].join("/"));
    });</script></body>"""
    measuring.write_text(text.replace("</body>", probe), encoding="utf-8")
    dom = look(
        browser, measuring.as_uri(), tmp_path / "profile", "--virtual-time-budget=5000", "--dump-dom"
    ).stdout
    (seen,) = re.findall(r'data-seen="([^"]*)"', dom)
    font, wide, width, images, drawn = seen.split("/")
    assert (font, wide, images, drawn) == ("true", "0", "7", "true")
    assert int(width) <= 1366


def test_it_prints(browser: str, page: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.pdf"
    look(browser, page.as_uri(), tmp_path / "profile", f"--print-to-pdf={target}")
    assert target.read_bytes()[:5] == b"%PDF-"
    assert target.stat().st_size > 100_000
