"""`huandu import`: a SUMO model, a street map or a survey workbook becomes a site that can be run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.errors import ConfigError, Problem
from sim.labels import Message
from sim.sumo.import_model import import_model

NETWORKS = (".sumocfg", ".net.xml", ".net.xml.gz", ".osm")


def import_site(
    source: Path,
    name: str,
    root: Path,
    *,
    begin: str | None = None,
    end: str | None = None,
    scale: float = 1.0,
    add: Sequence[Path] = (),
    stalls: Mapping[int, int] | None = None,
) -> list[Message]:
    """Write `scenarios/<name>/` and, where there is none yet, a scenario `configs/scenario/<name>.yaml`.

    The site is made whole in a temporary folder beside its place and renamed into it: nothing half-written
    stays.
    With `stalls` (capacity as the model writes it -> stalls that stand there; may be empty) parking areas
    become the site's own.
    Returns lines to print: what was made, and everything that could not be carried over.
    """
    target = root / "scenarios" / name
    if not name.isidentifier() or name != name.lower():
        raise ConfigError(
            [
                Problem(
                    f"--name {name}",
                    Message("is no site id"),
                    Message("small letters, digits and _, e.g. yuzhou_road"),
                )
            ]
        )
    if target.exists():
        raise ConfigError(
            [Problem(str(target), Message("is already there"), Message("remove it or choose another --name"))]
        )
    if source.suffix == ".xlsx" and (begin or end or scale != 1 or add or stalls is not None):
        hint = Message("leave out all options but --name: a workbook says everything itself")
        raise ConfigError([Problem(str(source), Message("a survey workbook is taken over whole"), hint)])
    if not source.is_file():
        raise ConfigError([Problem(str(source), Message("no such file"))])
    with tempfile.TemporaryDirectory(dir=root / "scenarios", prefix=f".{name}-") as draft:
        folder = Path(draft) / name
        folder.mkdir()
        if source.suffix == ".xlsx":
            from sim.workbook import import_workbook  # noqa: PLC0415 - needs openpyxl, and only here

            lines = import_workbook(source, name, folder)
        elif source.name.endswith(NETWORKS):
            lines = import_model(
                source, name, folder, begin=begin, end=end, scale=scale, add=add, stalls=stalls
            )
        else:
            raise ConfigError(
                [Problem(str(source), Message("is none of {kinds}", kinds=(*NETWORKS, ".xlsx")))]
            )
        (folder / "policies").mkdir(exist_ok=True)
        shutil.move(folder, target)
    made = [Message("site: {path}", path=target)]
    scenario = root / "configs" / "scenario" / f"{name}.yaml"
    if not scenario.exists():
        scenario.parent.mkdir(parents=True, exist_ok=True)
        scenario.write_text(SCENARIO.format(name=name), encoding="utf-8")
        made.append(Message("scenario: {path}", path=scenario))
    return [*made, *lines]


SCENARIO = """\
# @package _global_
# Add a policy: write scenarios/{name}/policies/ID.yaml, then un-comment and name it here.
# defaults:
#   - /{name}/policies@policies: [ID]

site: {name}
primary: fair_travel_time
"""
