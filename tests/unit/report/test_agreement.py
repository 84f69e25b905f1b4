"""Which counts were held out, and how flows agreed with them, on the page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from sim.calibration.agreement import agreement
from sim.labels import Text
from sim.report.passport import agreement_section


def _page(table: pd.DataFrame | None) -> Any:
    return agreement_section(
        SimpleNamespace(optional=lambda _: table, period_title=lambda name: Text(name, name))  # type: ignore[arg-type]
    )


def test_what_was_held_out_is_named() -> None:
    counted = pd.Series({"J1.west.left": 100.0, "J1.west.through": 400.0})
    near, far = counted * 1.01, counted * 2
    shown = _page(
        pd.concat(
            [
                agreement(counted, near, "fitted", "am"),
                agreement(counted, far, "held_out", "am"),
                agreement(counted, far, "held_out", "pm", "17:15"),
            ]
        )
    )
    said = [tuple(getattr(cell.words, "en", cell.words) for cell in row) for row in shown.rows]
    assert said[0] == ("demand was made from it", "am", "2", "100%", "0.2", "+1.0%", "agrees")
    assert said[1][0] == "another day, held out" and said[1][-1] == "does not agree"
    assert said[2][0] == "the quarter from 17:15, held out" and said[2][-1] == "not judged"
    assert [row[-1].tone for row in shown.rows] == ["good", "bad", ""]
    assert shown.file == "tables/agreement.csv"


def test_a_site_that_was_not_calibrated_has_none() -> None:
    assert _page(None) is None
    assert _page(pd.DataFrame({"counts": ["fitted"]})) is None, "a table of another time"
