"""Every signalised junction of networks that others made, changed every way: built with proof, or refused.

A cycle 10 s longer; the longest green 7 s longer with another offset; every movement banned, for good and for
cars by the clock; lanes of every approach marked anew. Each arm is built, held against the baseline object by
object, and loaded by SUMO. A refusal has to give a reason; anything else fails.

Each change is first asked for alone, and refused alone. The others are built in rounds: one change at each
of many junctions that lie apart, with two streets at least between any two of them, so that their footprints
have nothing in common and whatever leaves one of them lies in none. A round that does not hold is halved
until each of its changes is judged alone.

    python -m tests.validation.junction_sweep [NETWORK ...] [--keep FOLDER]

makes all builds again and rewrites junction-sweep.{md,csv}; nothing is simulated. Half an hour on one core.
With `--keep`, what was tried is kept in the folder, and a call that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import pandas as pd

from sim.errors import BuildError, ConfigError
from sim.interventions.streets import car_movement_lanes
from sim.policy import apply, empty_policy
from sim.site.car_lanes import lane_uses
from sim.site.model import Site
from sim.sumo.build import ArmBuild, build
from sim.sumo.install import binary, environment
from sim.sumo.proof import prove
from tests.sites import policy_of, site_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "validation"
TABLE, PAGE = DOCS / "junction-sweep.csv", DOCS / "junction-sweep.md"
NETWORKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bologna_acosta": ("bologna_acosta/acosta_buslanes.net.xml", ("bologna_acosta/acosta_tls.add.xml",)),
    "cologne8": ("cologne8/cologne8.net.xml", ()),
    "doerpfeldstr": ("doerpfeldstr/net.net.xml.gz", ()),
    "ingolstadt7": ("ingolstadt7/ingolstadt7.net.xml", ()),
    "nanchang_cutA": ("nanchang_cutA/c.net.xml", ()),
}
KINDS = ("retime_signal", "ban_turn", "set_lane_use")
HELD, REFUSED, FAILED = "held", "refused", "failed"
REMARKINGS = 2
"""Other markings that are tried for each approach."""
Change = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: held, or why not."""

    network: str
    junction: str
    kind: str
    change: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Sweep:
    """One network, its baseline, and how to try changes on it."""

    name: str
    site: Site
    base: ArmBuild
    cache: Path

    def outcomes(self, junctions: int | None = None, changes: int | None = None) -> Iterator[Outcome]:
        """Try the first `changes` of each kind at the first `junctions`; all where that is left out."""
        for tried in self.rounds(frozenset(), junctions, changes):
            yield from tried

    def rounds(
        self, done: frozenset[tuple[str, str]], junctions: int | None = None, changes: int | None = None
    ) -> Iterator[list[Outcome]]:
        """Yield what became of the changes round by round, but for the `done` (junction and words)."""
        own = signalised(self.site)[:junctions]
        groups = apart(self.site, own)
        for kind, group in product((retimings, bans, remarkings), groups):
            waiting = {j: list(islice(kind(self.site, j), changes)) for j in group}
            for number in range(max(map(len, waiting.values()))):
                tried = {j: w[number] for j, w in waiting.items() if number < len(w)}
                left = {j: change for j, change in tried.items() if (j, words(change)) not in done}
                if left:
                    yield list(self._tried(left))

    def _tried(self, changes: Mapping[str, Change]) -> Iterator[Outcome]:
        """Ask for changes at several junctions one by one, and make at once those that are not refused."""
        refused = {j: problem for j, change in changes.items() if (problem := self._refusal(change))}
        for junction, problem in refused.items():
            yield self._row(junction, changes[junction], REFUSED, problem)
        if others := {j: change for j, change in changes.items() if j not in refused}:
            yield from self._made(others)

    def _made(self, changes: Mapping[str, Change]) -> Iterator[Outcome]:
        """Make changes at several junctions at once; halved where that does not hold."""
        outcome, reason = self._outcome(changes)
        if outcome == HELD or len(changes) == 1:
            for junction, change in changes.items():
                yield self._row(junction, change, outcome, reason)
            return
        half = len(changes) // 2
        yield from self._made(dict(list(changes.items())[:half]))
        yield from self._made(dict(list(changes.items())[half:]))

    def _row(self, junction: str, change: Change, outcome: str, reason: str) -> Outcome:
        return Outcome(self.name, junction, str(change["kind"]), words(change), outcome, reason)

    def _refusal(self, change: Change) -> str | None:
        try:
            apply(policy_of(change=change), self.site, "policy")
        except ConfigError as refusal:
            return refusal.problems[0].message
        return None

    def _outcome(self, changes: Mapping[str, Change]) -> tuple[str, str]:
        try:
            own = {f"c{number}": change for number, change in enumerate(changes.values())}
            applied = apply(policy_of(**own), self.site, "policy")
            arm = build(self.site, applied, self.base.period, self.cache)
        except ConfigError as refusal:
            return REFUSED, refusal.problems[0].message
        except BuildError as refusal:
            return REFUSED, str(refusal)
        try:
            prove(self.base, arm, applied.footprint, applied.edits)
            assert_sumo_loads(arm)
        except (BuildError, AssertionError) as failure:
            return FAILED, str(failure)
        finally:
            if arm.net_file != self.base.net_file:
                shutil.rmtree(arm.net_file.parent)  # thousands of networks would fill a disk
        return HELD, ""


def words(change: Change) -> str:
    """Say a change in a line: its fields, but for what it expects."""
    return " ".join(f"{k}={v}" for k, v in change.items() if k not in ("kind", "expect"))


def of_network(name: str, data: Path, folder: Path) -> Sweep:
    """Make a site of one of the networks, and its baseline."""
    net, additionals = NETWORKS[name]
    site = site_of(data / net, folder / "site", [data / path for path in additionals])
    base = build(site, apply(empty_policy(), site, "policy"), next(iter(site.periods)), folder / "cache")
    return Sweep(name, site, base, folder / "cache")


def apart(site: Site, junctions: Sequence[str]) -> list[list[str]]:
    """Group junctions so that two of a group have no street in common, nor streets that meet."""
    beside: dict[str, set[str]] = {}
    for edge in site.network.edges.values():
        beside.setdefault(edge.from_node, {edge.from_node}).add(edge.to_node)
        beside.setdefault(edge.to_node, {edge.to_node}).add(edge.from_node)
    groups: list[tuple[set[str], list[str]]] = []
    for id in junctions:
        near = beside[site.network.junctions[id].node]
        signal = site.network.junctions[id].signal
        for taken, members in groups:
            others = {site.network.junctions[other].signal for other in members}
            if not taken & near and signal not in others:
                taken.update(near)
                members.append(id)
                break
        else:
            groups.append((set(near), [id]))
    return [members for _, members in groups]


def assert_sumo_loads(arm: ArmBuild) -> None:
    """Have SUMO load an arm's files."""
    files = ",".join(str(path) for path in arm.additional_files)
    command = [str(binary("sumo")), "-n", str(arm.net_file), "-a", files, "--end", "1", "--no-step-log"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr


def signalised(site: Site) -> list[str]:
    """List junctions with signals, those with fixed-time ones first."""

    controls = site.signals[next(iter(site.periods))]

    def not_fixed(signal: str) -> bool:
        control = controls[signal]
        return control.programs[control.active].kind != "static"

    found = [(not_fixed(j.signal), j.id) for j in site.network.junctions.values() if j.signal is not None]
    return [id for _, id in sorted(found)]


def retimings(site: Site, junction: str) -> Iterator[Change]:
    """Stretch the cycle; stretch the longest green and move the offset."""
    signal = site.network.junctions[junction].signal
    assert signal is not None
    control = site.signals[next(iter(site.periods))][signal]
    program = control.programs[control.active]
    same: Change = {"kind": "retime_signal", "junction": junction, "expect": {"cycle_s": program.cycle_s}}
    longest = max(program.stages(), key=lambda stage: stage.green_s)
    yield {**same, "cycle_s": program.cycle_s + 10}
    yield {**same, "greens_s": {longest.name: longest.green_s + 7}, "offset_s": 5}


def bans(site: Site, junction: str) -> Iterator[Change]:
    """Ban every movement for good but for buses, and for cars by the clock."""
    for approach in site.network.junctions[junction].approaches:
        for movement in approach.movements:
            lanes = len(car_movement_lanes(site.network, movement))
            same: Change = {"kind": "ban_turn", "movement": movement.id, "expect": {"lanes": lanes}}
            yield {**same, "exempt": ["bus"]}
            yield {**same, "vehicles": ["car"], "hours": ["07:45-08:15"]}


def remarkings(site: Site, junction: str) -> Iterator[Change]:
    """Mark the lanes of every approach anew, up to `REMARKINGS` ways that differ."""
    for approach in site.network.junctions[junction].approaches:
        uses = lane_uses(site.network, approach)
        moves = [movement.direction for movement in approach.movements]
        found = {tuple(lanes): None for lanes in _others(uses, moves)}
        for lanes in islice(found, REMARKINGS):
            yield {"kind": "set_lane_use", "approach": approach.id, "expect": uses, "lanes": list(lanes)}


def _others(uses: Sequence[str], moves: Sequence[str]) -> Iterator[list[str]]:
    """Take a movement from a lane, give a lane its neighbour's use, add a movement to a lane."""
    for number, use in enumerate(uses):
        parts = [part for part in use.split("+") if part != "none"]
        before, after = list(uses[:number]), list(uses[number + 1 :])
        if len(parts) > 1:
            yield [*before, "+".join(parts[1:]), *after]
        if before and before[-1] != use:
            yield [*before, before[-1], *after]
            yield [*before[:-1], use, use, *after]
        for move in moves:
            if move not in parts:
                yield [*before, "+".join([*parts, move]), *after]


def run_all(
    data: Path, folder: Path, networks: Sequence[str] = tuple(NETWORKS), keep: Path | None = None
) -> pd.DataFrame:
    """Sweep networks: one row for each change. What was tried is kept in `keep` and not tried again."""
    keep = keep or folder
    keep.mkdir(parents=True, exist_ok=True)
    rows = pd.concat([_swept(of_network(name, data, folder / name), keep) for name in networks])
    return rows.reset_index(drop=True)


def _swept(sweep: Sweep, keep: Path) -> pd.DataFrame:
    file = keep / f"{sweep.name}.csv"
    columns = [field.name for field in dataclasses.fields(Outcome)]
    if not file.is_file():
        pd.DataFrame(columns=columns).to_csv(file, index=False)
    kept = pd.read_csv(file, keep_default_na=False, dtype=str)
    for tried in sweep.rounds(frozenset(zip(kept["junction"], kept["change"], strict=True))):
        made = pd.DataFrame(tried, columns=columns)
        made.to_csv(file, mode="a", header=False, index=False)
        for row in tried:
            if row.outcome == FAILED:
                print(row, flush=True)
    return pd.read_csv(file, keep_default_na=False, dtype=str)


# --- the page ---------------------------------------------------------------------------------------------


def plain(reason: str) -> str:
    """Say a reason without the names and numbers of its case, so that like reasons count together."""
    title, _, rest = reason.partition("\n")
    if rest:
        title = title.rstrip(":") + ": " + rest.split("\n")[0].rpartition(": ")[2]
    else:
        title = title.partition(": ")[0] if " would cross: " in title else title
    return re.sub(r"\b[a-z]+(\+[a-z]+)+\b", "…", re.sub(r"'[^']*'|\d+(\.\d+)?", "…", title))


def counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count like outcomes."""
    reasons = rows["reason"].map(plain)
    keys = ["network", "kind", "outcome"]
    found = rows.assign(reason=reasons).groupby([*keys, "reason"], sort=True)
    return found.agg(junctions=("junction", "nunique"), changes=("change", "count")).reset_index()


def page(rows: pd.DataFrame, on: str) -> str:
    """Write the page."""
    lines = ["| network | kind | junctions | tried | held | refused | failed |", "|" + " --- |" * 7]
    for (network, kind), own in rows.groupby(["network", "kind"], sort=True):
        tally = own["outcome"].value_counts()
        numbers = [own["junction"].nunique(), len(own), *(tally.get(o, 0) for o in (HELD, REFUSED, FAILED))]
        cells = [str(network), f"`{kind}`", *(str(n) for n in numbers)]
        lines.append("| " + " | ".join(cells) + " |")
    refusals = counts(rows[rows["outcome"] != HELD]).groupby(["kind", "outcome", "reason"])["changes"].sum()
    told = [f"| `{kind}` | {outcome} | {reason} | {n} |" for (kind, outcome, reason), n in refusals.items()]
    swept = sorted(set(rows["network"]))
    return TEXT.format(
        on=on,
        networks=" ".join(swept),
        missing=", ".join(sorted(set(NETWORKS) - set(swept))) or "none",
        tried=len(rows),
        junctions=rows.groupby("network")["junction"].nunique().sum(),
        table="\n".join(lines),
        refusals="\n".join(told),
        markings=REMARKINGS,
    )


TEXT = """\
# Every signalised junction of real networks, changed

Made by `python -m tests.validation.junction_sweep {networks}` on {on}, SUMO 1.28.0; counts in
`junction-sweep.csv`. Networks of the sweep that were not swept then: {missing}.

{tried} changes at {junctions} junctions: a cycle 10 s longer; the longest green 7 s longer and another
offset; every movement banned, for good (buses exempt) and for cars by the clock; up to {markings} other lane
markings for each approach, sensible or not. Each arm was built, held against the baseline object by object,
and loaded by SUMO. `held`: all that changed lies inside the declared footprint, and all that was declared
is there.
`refused`: not built, and the reason said. `failed`: anything else. Changes were asked for one at a time, and
those that were not refused built in rounds of one change at each of many junctions that lie at least two
streets apart, each judged alone where its round did not hold.

{table}

## Why changes were refused

Names and numbers are left out (`…`), so that like reasons count together.

| kind | outcome | reason | changes |
| --- | --- | --- | --- |
{refusals}
"""


def write(rows: pd.DataFrame) -> None:
    """Write the counts and the page."""
    counts(rows).to_csv(TABLE, index=False, lineterminator="\n")
    PAGE.write_text(page(rows, datetime.date.today().isoformat()), encoding="utf-8", newline="\n")


def main() -> None:
    """Make every build, of the networks named as arguments or of all, and write the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("networks", nargs="*", help="left out: all")
    parser.add_argument("--keep", type=Path, help="a folder for what was tried")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, networks = ROOT.parent / "shared" / "data", options.networks or tuple(NETWORKS)
        write(run_all(data, Path(folder), networks, options.keep))


if __name__ == "__main__":
    main()
