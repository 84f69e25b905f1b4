"""What `huandu view` opens is the run itself, only without its outputs."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from sim.runs.campaign import run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.study import Study
from sim.sumo.install import binary
from sim.viewing import viewing_command


def test_what_is_shown_is_the_first_run_of_the_arm(small_study: Study, tmp_path: Path) -> None:
    store = Store(small_study.root / "results" / ".store")
    digests = dict(run_study(small_study, preflight(small_study, store.root).builds, store).finished())
    arrivals = {}
    for arm in small_study.arms:
        gui, flag, configuration = viewing_command(small_study, arm, store.root)
        assert (Path(gui).stem, flag) == ("sumo-gui", "-c")
        trips = tmp_path / f"{arm.id}.xml"
        # There is no display here: the plain binary reads the same file.
        subprocess.run(
            [binary("sumo"), "-c", configuration, "--tripinfo-output", trips, "--no-step-log"], check=True
        )
        shown = {t.get("id"): t.get("arrival") for t in ET.parse(trips).iter("tripinfo")}
        ran = store.read(digests[arm.id, "peak", 1], "trips")
        assert shown == {
            id: f"{arrival:.2f}" for id, arrival in zip(ran["id"], ran["arrival_s"], strict=True)
        }
        arrivals[arm.id] = shown
    assert arrivals["baseline"] != arrivals["retime"]
