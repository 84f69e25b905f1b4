from pathlib import Path

import pytest

from sim.site.model import Site
from sim.sumo.site import load


@pytest.fixture(scope="session")
def shiqiaopu(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The embedded scenario's site: two signals 260 m apart, cycles of 120 and 100 s, two periods."""
    return load(repo_root / "scenarios" / "shiqiaopu", tmp_path_factory.mktemp("store"))
