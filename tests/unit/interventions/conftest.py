from pathlib import Path

import pytest

from sim.site.model import Site
from sim.sumo.site import load
from tests.sites import street


@pytest.fixture(scope="session")
def shiqiaopu(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The embedded scenario's site: two signals 260 m apart, cycles of 120 and 100 s, two periods."""
    return load(repo_root / "scenarios" / "shiqiaopu", tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A small street with two signals, as most kinds of intervention need no more."""
    return street(tmp_path_factory.mktemp("street"))
