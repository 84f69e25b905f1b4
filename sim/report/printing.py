"""The page as PDF, through a Chromium where one is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
TIMEOUT_S = 120.0
NO_BROWSER = "report.pdf.none"
"""What to say where there is no PDF (catalogue)."""


def print_pdf(page: Path) -> Path | None:
    """Print a page beside itself as PDF; None without a browser or a page, or where it fails."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None or not page.is_file():
        return None
    target = page.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="huandu-print-") as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={target.resolve()}",
        ]
        # Chromium refuses its sandbox to root, which is who runs in containers. The page is our own file.
        command += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        try:
            subprocess.run(
                [*command, page.resolve().as_uri()], capture_output=True, timeout=TIMEOUT_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
    return target if target.is_file() else None
