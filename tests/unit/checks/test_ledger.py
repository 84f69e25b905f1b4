"""The fate ledger: what reconciles, and what is refused."""

from __future__ import annotations

import pytest

from sim.checks.ledger import FATES, ledger
from tests import tiny_run


def test_everyone_is_in_the_books() -> None:
    view = tiny_run.view()
    assert ledger(view.tables["trips"]) == {
        "demanded": 7,
        "arrived": 5,
        "gave_up": 0,
        "inside": 1,
        "never_inserted": 1,
        "removed": 0,
    }
    cohort = ledger(view.cohort)
    assert cohort["demanded"] == 5 == sum(cohort[fate] for fate in FATES)


def test_an_empty_run_balances() -> None:
    assert set(ledger(tiny_run.table("trips", [])).values()) == {0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fate": "lost"}, "1 fates other than"),
        ({"id": "x"}, "1 ids that occur twice"),
        ({"fate": "inside"}, "1 inside without departure or with arrival"),
        ({"fate": "never_inserted"}, "1 never inserted with departure"),
        ({"arrival_s": float("nan")}, "1 arrived without departure or arrival"),
        ({"fate": "removed", "depart_s": float("nan")}, "1 removed without departure"),
    ],
)
def test_what_does_not_reconcile_is_refused(change: dict[str, object], words: str) -> None:
    trips = tiny_run.tables()["trips"].copy()
    for column, value in change.items():
        trips.loc[2, column] = value
    with pytest.raises(ValueError, match=words):
        ledger(trips)
