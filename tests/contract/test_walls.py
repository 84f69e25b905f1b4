"""The walls between the rooms of `sim/`, kept by reading every import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Wall:
    """Modules that only some rooms, or that every room but some, may import.

    A room is a top-level module or subpackage of `sim`: `sim/cli.py` and `sim/cli/x.py` are both room `cli`.
    Exactly one of `only` and `never` is given, as patterns of room names.
    """

    name: str
    modules: tuple[str, ...]
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def stops(self, room: str, module: str) -> bool:
        if not any(module == wall or module.startswith(f"{wall}.") for wall in self.modules):
            return False
        if self.only:
            return not any(fnmatchcase(room, pattern) for pattern in self.only)
        return any(fnmatchcase(room, pattern) for pattern in self.never)


WALLS = (
    Wall("only the command line knows Hydra", ("hydra", "omegaconf"), only=("cli",)),
    Wall(
        "only sim/sumo knows SUMO",
        ("eclipse_sumo", "libsumo", "simpla", "sumo", "sumo_data", "sumolib", "traci"),
        only=("sumo",),
    ),
    Wall("only sim/sumo reads and writes SUMO's XML", ("defusedxml", "lxml", "xml"), only=("sumo",)),
    Wall(
        "the analysis side sees tables, never SUMO",
        ("sim.sumo", "sim.runs"),
        never=("measures", "checks", "comparison", "plots", "report"),
    ),
    Wall(
        "zhplot changes matplotlib's settings on import: take the font's file only", ("zhplot",), never=("*",)
    ),
)


def breaches(root: Path) -> list[str]:
    """List every import under `root`/sim that a wall stops, as `file:line: module (wall)`."""
    found = []
    for path in sorted((root / "sim").rglob("*.py")):
        inside = path.relative_to(root)
        room = inside.with_suffix("").parts[1]
        for line, modules in imports(path, inside):
            # One statement may stand for several names (`from sim import sumo`); it counts once.
            stopped = [(module, wall) for module in modules for wall in WALLS if wall.stops(room, module)]
            found += [f"{inside.as_posix()}:{line}: {module} ({wall.name})" for module, wall in stopped[:1]]
    return found


def imports(path: Path, inside: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line and the absolute module names that one import statement (or dynamic import) may mean."""
    package = inside.parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, [alias.name]
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else ()
                base = ".".join([*above, *([module] if module else [])])
                for alias in names:
                    yield node.lineno, [base, f"{base}.{alias.name}"]
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield node.lineno, [module]


def test_no_import_goes_through_a_wall(repo_root: Path) -> None:
    assert (repo_root / "sim" / "__init__.py").is_file(), "nothing was read"
    assert breaches(repo_root) == []


@pytest.mark.parametrize(
    ("file", "statement", "module"),
    [
        ("sim/study.py", "import hydra", "hydra"),
        ("sim/sumo/driver.py", "from omegaconf import DictConfig", "omegaconf"),
        ("sim/client.py", "from hydra.core import global_hydra", "hydra.core"),
        ("sim/runs/run.py", "import traci", "traci"),
        ("sim/controllers/max_pressure.py", "def f():\n    import libsumo as ls", "libsumo"),
        ("sim/site/network.py", "from sumolib.net import readNet", "sumolib.net"),
        ("sim/measures/stops.py", "import numpy, traci.constants", "traci.constants"),
        ("sim/install.py", "import importlib\nimportlib.import_module('sumo')", "sumo"),
        ("sim/demand.py", "import xml.etree.ElementTree as ET", "xml.etree.ElementTree"),
        ("sim/demand.py", "from xml.sax import saxutils", "xml.sax"),
        ("sim/measures/delay.py", "from sim.sumo.outputs import read", "sim.sumo.outputs"),
        ("sim/measures/delay.py", "from ..sumo import outputs", "sim.sumo"),
        ("sim/checks/findings.py", "from sim import sumo", "sim.sumo"),
        ("sim/comparison/compare.py", "from ..sumo import outputs", "sim.sumo"),
        ("sim/plots/queue.py", "from .. import sumo", "sim.sumo"),
        ("sim/report/page.py", "import sim.sumo", "sim.sumo"),
        ("sim/comparison/inference.py", "from sim.sumo import outputs", "sim.sumo"),
        ("sim/report/route_choice.py", "from sim.runs.campaign import read", "sim.runs.campaign"),
        ("sim/plots/style.py", "import zhplot", "zhplot"),
        (
            "sim/comparison/replication.py",
            "if T:\n    from sim.sumo.files import Files",
            "sim.sumo.files",
        ),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, file: str, statement: str, module: str) -> None:
    plant(tmp_path, file, statement)
    found = breaches(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{file}:")
    assert f": {module} (" in found[0]


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("sim/cli.py", "import hydra, omegaconf"),
        ("sim/cli/run.py", "from hydra import compose"),
        ("sim/sumo/driver.py", "import libsumo, traci, sumolib\nimport xml.etree.ElementTree as ET"),
        ("sim/sumo/build.py", "from . import files\nfrom .files import write"),
        ("sim/runs/campaign.py", "from sim.sumo import driver"),
        ("sim/measures/delay.py", "from sim.summary import total\nfrom .. import network"),
        ("sim/demand.py", "import hydrology, sumofile, xmltodict"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, file: str, statement: str) -> None:
    plant(tmp_path, file, statement)
    assert breaches(tmp_path) == []


def plant(root: Path, file: str, text: str) -> None:
    path = root / file
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
