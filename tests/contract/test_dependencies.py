"""What is installed is what is pinned, and every pinned package's licence is listed."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SUMO_PACKAGES = {"eclipse-sumo", "libsumo", "traci", "sumolib", "sumo-data"}
# Installed on Windows alone, so elsewhere neither needed nor found.
WINDOWS_ONLY = {"colorama"}
# Needed by dask on Python 3.11 alone.
OLD_PYTHON_ONLY = {"importlib-metadata", "lazy-importer", "zipp"}


@pytest.fixture(scope="module")
def pins(repo_root: Path) -> dict[str, str]:
    """Read constraints.txt: canonical name -> exact version."""
    found = {}
    for line in (repo_root / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            name, separator, number = text.partition("==")
            assert separator, f"not an exact pin: {line}"
            found[canonicalize_name(name)] = number
    return found


@pytest.fixture(scope="module")
def declared(repo_root: Path) -> list[str]:
    """Read the requirements of pyproject.toml, extras included (`dev` begins with the others)."""
    project = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["dask"], *extras["query"], *extras["dev"][1:]]


def closure(declared: list[str]) -> set[str]:
    """Follow requirements through the installed packages' own records."""
    names: set[str] = set()
    waiting = list(declared)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in names or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        names.add(name)
        waiting += requires(name) or []
    return names


def test_every_dependency_is_pinned_and_nothing_else(pins: dict[str, str], declared: list[str]) -> None:
    assert closure(declared) | WINDOWS_ONLY | OLD_PYTHON_ONLY == set(pins)


def test_installed_versions_are_the_pinned_ones(pins: dict[str, str]) -> None:
    differing = {}
    for name, pinned in pins.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = pinned if name in WINDOWS_ONLY | OLD_PYTHON_ONLY else "absent"
        if installed != pinned:
            differing[name] = (installed, pinned)
    assert differing == {}


def test_sumo_is_one_release(pins: dict[str, str], declared: list[str]) -> None:
    releases = {pins[name] for name in SUMO_PACKAGES}
    assert len(releases) == 1
    exact = {f"{name}=={release}" for name in SUMO_PACKAGES - {"sumo-data"} for release in releases}
    assert exact <= set(declared)


def test_every_dependency_has_its_licence_listed(pins: dict[str, str], repo_root: Path) -> None:
    table = (repo_root / "docs" / "licences.md").read_text(encoding="utf-8")
    listed = {canonicalize_name(name) for name in re.findall(r"^\| ([\w.-]+) \|", table, flags=re.MULTILINE)}
    assert set(pins) - listed == set(), "missing in docs/licences.md"
    assert listed - set(pins) - {"package"} == set(), "in docs/licences.md but not pinned"
