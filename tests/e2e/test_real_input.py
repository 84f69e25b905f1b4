"""The product as a user takes it on a real model: import ten minutes of it, check, run two policies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.browser import watching
from tests.validation.real_input import MODELS, huandu, try_out


@pytest.fixture(scope="module")
def cologne(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, object]]]:
    """Return a root with the finished study of ten minutes, and a row per policy."""
    root = tmp_path_factory.mktemp("cologne")
    cut = ("--begin", "07:05:00", "--end", "07:15:00")
    model = replace(next(m for m in MODELS if m.name == "cologne8"), replicates=2, options=cut)
    return root, try_out(model, shared_data, root)


@pytest.mark.data
def test_ten_minutes_of_cologne(cologne: tuple[Path, list[dict[str, object]]]) -> None:
    root, found = cologne
    rows = pd.DataFrame(found).set_index("policy")
    assert list(rows.index) == ["retime", "lane_use"]
    assert rows.loc["retime", "changed"] == 1  # one program of one signal, nothing else
    assert (rows["identical"] > 900).all()
    assert rows["not_arrived"].eq(0).all()
    # Door to door; the whole hour takes 116 s, these minutes are within its busier part.
    assert rows["before"].between(80, 160).all()
    assert len(set(rows["before"])) == 1  # both beside the same baseline
    assert rows["difference"].abs().lt(20).all()
    assert rows["gate"].eq("caution").all()  # uncalibrated, as every import

    folder = root / "results" / "cologne8"
    compared = pd.read_csv(folder / "tables" / "comparison.csv")
    at = compared[compared["scope"].str.startswith("movement:26110729.") & (compared["arm"] == "retime")]
    seen = at.pivot_table(index="scope", columns="measure", values=["before", "after"])
    assert {"control_delay", "demand_flow", "served_flow"} <= set(seen.columns.get_level_values(1))
    # 33 to 38 s of green for the south and 33 to 28 for the west are felt there.
    delay = at[at["measure"] == "control_delay"].set_index("scope")["difference"]
    assert delay["movement:26110729.north.left"] < 0
    assert delay["movement:26110729.west.through"] > 0
    assert (folder / "report.html").stat().st_size > 100_000

    again = huandu(root, "run", "scenario=cologne8", "run=smoke")
    assert again.code == 2
    assert "resume=true" in again.out


@pytest.mark.data
@pytest.mark.validate
def test_its_vehicles_are_recorded_and_play(
    cologne: tuple[Path, list[dict[str, object]]], browser: str, tmp_path: Path
) -> None:
    root, _ = cologne
    done = huandu(root, "run", "scenario=cologne8", "run=smoke", "run.replay=true", "resume=true")
    assert done.code == 0, done.out
    folder = root / "results" / "cologne8"
    pictures = json.loads((folder / "tables" / "replay.json").read_text(encoding="utf-8"))["pictures"]
    assert [(one["arm"], one["failure"]) for one in pictures] == [("retime", None), ("lane_use", None)]
    seen = watching(
        browser,
        folder / "report.html",
        tmp_path,
        """
        one("#replay").scrollIntoView();
        while (one("#replay").dataset.ready !== "yes") { await pause(20); }
        choose("[data-replay=speed]", 20, "change");
        one("[data-replay=play]").click();
        while (+one("[data-replay=at]").value < 150) { await pause(50); }
        one("[data-replay=play]").click();
        await tell(all("#replay figure output").map(function (o) { return parseInt(o.value.slice(4)); }));
        """,
    )
    assert len(seen) == 2 and min(seen) > 5
