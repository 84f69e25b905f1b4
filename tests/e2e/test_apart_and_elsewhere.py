"""What each intervention brings, where the benefit vanishes: asked for, run, shown, dropped."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sim.comparison.robustness import LEVELS
from tests.command_line import huandu
from tests.own_root import write_root

SLOWER = "    south: {kind: speed_limit, on: [J1.south], expect: {speed_kmh: 40}, speed_kmh: 20}\n"
COST = "  cost: {capital_wan_yuan: {low: 1, high: 3}, life_years: {low: 5, high: 8}, made_up: true}\n"
ASKED = ("run.attribution=true", "run.robustness=true")
SIDE_TABLES = ("attribution", "robustness", "break_even")
FIGURES = ("robustness.1.am.svg", "waterfall.1.am.1.longer_main.svg")


def contents(study: Path) -> dict[str, bytes]:
    paths = [study / "runs.json", study / "report.html", study / "report.md"]
    paths += [path for path in (study / "tables").rglob("*.*") if path.name != "timing.csv"]
    paths += (study / "figures").iterdir()
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def count_days(site: Path, days: dict[str, float]) -> None:
    """Write counts of further days: those of the site times a factor."""
    (site / "days").mkdir()
    header, *rows = (site / "counts.csv").read_text(encoding="utf-8").splitlines()
    for day, factor in days.items():
        fields = [row.split(",") for row in rows]
        scaled = [",".join([*f[:5], f"{factor * float(f[5]):g}", *f[6:]]) for f in fields]
        (site / "days" / f"{day}.csv").write_text("\n".join([header, *scaled]) + "\n", encoding="utf-8")


def test_apart_and_elsewhere_from_the_runs_to_the_page(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    policy = root / "scenarios" / "xingfu" / "policies" / "longer_main.yaml"
    text = policy.read_text(encoding="utf-8").replace("  interventions:", COST + "  interventions:")
    policy.write_text(text + SLOWER, encoding="utf-8")
    count_days(root / "scenarios" / "xingfu", {"2026-05-12": 0.8, "2026-05-15": 1.2})
    run = ("run", "scenario=xingfu", "run=smoke", "--root", root)
    answer = huandu(*run, *ASKED)
    assert (answer.code, answer.err) == (0, "")
    study = root / "results" / "xingfu"

    compared = pd.read_csv(study / "tables" / "comparison.csv")
    primary = compared[(compared["measure"] == "fair_travel_time") & (compared["scope"] == "network")]
    (whole,) = primary.to_dict("records")
    apart = pd.read_csv(study / "tables" / "attribution.csv").set_index("term")
    assert apart["names"].fillna("").to_dict() | {"share": ""} == {
        "total": "", "share": "", "interaction": "j1 * south",
    }  # fmt: skip
    assert apart.loc["share", "names"].tolist() == ["j1", "south"]
    assert apart.loc["total", "difference"] == pytest.approx(whole["difference"], rel=1e-4)
    shares = apart.loc["share"].set_index("names")["difference"]
    assert shares.sum() == pytest.approx(whole["difference"], rel=1e-4)
    # Half the speed on 300 m costs 60 of 370 vehicles 27 s each, less what they would have waited anyway.
    assert 1 < shares["south"] < 27 * 60 / 370

    strip = pd.read_csv(study / "tables" / "robustness.csv")
    demand = strip[strip["axis"] == "demand"].sort_values("factor")
    assert demand["factor"].tolist() == list(LEVELS)
    assert demand["before"].nunique() == len(LEVELS)
    assert demand["before"].iloc[0] < 0.8 * demand["before"].iloc[-1], "more people, more queues"
    own = demand.set_index("factor").loc[1.0]
    assert (own["difference"], own["verdict"]) == (
        pytest.approx(whole["difference"], rel=1e-4),
        whole["verdict"],
    )
    (other,) = strip[strip["axis"] == "vehicles"].to_dict("records")
    assert other["level"] == "sigma_half" and other["before"] != pytest.approx(own["before"], rel=1e-4)
    assert set(strip["n_pairs"]) == {2}
    rest = strip.set_index(["axis", "level"])["before"]
    for day, level in (("2026-05-12", "0.8"), ("2026-05-15", "1.2")):  # so many vehicles, pedestrians as ever
        assert rest["day", day] == pytest.approx(rest["demand", level], rel=0.03)
    assert rest["saturation", "1.1"] < own["before"] < rest["saturation", "0.9"]
    assert pd.read_csv(study / "tables" / "break_even.csv")["days"].tolist() == [3]

    page = (study / "report.html").read_text(encoding="utf-8").replace("\xa0", " ")
    assert 'id="attribution"' in page and 'id="robustness"' in page
    assert "south（限速调整）" in page and "sigma_half" in page
    assert "调查日 2026-05-15" in page and "3 个调查日，最差结论为" in page and "饱和流率 90%" in page
    assert {path.name for path in (study / "figures").iterdir()} >= set(FIGURES)

    held = pd.read_csv(study / "tables" / "benefit_cost.csv").iloc[0]  # two pairs: nothing can be claimed
    assert held["status"] in ("withheld", "contains_zero", "within_noise")
    assert (held["capital_wan_yuan_high"], pd.isna(held["npv_wan_yuan_low"])) == (3, True)
    assert 'id="benefit_cost"' in page and "造价合计 1 ~ 3 万元" in page

    before = contents(study)
    # No longer asked for: gone from tables and page, and nothing of the study itself has changed.
    assert huandu(*run, "resume=true").code == 0
    after = contents(study)
    gone = {f"{name}.{kind}" for name in SIDE_TABLES for kind in ("csv", "parquet")}
    assert not gone & after.keys() and 'id="robustness"' not in after["report.html"].decode()
    for name in ("runs.json", "comparison.csv", "measures.parquet", "evidence.csv"):
        assert after[name] == before[name], name


def test_a_policy_of_one_intervention_has_no_parts(tmp_path: Path) -> None:
    root = write_root(tmp_path)
    answer = huandu("run", "scenario=xingfu", "run=smoke", "run.attribution=true", "--root", root)
    assert answer.code == 2
    assert "run.attribution: no policy has several interventions" in answer.err
    assert not (root / "results" / "xingfu").exists()
