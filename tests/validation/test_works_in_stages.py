"""Works in stages on a model that others made: each stage is simulated, and the worst is the policy's."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim.comparison.policy_verdict import worst_arm
from sim.importing import import_site
from tests.command_line import huandu

pytestmark = [pytest.mark.validate, pytest.mark.data]

TITLE = {"zh": "测试", "en": "Test"}
STREET = "653473569#5"
"""Of ingolstadt7: two lanes, one in eight trips comes along."""
ZONE = {"kind": "work_zone", "on": [STREET], "expect": {"lanes": 2}, "closed": 1, "speed_kmh": 10}
STAGES = {
    side: {
        "title": {"zh": f"半幅 {side}", "en": f"half {side}"},
        "interventions": {"zone": {**ZONE, "side": side}},
    }
    for side in ("kerb", "median")
}
ARMS = [f"works@{side}" for side in STAGES]


def test_each_stage_is_simulated_and_the_worst_reported(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    source = shared_data / "ingolstadt7/ingolstadt7.sumocfg"
    import_site(source, "town", tmp_path, begin="16:00:00", end="16:15:00")
    policy = {"works": {"site": "town", "title": TITLE, "permanent": False, "stages": STAGES}}
    file = tmp_path / "scenarios" / "town" / "policies" / "works.yaml"
    file.write_text(yaml.safe_dump(policy, allow_unicode=True), encoding="utf-8")
    (tmp_path / "configs" / "scenario" / "town.yaml").write_text(
        "# @package _global_\ndefaults:\n  - /town/policies@policies: [works]\n"
        "site: town\nprimary: fair_travel_time\nlegal_baseline: false\n",
        encoding="utf-8",
    )
    words = ["scenario=town", "run.replicates=4", "run.placebo=false", "run.jobs=1"]
    answer = huandu("--root", tmp_path, "run", *words)
    assert answer.code in (0, 1), answer.err
    tables = tmp_path / "results" / "town" / "tables"
    values = pd.read_csv(tables / "runs.csv").groupby("arm")["fair_travel_time"].agg(["mean", "count"])
    print(values)
    assert set(values.index) == {"baseline", *ARMS}
    assert (values["count"] == 4).all()
    assert (values.loc[ARMS, "mean"] > values.loc["baseline", "mean"]).all()
    worst = worst_arm(pd.read_parquet(tables / "comparison.parquet"), "fair_travel_time", ARMS)
    assert f"worst stage: half {worst.partition('@')[2]}" in answer.out
