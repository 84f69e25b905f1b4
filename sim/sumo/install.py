"""Where SUMO is: binaries, data and release of the installed wheels."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from sim.errors import MissingTool
from sim.labels import Message

RELEASE = "1.28.0"
"""The one release huandu is tested with: another one gives other results."""
_HINT = Message(
    "install it with `python -m pip install eclipse-sumo=={release}` into {prefix}",
    release=RELEASE,
    prefix=sys.prefix,
)


@cache
def sumo_home() -> Path:
    """Return the folder that holds `bin` and `data`; MissingTool if the wheel is not installed."""
    spec = importlib.util.find_spec("sumo")
    if spec is None or not spec.submodule_search_locations:
        raise MissingTool(
            Message("Eclipse SUMO {release} is not installed: {hint}", release=RELEASE, hint=_HINT)
        )
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def version() -> str:
    """Return SUMO's release; MissingTool if it is another than the pinned one."""
    try:
        found = importlib.metadata.version("eclipse-sumo")
    except importlib.metadata.PackageNotFoundError:
        raise MissingTool(
            Message("Eclipse SUMO {release} is not installed: {hint}", release=RELEASE, hint=_HINT)
        ) from None
    if found != RELEASE:
        raise MissingTool(
            Message(
                "Eclipse SUMO {found} is installed, huandu needs {release}: {hint}",
                found=found,
                release=RELEASE,
                hint=_HINT,
            )
        )
    return found


@cache
def binary(name: str) -> Path:
    """Return the path of one of SUMO's programs, e.g. `sumo`, `netconvert`; MissingTool without it."""
    version()
    path = sumo_home() / "bin" / (name + (".exe" if os.name == "nt" else ""))
    if not path.is_file():
        raise MissingTool(
            Message(
                "the program {name!r} of Eclipse SUMO is missing at {path}: {hint}",
                name=name,
                path=path,
                hint=_HINT,
            )
        )
    return path


def environment() -> dict[str, str]:
    """Return the environment for SUMO's programs: pointing at the installed data and no other."""
    proj = str(sumo_home() / "data" / "proj")
    return {**os.environ, "SUMO_HOME": str(sumo_home()), "PROJ_DATA": proj, "PROJ_LIB": proj}
