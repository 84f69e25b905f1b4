"""The command line: `huandu VERB ...`.

Exit codes: 0 done, 1 a run failed or a verdict was withheld, 2 bad input, 130 stopped by Ctrl-C
(143 by SIGTERM, 129 by SIGHUP).
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from sim.cli.roots import without_root
from sim.errors import ConfigError, HuanduError, Problem, near, reason_of
from sim.labels import LANGS, Message, label

VERBS = {
    "run": Message("simulate a scenario: baseline and every policy; writes results/<study>/"),
    "check": Message("validate a scenario and prove locality, without simulating"),
    "import": Message("make a site from .sumocfg, .net.xml[.gz], .osm or .xlsx"),
    "template": Message("write the survey workbook that `import` reads"),
    "list": Message("scenarios | policies | interventions | measures"),
    "report": Message("rebuild tables, figures and page of a study from its stored runs"),
    "signals": Message("suggest: compute, search and confirm signal timings against the present plan"),
    "choose": Message("choose among policies with a guarantee, for as few runs as that takes"),
    "calibrate": Message("fit a site's vehicles to field values; hold its flows against counts"),
    "view": Message("open an arm in sumo-gui"),
    "store": Message("ls | verify | gc: look after the finished runs"),
    "gather": Message("several studies in one table and on one page"),
    "regress": Message("have results drifted from the accepted ones?"),
    "query": Message("SQL over the tables of all studies"),
}
DISK_ERRORS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC}
"""What a disk refuses: not a mistake of ours, so no traceback."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; every refusal is a message on stderr, never a traceback."""
    try:
        with _ended_as_by_ctrl_c():
            return _run(list(sys.argv[1:] if argv is None else argv))
    except ConfigError as error:
        key = "cli.problems" if len(error.problems) > 1 else "cli.problem"
        for lang in LANGS:
            print(label(key, lang, count=len(error.problems)), error.of(lang), sep="\n", file=sys.stderr)
        return 2
    except HuanduError as error:
        for lang in LANGS:
            print(f"huandu: {error.of(lang)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        for lang in LANGS:
            print(label("cli.stopped", lang), file=sys.stderr)
        return 128 + (interrupt.number if isinstance(interrupt, _Ended) else signal.SIGINT)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        for lang in LANGS:
            where = error.filename or Message("disk").of(lang)
            print(f"huandu: {where}: {reason_of(error).of(lang)}", file=sys.stderr)
        return 2


class _Ended(KeyboardInterrupt):
    """The signal that asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP stop children and note what is done, as Ctrl-C does.

    By default they end this process alone, and its children, in sessions of their own, would run on. Who has
    them ignored (nohup) or handled keeps that.
    """

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise _Ended(number)

    ours = threading.current_thread() is threading.main_thread()
    names = [name for name in ("SIGTERM", "SIGHUP") if ours and hasattr(signal, name)]
    caught = [number for name in names if signal.getsignal(number := signal.Signals[name]) is signal.SIG_DFL]
    for number in caught:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def _run(words: list[str]) -> int:
    root, words = without_root(words)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0
    # What a verb needs takes seconds to load: help and completion do without.
    if "-sc" in words or "--shell-completion" in words:
        from sim.cli.completion import complete  # noqa: PLC0415

        return complete(root, words, sorted(VERBS))
    verb, *rest = words
    if verb not in VERBS:
        raise ConfigError([Problem(f"huandu {verb}", Message("no such command"), near(verb, VERBS))])
    from sim.cli import calibrate, choose, gathering, regress, store, verbs  # noqa: PLC0415

    command = {
        "run": verbs.run,
        "check": verbs.check,
        "import": verbs.import_,
        "template": verbs.template,
        "list": verbs.list_,
        "report": verbs.report,
        "signals": verbs.signals,
        "choose": choose.choose,
        "calibrate": calibrate.calibrate,
        "view": verbs.view,
        "store": store.store,
        "gather": gathering.gather,
        "query": gathering.query,
        "regress": regress.regress,
    }[verb]
    return command(root, rest)


def _help() -> str:
    head, tail = (
        Message("before/after simulation of traffic policies"),
        Message("`huandu VERB --help` says more."),
    )
    lines = [f"huandu 缓堵: {head.both()}", "", "huandu [--root FOLDER] VERB ...", ""]
    for name, words in VERBS.items():
        lines += [f"  {name:9s} {words.of('zh')}", f"  {'':9s} {words}"]
    return "\n".join([*lines, "", tail.both()])
