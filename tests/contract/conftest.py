"""What several contracts stand on."""

from pathlib import Path

import pytest

from tests.command_line import huandu
from tests.own_root import write_root


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose network is built already; copy it before you spoil it."""
    root = write_root(tmp_path_factory.mktemp("checked"))
    assert huandu("check", "scenario=xingfu", "--root", root).code == 0
    return root
