"""The folder of one study on disk: `results/<study>/`.

study.json        the resolved study: configuration, arms with change logs, periods, digests of the inputs
provenance.json   versions, commit, platform, command line
inputs/           a copy of the site's folder, so that the report can be rebuilt when the site has moved on
runs.json         arm, period, replicate -> digest of the run in the store, or why it failed
tables/           long tables in Parquet; comparison.csv and runs.csv for people; times and hosts in
                  timing.csv alone
figures/  report.html  report.md
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

from sim.errors import ConfigError, Problem
from sim.study import Study

SCHEMA_VERSION = 1
"""Of the study folder. A newer one is refused by name; an older one is read and says what it lacks."""

NAME = re.compile(r"[\w][\w.=,+\[\]-]*")


@dataclass(frozen=True)
class StudyFolder:
    """Paths of one study, and the few files that are not tables."""

    path: Path

    @classmethod
    def begin(cls, results: Path, study: Study, config: Mapping[str, Any]) -> StudyFolder:
        """Make or reopen the folder of a study.

        An existing one is refused unless `resume` or `overwrite` is set; so is resuming with another
        configuration.
        """
        if not NAME.fullmatch(study.name):
            raise ConfigError(
                [Problem(f"study={study.name}", "is no folder name", "letters, digits, and _ . = , -")]
            )
        folder = cls(results / study.name)
        wanted = describe_study(study, config)
        if folder.path.exists():
            if config.get("overwrite"):
                shutil.rmtree(folder.path)
            elif not config.get("resume"):
                raise ConfigError(
                    [
                        Problem(
                            str(folder.path),
                            "there is a study of that name",
                            "resume=true, overwrite=true or study=OTHER",
                        )
                    ]
                )
            elif (folder.path / "study.json").is_file() and folder.study() != wanted:
                changed = _differing(folder.study(), wanted)
                raise ConfigError(
                    [
                        Problem(
                            str(folder.path),
                            f"was made with other settings ({', '.join(changed)})",
                            "overwrite=true or study=OTHER",
                        )
                    ]
                )
        (folder.path / "tables").mkdir(parents=True, exist_ok=True)
        inputs = folder.path / "inputs" / study.site.name
        if not inputs.is_dir():
            shutil.copytree(study.site.folder, inputs, ignore=shutil.ignore_patterns(".*"))
        write_json(folder.path / "provenance.json", provenance())
        write_json(folder.path / "study.json", wanted)
        return folder

    @property
    def tables(self) -> Path:
        """Where tables lie."""
        return self.path / "tables"

    @property
    def figures(self) -> Path:
        """Where figures lie."""
        return self.path / "figures"

    def study(self) -> dict[str, Any]:
        """Read study.json; a newer schema is a ConfigError."""
        data: dict[str, Any] = json.loads((self.path / "study.json").read_text(encoding="utf-8"))
        if data.get("schema_version", 0) > SCHEMA_VERSION:
            place = str(self.path / "study.json")
            raise ConfigError([Problem(place, "was written by a newer huandu", "update huandu to read it")])
        return data


def describe_study(study: Study, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of study.json: what was asked for, in plain data."""
    facts = study.site.facts
    return {
        "schema_version": SCHEMA_VERSION,
        "name": study.name,
        "scenario": study.scenario,
        "config": {k: v for k, v in config.items() if k not in ("study", "resume", "overwrite")},
        "site": {
            "name": facts.name,
            "title": facts.title.model_dump(),
            "description": facts.description.model_dump() if facts.description else None,
            "made_up": facts.made_up,
            "calibrated": facts.calibrated,
            "imported": facts.imported.source if facts.imported else None,
            "network_sha256": study.site.network.sha256,
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
                "swept": dict(arm.swept),
            }
            for arm in study.arms
        ],
        "replicates": list(study.replicates),
        "primary": study.primary,
        "mcid": list(study.mcid),
        "vehicles": study.settings.vehicles,
        "confidence": study.settings.confidence,
    }


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
    part.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _commit() -> str | None:
    """Return the commit of a source checkout, marked where files differ; None for an installed package."""
    source = Path(__file__).resolve().parent.parent
    try:
        command = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    for key in sorted(set(old) | set(new)):
        one, two = old.get(key), new.get(key)
        if one == two:
            continue
        if isinstance(one, dict) and isinstance(two, dict):
            names.extend(
                f"{key}.{inner}" for inner in sorted(set(one) | set(two)) if one.get(inner) != two.get(inner)
            )
        else:
            names.append(key)
    return names
