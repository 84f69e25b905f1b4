"""An engineer's own folder for tests of the command line: exactly the files that docs/example.md prints."""

from __future__ import annotations

import re
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[1] / "docs" / "example.md"
BLOCK = re.compile(r"^`([^`]+)` \(.*?\):\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def example_files() -> dict[str, str]:
    """Return the example's files: path below the root -> text."""
    return dict(BLOCK.findall(EXAMPLE.read_text(encoding="utf-8")))


def example_commands() -> list[list[str]]:
    """Return the example's commands, each as words without `huandu`."""
    (block,) = COMMANDS.findall(EXAMPLE.read_text(encoding="utf-8"))
    return [line.split()[1:] for line in block.splitlines()]


def write_root(root: Path) -> Path:
    """Write the example's files under `root`; return it."""
    for name, text in example_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
