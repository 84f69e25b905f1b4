"""What every measure of the registry owes its readers, and the committed reference page."""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path

import pytest

from sim import measures
from sim.measures import MODULES, SPECS
from sim.report.measure_page import markdown
from sim.study import ScenarioFacts

UNITS = {
    "",
    "s",
    "s/veh",
    "s/ped",
    "1/veh",
    "veh",
    "veh/h",
    "veh·km",
    "veh·h",
    "person·h",
    "km/h",
    "m",
    "veh/(stall·h)",
    "veh·s",
    "kg",
    "1/1000 veh",
    "g",
    "g/(veh·km)",
}
SCOPE = re.compile(
    r"network|(class|purpose|junction|route|parking):\w+|approach:\w+\.\w+|movement:\w+\.\w+\.\w+"
)


def test_registry_is_the_folder(repo_root: Path) -> None:
    files = {path.stem for path in (repo_root / "sim" / "measures").glob("*.py")}
    helpers = {
        "__init__",
        "base",
        "conflicting",
        "door_to_door",
        "emitted",
        "greens",
        "lane_groups",
        "level_of_service",
        "parking_use",
        "passages",
        "profiles",
        "spec",
        "stop_lines",
    }
    assert set(MODULES) == files - helpers


@pytest.mark.parametrize("measure", sorted(SPECS))
def test_measure_is_fully_described(measure: str) -> None:
    spec = SPECS[measure]
    assert MODULES[measure].__name__ == f"sim.measures.{measure}", "one file per measure, named after it"
    assert (MODULES[measure].__doc__ or "").strip()
    assert spec.unit in UNITS
    assert spec.formula
    assert spec.source
    assert not (math.isnan(spec.mcid_abs) and math.isnan(spec.mcid_rel)), "no change could ever matter"
    for words in (spec.name, spec.definition):
        assert re.search(r"[一-鿿]", words["zh"])
        assert not re.search(r"[一-鿿]", words["en"])


def test_names_are_unique_in_both_languages() -> None:
    for language in ("zh", "en"):
        names = [spec.name[language] for spec in SPECS.values()]
        assert len(names) == len(set(names))


def test_default_primary_measure_exists() -> None:
    measures.ensure_primary(ScenarioFacts(site="any").primary)


def test_measures_of_time_loss_say_so() -> None:
    # Time lost on foot is against a walking speed, which no policy changes.
    using = {m for m, module in MODULES.items() if "time_loss_s" in inspect.getsource(module)}
    primary = {m for m in using if SPECS[m].of_network} - {"pedestrian_delay"}
    assert (
        {m for m, spec in SPECS.items() if spec.of_time_loss} == primary == {"fair_delay", "delay_time_ratio"}
    )


def test_listing_is_complete_and_plain() -> None:
    rows = measures.described()
    assert [row["measure"] for row in rows] == list(SPECS)
    assert all(isinstance(value, str) for row in rows for value in row.values())


def test_committed_page_is_the_registry(repo_root: Path) -> None:
    committed = (repo_root / "docs" / "measures.md").read_text(encoding="utf-8")
    assert committed == markdown(), "run: python -m sim.report.measure_page docs/measures.md"


@pytest.mark.parametrize("measure", sorted(SPECS))
def test_every_measure_is_on_the_page(measure: str) -> None:
    assert f"\n## {measure}\n" in markdown()


def test_scopes_are_in_the_vocabulary() -> None:
    from tests import tiny_run  # noqa: PLC0415 - only here

    scopes = set(measures.compute(tiny_run.view())["scope"])
    assert {scope for scope in scopes if not SCOPE.fullmatch(scope)} == set()
