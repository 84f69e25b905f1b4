"""What the tests of edits and interventions stand on: a small street, and networks that others made."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.site.model import Site
from tests.sites import site_of, street

REAL = {
    "acosta": ("bologna_acosta/acosta_buslanes.net.xml", ("bologna_acosta/acosta_tls.add.xml",)),
    "ingolstadt7": ("ingolstadt7/ingolstadt7.net.xml", ()),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=list(REAL))
def real(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    network, signals = REAL[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    return site_of(shared_data / network, folder, [shared_data / name for name in signals])
