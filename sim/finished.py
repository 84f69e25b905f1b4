"""A finished study is not made again: what it was made from and what it wrote are kept by digest.

`results/<study>/finished.json` holds both. It is written when everything has succeeded; whatever has changed
since, a byte of huandu itself, of a site, a setting, a table or a stored run, makes the study go its usual
way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.publish import file_sums
from sim.results import StudyFolder, describe_study, provenance, write_json
from sim.runs.campaign import read_records
from sim.runs.store import Store
from sim.standard_data import STANDARD
from sim.study import Study

FINISHED_FILE = "finished.json"
BESIDE = {FINISHED_FILE, "log.jsonl", "provenance.json"}
"""Files of a study's folder that are no result of it."""
PROGRAM = Path(__file__).parent
READ = ("standards", "vehicles")
"""Folders of configurations that are read as they are (`sim.standard_data`); the others are composed."""


def made_from(study: Study, config: Mapping[str, Any]) -> str:
    """Digest everything that a study's files follow from: what is asked for, the site, data, the program.

    Scenarios count as they were composed: whoever writes another one beside them has changed no study.
    """
    asked = {"study": describe_study(study, config), "config": dict(config)}
    for word in ("study", "resume", "overwrite", "executor"):
        asked["config"].pop(word, None)
    made_with = {key: value for key, value in provenance().items() if key not in ("argv", "commit")}
    folders = [PROGRAM, *(base / name for base in (*STANDARD, study.root / "configs") for name in READ)]
    files = [file_sums(folder, _lasting(folder)) for folder in folders]
    content = json.dumps([asked, made_with, files], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def finish(folder: StudyFolder, origin: str) -> None:
    """Note that everything there is to write has been written. `origin`: `made_from`."""
    files = [path for path in _lasting(folder.path) if path.name not in BESIDE]
    write_json(folder.path / FINISHED_FILE, {"made_from": origin, "files": file_sums(folder.path, files)})


def is_finished(folder: StudyFolder, origin: str, store: Store) -> bool:
    """Whether the study was finished from the same `origin`; its files and runs are still what they were."""
    try:
        said = json.loads((folder.path / FINISHED_FILE).read_text(encoding="utf-8"))
        files = dict(said["files"])
        if said["made_from"] != origin or file_sums(folder.path, map(folder.path.joinpath, files)) != files:
            return False
        return all(run.digest and store.has(run.digest) for run in read_records(folder.path).values())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _lasting(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
