"""`huandu regress`: simulate the named set and compare it with what was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim import measures
from sim.analysis import Analysis
from sim.cli.arguments import Arguments
from sim.cli.compose import composed
from sim.cli.roots import ensure_writable, find_root
from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message, text, understood
from sim.loading import read_yaml
from sim.regression import drift, network_values, read_baseline, write_baseline
from sim.runs.campaign import run_study
from sim.runs.preflight import preflight
from sim.runs.store import Store
from sim.scenario import assemble

SET_FILE = "set.yaml"
PASSING = ("same", "equivalent")


def regress(root: Path | None, words: list[str]) -> int:
    """Return 0 where nothing has drifted; 1 where something has, or accepted values were written."""
    parser = Arguments("huandu regress", Message("Have results drifted from accepted ones?"))
    parser.add_argument("names", nargs="*", help=Message("of the set; all if left out").both())
    parser.add_argument(
        "--accept", action="store_true", help=Message("write what is found; fails all the same").both()
    )
    options = parser.parse_args(words)
    root = find_root(root)
    folder = root / "results" / "baselines"
    known = _named_set(folder / SET_FILE)
    wrong = [name for name in options.names if name not in known]
    if wrong:
        raise ConfigError(
            [
                Problem(f"huandu regress {name}", Message("not in the set"), near(name, known))
                for name in wrong
            ]
        )
    code = 0
    for name in options.names or known:
        path = folder / f"{name}.csv"
        found = _simulated(root, name, known[name])
        if options.accept:
            write_baseline(found, path)
            print(f"{path}: {Message('written; look at the difference before it is committed').both()}")
            code = 1
            continue
        table = drift(read_baseline(path), found, measures.SPECS)
        drifted = table[~table["state"].isin(PASSING)]
        counts = table["state"].value_counts().items()
        print(f"{name}: " + ", ".join(f"{n} {text(f'regress.{state}').both()}" for state, n in counts))
        if len(drifted):
            print(drifted.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
            code = 1
    return code


def _named_set(path: Path) -> Mapping[str, list[str]]:
    """Read id -> words for `huandu run`."""
    if not path.is_file():
        raise ConfigError(
            [
                Problem(
                    str(path), Message("no such file"), Message("id: [scenario=NAME, run.replicates=6, ...]")
                )
            ]
        )
    data = read_yaml(path)
    if not isinstance(data, Mapping) or not all(isinstance(words, list) for words in data.values()):
        raise ConfigError(
            [Problem(str(path), Message("is no mapping of lists"), Message("id: [scenario=NAME, ...]"))]
        )
    return {str(name): [str(word) for word in words] for name, words in data.items()}


def _simulated(root: Path, name: str, words: list[str]) -> pd.DataFrame:
    problems = Problems()
    scenario, data = composed(root, words, problems)
    problems.raise_if_any()
    ensure_writable(root / "results" / ".store")
    study = assemble(root, scenario, data, f"regress_{name}")
    store = Store(root / "results" / ".store")
    checked = preflight(study, store.root)
    done = run_study(study, checked.builds, store)
    if done.failures:
        raise ConfigError(
            Problem(
                f"huandu regress {name}",
                Message("{run}: {reason}", run="/".join(map(str, key)), reason=understood(reason)),
            )
            for key, reason in sorted(done.failures.items())
        )
    tables = Analysis(study, store, checked, done.runs, done.free_flow, assignment=done.assignment).tables()
    return network_values(tables.measures, measures.SPECS)
