"""What the movement zones of imported models count, beside what the vehicles' routes say.

One baseline run per model (replicate 1), made twice: with the detectors as an entry-exit detector is by
itself, and as huandu writes them, with strays shut out. Every vehicle arrives, so a movement was made by
exactly those whose routes have its two edges in succession.

    python -m tests.validation.zone_counts

makes the runs again and rewrites imports-movements.csv and its section in imports.md; about three minutes.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pandas as pd

from sim.demand import Demand, realise
from sim.importing import import_site
from sim.policy import BASELINE, apply, empty_policy
from sim.runs.run import Runner
from sim.runs.store import Store
from sim.runs.work import ArmFiles, laid_out, request
from sim.site.zones import MovementZone
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.build import build
from sim.sumo.detectors import timed_types
from sim.sumo.site import load

MODELS = {
    "jinan_3x4": "jinan_3x4/n.sumocfg",
    "cologne8": "cologne8/cologne8.sumocfg",
    "ingolstadt7": "ingolstadt7/ingolstadt7.sumocfg",
}
COLUMNS = (
    "model",
    "movement",
    "made",
    "detector_alone",
    "counted",
    "starts_within",
    "ends_within",
    "same_trips",
)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "validation"
TABLE = DOCS / "imports-movements.csv"
SHOWN = 12
"""Movements listed in the page, the worst first; the table has all."""


def compare(model: str, data: Path, folder: Path, root: Path) -> pd.DataFrame:
    """Import a model, drive its baseline both ways, and count: one row per movement."""
    (folder / "scenarios").mkdir(parents=True)
    import_site(data / MODELS[model], model, folder)
    site = load(folder / "scenarios" / model, folder / "store")
    arm = Arm(BASELINE, apply(empty_policy(), site, BASELINE))
    settings, vehicles = RunSettings(replicates=1, jobs=1), vehicle_set(root, None)
    study = Study(
        model, model, site, (arm,), ("window",), "fair_travel_time", (None, None), settings, vehicles, folder
    )
    files = laid_out(site, build(site, arm.applied, "window", folder / "store"))
    people = realise(site, "window", 1, settings, vehicles)
    alone, trips_alone = _drive(study, files, people, folder / "alone", by_itself=True)
    counted, trips = _drive(study, files, people, folder / "mended", by_itself=False)
    assert set(trips["fate"]) == {"arrived"}, "a vehicle on its way has made some of its movements"
    made, starts, ends = _from_routes(people, files.zones.movements)
    same = trips.equals(trips_alone)
    rows = [
        (model, name, made[name], alone[name], counted[name], starts[name], ends[name], same)
        for name in sorted(files.zones.movements)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _drive(
    study: Study, files: ArmFiles, people: Demand, folder: Path, *, by_itself: bool
) -> tuple[Counter[str], pd.DataFrame]:
    store = Store(folder)
    nobody = mock.patch("sim.sumo.detectors.strays", lambda movements, routes: {})
    with nobody if by_itself else nullcontext():
        record = Runner(store).run_one(request(study, "window", 1, files, people))
    assert record.failure is None, record.failure
    assert record.digest is not None
    zones = store.read(record.digest, "zones")
    counts = Counter({str(k): int(n) for k, n in zones.groupby("movement")["vehicles"].sum().items()})
    return counts, store.read(record.digest, "trips")


def _from_routes(
    people: Demand, movements: Mapping[str, MovementZone]
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Movement -> who makes it; of them who starts within its zone, and who ends within it."""
    timed = set(timed_types(people.types))
    of_turn = {zone.turn: zone for zone in movements.values()}
    made, starts, ends = Counter[str](), Counter[str](), Counter[str]()
    vehicles = people.vehicles
    for kind, route in zip(vehicles["type"], vehicles["edges"], strict=True):
        edges = route.split() if not timed or kind in timed else []
        for index, turn in enumerate(pairwise(edges)):
            if (zone := of_turn.get(turn)) is None:
                continue
            made[zone.movement] += 1
            if {point.edge for point in zone.entries}.isdisjoint(edges[: index + 1]):
                starts[zone.movement] += 1
            elif {point.edge for point in zone.exits}.isdisjoint(edges[index + 1 :]):
                ends[zone.movement] += 1
    return made, starts, ends


def run_all(data: Path, folder: Path, root: Path) -> pd.DataFrame:
    """Compare every model."""
    return pd.concat([compare(model, data, folder / model, root) for model in MODELS], ignore_index=True)


def section(table: pd.DataFrame) -> str:
    """Write the section of imports.md."""
    models = [
        "| model | movements | made, by the routes | detector alone: counted too often | counted now |"
        " now too often | unseen | of them start within | end within | trips as before |",
        "|" + " --- |" * 10,
        *map(_model, (group for _, group in table.groupby("model", sort=False))),
    ]
    worst = table.assign(
        excess=table["detector_alone"] - table["made"], unseen=table["made"] - table["counted"]
    )
    listed = [
        "| model | movement | made | detector alone | now |",
        "|" + " --- |" * 5,
        *_movements(worst.sort_values(["excess", "movement"], ascending=[False, True])),
        *_movements(worst.sort_values(["unseen", "movement"], ascending=[False, True])),
    ]
    return TEXT.format(models="\n".join(models), movements="\n".join(listed))


def _model(rows: pd.DataFrame) -> str:
    made, counted = rows["made"].sum(), rows["counted"].sum()
    excess = (rows["detector_alone"] - rows["made"]).clip(lower=0)
    now = (rows["counted"] - rows["made"]).clip(lower=0)
    unseen = made - counted + now.sum()
    return (
        f"| {rows['model'].iloc[0]} | {len(rows)} | {made} |"
        f" {excess.sum()} at {(excess > 0).sum()} movements |"
        f" {counted} | {now.sum()} | {unseen} ({unseen / made:.1%}) | {rows['starts_within'].sum()} |"
        f" {rows['ends_within'].sum()} | {'yes' if rows['same_trips'].all() else 'NO'} |"
    )


def _movements(rows: pd.DataFrame) -> Iterator[str]:
    for r in rows.head(SHOWN).itertuples():
        yield f"| {r.model} | {r.movement} | {r.made} | {r.detector_alone} | {r.counted} |"


TEXT = """
## Movements seen

Made by `python -m tests.validation.zone_counts`: one baseline run per model, every movement in
`imports-movements.csv`. A movement is *made* by whoever has its two edges in succession on the route; all
vehicles arrive, so that is exact. An entry-exit detector alone counts whoever passes the zone's entry, turns
another way, and comes to its exit later: on the grid of jinan_3x4 after a round about a block, on cologne8
after a U-turn further on. Strays are known by their routes and shut out (`sim/site/strays.py`); the last
column says whether every row of the trips is the same as without that.

{models}

What is still *unseen* was made by vehicles that start on a street within the zone, or end before its exit:
nothing can time them over the whole zone. Zones are laid out so that at most a tenth of an approach's
vehicles start within; where more than a tenth of a movement's vehicles, and at least ten, go unseen, the
finding `unseen_by_zone` says so. Served flow and control delay are without them, in every arm alike; travel
times of the network count everyone.

The movements with most counted too often, then those with most unseen:

{movements}
"""


def write(table: pd.DataFrame) -> None:
    """Write the table and, in the page of imports, its section."""
    from tests.validation import imports  # noqa: PLC0415  it prints this section: not in a circle

    table.to_csv(TABLE, index=False, lineterminator="\n")
    imports.PAGE.write_text(imports.page(pd.read_csv(imports.RUNS)), encoding="utf-8")


def main() -> None:
    """Make every run and write what they gave."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        write(run_all(root.parent / "shared" / "data", Path(folder), root))


if __name__ == "__main__":
    main()
