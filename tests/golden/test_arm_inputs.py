"""What SUMO reads in each intervention's arm, as canonical text: the files against the baseline's.

`HUANDU_REWRITE_GOLDEN=1` writes the files anew and still fails: read the difference, run again without it.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.policy import apply, empty_policy
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from tests.sites import policy_of, street

GOLDEN = Path(__file__).parent / "arm_inputs"
LOT = {"title": {"zh": "停车场", "en": "Lot"}, "at_m": 40, "stalls": 30}
POLICIES = {
    "retime_signal": {
        "kind": "retime_signal",
        "junction": "J1",
        "expect": {"cycle_s": 90},
        "greens_s": {"S1": 40, "S2": 12},
        "offset_s": 15,
    },
    "set_lane_use": {
        "kind": "set_lane_use",
        "approach": "J1.west",
        "expect": ["left", "through", "through+right"],
        "lanes": ["left", "left", "through+right"],
    },
    "add_parking_area": {
        "kind": "add_parking_area",
        "id": "P2",
        "expect": {"areas": []},
        "area": {**LOT, "kind": "kerb", "on": "J2.east", "length_m": 60, "stalls": 10},
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    parking = {"P1": {**LOT, "kind": "off_street", "on": "J1.north"}}
    return street(Path(tmp_path_factory.mktemp("street")), parking=parking)


@pytest.mark.parametrize("kind", POLICIES)
def test_an_arm_reads_what_it_read_before(site: Site, tmp_path: Path, kind: str) -> None:
    base = build(site, apply(empty_policy(), site, "policy"), "am", tmp_path)
    arm = build(site, apply(policy_of(change=POLICIES[kind]), site, "policy"), "am", tmp_path)
    lines = difflib.unified_diff(canonical(base), canonical(arm), "baseline", kind, n=0, lineterm="")
    text = "\n".join(lines) + "\n"
    golden = GOLDEN / f"{kind}.diff"
    if os.environ.get("HUANDU_REWRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail(f"{golden.name} was written anew: read the difference, run without HUANDU_REWRITE_GOLDEN")
    assert text == golden.read_text(encoding="utf-8")


def canonical(arm: ArmBuild) -> list[str]:
    lines = []
    for path in (arm.net_file, *arm.additional_files):
        lines += [
            f"{path.name}:",
            *ElementTree.canonicalize(from_file=path, with_comments=False).splitlines(),
        ]
    return lines
