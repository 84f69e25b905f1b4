import pytest

from sim.errors import ConfigError
from sim.policy import AppliedPolicy, apply
from sim.site.model import Site
from tests.sites import policy_of, site_in_memory

LOT = {
    "title": {"zh": "停车场", "en": "Lot"},
    "kind": "off_street",
    "on": "J1.north",
    "at_m": 40,
    "stalls": 30,
}


@pytest.fixture(scope="module")
def site() -> Site:
    return site_in_memory(
        {"am": {}}, parking={"P1": {**LOT, "at_m": 10, "stalls": 20}, "P2": {**LOT, "on": "w"}}
    )


def add(site: Site, area: dict[str, object], **fields: object) -> AppliedPolicy:
    data = {
        "kind": "add_parking_area",
        "id": "P3",
        "expect": {"areas": ["P1"]},
        "area": {**LOT, **area},
        **fields,
    }
    return apply(policy_of(a=data), site, "policy")


def test_an_area_is_added_and_nothing_else_is_touched(site: Site) -> None:
    applied = add(site, {}, takes={"P2": 0.25})
    assert applied.edits[0].takes == (("P2", 0.25),)
    assert (applied.edits[0].area.on, applied.edits[0].area.at_m) == ("n", 40)
    assert applied.footprint == {("parking", "P3")}
    assert (
        applied.change_log[0].zh
        == "J1.north 距上游端 40 m 处增设停车场 P3（停车场），30 个泊位；泊位总数 50→80"
    )


def test_kerb_stalls_are_called_so(site: Site) -> None:
    assert "new kerb stalls P3" in add(site, {"kind": "kerb", "stalls": 5, "length_m": 30}).change_log[0].en


@pytest.mark.parametrize(
    ("area", "fields", "told"),
    [
        ({}, {"id": "P1"}, "parking area 'P1' exists already"),
        ({"on": "J1.nort"}, {}, "area.on: no edge named 'J1.nort'"),
        ({"at_m": 95}, {}, "ends at 105 m, but n is 100 m long"),
        ({"at_m": 15}, {}, "overlaps 'P1', which takes 10 to 20 m"),
        ({}, {"expect": {"areas": []}}, "expected none on 'n', found P1"),
        ({}, {"takes": {"P9": 0.5}}, "no parking area 'P9' (known: P1, P2)"),
        ({}, {"takes": {"P1": 1.5}}, "a share lies above 0 and at most at 1, not 1.5"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    site: Site, area: dict[str, object], fields: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError) as error:
        add(site, area, **fields)
    assert told in str(error.value)
