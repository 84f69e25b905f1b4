"""The command line: `huandu VERB ...`.

Exit codes: 0 done, 1 a run failed or a verdict was withheld, 2 bad input, 130 stopped by the user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.cli import verbs
from sim.errors import ConfigError, HuanduError, Problem, near

VERBS: dict[str, tuple[Callable[[Path | None, list[str]], int], str]] = {
    "run": (verbs.run, "simulate a scenario: baseline and every policy; writes results/<study>/"),
    "check": (verbs.check, "validate a scenario and prove locality, without simulating"),
    "import": (verbs.import_, "make a site from .sumocfg, .net.xml[.gz], .osm or .xlsx"),
    "template": (verbs.template, "write the survey workbook that `import` reads"),
    "list": (verbs.list_, "scenarios | policies | interventions | measures"),
    "report": (verbs.report, "rebuild tables, figures and page of a study from its stored runs"),
    "view": (verbs.view, "open an arm in sumo-gui"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; every refusal is a message on stderr, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(*_root(words))
    except ConfigError as error:
        count = len(error.problems)
        print(f"huandu: {count} problem{'s' if count > 1 else ''}:\n{error}", file=sys.stderr)
        return 2
    except HuanduError as error:
        print(f"huandu: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("huandu: stopped; finished runs are kept, `resume=true` goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(root: Path | None, words: list[str]) -> int:
    if "-sc" in words or "--shell-completion" in words:
        return verbs.complete(root, words)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0
    if words[0] not in VERBS:
        raise ConfigError([Problem(f"huandu {words[0]}", "no such command", near(words[0], VERBS))])
    return VERBS[words[0]][0](root, words[1:])


def _root(words: list[str]) -> tuple[Path | None, list[str]]:
    """Take `--root PATH` out of the words, wherever it stands."""
    rest: list[str] = []
    root: Path | None = None
    remaining = iter(words)
    for word in remaining:
        if word == "--root":
            root = Path(next(remaining, ""))
        elif word.startswith("--root="):
            root = Path(word.removeprefix("--root="))
        else:
            rest.append(word)
    return root, rest


def _help() -> str:
    lines = [
        "huandu 缓堵: before/after simulation of traffic policies",
        "",
        "huandu [--root FOLDER] VERB ...",
        "",
    ]
    lines += [f"  {name:9s} {words}" for name, (_, words) in VERBS.items()]
    return "\n".join([*lines, "", "`huandu VERB --help` says more."])
