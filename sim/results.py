"""The folder of one study on disk: `results/<study>/`.

study.json        the resolved study: configuration, arms with change logs, periods, digests of the inputs
provenance.json   versions, commit, platform, command line
inputs/           a copy of the site's folder, so that the report can be rebuilt when the site has moved on
runs.json         arm, period, replicate -> digest of the run in the store, or why it failed
free_flow.json    why the free-flow runs failed, null if they did not, and their digests
finished.json     what a finished study was made from and wrote, by digest (`sim.finished`)
log.jsonl         what happened, line by line; not deterministic
tables/           long tables in Parquet, the longest (profiles/) a part per arm and period; comparison.csv,
                  runs.csv for people; times and hosts in timing.csv alone
.tables.json  .figures.json   what those two folders were made from, by digest (`sim.kept`)
figures/  report.html  report.md  summary.txt
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from sim.edits.vocabulary import AddParking
from sim.errors import ConfigError, Problem
from sim.labels import Message, Text
from sim.policy import Policy
from sim.publish import file_sums, publish
from sim.site.on_foot import without_crossings
from sim.site.places import crossing_streets, titles
from sim.site.zones import measured_junctions
from sim.stages import Stage
from sim.standard_data import DEFAULT_VEHICLES
from sim.study import Study

SCHEMA_VERSION = 2
"""Of the study folder. A newer one is refused by name; an older one is read and says what it lacks."""

NEEDED = {"name", "site", "arms", "periods", "replicates", "primary"}
"""Without these study.json describes no study, of whatever schema."""

COMFORT = (
    *("driver", "timeout_s", "jobs", "replay", "passport"),
    *("attribution", "robustness", "short_run", "induced"),
)
"""Run settings that shape no result of the study itself: it may be resumed with others."""

ASKED_FOR = ("emissions", "conflicts", "stop_lines")
"""What a study may be asked for beside; not asked for is the same as never heard of."""

NAME = re.compile(r"[\w][\w.=,+\[\]-]*")


@dataclass(frozen=True)
class StudyFolder:
    """Paths of one study, and the few files that are not tables."""

    path: Path

    @classmethod
    def of(cls, results: Path, study: Study, config: Mapping[str, Any]) -> StudyFolder:
        """Return the folder a study may be written to; nothing is made or removed yet.

        ConfigError where it exists and neither `resume` nor `overwrite` is set, or resuming would mix
        settings or inputs: only what is without influence on results (`COMFORT`) may differ.
        """
        if not NAME.fullmatch(study.name):
            raise ConfigError(
                [
                    Problem(
                        f"study={study.name}",
                        Message("is no folder name"),
                        Message("letters, digits, and _ . = , -"),
                    )
                ]
            )
        folder = cls(results / study.name)
        if not folder.path.exists():
            return folder
        if config.get("overwrite"):
            if not (folder.path / "study.json").is_file():
                told = Message("is no study of huandu and is not overwritten")
                raise ConfigError([Problem(str(folder.path), told, Message("study=OTHER"))])
            return folder
        if not config.get("resume"):
            hint = Message("resume=true, overwrite=true or study=OTHER")
            raise ConfigError([Problem(str(folder.path), Message("there is a study of that name"), hint)])
        if (folder.path / "study.json").is_file():
            wanted = json.loads(_json(describe_study(study, config)))
            changed = _differing(_shaping(folder.study()), _shaping(wanted))
            if changed:
                told = Message("was made with other settings ({changed})", changed=changed)
                raise ConfigError([Problem(str(folder.path), told, Message("overwrite=true or study=OTHER"))])
        elif folder.path.is_file() or any(path.is_file() for path in folder.path.rglob("*")):
            told = Message("is no study of huandu and is not gone on with")
            raise ConfigError([Problem(str(folder.path), told, Message("study=OTHER"))])
        return folder

    def begin(self, study: Study, config: Mapping[str, Any]) -> None:
        """Make or reopen the folder; with `overwrite` what stood there is removed first."""
        if self.path.exists() and config.get("overwrite"):
            shutil.rmtree(self.path)
        self.tables.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "study.json", describe_study(study, config))
        write_json(self.path / "provenance.json", provenance())

        def copy(draft: Path) -> None:
            shutil.copytree(study.site.folder, draft, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)

        publish(self.path / "inputs" / study.site.name, copy)

    @property
    def tables(self) -> Path:
        """Where tables lie."""
        return self.path / "tables"

    @property
    def figures(self) -> Path:
        """Where figures lie."""
        return self.path / "figures"

    def study(self) -> dict[str, Any]:
        """Read study.json; a newer schema, or what is no study, is a ConfigError."""
        place = str(self.path / "study.json")
        try:
            found = json.loads((self.path / "study.json").read_text(encoding="utf-8"))
        except ValueError:
            found = None
        data: dict[str, Any] = found if isinstance(found, dict) else {}
        if data.get("schema_version", 0) > SCHEMA_VERSION:
            raise ConfigError(
                [
                    Problem(
                        place, Message("was written by a newer huandu"), Message("update huandu to read it")
                    )
                ]
            )
        if not data.keys() >= NEEDED:
            raise ConfigError([Problem(place, Message("is broken: it describes no study"))])
        return data


def describe_study(study: Study, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of study.json: what was asked for, in plain data."""
    facts = study.site.facts
    return {
        "schema_version": SCHEMA_VERSION,
        "name": study.name,
        "scenario": study.scenario,
        "config": {k: v for k, v in config.items() if k not in ("study", "resume", "overwrite", "executor")},
        "site": {
            "name": facts.name,
            "title": facts.title.model_dump(),
            "description": facts.description.model_dump() if facts.description else None,
            "made_up": facts.made_up,
            "location": facts.location.model_dump() if facts.location else None,
            "calibrated": facts.calibrated,
            "imported": facts.imported.source if facts.imported else None,
            "network_sha256": study.site.network.sha256,
            "files": _files(study.site.folder),
            "declared_periods": {id: period.title.model_dump() for id, period in facts.periods.items()},
            "titles": {scope: words._asdict() for scope, words in _titles(study).items()},
            "controls": _controls(study),
        },
        "periods": {
            name: {
                "title": facts.periods[name].title.model_dump(),
                "begin": facts.periods[name].begin,
                "end": facts.periods[name].end,
            }
            for name in study.periods
        },
        "arms": [
            {
                "id": arm.id,
                "title": arm.applied.policy.title._asdict(),
                "reason": arm.applied.policy.reason._asdict() if arm.applied.policy.reason else None,
                "permanent": arm.applied.policy.permanent,
                "change_log": [words._asdict() for words in arm.applied.change_log],
                "conditional": [words._asdict() for words in arm.applied.assumptions] or None,
                "warnings": [words._asdict() for words in arm.applied.warnings] or None,
                "swept": dict(arm.swept),
                **_response(arm.applied.policy),
                **_stage(arm.applied.policy.stage),
            }
            for arm in study.arms
        ],
        "replicates": list(study.replicates),
        "primary": study.primary,
        "routes": study.routes,
        "on_foot": [words._asdict() for words in without_crossings(study.site.facts, study.site.network)],
        "horizon": study.horizon and {**study.horizon.model_dump(), "factor": study.horizon.factor},
        "mcid": list(study.mcid),
        "vehicles": study.settings.vehicles or calibrated_set(study),
        "confidence": study.settings.confidence,
    }


def _response(policy: Policy) -> dict[str, Any]:
    """Describe the response of people that one intervention of a policy assumes, if it is a number.

    `of`: which one it is, where the policy has others beside it.
    """
    found = {id: said for id, item in policy.interventions.items() if (said := item.response()) is not None}
    if len(found) != 1:
        return {}
    ((id, response),) = found.items()
    words = {key: getattr(response, key)._asdict() for key in ("name", "unit", "between")}
    of = id if len(policy.interventions) > 1 else None
    return {"response": {"before": response.before, "after": response.after, "of": of, **words}}


def _stage(stage: Stage | None) -> dict[str, Any]:
    """Return which stage of which policy an arm is; nothing where it is none."""
    if stage is None:
        return {}
    told = {"policy": stage.policy, "policy_title": stage.policy_title._asdict(), "name": stage.name}
    dates = [day.isoformat() for day in stage.dates] if stage.dates else None
    return {"stage": {**told, "title": stage.title._asdict(), "dates": dates}}


def calibrated_set(study: Study) -> str | None:
    """Name the vehicle set that a drawn site was calibrated with; None where it drives with the default."""
    if study.site.facts.imported is not None or study.vehicles.name == DEFAULT_VEHICLES:
        return None
    return f"{study.vehicles.name} {study.vehicles.version}"


def _titles(study: Study) -> dict[str, Text]:
    """Return what the site calls its places, parking areas that policies add included, by scope.

    Junctions that an import left without a title are called after their streets.
    """
    edits = (edit for arm in study.arms for edit in arm.applied.edits)
    added = {f"parking:{edit.id}": edit.area.title for edit in edits if isinstance(edit, AddParking)}
    own = {scope: Text(title.zh, title.en) for scope, title in added.items()} | titles(study.site.facts)
    if study.site.facts.imported is None:
        return own
    measured = {f"junction:{id}" for id in measured_junctions(study.site.facts, study.site.network)}
    streets = crossing_streets(study.site.network)
    return {scope: name for scope, name in streets.items() if scope in measured} | own


def _controls(study: Study) -> dict[str, str]:
    """Return what controls every measured junction today."""
    network = study.site.network
    measured = (network.junctions[id] for id in measured_junctions(study.site.facts, network))
    return {junction.id: "signals" if junction.signal else junction.control for junction in measured}


def provenance() -> dict[str, Any]:
    """Return what the results were made with and on; no times."""
    packages = ("eclipse-sumo", "libsumo", "hydra-core", "numpy", "pandas", "pyarrow", "scipy")
    return {
        "huandu": metadata.version("huandu"),
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: metadata.version(name) for name in packages},
        "argv": sys.argv[1:],
    }


def write_json(path: Path, data: Any) -> None:
    """Write JSON whole or not at all, keys in the order given, Chinese readable."""
    part = path.with_name(path.name + ".part")
    part.write_text(_json(data), encoding="utf-8")
    part.replace(path)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _files(folder: Path) -> dict[str, str]:
    """Return the files that say what the site is, by content; policies stand in the configuration."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
    named = ((path, path.relative_to(folder).as_posix()) for path in files)
    return file_sums(
        folder, (p for p, name in named if not name.startswith(("policies/", ".")) and "/." not in name)
    )


def _shaping(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a study.json shapes its results."""
    config = dict(study.get("config", {}))
    kept = {key: value for key, value in config.get("run", {}).items() if key not in COMFORT}
    run = {key: value for key, value in kept.items() if key not in ASKED_FOR or value}
    # How many replicates there are follows from the settings, or from the runs where those leave it open.
    return {**study, "config": {**config, "run": run}, "replicates": None}


def _commit() -> str | None:
    """Return the commit of a source checkout, marked where files differ; None for an installed package."""
    source = Path(__file__).resolve().parent.parent
    try:
        command = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def _differing(old: Any, new: Any, path: str = "") -> list[str]:
    """Return the paths at which two pieces of plain data differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        inner = [(f"{path}.{key}".lstrip("."), key) for key in sorted({*old, *new})]
        return [name for place, key in inner for name in _differing(old.get(key), new.get(key), place)]
    return [] if old == new else [path]
