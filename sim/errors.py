"""The error tree: every refusal names all its problems, each with a place and a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


class HuanduError(Exception):
    """Anything huandu itself refuses or reports; the command line prints it without a traceback."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: `path` says where (file, YAML path, sheet and cell), `suggestion` what to do."""

    path: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        tail = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.path}: {self.message}{tail}"


class ConfigError(HuanduError):
    """Bad input. Carries every problem found, not just the first; exit code 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {problem}" for problem in self.problems))


class BuildError(HuanduError):
    """A network could not be built, or an arm changed something outside its declared footprint."""


class RunError(HuanduError):
    """A simulation could not be started or its output could not be read."""


class MissingTool(HuanduError):
    """A SUMO binary or module is not installed, or is of another release than the pinned one."""


@dataclass(slots=True)
class Problems:
    """Gathers problems while checking goes on; `raise_if_any` ends the check."""

    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, message: str, suggestion: str = "") -> None:
        """Note one problem and go on."""
        self.found.append(Problem(path, message, suggestion))

    def extend(self, error: ConfigError, prefix: str = "") -> None:
        """Take over the problems of an inner check, their paths under `prefix`."""
        self.found.extend(Problem(prefix + p.path, p.message, p.suggestion) for p in error.problems)

    def raise_if_any(self) -> None:
        """Raise one ConfigError with everything found so far."""
        if self.found:
            raise ConfigError(self.found)


SHOWN = 8  # known names that a message lists at most


def near(word: str, known: Iterable[str]) -> str:
    """Suggest the closest known names, or list a few of them; empty where there is nothing to suggest."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    if not names:
        return ""
    return "known: " + ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
