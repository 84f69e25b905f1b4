"""The error tree: every refusal names all its problems, each with a place and a suggestion."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from dataclasses import dataclass, field

from sim.labels import Lang, Message, message_of

NOTHING = Message("")
"""No suggestion."""
REFUSED_BY_SYSTEM = {
    errno.EACCES: Message("Permission denied"),
    errno.EPERM: Message("Operation not permitted"),
    errno.EROFS: Message("Read-only file system"),
    errno.ENOSPC: Message("No space left on device"),
    errno.ENOENT: Message("No such file or directory"),
    errno.ENOTDIR: Message("Not a directory"),
    errno.EISDIR: Message("Is a directory"),
    errno.EEXIST: Message("File exists"),
}


def reason_of(error: OSError) -> Message:
    """Say why the system refused a file; what is not known here in the system's words."""
    known = REFUSED_BY_SYSTEM.get(error.errno or 0)
    return known or Message("{error}", error=error.strerror or str(error))


class HuanduError(Exception):
    """Anything huandu itself refuses or reports; the command line prints it without a traceback."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)

    def of(self, lang: Lang) -> str:
        """Say it in one language."""
        return message_of(self).of(lang)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: `path` says where (file, YAML path, sheet and cell), `suggestion` what to do."""

    path: str
    message: Message
    suggestion: Message = NOTHING

    def of(self, lang: Lang) -> str:
        """Say it in one language."""
        told, hint = self.message.of(lang), self.suggestion.of(lang)
        if hint:
            told = f"{told}（{hint}）" if lang == "zh" else f"{told} ({hint})"
        return f"{self.path}: {told}"

    def __str__(self) -> str:
        return self.of("en")


class ConfigError(HuanduError):
    """Bad input. Carries every problem found, not just the first; exit code 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        Exception.__init__(self, self.problems)  # these are what another process makes it of again

    def of(self, lang: Lang) -> str:
        """Say every problem in one language, one per line."""
        return "\n".join(f"- {problem.of(lang)}" for problem in self.problems)

    def __str__(self) -> str:
        return self.of("en")

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        """Cross from one process to another with its problems, not with its text alone."""
        return type(self), (self.problems,)


class BuildError(HuanduError):
    """A network could not be built, or an arm changed something outside its declared footprint."""


class RunError(HuanduError):
    """A simulation could not be started or its output could not be read."""


def internal_error(error: Exception) -> Message:
    """Say a mistake of ours as a reason, where it must not lose everything else."""
    return Message("internal error: {kind}: {told}", kind=type(error).__name__, told=str(error))


class MissingTool(HuanduError):
    """A SUMO binary or module is not installed, or is of another release than the pinned one."""


@dataclass(slots=True)
class Problems:
    """Gathers problems while checking goes on; `raise_if_any` ends the check."""

    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, message: Message, suggestion: Message = NOTHING) -> None:
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


def near(word: str, known: Iterable[str]) -> Message:
    """Suggest the closest known names, or list a few of them; empty where there is nothing to suggest."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    if close:
        return Message("did you mean {names:or}?", names=close)
    if not names:
        return Message("")
    return Message("known: {names}", names=[*names[:SHOWN], "..."] if len(names) > SHOWN else names)
