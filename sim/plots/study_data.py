"""A study folder as figures and the page see it: what is there, and what is lacking, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.calibration.passport import passing_share, read_passport
from sim.comparison.compare import COMPARISON
from sim.comparison.links import LINK_INTERVALS, LINKS
from sim.comparison.pairs import BASELINE
from sim.comparison.policy_verdict import significant_alone, worst_arm
from sim.labels import Text
from sim.results import StudyFolder
from sim.tables import FINDINGS, MEASURES, TRIP_PAIRS, empty, typed

PROFILES: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "profile": "string",
    "scope": "string",
    "x": "float64",
    "value": "float64",
}
"""Curves, as `sim.measures.profiles` lists them, of every run."""

FATES: Mapping[str, str] = {
    "arm": "string",
    "period": "string",
    "replicate": "int64",
    "demanded": "int64",
    "arrived": "int64",
    "gave_up": "int64",
    "inside": "int64",
    "never_inserted": "int64",
    "removed": "int64",
}
"""The ledger of everyone who wanted to travel."""

TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "comparison": ("tables/comparison.csv", COMPARISON),
    "measures": ("tables/measures.parquet", MEASURES),
    "findings": ("tables/findings.parquet", FINDINGS),
    "profiles": ("tables/profiles", PROFILES),
    "fates": ("tables/fates.parquet", FATES),
    "links": ("tables/links.parquet", LINKS),
    "link_intervals": ("tables/link_intervals.parquet", LINK_INTERVALS),
    "trip_pairs": ("tables/trip_pairs.parquet", TRIP_PAIRS),
}


class RunRow(NamedTuple):
    """One planned run: its digest, or why it failed."""

    arm: str
    period: str
    replicate: int
    digest: str
    failure: str


@dataclass(frozen=True)
class StudyData:
    """All of a study folder that figures and the page show; absent tables are empty and in `missing`."""

    folder: Path
    study: Mapping[str, Any]
    comparison: pd.DataFrame
    measures: pd.DataFrame
    findings: pd.DataFrame
    profiles: pd.DataFrame
    fates: pd.DataFrame
    links: pd.DataFrame = field(default_factory=lambda: empty(LINKS))
    link_intervals: pd.DataFrame = field(default_factory=lambda: empty(LINK_INTERVALS))
    trip_pairs: pd.DataFrame = field(default_factory=lambda: empty(TRIP_PAIRS))
    geometry: Mapping[str, Any] = field(default_factory=dict)
    """The streets as `sim.street_map.geometry` writes them; empty where the folder has none."""
    replay: tuple[Mapping[str, Any], ...] = ()
    """The moving pictures as `sim.replay` writes them; none where the study was run without."""
    runs: tuple[RunRow, ...] = ()
    proof: tuple[Mapping[str, Any], ...] = ()
    """What each arm's files change per period, where the study says so: `arm, period, changed, identical`."""
    free_flow_failure: str = ""
    """Why the free-flow run failed; movements then have no control delay."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        """Title of the site."""
        return _text(self.study["site"].get("title"), str(self.study.get("name", "")))

    @property
    def made_up(self) -> bool:
        """Whether the site's data are made up; a folder that does not say counts as made up."""
        return bool(self.study["site"].get("made_up", True))

    @property
    def calibrated(self) -> bool:
        """Whether the site's model was calibrated and no movement fails its capacity passport."""
        return bool(self.study["site"].get("calibrated", False)) and not passing_share(self.passport) < 1

    @cached_property
    def passport(self) -> pd.DataFrame:
        """The capacity passport, columns PASSPORT; empty where the study has none."""
        return read_passport(self.folder / "tables")

    @property
    def primary(self) -> str:
        """The one declared primary measure."""
        return str(self.study["primary"])

    @property
    def policies(self) -> tuple[Mapping[str, Any], ...]:
        """The arms without the baseline, in the study's order."""
        return tuple(arm for arm in self.study["arms"] if arm["id"] != BASELINE)

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods, in the study's order."""
        return tuple(self.study["periods"])

    @cached_property
    def titles(self) -> Mapping[str, Text]:
        """What the site calls its junctions, approaches, parking areas and routes, by scope."""
        return {scope: _text(words, scope) for scope, words in self.study["site"].get("titles", {}).items()}

    @property
    def not_simulated(self) -> tuple[str, ...]:
        """Periods that the site declares and the study did not simulate."""
        return not_simulated(self.study)

    def signalised(self, junction: str) -> bool | None:
        """Whether signals control a junction today; None where the study does not say."""
        control = self.study["site"].get("controls", {}).get(junction)
        return None if control is None else control == "signals"

    def arm_title(self, arm: str) -> Text:
        """Title of an arm, its id where it has none; swept values behind it."""
        found: Mapping[str, Any] = next((entry for entry in self.study["arms"] if entry["id"] == arm), {})
        title = _text(found.get("title"), arm)
        swept = ", ".join(
            f"{key.rpartition('.')[2]}={value}" for key, value in (found.get("swept") or {}).items()
        )
        return Text(f"{title.zh}（{swept}）", f"{title.en} ({swept})") if swept else title

    def stages(self, arm: str) -> tuple[str, ...]:
        """Return all stages of the policy of which an arm is one, itself included; none if it is no stage."""
        own = self._stage(arm)
        if own is None:
            return ()
        stages = ((entry["id"], entry.get("stage") or {}) for entry in self.study["arms"])
        return tuple(id for id, stage in stages if stage.get("policy") == own["policy"])

    def worst_stage(self, arm: str) -> str | None:
        """Return the worst stage of the policy of an arm; None if it is no stage, or one has no result."""
        stages = self.stages(arm)
        whole = all(self.row(id, period, self.primary) for id in stages for period in self.periods)
        return worst_arm(self.comparison, self.primary, stages) if stages and whole else None

    def written(self, arm: str) -> Mapping[str, Any]:
        """Return the policy of an arm as its file has it; empty where nobody wrote it."""
        policies = self.study.get("config", {}).get("policies") or {}
        stage = self._stage(arm)
        id = str(stage["policy"]) if stage else arm
        # A swept arm carries its values behind the policy's id.
        name = next((name for name in sorted(policies, key=len, reverse=True) if id.startswith(name)), None)
        return (policies.get(name) or {}) if name is not None else {}

    def interventions(self, arm: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the interventions of an arm as its policy's file has them; none where nobody wrote them."""
        written, stage = self.written(arm), self._stage(arm)
        if stage:
            written = (written.get("stages") or {}).get(stage["name"]) or {}
        return written.get("interventions") or {}

    def _stage(self, arm: str) -> Mapping[str, Any] | None:
        return next((entry.get("stage") for entry in self.study["arms"] if entry["id"] == arm), None)

    def period_title(self, period: str) -> Text:
        """Title of a period."""
        declared = self.study["site"].get("declared_periods", {}).get(period)
        return _text(self.study["periods"].get(period, {}).get("title", declared), period)

    @cached_property
    def rows(self) -> Mapping[tuple[str, str, str, str], Mapping[str, Any]]:
        """Every row of the comparison by arm, period, measure and scope."""
        return {
            (row["arm"], row["period"], row["measure"], row["scope"]): row for row in records(self.comparison)
        }

    def row(self, arm: str, period: str, measure: str, scope: str = "network") -> Mapping[str, Any] | None:
        """Return one row of the comparison, if it is there."""
        return self.rows.get((arm, period, measure, scope))

    def optional(self, name: str) -> pd.DataFrame | None:
        """Read a table that a study need not have; None where it is absent or broken."""
        try:
            return by_arm(pd.read_parquet(self.folder / "tables" / f"{name}.parquet"), self.study)
        except (OSError, ValueError):
            return None

    @cached_property
    def _measured(self) -> Mapping[Any, Any]:
        """Positions of the rows of each measure, found once: large studies have millions of rows."""
        return self.measures.groupby(["arm", "period", "measure", "scope"], sort=False).indices

    @cached_property
    def _curves(self) -> dict[tuple[str, str, str, str], pd.DataFrame]:
        """Curves asked for so far: the baseline's stand beside every policy's."""
        return {}

    @cached_property
    def _drawn(self) -> Mapping[Any, Any]:
        """Positions of the rows of each profile."""
        return self.profiles.groupby(["arm", "period", "profile", "scope"], sort=False).indices

    def values(self, arm: str, period: str, measure: str, scope: str = "network") -> pd.Series[float]:
        """Return the values of one measure by replicate."""
        rows = self._measured.get((arm, period, measure, scope), [])
        chosen: pd.DataFrame = self.measures.iloc[rows]
        return chosen.set_index("replicate")["value"].sort_index()

    def curves(self, arm: str, period: str, profile: str, scope: str = "network") -> pd.DataFrame:
        """Return one profile, x down and replicates across; NaN after the end of a shorter run."""
        key = (arm, period, profile, scope)
        if key not in self._curves:
            chosen: pd.DataFrame = self.profiles.iloc[self._drawn.get(key, [])]
            # Of 20 replicates in a fifth of `pivot_table`'s time; a point is there once.
            self._curves[key] = chosen.pivot(index="x", columns="replicate", values="value")  # noqa: PD010
        return self._curves[key]


def read_study(folder: Path) -> StudyData:
    """Read a study folder; ConfigError if a newer huandu wrote it.

    Only study.json must be there. Any other file that is absent or broken is named in `missing`.
    """
    missing: list[str] = []
    tables = {name: _table(folder / path, columns, path, missing) for name, (path, columns) in TABLES.items()}
    free_flow = _json(folder / "free_flow.json", missing, "free_flow.json")
    replay = _json(folder / "tables" / "replay.json", missing, "tables/replay.json", optional=True)
    study = StudyFolder(folder).study()
    tables["comparison"] = by_arm(tables["comparison"], study)
    alone = significant_alone(tables["comparison"], float(study.get("confidence", 0.95)))
    tables["comparison"] = tables["comparison"].assign(alone=alone)
    return StudyData(
        folder=folder,
        study=study,
        runs=_run_rows(_json(folder / "runs.json", missing, "runs.json", list)),
        proof=tuple(_json(folder / "tables" / "proof.json", [], "tables/proof.json", list) or ()),
        geometry=_json(folder / "tables" / "geometry.json", missing, "tables/geometry.json") or {},
        replay=tuple((replay or {}).get("pictures", ())),
        free_flow_failure=str((free_flow or {}).get("failure") or ""),
        provenance=_json(folder / "provenance.json", missing, "provenance.json") or {},
        missing=tuple(missing),
        **tables,
    )


def not_simulated(study: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the periods that the site of a study.json declares and that were not simulated."""
    return tuple(id for id in study["site"].get("declared_periods", {}) if id not in study["periods"])


def by_arm(table: pd.DataFrame, study: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table's rows in the study's order of arms, as the page names them; arms it lacks come last."""
    if "arm" not in table.columns:
        return table
    order = {entry["id"]: i for i, entry in enumerate(study["arms"])}
    rank = [order.get(arm, len(order)) for arm in table["arm"]]
    return table.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _in_parts(folder: Path) -> pd.DataFrame:
    parts = [pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    if not parts:
        raise FileNotFoundError(folder)
    return pd.concat(parts, ignore_index=True)


def _table(path: Path, columns: Mapping[str, str], name: str, missing: list[str]) -> pd.DataFrame:
    readers: Mapping[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": lambda file: pd.read_csv(
            file, dtype=dict(columns), keep_default_na=False, na_values=_na(columns)
        ),
        ".parquet": pd.read_parquet,
        "": _in_parts,
    }
    try:
        return typed(readers[path.suffix](path), columns)
    except FileNotFoundError:
        missing.append(name)
    except (ValueError, TypeError, OSError) as error:
        missing.append(f"{name} ({type(error).__name__})")
    return empty(columns)


def _na(columns: Mapping[str, str]) -> dict[str, list[str]]:
    """Only numbers may be NaN: an arm may well be called "NA"."""
    return {name: ["", "NaN", "nan"] for name, kind in columns.items() if kind == "float64"}


def _json(
    path: Path, missing: list[str], name: str, kind: type[Any] = dict, *, optional: bool = False
) -> Any:
    """Read a file that holds a mapping, or a list of them; None where it is absent or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, kind) or (kind is list and not all(isinstance(one, dict) for one in found)):
            raise TypeError(name)
        return found
    except FileNotFoundError:
        if not optional:
            missing.append(name)
    except (ValueError, TypeError, OSError) as error:
        missing.append(f"{name} ({type(error).__name__})")
    return None


def _run_rows(data: Any) -> tuple[RunRow, ...]:
    rows = [
        RunRow(
            str(entry.get("arm", "")),
            str(entry.get("period", "")),
            int(entry.get("replicate", 0)),
            str(entry.get("digest") or ""),
            str(entry.get("failure") or ""),
        )
        for entry in (data or [])
    ]
    return tuple(sorted(rows))


def _text(value: Any, otherwise: str) -> Text:
    if not isinstance(value, Mapping):
        return Text(otherwise, otherwise)
    zh, en = str(value.get("zh") or ""), str(value.get("en") or "")
    return Text(zh or en or otherwise, en or zh or otherwise)
