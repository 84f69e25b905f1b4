"""The page of `tests.validation.signal_rivals`: what its runs say, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from sim.comparison.inference import paired_t

TODAY, SEARCH = "shipped plan", "our search, fixed time"
OURS, IN_ORDER = "our max-pressure, paid changes", "our max-pressure, fixed order"
ACTUATED, FREE = "SUMO actuated", "max-pressure, free order"
REACT = (ACTUATED, FREE, IN_ORDER)
TEXT = """\
# Signal control beside its rivals

Made on {when} with SUMO 1.28.0 by `python -m tests.validation.signal_rivals`; every run in
[signal-rivals-runs.csv](signal-rivals-runs.csv). Fair travel time of the whole network, s per vehicle (door
to door, everyone counted), on replicates from 2001 on, which no search and no tuning has seen; each candidate
meets the same people as the shipped plan. Intervals hold for all candidates of a network and set of rules
together (Bonferroni). *not arrived*: vehicles still under way when the runs ended, three hours after they
began at the latest; a value with such vehicles is a lower bound.

{missing}
{table}

- `unconstrained`: no pedestrian has to be served, greens from 5 s; what reacts, up to 50 s. Like for like
  with what others publish; not to be recommended. `chinese`: minimum greens and walking times of
  `configs/standards/signals/design.yaml`, crossings assumed on every leg where none is drawn; what reacts,
  up to 60 s. Laws that take the stages in any order know no longest green, and the acyclic rival may leave
  out stages in which people walk, under either set of rules. The shipped plans and SUMO's two tools keep no
  such rules.
- The shipped plans of cologne8, ingolstadt7, jinan_3x4 and nanchang_cuta (nanchang_cutA, 60 % of its demand)
  are netconvert's guess; only acosta's are real.
- {today}: as imported. *tlsCycleAdaptation.py*, *tlsCoordinator.py*: SUMO's tools with their
  defaults, from the routes of one more replicate. *SUMO actuated*: gap of 3 s. *max-pressure, free order*:
  acyclic, decided every 5 s. *our Webster*, *our search*: what `huandu signals suggest` computes, and
  finds on replicates 1 and following (the shipped plan's times where it finds nothing better there).
  *our max-pressure, fixed order*: `kind: adaptive_control`.
  *our max-pressure, paid changes*: any stage may follow, every second, where it gains twice the pressure that
  the change costs, counted within 80 m of the stop line; no stage is kept from green for longer than 180 s
  (`sim/controllers/paid_change.py`). The 80 m, the factor and the 180 s were chosen on replicates 1 to 4 of
  cologne8 and ingolstadt7 and replicate 1 of jinan_3x4; that whole lanes, one and a half times and no limit
  did not do on jinan_3x4 had been seen on replicates of this page. It is not offered to policies.
- A candidate without a row was not run there. Rows of one network may have been made on different days and in
  different numbers; differences are taken over the replicates that both have.

## Ours against what else reacts

Negative: our max-pressure with paid changes is faster.

{duels}

## What the Chinese rules cost

Positive: the same candidate is slower under `chinese` than under `unconstrained`, on the same people.

{costs}
""".replace("{today}", f"*{TODAY}*")


def compared(runs: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield one row per network, rules and candidate: the difference to the shipped plan, pair by pair.

    Intervals hold for all candidates of a network and set of rules together (Bonferroni).
    """
    for (network, rules), own in runs.groupby(["network", "rules"], sort=False):
        values = own.pivot_table(index="replicate", columns="candidate", values="fair_travel_time_s")
        uncleared = own.groupby("candidate")["uncleared"].sum()
        others = [name for name in own["candidate"].unique() if name != TODAY]
        for name in others:
            yield {
                "network": network,
                "rules": rules,
                "candidate": name,
                "before": values[TODAY].mean(),
                "after": values[name].mean(),
                **_difference(values[name] - values[TODAY], len(others)),
                "uncleared": int(uncleared[name]),
            }


def duels(runs: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield our best that reacts against the others that do, pair by pair."""
    for (network, rules), own in runs.groupby(["network", "rules"], sort=False):
        values = own.pivot_table(index="replicate", columns="candidate", values="fair_travel_time_s")
        for rival in REACT:
            if {OURS, rival} <= set(values.columns):
                yield {
                    "network": network,
                    "rules": rules,
                    "rival": rival,
                    **_difference(values[OURS] - values[rival], len(REACT)),
                }


def costs(runs: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield what each candidate loses under the second set of rules, pair by pair."""
    for network, own in runs.groupby("network", sort=False):
        values = own.pivot_table(
            index="replicate", columns=["candidate", "rules"], values="fair_travel_time_s"
        )
        both = [
            name
            for name in own["candidate"].unique()
            if name != TODAY and len(values[name].columns) == 2 and len(values[name].dropna()) > 1
        ]
        for name in both:
            difference = values[name, "chinese"] - values[name, "unconstrained"]
            yield {"network": network, "candidate": name, **_difference(difference, len(both))}


def _difference(differences: pd.Series, together: int) -> dict[str, object]:
    both = differences.dropna()
    estimate = paired_t(both.to_numpy(), 1 - 0.05 / together)
    return {
        "difference": estimate.difference,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "pairs": len(both),
    }


def _cell(row: Mapping[str, object]) -> str:
    return f"{row['difference']:+.1f} ({row['ci_low']:+.1f} to {row['ci_high']:+.1f})"


def page(runs: pd.DataFrame, networks: Iterable[str], rules: Iterable[str]) -> str:
    """Write the page from the runs; it names those of the `networks` and `rules` that have none."""
    table = [
        "| network | rules | candidate | s/veh | against the shipped plan (95 %) | pairs | not arrived |",
        "|" + " --- |" * 7,
    ]
    shown: set[tuple[object, object]] = set()
    for row in compared(runs):
        key = (row["network"], row["rules"])
        if key not in shown:
            shown.add(key)
            table.append(
                f"| {row['network']} | {row['rules']} | {TODAY} | {row['before']:.1f} | | {row['pairs']} | |"
            )
        table.append(
            f"| {row['network']} | {row['rules']} | {row['candidate']} | {row['after']:.1f} | {_cell(row)} |"
            f" {row['pairs']} | {row['uncleared'] or ''} |"
        )
    fights = ["| network | rules | against | difference (95 %) | pairs |", "|" + " --- |" * 5]
    fights += [
        f"| {row['network']} | {row['rules']} | {row['rival']} | {_cell(row)} | {row['pairs']} |"
        for row in duels(runs)
    ]
    paid = ["| network | candidate | difference (95 %) | pairs |", "|" + " --- |" * 4]
    paid += [
        f"| {row['network']} | {row['candidate']} | {_cell(row)} | {row['pairs']} |" for row in costs(runs)
    ]
    ran = set(runs[["network", "rules"]].itertuples(index=False, name=None))
    left_out = [
        f"{name} ({', '.join(missed)})"
        for name in networks
        if (missed := [one for one in rules if (name, one) not in ran])
    ]
    missing = f"Not run for this page: {'; '.join(left_out)}.\n" if left_out else ""
    return TEXT.format(
        when=", ".join(sorted(set(runs["date"].astype(str)))),
        table="\n".join(table),
        duels="\n".join(fights),
        costs="\n".join(paid),
        missing=missing,
    )
