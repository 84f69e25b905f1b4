from dataclasses import replace
from pathlib import Path

import pytest

from sim.site.model import Site
from sim.site.on_foot import without_crossings
from tests.sites import street


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return street(Path(tmp_path_factory.mktemp("street")))


def bare(site: Site, *junctions: str) -> Site:
    """Take the crossings of some junctions away."""
    found = {
        id: replace(j, approaches=tuple(replace(leg, crossing=None) for leg in j.approaches))
        for id, j in site.network.junctions.items()
        if id in junctions
    }
    return replace(site, network=replace(site.network, junctions={**site.network.junctions, **found}))


def test_junctions_with_crossings_say_nothing(site: Site) -> None:
    assert without_crossings(site.facts, site.network) == ()


def test_junctions_without_crossings_are_named_as_optimistic(site: Site) -> None:
    one = bare(site, "J1")
    (words,) = without_crossings(one.facts, one.network)
    assert "J1" in words.en and "J2" not in words.en
    assert words.zh.endswith("未建行人，偏乐观——右转与许可左转不避让行人。")
    assert "which is optimistic" in words.en
