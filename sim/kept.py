"""Files that follow from something else are kept as long as that has not changed, and they have not.

Beside a folder of such files lies `.<folder>.json`: a digest of what they follow from, and their SHA-256.
"""

from __future__ import annotations

import json
from pathlib import Path

from sim.publish import file_sums

TIMING = "timing.csv"
"""When and where runs took place: nothing follows from it."""


def keep(folder: Path, origin: str) -> None:
    """Note what the files of a folder were made from. `origin`: a digest of it."""
    content = {"made_from": origin, "files": _sums(folder)}
    note_of(folder).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")


def is_kept(folder: Path, origin: str) -> bool:
    """Whether the files of a folder follow from this `origin` and are, to the byte, what they were."""
    try:
        said = json.loads(note_of(folder).read_text(encoding="utf-8"))
        return bool(said["made_from"] == origin and said["files"] == _sums(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def note_of(folder: Path) -> Path:
    """Return where it is noted what the files of a folder were made from."""
    return folder.with_name(f".{folder.name}.json")


def _sums(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != TIMING)
    return file_sums(folder, paths)
