"""Where an engineer's own folder is: the root that holds `scenarios/` and `configs/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.errors import ConfigError, Problem, reason_of
from sim.labels import Message


def without_root(words: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Take `--root PATH` out of the words, wherever it stands; ConfigError where the path is missing."""
    rest: list[str] = []
    root: str | None = None
    remaining = iter(words)
    for word in remaining:
        if word == "--root":
            root = next(remaining, "")
        elif word.startswith("--root="):
            root = word.removeprefix("--root=")
        else:
            rest.append(word)
    if root == "":
        raise ConfigError([Problem("--root", Message("names no folder"), Message("--root FOLDER"))])
    return (None if root is None else Path(root)), rest


def find_root(given: Path | None) -> Path:
    """Return `--root`, else the nearest parent of the working directory holding both folders."""
    if given is not None:
        missing = [name for name in ("scenarios", "configs") if not (given / name).is_dir()]
        if missing:
            raise ConfigError(
                [
                    Problem(
                        f"--root {given}",
                        Message("holds no folder {missing:or}", missing=missing),
                    )
                ]
            )
        return given.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "scenarios").is_dir() and (folder / "configs").is_dir():
            return folder
    raise ConfigError(
        [
            Problem(
                str(here),
                Message("neither here nor above is a folder with scenarios/ and configs/"),
                Message("name one: --root FOLDER"),
            )
        ]
    )


def ensure_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written, before any work is done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            [Problem(str(folder), Message("cannot be written: {strerror}", strerror=reason_of(error)))]
        ) from None
