"""Folders that appear complete or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from sim.errors import ConfigError, Problem


def publish(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return `target`, filling it first if it is not there yet.

    `fill` writes into an empty folder beside it, which is then renamed: nobody sees half of it, and whoever
    comes second drops its own copy. Raises ConfigError where the folder cannot be written.
    """
    if target.is_dir():
        return target
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:12]}-"))
        fill(draft)
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        if not target.is_dir():  # else somebody else was faster
            place = str(error.filename or target)
            raise ConfigError([Problem(place, f"cannot be written: {error.strerror or error}")]) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
    return target
