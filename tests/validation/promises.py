"""Do the statistics keep their promises? The long version: thousands of studies whose truth is known.

    python -m tests.validation.promises [--studies 4000] [--parts NAME ...] [--toy 200] [--keep FOLDER]

rewrites docs/validation/promises.csv and the page beside it. `--studies`: synthetic ones per row, 4000 take
two minutes of one core. `--toy`: studies of a small junction in SUMO (`tests.validation.toy`), 200 take about
a quarter of an hour; 0 leaves the rows that are there. What the toy has given is kept in FOLDER, so that a
run can be gone on with (its seconds count what was new). Seeds are fixed: the same command gives the same
numbers.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from sim.checks.findings import find_between
from sim.comparison import inference
from sim.comparison.compare import compare
from sim.comparison.power import detectable_change
from sim.comparison.replication import LOOKS, confidence_at_looks, half_width
from sim.policy import BASELINE
from sim.tables import PLACEBO
from tests.comparison_tables import measures_table, spec
from tests.statistics.looks import DIRECTIONAL, looked, stopped, studies
from tests.statistics.selections import choices, shares_of_equal
from tests.validation.known_truth import stated
from tests.validation.toy import RETIMED, Toy

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "validation" / "promises.md"
TABLE = ROOT / "docs" / "validation" / "promises.csv"
CONFIDENCE = 0.95
BAND = 0.999
SKEWNESS = -2.4
"""Of a second of green moved at the toy: now and then a replicate gains much."""
AT_LEAST = 0.7
"""What is left of a power of 80 % where a study has to guess so skewed a shape from its own few pairs."""
PILOT = 100_000
"""Pairs from which the power of skewed studies is stated."""
SPREADS = [2.0, 3.3, 4.2, 6.0]
"""Of a difference: studies that stop at the first look, in between, and at the cap."""


@dataclass(frozen=True)
class Row:
    """One promise and how often it was kept; `low` to `high` is what passes."""

    promise: str
    how: str
    studies: int
    found: int
    promised: float
    low: int
    high: int

    @property
    def kept(self) -> bool:
        """Whether the number found lies within the band."""
        return self.low <= self.found <= self.high


def exactly(promise: str, how: str, count: int, found: int, rate: float) -> Row:
    """Hold a number against the central 99.9 % band of the binomial distribution."""
    low, high = stats.binom.interval(BAND, count, rate)
    return Row(promise, how, count, int(found), rate, int(low), int(high))


def at_least(promise: str, how: str, count: int, found: int, rate: float) -> Row:
    """Hold a number against the lower 99.9 % bound."""
    return Row(promise, how, count, int(found), rate, int(stats.binom.ppf(1 - BAND, count, rate)), count)


def at_most(promise: str, how: str, count: int, found: int, rate: float) -> Row:
    """Hold a number against the upper 99.9 % bound."""
    return Row(promise, how, count, int(found), rate, 0, int(stats.binom.ppf(BAND, count, rate)))


def of_two_hundred(promise: str, how: str, count: int, found: int) -> Row:
    """Hold false alarms against the exact 99 % bound for 5 %: 18 of 200."""
    return Row(promise, how, count, int(found), 0.05, 0, int(stats.binom.ppf(0.99, count, 0.05)))


def fixed_size(count: int) -> Iterator[Row]:
    """Studies of a fixed number of pairs: coverage, power, Holm's family."""
    for n in (4, 10, 20, 40):
        differences = np.random.default_rng([51, n]).normal(-5, 5.7, (count, n))
        got = [inference.paired_t(one, CONFIDENCE) for one in differences]
        covered = sum(one.ci_low <= -5 <= one.ci_high for one in got)
        yield exactly("95 % interval covers the truth", f"{n} pairs", count, covered, CONFIDENCE)
    for n in (10, 40):
        for power in (0.5, 0.8, 0.9):
            shift = inference.smallest_detectable(5.7, n, CONFIDENCE, power=power)
            differences = np.random.default_rng([52, n, round(10 * power)]).normal(-shift, 5.7, (count, n))
            got = [inference.paired_t(one, CONFIDENCE) for one in differences]
            found = sum(not one.ci_low <= 0 <= one.ci_high for one in got)
            how = f"{n} pairs, effect {shift:.2f} s at a spread of 5.7 s"
            yield exactly("planted effect is found with the power stated", how, count, found, power)
    for k in (5, 12):
        rng = np.random.default_rng([53, k])
        families = raw = 0
        for _ in range(count):
            before = rng.normal(60, 4, 10)
            p = [inference.paired_t(rng.normal(60, 4, 10) - before, CONFIDENCE).p for _ in range(k)]
            raw += min(p) <= 1 - CONFIDENCE
            families += bool((inference.holm(p) <= 1 - CONFIDENCE).any())
        how = f"{k} policies without effect, one baseline; without Holm {raw / count:.1%}"
        yield at_most("Holm: false alarm anywhere in the family", how, count, families, 0.05)


def skewed(rng: np.random.Generator, skewness: float, size: tuple[int, ...]) -> np.ndarray:
    """Draw differences of mean 0 and spread 1: a gamma's, normal ones where there is no skewness."""
    if skewness == 0:
        return rng.normal(size=size)
    shape = 4 / skewness**2
    return np.sign(skewness) * (rng.gamma(shape, size=size) - shape) / math.sqrt(shape)


def of_shape(count: int) -> Iterator[Row]:
    """Power where differences are as skewed as the toy's, towards the change and away from it."""
    sd = 5.7
    for n in (10, 40):
        effect = -inference.smallest_detectable(sd, n, CONFIDENCE)
        for skewness in (SKEWNESS, -SKEWNESS):
            rng = np.random.default_rng([58, n, int(skewness > 0)])
            truth = effect + sd * skewed(rng, skewness, (PILOT,))
            promised, low, high = stated(truth, n, count)
            got = [
                inference.paired_t(effect + sd * skewed(rng, skewness, (n,)), CONFIDENCE)
                for _ in range(count)
            ]
            found = sum(one.ci_high < 0 for one in got)
            how = f"{n} pairs, skewness {skewness:+.1f}, effect {effect:.2f} s; normal pairs: 80.0%"
            yield Row(
                "skewed planted effect is found with the power stated", how, count, found, promised, low, high
            )
    for skewness, promised in ((0.0, 0.8), (SKEWNESS, AT_LEAST), (-SKEWNESS, AT_LEAST)):
        for n in (4, 10, 40) if skewness == 0 else (10, 40):
            rng = np.random.default_rng([59, n, int(skewness > 0), int(skewness < 0)])
            found = 0
            for _ in range(count):
                size = detectable_change(skewed(rng, skewness, (n,)), CONFIDENCE)
                found += inference.paired_t(skewed(rng, skewness, (n,)) - size, CONFIDENCE).ci_high < 0
            how = f"{n} pairs, skewness {skewness:+.1f}" if skewness else f"{n} normal pairs"
            yield at_least(
                "smallest change named by a study is found by the next", how, count, found, promised
            )
    for skewness, promised in ((0.0, 0.8), (SKEWNESS, AT_LEAST), (-SKEWNESS, AT_LEAST)):
        yield _named_at_the_stop(count, skewness, promised)


def _named_at_the_stop(count: int, skewness: float, promised: float) -> Row:
    """Plant what a study that stopped when sure named into another one that stops when sure."""
    rng = np.random.default_rng([60, int(skewness > 0), int(skewness < 0)])
    spreads, at = np.resize(SPREADS, count)[:, None], confidence_at_looks(CONFIDENCE)
    here, there = (spreads * skewed(rng, skewness, (count, LOOKS[-1])) for _ in range(2))
    sizes = [detectable_change(one[:n], at) for one, n in zip(here, stopped(here, at)[0], strict=True)]
    there -= np.array(sizes)[:, None]
    ends = [
        inference.paired_t(one[:n], at).ci_high for one, n in zip(there, stopped(there, at)[0], strict=True)
    ]
    how = f"looks {LOOKS}, four spreads, " + (f"skewness {skewness:+.1f}" if skewness else "normal pairs")
    promise = "smallest change named at the stop is found by the next study, looks and all"
    return at_least(promise, how, count, int((np.array(ends) < 0).sum()), promised)


def after_all_looks(count: int) -> Iterator[Row]:
    """Studies that stop when sure, through the whole comparison."""
    how = f"looks {LOOKS}, four spreads"
    rows = studies(54, count, 0.0, SPREADS)
    covered = ((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum()
    yield at_least("interval at the stop covers the truth", how, count, covered, CONFIDENCE)
    alarms = rows["verdict"].isin(DIRECTIONAL)
    yield at_most("A/A study ends with a directional verdict", how, count, alarms.sum(), 0.05)
    worst = max(int(part.sum()) for part in np.array_split(alarms.to_numpy(dtype=bool), count // 200))
    yield of_two_hundred(
        "A/A studies with a directional verdict, of 200", f"worst of {count // 200} times 200", 200, worst
    )
    sd = 9.0
    shift = inference.smallest_detectable(sd, LOOKS[-1], confidence_at_looks(CONFIDENCE), power=0.8)
    rows = studies(55, count, -shift, [sd])
    how = f"at the cap, effect {shift:.2f} s at a spread of {sd:g} s"
    yield exactly(
        "planted effect is found with the power stated", how, count, (rows["ci_high"] < 0).sum(), 0.8
    )


def choosing(count: int) -> Iterator[Row]:
    """Kim and Nelson at the least favourable means: the best by just the indifference zone, others equal."""
    for k in (4, 8, 12):
        for rho in (0.0, 0.6):
            hits = sum(
                got.best == "plan0"
                for got in choices(count, 56 + k, np.array([50.0, *[55.0] * (k - 1)]), rho)
            )
            how = f"{k} plans, correlation {rho:g}"
            yield at_least("Kim and Nelson choose the best", how, count, hits, CONFIDENCE)
    sites = max(60, count // 10)
    cheap = sum(share <= 0.5 for share in shares_of_equal(sites, 57))
    yield Row(
        "twelve plans cost at most half of Rinott's runs", "sites", sites, cheap, 0.5, sites // 2, sites
    )


SYNTHETIC = {part.__name__: part for part in (fixed_size, of_shape, after_all_looks, choosing)}


class OfToy:
    """Values of the toy by study, a hundred replicates of its own each; simulated when asked for."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy

    def __call__(self, arm: str, going: np.ndarray, first: int, last: int) -> np.ndarray:
        """See `tests.statistics.looks.Values`; the policy `arm` is today with everyone moved by a second."""
        wanted = [100 * (int(study) + 1) + n for study in going for n in range(first, last)]
        return self.toy.values({"arm": PLACEBO}.get(arm, arm), wanted).reshape(len(going), last - first)


FOUND_IN_SUMO = "simulated change is found with the power stated"
PILOTS = range(1_000_001, 1_000_041)
TRUTH = range(2_000_001, 2_001_001)


def in_sumo(count: int, keep: Path | None = None) -> Iterator[Row]:
    """Studies simulated in SUMO: A/A after all looks, a planted change, a pairing that is broken."""
    with tempfile.TemporaryDirectory() as folder:
        toy = Toy(Path(folder), keep)
        values = OfToy(toy)
        spread = toy.values(PLACEBO, PILOTS) - toy.values(BASELINE, PILOTS)
        # The least favourable: of the smallest change that matters, studies have enough at 12 pairs or so.
        mcid = 2 * half_width(spread, confidence_at_looks(CONFIDENCE)) * math.sqrt(len(PILOTS) / 12)
        rows = looked(count, ["arm", BASELINE], values, mcid)
        how = f"toy, everyone moved by up to a second, smallest change that matters {mcid:.2f} s"
        how += f", {rows['n_pairs'].mean():.1f} pairs on average"
        covered = ((rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)).sum()
        yield at_least("simulated A/A: interval at the stop covers zero", how, count, covered, CONFIDENCE)
        alarms = rows["verdict"].isin(DIRECTIONAL).sum()
        yield of_two_hundred("simulated A/A: directional verdicts", how, count, alarms)
        yield _broken(toy, count)
        yield from _planted(toy, values, count)


def _planted(toy: Toy, values: OfToy, count: int) -> Iterator[Row]:
    """A second of green moved: what it does comes from pairs of which no study has one."""
    each = LOOKS[0]
    known = toy.values(RETIMED, TRUTH) - toy.values(BASELINE, TRUTH)
    effect, sd = float(known.mean()), float(known.std(ddof=1))
    everyone = np.arange(count)
    differences = values(RETIMED, everyone, 0, each) - values(BASELINE, everyone, 0, each)
    got = [inference.paired_t(one, CONFIDENCE) for one in differences]
    how = (
        f"toy, {each} pairs, a second of green moved; {len(known)} other pairs: {effect:+.2f} s, sd {sd:.2f}"
    )
    found = sum(one.ci_high < 0 for one in got)
    normal = stats.nct.sf(
        stats.t.ppf((1 + CONFIDENCE) / 2, each - 1), each - 1, -effect / sd * math.sqrt(each)
    )
    how += f", skewness {stats.skew(known):+.1f}; normal pairs: {normal:.1%}"
    power, low, high = stated(known, each, count)
    yield Row(FOUND_IN_SUMO, how, count, found, power, low, high)
    covered = sum(one.ci_low <= effect <= one.ci_high for one in got)
    # The truth itself is known to sd / sqrt(1000): intervals miss a little oftener.
    edge = stats.t.ppf((1 + CONFIDENCE) / 2, each - 1) / math.sqrt(1 + each / len(known))
    promised = float(2 * stats.t.cdf(edge, each - 1) - 1)
    yield exactly("simulated change: interval covers its truth", how, count, covered, promised)


def _broken(toy: Toy, count: int) -> Row:
    """Pair every replicate of an arm with the next replicate's people: no verdict may come of it."""
    refused = 0
    for study in range(1, count + 1):
        people = [toy.people(100 * study + n) for n in range(5)]
        tables = [{"trips": one.vehicles, "walks": one.walks} for one in people]
        found = pd.concat(
            [
                find_between(before, after).assign(arm="arm", period="am", replicate=n + 1)
                for n, (before, after) in enumerate(pairwise(tables))
            ]
        )
        values = measures_table(
            {
                (BASELINE, "am", "delay_s", "network"): [60.0, 61.0, 62.0, 63.0],
                ("arm", "am", "delay_s", "network"): [50.0, 51.0, 52.0, 53.5],
            }
        )
        (row,) = compare(values, found, {"delay_s": spec()}, primary="delay_s").to_dict("records")
        refused += row["verdict"] == "not_comparable"
    how = "toy, each replicate beside the next one's people"
    return Row("broken pairing is refused", how, count, refused, 1.0, count, count)


def write(rows: Sequence[Row], command: str, seconds: float) -> None:
    """Write table and page; rows of the toy stay where none were made."""
    table = pd.DataFrame([{**asdict(row), "kept": row.kept} for row in rows])
    table = table.assign(date=f"{datetime.now(UTC):%Y-%m-%d}", command=command, seconds=round(seconds))
    if TABLE.is_file():
        old = pd.read_csv(TABLE)
        table = pd.concat([table, old[~old["promise"].isin(set(table["promise"]))]], ignore_index=True)
    table.to_csv(TABLE, index=False, lineterminator="\n", float_format="%.6g")
    PAGE.write_text(page(pd.read_csv(TABLE)), encoding="utf-8")


def page(table: pd.DataFrame) -> str:
    """Write the page from the table."""
    lines = [
        f"| {r.promise} | {r.how} | {r.studies} | {r.promised:.1%} | {r.low} to {r.high} | {r.found} "
        f"({r.found / r.studies:.1%}) | {'yes' if r.kept else '**no**'} |"
        for r in table.itertuples()
    ]
    made = table[["date", "command", "seconds"]].drop_duplicates()
    commands = [f"- {r.date}: `{r.command}`, {r.seconds} s" for r in made.itertuples()]
    return TEXT.format(lines="\n".join(lines), commands="\n".join(commands))


TEXT = """\
# Do the statistics keep their promises?

Studies whose truth is known, and how often what was promised came true; the same numbers in `promises.csv`.
`passes`: the central 99.9 % band of the binomial distribution at the promised rate, or its 99.9 % bound where
a promise is one-sided; for A/A studies at most 18 of 200, the exact 99 % bound of 5 %. Synthetic studies are
normal draws. The toy is one junction with a quarter of an hour of traffic, simulated in SUMO; every study has
replicates of its own.

Power is stated by drawing studies from many other pairs (`sim.comparison.power`), whatever their shape; the
band of what passes counts in how well those pairs know the truth. The toy's differences are skewed (now and
then a replicate gains much): the noncentral t of normal differences states too little there. What the page of
a study calls the smallest change that can be found is found by the next such study in 80 % or more where
differences are about normal; where they are skewed, ten pairs know little of their tail, and no more than
70 % is promised.

| promise | how | studies | promised | passes | found | kept |
| --- | --- | --- | --- | --- | --- | --- |
{lines}

Made by (wall seconds, on two cores that others used as well):

{commands}
"""


def main(words: Sequence[str] | None = None) -> None:
    """Make all rows and write table and page."""
    parser = argparse.ArgumentParser("python -m tests.validation.promises")
    parser.add_argument("--studies", type=int, default=4000, help="synthetic ones per row; 0: none")
    names = list(SYNTHETIC)
    parser.add_argument("--parts", nargs="+", choices=names, default=names, help="which synthetic ones")
    parser.add_argument("--toy", type=int, default=200, help="studies simulated in SUMO; 0: none")
    parser.add_argument("--keep", type=Path, help="a folder for the toy's values")
    options = parser.parse_args(words)
    if options.studies:
        rows = (row for name in options.parts for row in SYNTHETIC[name](options.studies))
        chosen = "" if options.parts == names else f" --parts {' '.join(options.parts)}"
        _make(rows, f"--studies {options.studies} --toy 0{chosen}")
    if options.toy:
        kept = " --keep FOLDER" if options.keep else ""
        _make(in_sumo(options.toy, options.keep), f"--studies 0 --toy {options.toy}{kept}")


def _make(rows: Iterator[Row], words: str) -> None:
    started, made = time.monotonic(), []
    for row in rows:
        print(row.kept, row.promise, row.how, row.found, row.studies, flush=True)
        made.append(row)
        write(made, f"python -m tests.validation.promises {words}", time.monotonic() - started)


if __name__ == "__main__":
    main()
