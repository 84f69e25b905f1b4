"""counts.csv: what is refused, and how counts become demand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.demand import demand_table, read_counts, without_quarter
from sim.errors import ConfigError
from tests.drawn_sites import HEADER, balanced_rows, facts, row, write_counts


def problems(folder: Path, rows: list[str]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read_counts(write_counts(folder, rows), facts())
    return [str(problem).replace(str(folder), "") for problem in error.value.problems]


def test_good_counts_are_read_in_file_order(tmp_path: Path) -> None:
    counts = read_counts(write_counts(tmp_path, balanced_rows()), facts())
    assert len(counts) == 48
    first = counts.iloc[0]
    assert (first["start"], first["start_s"], first["approach"], first["count"]) == (
        "07:30",
        27000,
        "J1.north",
        20,
    )
    assert list(counts["line"][:2]) == [2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"approach": "J1.nort"}, ":2: no approach 'J1.nort' (did you mean J1.north"),
        ({"movement": "straight"}, ":2: no movement 'straight'"),
        ({"kind": "van"}, ":2: no class 'van'"),
        ({"period": "pm"}, ":2: no period 'pm'"),
        ({"taken_at": "stopline"}, ":2: no taken_at 'stopline' (did you mean stop_line?)"),
        ({"count": "many"}, ":2: count 'many' is not a number"),
        ({"count": -1}, ":2: count -1 is not a number of vehicles"),
        ({"count": ""}, ":2: count is empty (write 0 where nobody came)"),
        ({"start": "half past"}, ":2: start 'half past' is not a time"),
        ({"start": "07:35"}, ":2: am J1.north.left car at 07:35 overlaps a quarter of the period"),
        ({"start": "09:00"}, ":2: am J1.north.left car at 09:00 lies outside the period"),
        ({"start": "07:45"}, "am J1.north.left car at 07:45 stands twice (first in line 2)"),
        ({"movement": "uturn"}, ":2: 20 vehicles counted for J1.north.uturn, a movement that no lane has"),
        ({"queue": (3, 5)}, ":2: am J1.north.left at 07:30: a queue beside an upstream count"),
        ({"queue": (3, ""), "taken_at": "stop_line"}, "a queue needs both its start and its end"),
        ({"queue": (30, 5), "taken_at": "stop_line"}, "the queue shrinks by more than was counted"),
    ],
)
def test_one_wrong_field_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    fields: dict[str, object] = {"approach": "J1.north", "movement": "left", "count": 20, **change}
    found = problems(tmp_path, [row(**fields), *balanced_rows()[1:]])  # type: ignore[arg-type]
    assert any(message in problem for problem in found), found


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, [row("J9.north", "left", 1), row("J1.north", "lift", 1)])
    assert len(found) >= 2 + 8, "two bad rows, and every approach that is not counted"


def test_a_quarter_left_out_is_a_gap(tmp_path: Path) -> None:
    found = problems(tmp_path, balanced_rows()[1:])
    assert len(found) == 1
    assert "am J1.north.left has no count at 07:30 (write 0 where nobody came)" in found[0]


def test_a_class_that_did_not_come_may_be_left_out(tmp_path: Path) -> None:
    read_counts(write_counts(tmp_path, [*balanced_rows(), row("J1.north", "left", 1, kind="bus")]), facts())


def test_a_zero_for_a_movement_that_no_lane_has_is_no_problem(tmp_path: Path) -> None:
    more = [row("J1.north", "uturn", 0, start) for start in ("07:30", "07:45")]
    read_counts(write_counts(tmp_path, [*balanced_rows(), *more]), facts())


def test_unknown_and_missing_columns(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(HEADER.replace("taken_at", "takenat") + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unknown column 'takenat' \(did you mean taken_at") as error:
        read_counts(path, facts())
    assert "missing column taken_at" in str(error.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_counts(tmp_path / "counts.csv", facts())


def with_queue(queues: dict[str, tuple[float, float]]) -> list[str]:
    """Return the balanced counts with J1.north.left as 15 cars and 5 trucks and these queues."""
    rest = [line for line in balanced_rows() if "J1.north,left" not in line]
    own = []
    for start in ("07:30", "07:45"):
        queue: object = queues.get(start, ("", ""))
        own.append(row("J1.north", "left", 15, start, taken_at="stop_line", queue=queue))
        own.append(row("J1.north", "left", 5, start, taken_at="stop_line", kind="truck"))
    return own + rest


def test_queue_growth_is_demand_shared_over_the_classes(tmp_path: Path) -> None:
    counts = read_counts(write_counts(tmp_path, with_queue({"07:30": (2, 10), "07:45": (10, 6)})), facts())
    demand = demand_table(counts).set_index(["start_s", "approach", "movement", "class"])["demand_veh"]
    assert demand[27000, "J1.north", "left", "car"] == pytest.approx(15 + 8 * 15 / 20)
    assert demand[27000, "J1.north", "left", "truck"] == pytest.approx(5 + 8 * 5 / 20)
    assert demand[27900, "J1.north", "left", "car"] == pytest.approx(15 - 4 * 15 / 20)
    assert demand[27000, "J1.north", "through", "car"] == 20


def test_a_queue_without_any_count_is_still_demand(tmp_path: Path) -> None:
    rows = with_queue({"07:30": (0, 12)})
    blocked = [line.replace(",15,", ",0,").replace(",5,stop", ",0,stop") for line in rows]
    demand = demand_table(read_counts(write_counts(tmp_path, blocked), facts()))
    left = demand[
        (demand["approach"] == "J1.north") & (demand["movement"] == "left") & (demand["start_s"] == 27000)
    ]
    assert left["demand_veh"].sum() == pytest.approx(12)


def test_queues_of_neighbouring_quarters_must_agree(tmp_path: Path) -> None:
    found = problems(tmp_path, with_queue({"07:30": (2, 10), "07:45": (7, 6)}))
    assert any("queue 7 at its start, 10 at the end of the quarter before" in problem for problem in found)


def test_a_quarter_that_is_held_out_leaves_no_trace(tmp_path: Path) -> None:
    rows = [
        line.replace("am,07:45,J1.north,left,car,20,", "am,07:45,J1.north,left,car,60,")
        for line in balanced_rows()
    ]
    counts = read_counts(write_counts(tmp_path, rows), facts())
    starts = sorted(counts["start_s"].unique())
    at = ["approach", "movement", "class"]
    left = ("J1.north", "left", "car")

    def quarter(table: pd.DataFrame, start_s: int) -> pd.Series[float]:
        return table[table["start_s"] == start_s].set_index(at)["count"]

    assert quarter(counts, starts[1])[left] == 60
    without = without_quarter(counts, "am", starts[1])
    assert sorted(without.columns) == sorted(counts.columns) and len(without) == len(counts)
    assert quarter(without, starts[1])[left] == 20, "the mean of the quarters beside it"
    first = without_quarter(counts, "am", starts[0])
    assert quarter(first, starts[0])[left] == 60, "at the end of the period the one beside it"
    assert quarter(first, starts[1])[left] == 60
