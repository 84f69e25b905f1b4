"""The table of promises, asked small; what its toy rests on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.policy import BASELINE
from sim.tables import PLACEBO
from tests.validation import promises
from tests.validation.toy import RETIMED, Toy


def test_a_slot_is_what_a_run_of_its_own_would_be(tmp_path: Path) -> None:
    together, alone = Toy(tmp_path / "a"), Toy(tmp_path / "b")
    for arm in (BASELINE, PLACEBO, RETIMED):
        found = together.values(arm, [11, 12, 13])
        assert found[1:] == pytest.approx([alone.values(arm, [n])[0] for n in (12, 13)], abs=1e-9)
        assert len({round(value, 6) for value in found}) == 3, "replicates differ"
    assert together.values(BASELINE, [11])[0] != together.values(PLACEBO, [11])[0]


def test_studies_in_sumo_go_from_the_people_to_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "PILOTS", range(1, 6))
    monkeypatch.setattr(promises, "TRUTH", range(11, 17))
    rows = list(promises.in_sumo(2, tmp_path))
    assert [row.studies for row in rows] == [2] * 5
    assert rows[2].promise == "broken pairing is refused" and rows[2].kept
    kept = (tmp_path / "values.csv").read_text(encoding="utf-8").splitlines()
    assert len({line.rpartition(",")[0] for line in kept}) == len(kept), "nothing is simulated twice"
    assert {line.partition(",")[0] for line in kept} == {BASELINE, PLACEBO, RETIMED}
    again = list(promises.in_sumo(2, tmp_path))
    assert again == rows
    assert (tmp_path / "values.csv").read_text(encoding="utf-8").splitlines() == kept


def test_a_study_that_is_paired_with_other_people_is_refused(tmp_path: Path) -> None:
    row = promises._broken(Toy(tmp_path), 3)
    assert (row.found, row.kept) == (3, True)


def test_a_promise_that_is_broken_is_seen() -> None:
    assert promises.exactly("95 %", "", 4000, 3800, 0.95).kept
    assert not promises.exactly("95 %", "", 4000, 3730, 0.95).kept
    assert not promises.exactly("95 %", "", 4000, 3860, 0.95).kept
    assert promises.of_two_hundred("A/A", "", 200, 18).kept
    assert not promises.of_two_hundred("A/A", "", 200, 19).kept
    assert promises.at_least("P(correct)", "", 400, 400, 0.95).kept
    assert not promises.at_least("P(correct)", "", 400, 360, 0.95).kept
    assert not promises.at_most("family", "", 4000, 260, 0.05).kept


def test_the_committed_table_kept_every_promise_at_full_size() -> None:
    table = pd.read_csv(promises.TABLE)
    assert table["kept"].all()
    assert (table["low"] <= table["found"]).all() and (table["found"] <= table["high"]).all()
    assert promises.PAGE.read_text(encoding="utf-8") == promises.page(table)
    assert table[table["promise"].str.startswith("95 %")]["studies"].min() >= 2000, "and not a short one"


@pytest.mark.validate
def test_every_promise_is_kept() -> None:
    rows = [
        *promises.fixed_size(4000),
        *promises.of_shape(4000),
        *promises.after_all_looks(4000),
        *promises.choosing(1000),
        *promises.in_sumo(200),
    ]
    assert not [row for row in rows if not row.kept]
