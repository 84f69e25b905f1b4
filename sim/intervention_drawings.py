"""The drawings of the reference page of interventions: every kind's example on one place.

`python -m sim.intervention_drawings docs/interventions` writes the committed ones, a drawing of each kind
beside the folder `place` with the site on which every example holds; a test holds them to the registry.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim.edits.vocabulary import Edit
from sim.interventions import REGISTRY
from sim.loading import read_yaml
from sim.policy import apply, parse_policy
from sim.report.intervention_drawing import drawing
from sim.site.model import Site
from sim.sumo.site import load


def drawings(site: Site) -> dict[str, str]:
    """Return kind -> the drawing (SVG) of its example; ConfigError where one does not hold on the site."""
    return {kind: drawing(site, example_edits(site, kind)) for kind in sorted(REGISTRY)}


def example_edits(site: Site, kind: str) -> Sequence[Edit]:
    """Return the edits of a kind's example; ConfigError where it does not hold on this site."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{kind}.yaml"
        path.write_text(REGISTRY[kind].example, encoding="utf-8")
        interventions = {"example": read_yaml(path)}
    frame = {"site": site.name, "title": {"zh": kind, "en": kind}, "interventions": interventions}
    return apply(parse_policy(kind, frame, kind), site, kind).edits


def write(folder: Path) -> None:
    """Write all drawings; those of kinds that are gone go."""
    with tempfile.TemporaryDirectory() as cache:
        found = drawings(load(folder / "place", Path(cache)))
    for old in folder.glob("*.svg"):
        old.unlink()
    for kind, svg in found.items():
        (folder / f"{kind}.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
