"""Lots added to, and kerb bays taken from, models that somebody else made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim.importing import import_site
from sim.policy import apply, empty_policy
from sim.runs.store import Store
from sim.sumo.build import build
from sim.sumo.proof import prove
from sim.sumo.site import load
from tests.command_line import huandu
from tests.sites import policy_of
from tests.validation.badhersfeld import BAYS, TITLE, town

pytestmark = [pytest.mark.validate, pytest.mark.data]

POST = "-178028204#9"
"""Where vehicles of the model stop on the lane, each for a minute and more."""
STREET, ENTRY, EXIT = "11389403#2", "-E0", "147053824#1"
KERB = {"title": TITLE, "kind": "kerb", "on": STREET, "at_m": 20, "length_m": 36, "stalls": 4}
SHOP = {"origin": ENTRY, "lot": "P", "exit": EXIT, "vehicles_per_h": 60, "stay_min": 8, "stock_veh": 4}
LOT = {"title": TITLE, "kind": "micro", "on": STREET, "at_m": 5, "stalls": 20}
POLICIES = {
    "lot": {"kind": "add_parking_area", "id": "Q", "expect": {"areas": ["P"]}, "area": LOT},
    "enforced": {"kind": "enforce", "stopping": "post", "expect": {"per_km_h": 60}, "per_km_h": 0},
    "none": {"kind": "remove_kerb_parking", "area": "P", "expect": {"stalls": 4}, "stops_illegally": 0.1},
}


def test_doerpfeldstr_with_a_lot_and_without_its_bays(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    model = shared_data / "doerpfeldstr" / "all_modes.sumocfg"
    import_site(model, "street", tmp_path, begin="14:00:20", end="14:10:20")
    folder = tmp_path / "scenarios" / "street"
    stopping = {"post": {"imported": True, "on": POST, "per_km_h": 60}}
    more = {"parking": {"P": KERB}, "parking_demand": {"shop": SHOP}, "illegal_stopping": stopping}
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
    tables = tmp_path / "results" / "street" / "tables"
    table = pd.read_parquet(tables / "measures.parquet")
    own = table[(table["measure"] == "gave_up_parking") & (table["scope"] == "network")]
    share = own.groupby("arm")["value"].mean()
    # Four stalls under a load of eight, full at first; without them nine of ten find nothing.
    assert share["lot"] < share["baseline"] < share["none"]
    store, runs = Store(tmp_path / "results" / ".store"), pd.read_csv(tables / "runs.csv")
    stopped = {
        arm: [int((store.read(digest, "parked")["edge"] == POST).sum()) for digest in own["digest"]]
        for arm, own in runs.groupby("arm")
    }
    assert min(stopped["baseline"]) >= 1, "they stop at the kerb as the model has it"
    assert max(stopped["enforced"]) == 0, "and no more where that is enforced"


def test_a_town_of_409_nominal_lots_is_corrected_and_gets_one_more(shared_data: Path, tmp_path: Path) -> None:
    """Bad Hersfeld with its nominal capacities corrected and demand brought (`badhersfeld`)."""
    said = "\n".join(town(tmp_path, shared_data / "badhersfeld"))
    assert "capacity 1000 of 409 parking areas taken as 3 stalls: not measured, correct them" in said
    assert "408 parking rerouters: replaced by huandu's own" in said
    hours_are_proved(tmp_path)
    answer = huandu("--root", tmp_path, "run", "scenario=town", "run=smoke")
    assert answer.code == 0, answer.err
    tables = tmp_path / "results" / "town" / "tables"
    table = pd.read_parquet(tables / "measures.parquet").groupby(["arm", "measure", "scope"])["value"].mean()
    assert table["baseline", "parking_stalls", "network"] == 3 * 409 + 5
    assert table["lot", "parking_stalls", "network"] == 3 * 409 + 5 + 40
    assert table["no_bays", "parking_stalls", "network"] == 3 * 409
    assert table["lot", "parking_occupancy", "parking:new"] > 0.02
    for measure in ("search_distance", "gave_up_parking"):
        assert table["lot", measure, "network"] < table["baseline", measure, "network"]
    findings = set(pd.read_parquet(tables / "findings.parquet")["finding"])
    assert not {"littles_law", "circling", "gridlock"} & findings


def hours_are_proved(root: Path) -> None:
    """Bays that no lot round about could offer are closed by the clock, and their file says so."""
    site = load(root / "scenarios" / "town", root / "store")
    period = next(iter(site.periods))
    base = build(site, apply(empty_policy(), site, "baseline"), period, root / "cache")
    hours = {"kind": "kerb_parking_hours", "area": "bays", "expect": {"stalls": BAYS["stalls"]}}
    applied = apply(policy_of(it={**hours, "open": "09:30", "close": "16:30"}), site, "p")
    proof = prove(base, build(site, applied, period, root / "cache"), applied.footprint, applied.edits)
    assert {("parking", "bays")} <= {(change.kind, change.id) for change in proof.changed}
