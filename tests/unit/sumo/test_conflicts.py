"""Conflicts: who watches, and what the device wrote of them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.conflicts import CONFLICTS_FILE, observed, read_conflict_rules
from sim.standard_data import config_path
from sim.sumo.conflicts import options, read_conflicts

WRITTEN = """<SSMLog>
    <conflict begin="6" end="9" ego="a" foe="b">
        <minTTC time="7.00" position="95.5,98.3" type="11" value="1.48" speed="6.2"/>
        <maxDRAC time="7.50" position="95.0,98.0" type="11" value="3.40" speed="6.0"/>
        <PET time="NA" position="NA" type="NA" value="NA" speed="NA"/>
    </conflict>
    <conflict begin="16" end="19" ego="a" foe="c">
        <minTTC time="NA" position="NA" type="NA" value="NA" speed="NA"/>
        <maxDRAC time="NA" position="NA" type="NA" value="NA" speed="NA"/>
        <PET time="18.00" position="1.0,2.0" type="17" value="4.10" speed="8.0"/>
    </conflict>
    <conflict begin="26" end="29" ego="a" foe="d">
        <minTTC time="27.00" position="1.0,2.0" type="3" value="1.10" speed="8.0"/>
        <maxDRAC time="27.00" position="1.0,2.0" type="3" value="2.00" speed="8.0"/>
        <PET time="NA" position="NA" type="NA" value="NA" speed="NA"/>
    </conflict>
</SSMLog>
"""


def test_who_watches_depends_on_who_one_is_alone() -> None:
    people = [f"v{i}" for i in range(4000)]
    some = observed(people, 0.1)
    assert 340 < len(some) < 460
    assert set(observed(people[::2], 0.1)) == set(some) & set(people[::2])
    assert set(some) <= set(observed(people, 0.2))
    assert observed(["a:1", "a,b", "a"], 1.0) == ("a",), "such ids the device cannot bear"
    assert sum(len(id) + 1 for id in observed([f"{'x' * 90}{i}" for i in range(3000)], 1.0)) <= 100_000


def test_encounters_are_read_with_what_happened_first(tmp_path: Path) -> None:
    path = tmp_path / "conflicts.out.xml"
    path.write_text(WRITTEN)
    table = read_conflicts(path, ("a", "z"))
    assert table["kind"].tolist() == ["crossing", "crossing", "other", "none", "none"]
    first = table.iloc[0]
    assert (first["foe"], first["time_s"], first["x_m"], first["y_m"]) == ("b", 7.0, 95.5, 98.3)
    assert (first["ttc_s"], first["drac_mps2"]) == (1.48, 3.40) and math.isnan(first["pet_s"])
    assert table.iloc[1]["pet_s"] == pytest.approx(4.1)
    assert read_conflicts(tmp_path / "none.xml", ("a",))["kind"].tolist() == ["none"]


def test_the_rules_that_ship_become_options() -> None:
    rules = read_conflict_rules(config_path(Path(), *CONFLICTS_FILE))
    asked = options(rules, ("a", "b"))
    assert asked["device.ssm.explicit"] == "a,b"
    assert asked["device.ssm.thresholds"] == "1.5 3.35 5"
