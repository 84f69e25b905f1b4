"""Who is delayed into a closure waits before it, and is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.runs.run import HELD_CODE, still_holds
from sim.site.facts import seconds
from sim.site.model import Site
from sim.sumo.site import load
from tests.theory.isolated import PERIOD, Facts, draw, evaluate, site_data

END = "07:50"
BAN: Facts = {"kind": "ban_turn", "movement": "J1.west.through", "expect": {"lanes": 2}}
WEST = ["J1.west", "J1.east.exit"]


def drawn(folder: Path, vph: float) -> Site:
    """Draw a site whose western traffic comes in the first quarter of two; then nobody does."""
    site = draw(folder, site_data(30, warm_up_s=0), {"west.through": vph})
    counts = site.folder / "counts.csv"
    lines = counts.read_text(encoding="utf-8").splitlines()
    late = [line.replace(f"car,{vph / 4:g},", "car,0,") if ",07:45," in line else line for line in lines]
    counts.write_text("\n".join(late) + "\n", encoding="utf-8")
    return load(site.folder, folder / "results" / ".store")


@pytest.mark.parametrize(
    ("vph", "begin", "caught"), [(1600.0, "07:46", True), (200.0, "07:46", True), (200.0, "07:48", False)]
)
def test_who_is_delayed_into_a_closure_is_counted(
    tmp_path: Path, vph: float, begin: str, caught: bool
) -> None:
    """Nobody would come to the closure in free flow; a queue, or a red light alone, may keep them."""
    site = drawn(tmp_path, vph)
    done = evaluate(site, {"p": {"a": {**BAN, "hours": [f"{begin}-{END}"]}}})
    view, today = done.view(arm="p"), done.view()
    trips = view.tables["trips"]
    reaches_s = trips["depart_s"] + site.network.edges["J1.west"].free_time_s
    held = trips["edges"].eq(" ".join(WEST)) & (trips["arrival_s"] > seconds(END))
    held &= reaches_s < seconds(END)
    assert held.any() == caught
    assert view.facts.held_by_closures == held.sum()
    assert today.facts.held_by_closures == 0
    table = done.tables.findings
    found = table[table["finding"] == "held_by_closure"]
    assert found[["arm", "severity", "value"]].to_numpy().tolist() == (
        [["p", "caution", float(held.sum())]] if caught else []
    )


def test_a_run_that_counted_nobody_is_not_taken_for_one_that_did(tmp_path: Path) -> None:
    site = drawn(tmp_path, 100.0)
    done = evaluate(site, {"p": {"a": {**BAN, "hours": [f"07:46-{END}"]}}})
    for arm, held in (("baseline", None), ("p", HELD_CODE)):
        digest = done.analysis.runs[arm, PERIOD, 1].digest
        assert digest is not None
        inputs, build = done.analysis.store.inputs(digest), done.analysis.checked.builds[arm, PERIOD]
        assert inputs.get("held") == held
        assert still_holds(inputs, build)
        assert not still_holds({**inputs, "held": None if held else HELD_CODE}, build)
