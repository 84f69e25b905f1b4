"""`huandu calibrate` on a small drawn junction: field values met, kept, driven with; flows against counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim.calibrating import calibrate
from sim.calibration.agreement import read_agreement
from sim.calibration.stored import calibrated_vehicles
from sim.demand import read_counts
from sim.demand.imported import demand_files, read_trips
from sim.errors import ConfigError
from sim.importing import import_site
from sim.policy import BASELINE, apply, empty_policy
from sim.site.model import Site
from sim.standard_data import vehicle_set
from sim.study import Arm, RunSettings, Study
from sim.sumo.site import load
from tests.drawn_sites import HEADER
from tests.theory.isolated import PERIOD, draw, junction, site_data

THROUGH = "J1.west.through"
FIELD = {THROUGH: {"saturation_vph": 1450, "startup_lost_s": 3.0, "source": "counted"}}
SHORT = {"length_m": 90}
LANES = [{"use": "left", **SHORT}, {"use": "through"}, {"use": "through"}, {"use": "right", **SHORT}]


def study(site: Site) -> Study:
    root = site.folder.parent
    (root / "scenarios").mkdir(exist_ok=True)
    return Study(
        name="study", scenario="isolated", site=site, arms=(Arm(BASELINE, apply(empty_policy(), site, "b")),),
        periods=(PERIOD,), primary="fair_travel_time", mcid=(None, None),
        settings=RunSettings(jobs=1, replicates=1), vehicles=vehicle_set(root, None), root=root,
    )  # fmt: skip


def site(folder: Path, minutes: int = 60, **more: object) -> Site:
    data = site_data(minutes, junctions={"J1": junction(every={"lanes": LANES, "length_m": 350})}, **more)
    return draw(folder, data, {"west.through": 300.0, "east.left": 60.0})


def test_field_values_are_met_and_flows_agree(tmp_path: Path) -> None:
    found = site(tmp_path, field_values=FIELD)
    other_day = found.folder / "calibration" / "counts.csv"
    other_day.parent.mkdir()
    text = (found.folder / "counts.csv").read_text(encoding="utf-8")
    other_day.write_text(text.replace(",car,75,", ",car,40,"), encoding="utf-8")
    said = [line.en for line in calibrate(study(found))]
    print(*said, sep="\n")
    assert "all within tolerance" in said
    kept = calibrated_vehicles(found.folder)
    assert kept is not None and kept.version == 1 and "field 1450" in kept.source
    default = vehicle_set(tmp_path, None)
    assert kept.classes["car"].tau_s > default.classes["car"].tau_s
    table = pd.read_csv(found.folder / "calibration" / "agreement.csv").set_index(["counts", "movement"])
    assert table.loc[("fitted", THROUGH), "geh"] < 5
    assert table.loc[("held_out", THROUGH), "counted_vph"] == 160
    assert table.loc[("held_out", THROUGH), "geh"] > 5, "the other day had half the traffic"


def test_a_quarter_is_held_out(tmp_path: Path) -> None:
    found = site(tmp_path)
    counts = found.folder / "counts.csv"
    # Forty instead of 75 cars in the quarter that is held out: demand must know nothing of them.
    text = counts.read_text(encoding="utf-8").replace(
        ",08:00,J1.west,through,car,75,", ",08:00,J1.west,through,car,40,"
    )
    counts.write_text(text, encoding="utf-8")
    read = replace(found, counts=read_counts(counts, found.facts))
    said = [line.en for line in calibrate(study(read), f"{PERIOD}@08:00")]
    assert any("the quarter from 08:00, held out" in line for line in said), said
    table = read_agreement(found.folder / "calibration" / "agreement.csv")
    assert set(table["counts"]) == {"held_out"} and set(table["quarter"]) == {"08:00"}
    row = table.set_index("movement").loc[THROUGH]
    assert row["counted_vph"] == 160
    assert row["simulated_vph"] == pytest.approx(300, abs=60), "as in the quarters beside it"
    assert row["geh"] > 5
    assert table.set_index("movement").loc["J1.east.left", "geh"] < 5
    for words, told in ((f"{PERIOD}@08:05", "no quarter"), ("night@08:00", "no quarter")):
        with pytest.raises(ConfigError, match=told):
            list(calibrate(study(read), words))


def test_nothing_to_calibrate_with(tmp_path: Path) -> None:
    found = site(tmp_path, 15)
    with pytest.raises(ConfigError) as refused:
        list(calibrate(replace(study(found))))
    assert "isolated/site.yaml.field_values: no field values" in str(refused.value)


def imported(folder: Path) -> Site:
    """Import the junction with vehicles on three ways; the way back from the east is in no count."""
    drawn = site(folder)
    at = drawn.network.approaches
    to = {(m.approach, m.direction): m.to_edge for leg in at.values() for m in leg.movements}
    ways = [("west", "through", 150), ("west", "left", 100), ("east", "through", 60)]
    flows = "".join(
        f'<flow id="f{i}" begin="27000" end="32400" number="{number}">'
        f'<route edges="{at[f"J1.{leg}"].edge} {to[leg, way]}"/></flow>'
        for i, (leg, way, number) in enumerate(ways)
    )
    model = folder / "model"
    model.mkdir()
    (model / "a.net.xml").write_bytes(drawn.network_file.read_bytes())
    (model / "a.rou.xml").write_text(f"<routes>{flows}</routes>")
    (model / "a.sumocfg").write_text(
        '<sumoConfiguration><input><net-file value="a.net.xml"/><route-files value="a.rou.xml"/></input>'
        "</sumoConfiguration>"
    )
    (folder / "scenarios").mkdir()
    import_site(model / "a.sumocfg", "model", folder, begin="07:45", end="08:45")
    return load(folder / "scenarios" / "model", folder / "store")


def write_counts(path: Path, site: Site, quarter: dict[str, int]) -> None:
    """Write the same number in every quarter of the period."""
    (period,) = site.periods
    path.parent.mkdir(exist_ok=True)
    rows = [
        f"{period},{start},{movement.rpartition('.')[0]},{movement.rpartition('.')[2]},car,{n},upstream,,"
        for movement, n in quarter.items()
        for start in ("07:45", "08:00", "08:15", "08:30")
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


def test_trips_of_an_imported_site_are_drawn_by_its_counts(tmp_path: Path) -> None:
    found = imported(tmp_path)
    today = replace(study(found), root=tmp_path, periods=tuple(found.periods))
    with pytest.raises(ConfigError, match=r"model/counts.csv: no turning counts to draw the trips"):
        list(calibrate(today))
    west = found.network.approaches["J1.west"]
    through, left = (m.id for m in west.movements if m.direction in ("through", "left"))
    if through.endswith("left"):
        through, left = left, through
    write_counts(found.folder / "counts.csv", found, {through: 80, left: 10})
    write_counts(found.folder / "calibration" / "counts.csv", found, {through: 40, left: 10})
    before = read_trips(demand_files(found)[0])
    said = [line.en for line in calibrate(today)]
    after = read_trips(demand_files(found)[0])
    way = {m.id: f"{west.edge} {m.to_edge}" for m in west.movements}
    assert sum(t.edges == way[through] and t.depart_s >= 27900 for t in after) == 4 * 80
    assert sum(t.edges == way[left] and t.depart_s >= 27900 for t in after) == 4 * 10
    others = {t.id for t in before if t.edges not in (way[through], way[left])}
    assert others <= {t.id for t in after}, "who passes no counted turn stays"
    table = read_agreement(found.folder / "calibration" / "agreement.csv").set_index(["counts", "movement"])
    assert table.loc[("fitted", through), "geh"] < 5 and table.loc[("fitted", left), "geh"] < 5
    assert table.loc[("held_out", through), "counted_vph"] == 160
    assert table.loc[("held_out", through), "geh"] > 5, "the other day had half the traffic"
    assert any("written: scenarios/model/calibration/trips.csv.gz" in line for line in said), said
    list(calibrate(today))
    says = yaml.safe_load((found.folder / "calibration" / "trips.yaml").read_text(encoding="utf-8"))
    assert says["version"] == 2 and "counts.csv" in says["sha256"]
    assert read_trips(demand_files(found)[0]) == after, "the same counts give the same trips"
