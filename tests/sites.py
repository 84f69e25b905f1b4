"""Sites for tests: from a network file, without the folder of a real site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sim.baseline import SiteFacts
from sim.loading import parse
from sim.site_model import Site
from sim.sumo.netconvert import normalise
from sim.sumo.read_network import read_network
from sim.sumo.signals import read_controls


def site_of(net: Path, folder: Path, additionals: Sequence[Path] = (), **facts: object) -> Site:
    """Normalise a network into `folder` and make an imported site of it, with one period unless `facts` say else."""
    folder.mkdir(parents=True, exist_ok=True)
    normalised = folder / "net.net.xml"
    normalise(net, normalised)
    written = {
        "name": "tested",
        "title": {"zh": "测试", "en": "Test"},
        "made_up": True,
        "imported": {"network": "net.net.xml"},
        "periods": {"am": {"title": {"zh": "早高峰", "en": "AM peak"}, "begin": "07:30", "end": "08:30"}},
        **facts,
    }
    site = parse(SiteFacts, written, "site.yaml")
    controls = read_controls(normalised, additionals)
    return Site(
        folder=folder,
        facts=site,
        network=read_network(normalised),
        network_file=normalised,
        signals={period: controls for period in site.periods},
        counts=pd.DataFrame(),
    )
