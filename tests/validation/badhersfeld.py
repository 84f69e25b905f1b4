"""Bad Hersfeld, a model that somebody else made: what one more lot and the end of some kerb bays would do.

python -m tests.validation.badhersfeld DATA [REPLICATES] [KEEP]

The model has 409 parking areas of 1000 stalls each, 408 rerouters and no car. The capacities are nominal:
every area is taken as three stalls, so that places run short in the centre. All demand is brought: trips
through the town, and visitors who come to park around one street. Some 28 areas lie within their walk, 84
stalls for 100 visitors at a time. What comes out is a statement about these assumptions, not about the town.

REPLICATES of ten minutes each (10); KEEP holds the root of the study from one call to the next.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import yaml

from sim.importing import import_site
from sim.sumo.install import version
from tests.command_line import huandu

ENTRY_STREET, MOTORWAY, WAY_OUT, CENTRE = "254600529", "223117950", "191085632", "-35980404#5"
TITLE = {"zh": "场", "en": "Lot"}
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
    "stock_veh": 100,
}
"""From and to streets about a kilometre off; as many parked at first as such a demand keeps."""
STALLS = 3
BAYS = {"title": TITLE, "kind": "kerb", "on": CENTRE, "at_m": 2, "length_m": 30, "stalls": 5}
LOT = {"title": TITLE, "kind": "micro", "on": CENTRE, "at_m": 2, "length_m": 3, "stalls": 40}
MEASURES = {
    "parking_stalls": "stalls",
    "parking_occupancy": "vehicles in them",
    "gave_up_parking": "gave up, share",
    "search_time": "search, s/veh",
    "search_distance": "search, m/veh",
    "parking_turnover": "turnover, /stall/h",
    "vehicle_hours": "vehicle hours",
}
RESULT = Path(__file__).parents[2] / "docs" / "validation" / "parking-badhersfeld.md"


def town(root: Path, data: Path) -> list[str]:
    """Import the model as scenario `town` with its demand and two policies; return what the import says."""
    for name in ("scenarios", "configs"):
        (root / name).mkdir()
    (root / "trips.rou.xml").write_text(f"<routes>{TRIPS}</routes>")
    add = ["osm_complete_parking_areas.add.xml", "osm_parking_rerouters.add.xml"]
    lines = import_site(
        data / "osm_edited.net.xml.gz",
        "town",
        root,
        begin="00:05:00",
        end="00:15:00",
        add=[*(data / name for name in add), root / "trips.rou.xml"],
        stalls={1000: STALLS},
    )
    folder = root / "scenarios" / "town"
    site = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    beside = sorted(id for id, area in site["parking"].items() if area["on"] == CENTRE)
    site["parking"]["bays"] = BAYS
    site["parking_demand"] = {"visit": VISIT}
    (folder / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    areas = sorted([*beside, "bays"])
    gone = {"area": "bays", "expect": {"stalls": BAYS["stalls"]}, "stops_illegally": 0.3}
    policies = {
        "lot": {"kind": "add_parking_area", "id": "new", "expect": {"areas": areas}, "area": LOT},
        "no_bays": {"kind": "remove_kerb_parking", **gone},
    }
    for name, item in policies.items():
        policy = {name: {"site": "town", "title": TITLE, "interventions": {"it": item}}}
        (folder / "policies" / f"{name}.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True))
    defaults = f"defaults:\n  - /town/policies@policies: [{', '.join(policies)}]\n"
    scenario = f"# @package _global_\n{defaults}site: town\nprimary: fair_travel_time\n"
    (root / "configs" / "scenario" / "town.yaml").write_text(scenario)
    return lines


def page(tables: Path, replicates: int) -> str:
    """Write the comparison as Markdown: every level with the change and its 95 % interval."""
    comparison = pd.read_csv(tables / "comparison.csv")
    own = comparison[comparison["scope"] == "network"].set_index(["arm", "measure"])
    lines = [
        "# Bad Hersfeld: one lot more, kerb bays gone",
        "",
        f"Made by `python -m tests.validation.badhersfeld DATA {replicates}` on {datetime.now(UTC):%Y-%m-%d},"
        f" SUMO {version()}; {replicates} replicates",
        "of ten minutes after five of warm-up, paired by their people.",
        "",
        *(__doc__ or "").split("\n\n")[2].splitlines(),
        "",
        f"`lot`: {LOT['stalls']} stalls more on the street of the visitors.",
        f"`no_bays`: {BAYS['stalls']} kerb bays of that street go, and 30 % of their users stop on the lane.",
        "",
        "| policy | measure | today | then | change | 95 % interval |",
        "|---|---|---|---|---|---|",
    ]
    for arm in ("lot", "no_bays"):
        for measure, name in MEASURES.items():
            if (arm, measure) not in own.index:
                continue
            row = own.loc[(arm, measure)]
            numbers = (f"{row[key]:.4g}" for key in ("before", "after", "difference"))
            interval = f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
            lines.append(f"| `{arm}` | {name} | {' | '.join(numbers)} | {interval} |")
    findings = pd.read_parquet(tables / "findings.parquet")
    counts = findings.groupby(["arm", "finding"]).size()
    lines += ["", "Findings, and how often:" if len(counts) else "No findings.", ""]
    lines += [f"- `{arm}`: {finding} ({n})" for (arm, finding), n in counts.items()]
    return "\n".join(lines).rstrip() + "\n"


def main(data: Path, replicates: int, root: Path) -> None:
    """Import where that has not been done, run what has not been run, write the page."""
    if not (root / "scenarios").exists():
        root.mkdir(parents=True, exist_ok=True)
        for line in town(root, data):
            print(line)
    words = ["scenario=town", f"run.replicates={replicates}", "run.jobs=1", "run.placebo=false"]
    words += ["run.replay=false", "run.passport=false", "overwrite=true"]
    answer = huandu("--root", root, "run", *words)
    print(answer.out, answer.err)
    RESULT.write_text(page(root / "results" / "town" / "tables", replicates), encoding="utf-8")


if __name__ == "__main__":
    words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as draft:
        kept = Path(words[2]) if len(words) > 2 else Path(draft)
        main(Path(words[0]), int(words[1]) if len(words) > 1 else 10, kept)
