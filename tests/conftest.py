"""What every test shares: where things are, real data if present, and nothing left to chance."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

from sim.report.printing import BROWSERS

# Set before matplotlib is first imported: a machine with a display must draw the same pictures.
os.environ["MPLBACKEND"] = "Agg"

# The same examples every time, and no deadline: the machine may be busy, the property is not. Half of the
# usual number: many a property compares arms or builds streets, a tenth of a second each time.
hypothesis.settings.register_profile(
    "huandu", derandomize=True, deadline=None, print_blob=True, max_examples=50
)
hypothesis.settings.load_profile("huandu")

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """Return the repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real networks; for tests marked `data`, which are skipped without it."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def browser() -> str:
    """Return a Chromium's path; the test is skipped where none is installed."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `data` where there is none; refuse the fixture without the mark."""
    marked = item.get_closest_marker("data") is not None
    if not marked and "shared_data" in getattr(item, "fixturenames", ()):
        pytest.fail("a test that uses shared_data carries @pytest.mark.data", pytrace=False)
    if marked and not SHARED_DATA.is_dir():
        pytest.skip("no real data: ../shared/data is not beside the repository")
