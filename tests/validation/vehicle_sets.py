"""Compare the vehicle sets of configs/vehicles: saturation flow, bias and variance on real networks.

    python -m tests.validation.vehicle_sets            # everything, about half an hour of CPU
    python -m tests.validation.vehicle_sets rig        # the rig alone, one minute
    python -m tests.validation.vehicle_sets cologne8   # the named networks
    python -m tests.validation.vehicle_sets tables     # nothing but the page, from what is stored

Rewrites the tables of docs/validation/vehicle-sets.md between its markers; single runs go to
docs/validation/vehicle-sets-runs.csv, which holds the last result of each network. The choice and its reasons
are written by hand in the same document: read them again when the numbers change.
"""

from __future__ import annotations

import dataclasses
import datetime
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.validation.network_comparison import CASES, Case, normalise, retimed, run, write_demand
from tests.validation.saturation_rig import Rig, Saturation, free_speed_ratio, load_set, measure

SETS = ("sigma_zero", "sigma_half")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation" / "vehicle-sets.md"
RUNS = PAGE.with_name("vehicle-sets-runs.csv")
RIG = PAGE.with_name("vehicle-sets-rig.csv")
HEAVY_SHARE = 0.2
PRECISION = 0.025
"""Half-width of the interval, relative to the mean before, for which pairs are counted (half of 5 %)."""


def measure_rig() -> pd.DataFrame:
    """One row per set and condition of the rig."""
    rows: list[dict[str, Any]] = []

    def add(name: str, condition: str, found: Saturation, pce: float | None = None) -> None:
        rows.append({"set": name, "condition": condition, **dataclasses.asdict(found), "pce": pce})

    for name in SETS:
        vehicles = load_set(name)
        base = measure(vehicles)
        add(name, "cars, 50 km/h, step 1 s (calibrated)", base)
        for limit in (30, 40, 60):
            add(name, f"cars, {limit} km/h", measure(vehicles, rig=Rig(limit_kmh=limit)))
        add(name, "cars, 50 km/h, green 25 of 100 s", measure(vehicles, rig=Rig(green_s=25, red_s=72)))
        add(name, "cars, 50 km/h, step 0.5 s", measure(vehicles, rig=Rig(step_s=0.5)))
        for heavy in ("bus", "truck", "motorcycle"):
            mix = measure(vehicles, shares={"car": 1 - HEAVY_SHARE, heavy: HEAVY_SHARE})
            pce = (base.saturation_vph / mix.saturation_vph - (1 - HEAVY_SHARE)) / HEAVY_SHARE
            add(name, f"{HEAVY_SHARE:.0%} {heavy}, 50 km/h", mix, pce)
        ratio = free_speed_ratio(vehicles)
        rows.append({"set": name, "condition": "lone cars, speed / desired speed", "free_speed_ratio": ratio})
    return pd.DataFrame(rows)


def run_case(case: Case) -> pd.DataFrame:
    """All sets, arms and replicates of one network, one row per run."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        net = normalise(case, folder)
        after, signal, change = retimed(case, net, folder)
        arms: dict[str, tuple[Path, Path | None]] = {"before": (net, None), "after": (after, None)}
        if case.signals:
            arms = {"before": (net, case.folder / case.signals), "after": (net, after)}
        for replicate in range(1, case.replicates + 1):
            for set_name in SETS:
                demand = folder / "demand.rou.xml"
                n = write_demand(case, load_set(set_name), replicate, demand)
                for arm, (network, signals) in arms.items():
                    outcome = run(case, network, signals, demand, n, replicate, folder)
                    key = {"network": case.label, "set": set_name, "arm": arm, "replicate": replicate}
                    done = {"signal": signal, "change": change, **dataclasses.asdict(outcome)}
                    rows.append(key | done)
                    print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows).assign(date=datetime.date.today().isoformat())


def seed_is_void(case: Case) -> bool:
    """Whether sigma_zero gives the same outcome under two values of SUMO's --seed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        net = normalise(case, folder)
        demand = folder / "demand.rou.xml"
        n = write_demand(case, load_set("sigma_zero"), 1, demand)
        first, second = (run(case, net, None, demand, n, seed, folder) for seed in (1, 2))
    return first.fair_travel_time_s == second.fair_travel_time_s


def _spread(runs: pd.DataFrame, measure_name: str) -> dict[str, float]:
    """Means, spreads and the paired difference of one network and one set."""
    wide = runs.pivot_table(index="replicate", columns="arm", values=measure_name)
    difference = wide["after"] - wide["before"]
    n, sd_d = len(wide), float(difference.std())
    left = runs.pivot_table(index="replicate", columns="arm", values="unfinished").sum(axis="columns")
    cleared = difference[left == 0]
    half_width = PRECISION * float(wide["before"].mean())
    return {
        "n": n,
        "mean": float(wide["before"].mean()),
        "sd": float(wide["before"].std()),
        "difference": float(difference.mean()),
        "sd_d": sd_d,
        "n_cleared": len(cleared),
        "sd_cleared": float(cleared.std()),
        "correlation": float(wide["before"].corr(wide["after"])),
        "gain": (float(wide["before"].std()) ** 2 + float(wide["after"].std()) ** 2) / sd_d**2,
        "pairs": (1.96 * sd_d / half_width) ** 2,
    }


def _interval(values: pd.Series[float]) -> tuple[float, float]:
    mean, half = (
        float(values.mean()),
        float(stats.t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5),
    )
    return mean - half, mean + half


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rig_table(rig: pd.DataFrame) -> str:
    """The rig's results as a Markdown table."""
    rows = []
    for row in rig.to_dict("records"):
        if pd.notna(row["free_speed_ratio"]):
            rows.append([row["set"], f"{row['condition']}: {row['free_speed_ratio']:.3f}", *[""] * 5])
            continue
        rows.append(
            [
                row["set"],
                row["condition"],
                f"{row['saturation_vph']:.0f} ± {row['saturation_se_vph']:.0f}",
                f"{row['startup_lost_s']:.2f} ± {row['startup_lost_se_s']:.2f}",
                f"{row['served_per_cycle']:.2f}",
                f"{row['on_yellow_per_cycle']:.2f}",
                "" if pd.isna(row["pce"]) else f"{row['pce']:.2f}",
            ]
        )
    return _table(
        [
            "set",
            "condition",
            "S veh/h ± se",
            "l1 s ± se",
            "served per cycle",
            "of these on yellow",
            "PCE in the model",
        ],
        rows,
    )


def spreads(runs: pd.DataFrame, measure_name: str) -> pd.DataFrame:
    """Spread of the arms and of the paired difference, indexed by network and set."""
    groups = runs.groupby(["network", "set"], sort=False)
    return pd.DataFrame({key: _spread(group, measure_name) for key, group in groups}).T.rename_axis(
        ["network", "set"]
    )


def spread_table(runs: pd.DataFrame, measure_name: str) -> str:
    """`spreads` as a Markdown table."""
    rows = []
    for network, group in spreads(runs, measure_name).groupby(level="network", sort=False):
        sd, n = (group.droplevel("network")[c] for c in ("sd_cleared", "n_cleared"))
        ratio, freedom = sd["sigma_half"] / sd["sigma_zero"], (n["sigma_half"] - 1, n["sigma_zero"] - 1)
        low, high = (ratio / float(stats.f.ppf(q, *freedom)) ** 0.5 for q in (0.975, 0.025))
        for s, v in group.droplevel("network").iterrows():
            numbers = f"{v['mean']:.1f} {v['sd']:.2f} {v['difference']:+.2f} {v['sd_d']:.2f}"
            numbers += f" {v['n_cleared']:.0f} {v['sd_cleared']:.2f}"
            gains = f"{v['correlation']:.2f} {v['gain']:.1f} {v['pairs']:.1f}"
            last = f"{ratio:.2f} [{low:.2f}, {high:.2f}]" if s == "sigma_half" else ""
            rows.append([str(network), str(s), f"{v['n']:.0f}", *numbers.split(), *gains.split(), last])
    header = ["network", "set", "n", "before, s", "sd before", "after - before", "sd of difference"]
    header += ["pairs cleared", "sd of these", "correlation", "var unpaired / paired", "pairs for ± 2.5 %"]
    header += ["sd of cleared, half / zero [95 %]"]
    return _table(header, rows)


def pooled_ratio(spread: pd.DataFrame) -> tuple[float, float, float]:
    """Ratio of the sd of cleared pairs, half over zero, over all networks, with its 95 % interval.

    Weighted mean of the log ratios; a log sd of n normal values has variance 1 / (2 (n - 1)).
    """
    half, zero = (spread.xs(s, level="set") for s in ("sigma_half", "sigma_zero"))
    weight = 2 / (1 / (half["n_cleared"] - 1) + 1 / (zero["n_cleared"] - 1))
    mean = float((weight * np.log(half["sd_cleared"] / zero["sd_cleared"])).sum() / weight.sum())
    width = 1.96 / float(weight.sum()) ** 0.5
    return float(np.exp(mean)), float(np.exp(mean - width)), float(np.exp(mean + width))


def bias_table(runs: pd.DataFrame, rig: pd.DataFrame) -> str:
    """How far apart the two sets are on the same people, per network, and how much of it is cruising speed.

    Undelayed time x (1/ratio_zero - 1/ratio_half) is what lone drivers' speed / desired speed explains.
    The last column is the gap between the effects (after - before, travel time) that the two sets find.
    """
    slower = (1 / rig.dropna(subset="free_speed_ratio").set_index("set")["free_speed_ratio"]).loc[list(SETS)]
    rows = []
    before = runs[runs["arm"] == "before"]
    for network, group in before.groupby("network", sort=False):
        wide = group.pivot_table(
            index="replicate", columns="set", values=["fair_travel_time_s", "fair_delay_s"]
        )
        travel, delay = wide["fair_travel_time_s"], wide["fair_delay_s"]
        undelayed = float((travel - delay).to_numpy().mean())
        cells = [str(network)]
        for of in (travel, delay):
            gap = of["sigma_zero"] - of["sigma_half"]
            low, high = _interval(gap)
            relative = gap.mean() / of["sigma_half"].mean()
            cells += [f"{of['sigma_half'].mean():.1f}", f"{gap.mean():+.1f} [{low:+.1f}, {high:+.1f}]"]
            cells += [f"{relative:+.1%}"]
        arms = runs[runs["network"] == network].pivot_table(
            index="replicate", columns=["set", "arm"], values="fair_travel_time_s"
        )
        effect = {s: arms[(s, "after")] - arms[(s, "before")] for s in SETS}
        gap = effect["sigma_zero"] - effect["sigma_half"]
        low, high = _interval(gap)
        cells += [f"{undelayed * (slower['sigma_zero'] - slower['sigma_half']):+.1f}"]
        rows.append([*cells, f"{gap.mean():+.1f} [{low:+.1f}, {high:+.1f}]"])
    header = ["network", "travel time, half, s", "zero - half [95 %]", "relative", "delay, half, s"]
    return _table(
        [*header, "zero - half [95 %]", "relative", "cruising speed explains", "effect, zero - half"], rows
    )


def health_table(runs: pd.DataFrame) -> str:
    """Runs that did not clear, collisions and cost, per network and set."""
    rows = []
    for (network, s), group in runs.groupby(["network", "set"], sort=False):
        stuck = int((group["unfinished"] > 0).sum())
        rows.append(
            [
                str(network),
                str(s),
                f"{stuck} of {len(group)}",
                f"{int(group['unfinished'].sum())}",
                f"{group['collisions'].mean():.1f}",
                f"{group['cpu_s'].median():.1f}",
                str(group["signal"].iloc[0]),
                str(group["change"].iloc[0]),
                str(group["date"].iloc[0]),
            ]
        )
    return _table(
        [
            "network",
            "set",
            "runs not cleared",
            "vehicles left",
            "collisions per run",
            "CPU s per run",
            "signal retimed",
            "change",
            "date",
        ],
        rows,
    )


def write_page(sections: Mapping[str, str]) -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- /NAME -->` in the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, body in sections.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = text.split(start, 1)
        text = f"{head}{start}\n{body}\n{end}{rest.split(end, 1)[1]}"
    PAGE.write_text(text, encoding="utf-8")


def main(wanted: list[str]) -> None:
    """Run what was asked for and rewrite the page from all that is stored."""
    if not wanted or "rig" in wanted:
        measure_rig().to_csv(RIG, index=False, float_format="%.6g")
    runs = pd.read_csv(RUNS) if RUNS.exists() else pd.DataFrame()
    for case in CASES:
        if (not wanted or case.label in wanted) and case.folder.is_dir():
            rest = runs[runs["network"] != case.label] if len(runs) else runs
            runs = pd.concat([rest, run_case(case)])
            runs.to_csv(RUNS, index=False, float_format="%.6g")
    sumo = subprocess.run(
        [sys.executable, "-c", "import importlib.metadata as m; print(m.version('eclipse-sumo'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    facts = f"Last run {datetime.date.today().isoformat()}, SUMO {sumo}."
    if CASES[0].folder.is_dir():
        void = "nothing" if seed_is_void(CASES[0]) else "SOMETHING (unexpected)"
        facts += f" Changing `--seed` under `sigma_zero` on {CASES[0].label} changed {void}."
    runs = runs.sort_values("network", kind="stable", key=lambda s: s.map([c.label for c in CASES].index))
    ratio, low, high = pooled_ratio(spreads(runs, "fair_travel_time_s"))
    facts += (
        f" Spread of the difference in travel time, cleared pairs, half / zero over all networks: {ratio:.2f}"
    )
    facts += f" [{low:.2f}, {high:.2f}]."
    rig = pd.read_csv(RIG)
    write_page(
        {
            "facts": facts,
            "rig": rig_table(rig),
            "travel time": spread_table(runs, "fair_travel_time_s"),
            "delay": spread_table(runs, "fair_delay_s"),
            "bias": bias_table(runs, rig),
            "health": health_table(runs),
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
