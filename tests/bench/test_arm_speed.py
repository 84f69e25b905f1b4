"""What an arm costs beside one plain netconvert round trip of the same network, proof included; `make bench`.

The network is normalised and the baseline built once per site; every arm after that is timed, from the
policy to the proof: CPU time, here and in netconvert, which other work on the machine does not stretch.
`HUANDU_BENCH_REPEATS` shortens a trial.
"""

import os
import statistics
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from sim.errors import BuildError, ConfigError
from sim.importing import import_site
from sim.policy import apply, empty_policy
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.netconvert import convert
from sim.sumo.proof import prove
from sim.sumo.site import load
from tests.bench.test_speed import cpu_s
from tests.sites import policy_of
from tests.validation.junction_sweep import Change, bans, remarkings, retimings, signalised

pytestmark = [pytest.mark.bench, pytest.mark.data]

REPEATS = int(os.environ.get("HUANDU_BENCH_REPEATS", "5"))
NETWORKS = {"nanchang_cutA": "nanchang_cutA/c.net.xml", "osm_shanghai": "osm_shanghai/shanghai_center.osm"}
Changes = Callable[[Site, str], Iterator[Change]]
STRUCTURE, SIGNALS = 5.0, 0.5
"""How many round trips an arm may take that changes the streets, and one that changes signals only."""


@pytest.fixture(scope="module", params=NETWORKS)
def site(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    root = tmp_path_factory.mktemp(request.param)
    for name in ("scenarios", "configs/scenario"):
        (root / name).mkdir(parents=True)
    import_site(shared_data / NETWORKS[request.param], "place", root)
    return load(root / "scenarios" / "place", root / "store")


@pytest.mark.parametrize(
    ("changes", "limit"), [(retimings, SIGNALS), (bans, STRUCTURE), (remarkings, STRUCTURE)]
)
def test_an_arm_costs_a_few_round_trips_of_its_network(
    site: Site, tmp_path: Path, changes: Changes, limit: float
) -> None:
    (period, *_) = site.periods
    base = build(site, apply(empty_policy(), site, "baseline"), period, tmp_path / "cache")
    arms, trips = [], []
    for junction in signalised(site):  # one change each: no two arms share a network
        for change in islice(changes(site, junction), 1):
            spent_s = arm_s(base, change, tmp_path / "cache")
            if spent_s is not None:
                arms.append(spent_s)
                trips.append(round_trip_s(site, tmp_path))
        if len(arms) > REPEATS:
            break
    arm, trip = statistics.median(arms[1:]), statistics.median(trips[1:])
    print(
        f"{site.network_file.stat().st_size / 1e6:.1f} MB, {changes.__name__}: an arm {arm:.2f} s, "
        f"a round trip {trip:.2f} s, ratio {arm / trip:.2f} (limit {limit:g})"
    )
    assert len(arms) > REPEATS
    assert arm / trip <= limit


def arm_s(base: ArmBuild, change: Change, cache: Path) -> float | None:
    """Return the seconds from a policy to its proof; None where it is refused."""
    policy = policy_of(change=change)

    def work() -> None:
        applied = apply(policy, base.site, "policy")
        arm = build(base.site, applied, base.period, cache)
        prove(base, arm, applied.footprint, applied.edits)

    try:
        return cpu_s(work)
    except (ConfigError, BuildError):
        return None


def round_trip_s(site: Site, folder: Path) -> float:
    """Return the seconds in which netconvert reads and writes the site's network."""
    return cpu_s(lambda: convert(["-s", str(site.network_file.resolve()), "-o", "again.net.xml"], folder))
