"""The page in a real headless Chromium: looked at, and acted on, in the browser's own time."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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
HELPERS = """
function one(query) { return document.querySelector(query); }
function all(query) { return Array.from(document.querySelectorAll(query)); }
function choose(query, value, kind) {
  one(query).value = value; one(query).dispatchEvent(new Event(kind));
}
"""


def look(browser: str, url: str, profile: Path, *switches: str) -> subprocess.CompletedProcess[str]:
    """Open an address and wait for the browser to end."""
    command = [browser, *SWITCHES, f"--user-data-dir={profile}", *switches, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def open_copy(page: Path, script: str) -> str:
    """Return the page with a script at its end, without its policy, which allows its own script only."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    return text.replace("</body>", f"<script>{script}</script></body>")


def acting(browser: str, page: Path, tmp_path: Path, act: str) -> dict[str, str]:
    """Do something on a copy of the page; `seen` is what the script wrote down. Any console message fails."""
    copy = tmp_path / "acting.html"
    script = f'var seen = {{}};{HELPERS}{act}\ndocument.body.setAttribute("data-seen", JSON.stringify(seen));'
    copy.write_text(open_copy(page, script), encoding="utf-8")
    done = look(browser, copy.as_uri(), tmp_path / "profile", "--enable-logging=stderr", "--dump-dom")
    assert not [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    (found,) = re.findall(r'data-seen="([^"]*)"', done.stdout)
    return dict(json.loads(unescape(found)))


def watching(browser: str, page: Path, tmp_path: Path, act: str, timeout_s: float = 90) -> Any:
    """Let a copy of the page live in real time until the script `act` calls `tell(result)`; return that.

    `act` is the body of an async function; `pause(ms)` waits. What it throws fails, as any error of the page.
    """
    script = f"""{HELPERS}
    function pause(ms) {{ return new Promise(function (go) {{ setTimeout(go, ms); }}); }}
    function tell(result) {{ return fetch("/told", {{ method: "POST", body: JSON.stringify(result) }}); }}
    window.addEventListener("error", function (event) {{ tell({{ failed: event.message }}); }});
    (async function () {{ {act} }})().catch(function (error) {{ tell({{ failed: String(error.stack) }}); }});
    """
    content = open_copy(page, script).encode()
    told: list[Any] = []
    heard = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            heard.set()

        def log_message(self, format: str, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    command = [
        browser,
        *SWITCHES,
        f"--user-data-dir={tmp_path / 'profile'}",
        "--remote-debugging-port=0",
        url,
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert heard.wait(timeout_s), "the page told nothing"
    finally:
        child.terminate()
        child.wait(timeout=20)
        server.shutdown()
        server.server_close()
    assert not (isinstance(told[0], dict) and "failed" in told[0]), told[0]
    return told[0]
