"""The options a run is started with."""

from __future__ import annotations

from sim.sumo.driver import RunSpec


def test_times_keep_every_digit_of_theirs() -> None:
    spec = RunSpec("n.net.xml", "d.rou.xml", 86399.5, 86400.0, 100000.25, 107200.25, 1)
    options = spec.behaviour()
    assert (options["begin"], options["end"]) == ("86399.50", "107200.25")
