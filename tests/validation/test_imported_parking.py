"""Lots added to, and kerb bays taken from, models that somebody else made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim.importing import import_site
from tests.command_line import huandu

pytestmark = [pytest.mark.validate, pytest.mark.data]

STREET, ENTRY, EXIT = "11389403#2", "-E0", "147053824#1"
TITLE = {"zh": "场", "en": "Lot"}
KERB = {"title": TITLE, "kind": "kerb", "on": STREET, "at_m": 20, "length_m": 36, "stalls": 4}
SHOP = {"origin": ENTRY, "lot": "P", "exit": EXIT, "vehicles_per_h": 60, "stay_min": 8}
LOT = {"title": TITLE, "kind": "micro", "on": STREET, "at_m": 5, "stalls": 20}
POLICIES = {
    "lot": {"kind": "add_parking_area", "id": "Q", "expect": {"areas": ["P"]}, "area": LOT},
    "none": {"kind": "remove_kerb_parking", "area": "P", "expect": {"stalls": 4}, "stops_illegally": 0.3},
}


def test_doerpfeldstr_with_a_lot_and_without_its_bays(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    model = shared_data / "doerpfeldstr" / "all_modes.sumocfg"
    import_site(model, "street", tmp_path, begin="14:00:20", end="14:10:20")
    folder = tmp_path / "scenarios" / "street"
    more = {"parking": {"P": KERB}, "parking_demand": {"shop": SHOP}}
    with (folder / "site.yaml").open("a", encoding="utf-8") as file:
        file.write(yaml.safe_dump(more, allow_unicode=True))
    for name, item in POLICIES.items():
        policy = {name: {"site": "street", "title": TITLE, "interventions": {"it": item}}}
        (folder / "policies" / f"{name}.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True))
    scenario = tmp_path / "configs" / "scenario" / "street.yaml"
    defaults = f"defaults:\n  - /street/policies@policies: [{', '.join(POLICIES)}]\n"
    scenario.write_text(f"# @package _global_\n{defaults}site: street\nprimary: fair_travel_time\n")
    answer = huandu("--root", tmp_path, "run", "scenario=street", "run=smoke")
    assert answer.code == 0, answer.err
    table = pd.read_parquet(tmp_path / "results" / "street" / "tables" / "measures.parquet")
    own = table[(table["measure"] == "gave_up_parking") & (table["scope"] == "network")]
    share = own.groupby("arm")["value"].mean()
    assert share["lot"] < share["baseline"] < share["none"]


ENTRY_STREET, MOTORWAY, WAY_OUT, CENTRE = "254600529", "223117950", "191085632", "-35980404#5"
TRIPS = "".join(
    f'<trip id="t{i}" depart="{i * 10}" from="{(MOTORWAY, ENTRY_STREET)[i % 2]}" to="{WAY_OUT}"/>'
    for i in range(90)
)
VISIT = {
    "origin": "179631755#0",
    "destination": CENTRE,
    "exit": "179631748",
    "vehicles_per_h": 400,
    "stay_min": 15,
}
"""From and to streets about a kilometre off."""


def test_a_town_of_409_nominal_lots_is_corrected_and_gets_one_more(shared_data: Path, tmp_path: Path) -> None:
    """Bad Hersfeld says 1000 stalls at every gate and has no cars: three are assumed, demand is brought.

    Some 28 lots lie around the destination, 84 stalls for 100 visitors at a time.
    """
    for name in ("scenarios", "configs"):
        (tmp_path / name).mkdir()
    (tmp_path / "trips.rou.xml").write_text(f"<routes>{TRIPS}</routes>")
    data = shared_data / "badhersfeld"
    add = ["osm_complete_parking_areas.add.xml", "osm_parking_rerouters.add.xml"]
    lines = import_site(
        data / "osm_edited.net.xml.gz",
        "town",
        tmp_path,
        begin="00:05:00",
        end="00:15:00",
        add=[*(data / name for name in add), tmp_path / "trips.rou.xml"],
        stalls={1000: 3},
    )
    said = "\n".join(lines)
    assert "capacity 1000 of 409 parking areas taken as 3 stalls: not measured, correct them" in said
    assert "408 parking rerouters: replaced by huandu's own" in said
    folder = tmp_path / "scenarios" / "town"
    site = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    assert len(site["parking"]) == 409
    site["parking_demand"] = {"visit": VISIT}
    (folder / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    beside = sorted(id for id, area in site["parking"].items() if area["on"] == CENTRE)
    new = {"title": TITLE, "kind": "micro", "on": CENTRE, "at_m": 2, "length_m": 3, "stalls": 40}
    item = {"kind": "add_parking_area", "id": "new", "expect": {"areas": beside}, "area": new}
    policy = {"lot": {"site": "town", "title": TITLE, "interventions": {"it": item}}}
    (folder / "policies" / "lot.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True))
    scenario = "# @package _global_\ndefaults:\n  - /town/policies@policies: [lot]\nsite: town\n"
    (tmp_path / "configs" / "scenario" / "town.yaml").write_text(f"{scenario}primary: fair_travel_time\n")
    answer = huandu("--root", tmp_path, "run", "scenario=town", "run=smoke")
    assert answer.code == 0, answer.err
    tables = tmp_path / "results" / "town" / "tables"
    table = pd.read_parquet(tables / "measures.parquet").groupby(["arm", "measure", "scope"])["value"].mean()
    assert table["baseline", "parking_stalls", "network"] == 3 * 409
    assert table["lot", "parking_stalls", "network"] == 3 * 409 + 40
    assert table["lot", "parking_occupancy", "parking:new"] > 0.02
    for measure in ("search_distance", "gave_up_parking"):
        assert table["lot", measure, "network"] < table["baseline", measure, "network"]
    findings = set(pd.read_parquet(tables / "findings.parquet")["finding"])
    assert not {"littles_law", "circling", "gridlock"} & findings
