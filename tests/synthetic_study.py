"""A study folder made from random numbers with known effects: to test figures and page, never a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.comparison.compare import compare
from sim.measures import SPECS
from sim.plots.study_data import FATES
from sim.tables import FINDINGS, MEASURES, TRIP_PAIRS, typed
from tests.synthetic_streets import street_tables

# Seconds by which each arm shifts what is measured in the west and elsewhere; `HARM` comes on top.
EFFECTS: Mapping[str, Mapping[str, float]] = {
    "baseline": {"west": 0.0, "other": 0.0},
    "retime": {"west": -9.0, "other": -4.0},
    "lane_use": {"west": -22.0, "other": 0.0},
    "both": {"west": -30.0, "other": -9.0},
}
HARM = {("lane_use", "J1.north.left"): 14.0, ("both", "J1.north.left"): 7.0}
TITLES = {
    "baseline": ("现状", "Baseline"),
    "retime": ("信号重配时", "Retime both signals"),
    "lane_use": ("西进口增加左转车道", "Second left lane on the western approach"),
    "both": ("车道调整加信号重配时", "Lane use and retiming together"),
}
LOGS = {
    "retime": [
        (
            "早高峰：J1 配时：A 相位绿灯 45→38 s，B 相位绿灯 10→17 s",
            "AM peak: J1 timing: stage A green 45→38 s, stage B green 10→17 s",
        ),
        (
            "早高峰：J2 配时：周期 100→120 s，相位差 0→25 s",
            "AM peak: J2 timing: cycle 100→120 s, offset 0→25 s",
        ),
    ],
    "lane_use": [
        (
            "J1.west 车道功能（由中央至路侧）：左|直|直|直+右 → 左|左|直|直+右",
            "J1.west lane use (median to kerb): L|T|T|TR → L|L|T|TR",
        )
    ],
}
LOGS["both"] = LOGS["lane_use"] + LOGS["retime"]
LANE_USE = {"kind": "set_lane_use", "cost_wan_yuan": 8.5, "department": "交警大队设施科",
            "works_period": ["2027-03-01", "2027-04-15"]}  # fmt: skip
APPROACHES = [f"J{j}.{leg}" for j in (1, 2) for leg in ("north", "east", "south", "west")]
TURNS = {"left": 62.0, "through": 41.0, "right": 12.0}


def study_json(
    periods: Mapping[str, tuple[str, str]], replicates: int, arms: list[str], **site: Any
) -> dict[str, Any]:
    """Build study.json as `sim.results.describe_study` does."""
    return {
        "schema_version": 1,
        "name": site.get("name", "synthetic"),
        "scenario": "synthetic",
        "config": {
            "run": {"replicates": replicates},
            "policies": {
                "lane_use": {"interventions": {"west": LANE_USE}},
                "both": {"interventions": {"west": LANE_USE, "j1": {"kind": "retime_signal"}}},
            },
        },
        "site": {
            "name": site.pop("name", "shiqiaopu"),
            "title": {"zh": "石桥铺", "en": "Shiqiaopu"},
            "description": {
                "zh": "石杨路上相距 260 m 的两个信号交叉口。西进口左转绿灯不足，排队溢出展宽段，堵住直行。",
                "en": "Two signalised junctions 260 m apart. The western left turn is starved of green.",
            },
            "made_up": True,
            "calibrated": False,
            "imported": None,
            "network_sha256": "0" * 64,
            "declared_periods": {name: {"zh": zh, "en": en} for name, (zh, en) in periods.items()},
            "titles": {
                "junction:J1": {"zh": "石桥铺路口", "en": "Shiqiaopu junction"},
                "route:eastbound": {"zh": "石杨路东行", "en": "Shiyang Road eastbound"},
            },
            "controls": {"J1": "signals", "J2": "signals"},
        }
        | site,
        "periods": {
            name: {"title": {"zh": zh, "en": en}, "begin": 27000, "end": 30600}
            for name, (zh, en) in periods.items()
        },
        "arms": [
            {
                "id": arm,
                "title": dict(zip(("zh", "en"), TITLES.get(arm, (arm, arm)), strict=True)),
                "reason": None
                if arm == "baseline"
                else {"zh": "西进口左转绿灯不足。", "en": "The western left turn is starved of green."},
                "permanent": True,
                "change_log": [{"zh": zh, "en": en} for zh, en in LOGS.get(arm, [])],
                "swept": {},
            }
            for arm in arms
        ],
        "replicates": list(range(1, replicates + 1)),
        "primary": "fair_travel_time",
        "mcid": [None, None],
        "vehicles": "sigma_zero",
        "confidence": 0.95,
    }


def write_synthetic_study(
    folder: Path,
    *,
    replicates: int = 10,
    two_periods: bool = True,
    arms: list[str] | None = None,
    **site: Any,
) -> Path:
    """Write a whole study folder; the same arguments give the same numbers."""
    arms = arms or list(EFFECTS)
    periods = {"am_peak": ("早高峰", "AM peak")} | ({"pm_peak": ("晚高峰", "PM peak")} if two_periods else {})
    study = study_json(periods, replicates, arms, **site)
    rng = np.random.default_rng(20240501)
    people = {(p, r): rng.normal(0, 1) for p in periods for r in study["replicates"]}  # what arms share
    measures, profiles, fates, findings = [], [], [], []
    for arm in arms:
        for period in periods:
            for replicate in study["replicates"]:
                run = _Run(arm, period, replicate, people[period, replicate], rng)
                measures += run.measures()
                profiles.append(run.profiles())
                fates.append(run.fates())
                findings.append((arm, period, replicate, "uncalibrated", "caution", "", 0.0, 1.0))
    findings.append(("lane_use", periods_last(periods), 3, "uncleared_cohort", "lower_bound", "", 41.0, 0.0))
    findings.append(("retime", "am_peak", 2, "few_vehicles", "caution", "movement:J2.north.left", 22.0, 30.0))
    _write(folder, study, measures, profiles, fates, findings)
    return folder


def periods_last(periods: Mapping[str, Any]) -> str:
    return list(periods)[-1]


def _write(
    folder: Path,
    study: dict[str, Any],
    measures: list[Any],
    profiles: list[Any],
    fates: list[Any],
    findings: list[Any],
) -> None:
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    table = typed(pd.DataFrame(measures, columns=list(MEASURES)), MEASURES)
    found = typed(pd.DataFrame(findings, columns=list(FINDINGS)), FINDINGS)
    compare(table, found, SPECS, primary=study["primary"], replicates=study["replicates"]).to_csv(
        tables / "comparison.csv", index=False
    )
    table.to_parquet(tables / "measures.parquet", index=False)
    found.to_parquet(tables / "findings.parquet", index=False)
    (tables / "profiles").mkdir(exist_ok=True)
    pd.concat(profiles, ignore_index=True).to_parquet(tables / "profiles" / "0001.parquet", index=False)
    ledger = pd.DataFrame(fates).reindex(columns=list(FATES), fill_value=0)
    ledger.to_parquet(tables / "fates.parquet", index=False)
    arms = [arm["id"] for arm in study["arms"]]
    streets, links, course = street_tables(arms, list(study["periods"]), len(study["replicates"]), EFFECTS)
    (tables / "geometry.json").write_text(json.dumps(streets, ensure_ascii=False), encoding="utf-8")
    links.to_parquet(tables / "links.parquet", index=False)
    trip_pairs(arms, list(study["periods"])).to_parquet(tables / "trip_pairs.parquet", index=False)
    course.to_parquet(tables / "link_intervals.parquet", index=False)
    runs = [
        {
            "arm": arm["id"],
            "period": period,
            "replicate": replicate,
            "digest": f"{abs(hash_of(arm['id'], period, replicate)):064x}",
            "failure": "",
        }
        for arm in study["arms"]
        for period in study["periods"]
        for replicate in study["replicates"]
    ]
    write = {
        "study.json": study,
        "runs.json": runs,
        "free_flow.json": {"failure": None},
        "provenance.json": {
            "huandu": "0.1.0",
            "commit": "abc",
            "packages": {"eclipse-sumo": "1.28.0"},
            "argv": [],
        },
    }
    for name, data in write.items():
        (folder / name).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def trip_pairs(arms: list[str], periods: list[str]) -> pd.DataFrame:
    """Trips of one replicate: most change by the arm's effect, a few had not arrived."""
    rng = np.random.default_rng(5)
    parts = []
    for arm in arms:
        for period in periods if arm != "baseline" else []:
            before = rng.gamma(4, 45, 300)
            shift = sum(EFFECTS.get(arm, EFFECTS["baseline"]).values())
            after = np.clip(before + rng.normal(shift, 15, 300), 20, None)
            finished = np.arange(300) % 60 != 7
            parts.append(
                pd.DataFrame({"before_s": before, "after_s": after, "finished": finished}).assign(
                    arm=arm, period=period, replicate=2
                )
            )
    return typed(pd.concat(parts, ignore_index=True), TRIP_PAIRS)


def hash_of(*parts: object) -> int:
    return int.from_bytes("/".join(map(str, parts)).encode()[-28:], "big")


class _Run:
    """One run's tables, from what all arms share (`luck`), the arm's effect and noise of its own."""

    def __init__(self, arm: str, period: str, replicate: int, luck: float, rng: np.random.Generator) -> None:
        self.key = (arm, period, replicate)
        self.rng, self.luck = rng, luck
        effect = EFFECTS.get(arm, {"west": rng.normal(-5, 8), "other": 0.0})
        self.west, self.other = effect["west"], effect["other"]
        self.level = 1.0 if period == "am_peak" else 0.75

    def around(self, mean: float, luck: float, noise: float) -> float:
        return mean + luck * self.luck + self.rng.normal(0, noise)

    def measures(self) -> list[tuple[Any, ...]]:
        mean = self.level * (0.45 * self.west + 0.5 * self.other)
        rows: list[tuple[str, str, float, int]] = [
            ("fair_travel_time", "network", self.around(148 * self.level + mean, 5, 1.6), 3100),
            ("person_time", "network", self.around(195 * self.level + mean, 6, 2.0), 3100),
            ("stops_per_vehicle", "network", self.around(1.9 + 0.012 * mean, 0.08, 0.04), 3100),
            ("arrivals", "network", self.around(3040 - 1.2 * mean, 30, 8), 3040),
            ("mean_speed", "network", self.around(21 - 0.11 * mean, 0.5, 0.2), 3100),
            ("insertion_delay", "network", max(0.0, self.around(2.4 + 0.1 * mean, 0.4, 0.3)), 3100),
        ]
        junction_delay: dict[str, list[float]] = {}
        for approach in APPROACHES:
            delays = []
            queue = self.around(70 + (2.2 * self.west if approach == "J1.west" else 1.5 * self.other), 6, 4)
            rows.append(
                (
                    "back_of_queue_p95",
                    f"approach:{approach}",
                    max(10.0, queue + (110 if approach == "J1.west" else 0)),
                    30,
                )
            )
            for turn, base in TURNS.items():
                movement = f"{approach}.{turn}"
                shift = (self.west if approach == "J1.west" else self.other) * (
                    0.3 if turn == "right" else 1.0
                )
                shift += HARM.get((self.key[0], movement), 0.0)
                delay = max(
                    3.0,
                    self.around(
                        base * self.level + (25 if movement == "J1.west.left" else 0) + shift, 2, 1.5
                    ),
                )
                delays.append(delay)
                demand = {"left": 160, "through": 520, "right": 110}[turn]
                rows += [
                    ("control_delay", f"movement:{movement}", delay, demand),
                    ("demand_flow", f"movement:{movement}", demand + round(6 * self.luck), demand),
                    (
                        "served_flow",
                        f"movement:{movement}",
                        demand + round(5 * self.luck) - (3 if turn == "left" else 0),
                        demand,
                    ),
                    (
                        "degree_of_saturation",
                        f"movement:{movement}",
                        max(0.1, 0.55 + delay / 160 + 0.02 * self.luck),
                        demand,
                    ),
                ]
            rows.append(("control_delay", f"approach:{approach}", float(np.mean(delays)), 790))
            junction_delay.setdefault(approach[:2], []).append(float(np.mean(delays)))
        rows += [
            ("control_delay", f"junction:{j}", float(np.mean(d)), 3100) for j, d in junction_delay.items()
        ]
        return [(*self.key, measure, scope, value, n) for measure, scope, value, n in rows]

    def profiles(self) -> pd.DataFrame:
        clock = np.arange(26100, 34201, 60.0)
        hump = np.exp(-(((clock - 29400) / 2100) ** 2))
        parts = []
        for approach, size in (("J1.west", 210), ("J2.west", 120), ("J1.east", 90), ("J1.north", 60)):
            scale = size + (3.2 * self.west if approach == "J1.west" else 3 * self.other) + 8 * self.luck
            value = np.clip(scale * hump * self.level + self.rng.normal(0, 7, clock.size), 0, None)
            parts.append(("queue_m", f"approach:{approach}", clock, value))
        wanted = np.clip((clock - 26100) / 4500, 0, 1) * (3900 + 40 * self.luck) * self.level
        lag = 230 + 1.5 * self.west + 1.5 * self.other + 12 * self.luck
        arrived = np.interp(clock - lag * (0.4 + 0.9 * hump), clock, wanted, left=0)
        parts += [
            ("demanded_veh", "network", clock, np.round(wanted)),
            ("arrived_veh", "network", clock, np.round(arrived)),
        ]
        share = np.linspace(0, 1, 101)
        delay = (60 * self.level + 0.4 * self.west + 0.5 * self.other + 3 * self.luck) * -np.log(
            1 - 0.985 * share
        )
        parts.append(("delay_quantile", "network", share, np.clip(delay, 0, None)))
        arm, period, replicate = self.key
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        "arm": arm,
                        "period": period,
                        "replicate": replicate,
                        "profile": p,
                        "scope": s,
                        "x": x,
                        "value": v,
                    }
                )
                for p, s, x, v in parts
            ]
        )

    def fates(self) -> dict[str, Any]:
        arm, period, replicate = self.key
        inside = 41 if (arm, replicate) == ("lane_use", 3) else 0
        demanded = 3900 + round(40 * self.luck)
        return {
            "arm": arm,
            "period": period,
            "replicate": replicate,
            "demanded": demanded,
            "arrived": demanded - inside,
            "inside": inside,
            "never_inserted": 0,
            "removed": 0,
        }
