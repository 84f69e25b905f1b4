"""The drawn crossroads, built once, and the rules that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.signals.rules import TimingRules, read_rules
from sim.site.network import Network
from sim.sumo.plain import NETWORK_FILE, build_network, names_of
from sim.sumo.read_network import read_network
from tests.crossroads import crossroads


@pytest.fixture(scope="session")
def crossroads_network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = tmp_path_factory.mktemp("crossroads")
    facts = crossroads()
    build_network(facts, folder)
    return read_network(folder / NETWORK_FILE, names_of(facts))


@pytest.fixture(scope="session")
def rules(repo_root: Path) -> TimingRules:
    return read_rules(repo_root / "configs" / "standards" / "signals" / "timing.yaml")
