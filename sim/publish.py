"""Folders that appear complete or not at all, and that know what they held."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sim.errors import ConfigError, Problem, reason_of
from sim.labels import Message

CHECKSUMS = ".sha256"
"""In every published folder: one line per file, as `sha256sum -c .sha256` reads it."""


def publish(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return `target`, filling it first if it is not there yet or no longer what it was.

    `fill` writes into an empty folder beside it, which is then renamed: nobody sees half of it, and whoever
    comes second drops its own copy. Raises ConfigError where the folder cannot be written.
    """
    if target.is_dir() and damage(target) is None:
        return target
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:12]}-"))
        fill(draft)
        (draft / CHECKSUMS).write_bytes(_listing(draft))
        draft.chmod(0o755)
        if target.is_dir() and damage(target) is not None:
            remove(target)
        draft.rename(target)
    except OSError as error:
        if not target.is_dir():  # else somebody else was faster
            place = str(error.filename or target)
            raise ConfigError(
                [Problem(place, Message("cannot be written: {strerror}", strerror=reason_of(error)))]
            ) from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def damage(folder: Path) -> str | None:
    """Name a file of a published folder that is not as it was published; None where all are."""
    try:
        listed = (folder / CHECKSUMS).read_bytes()
        found = _listing(folder)
    except OSError:
        return CHECKSUMS
    if found == listed:
        return None
    changed = set(found.splitlines()) ^ set(listed.splitlines())
    names = {line.partition(b"  ")[2].decode(errors="replace") for line in changed}
    return min(names - {""}, default=CHECKSUMS)


def remove(folder: Path) -> None:
    """Take a published folder away, at once for whoever looks."""
    with suppress(FileNotFoundError):
        gone = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:12]}-"))
        try:
            folder.rename(gone / folder.name)
        finally:
            shutil.rmtree(gone, ignore_errors=True)


def _listing(folder: Path) -> bytes:
    paths = (path for path in folder.rglob("*") if path.is_file() and path != folder / CHECKSUMS)
    return "".join(f"{found}  {name}\n" for name, found in file_sums(folder, paths).items()).encode()


def file_sums(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files below a folder by their place in it, sorted."""
    return dict(sorted((path.relative_to(folder).as_posix(), file_sum(path)) for path in paths))


def file_sum(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
