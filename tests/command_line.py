"""Calling the command line from tests, inside this process: it takes seconds to load."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from sim.cli import main


class Answer(NamedTuple):
    """What a command leaves on the terminal."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """What stderr holds in English, behind the same in Chinese."""
        _, head, english = self.err.rpartition("huandu: ")
        return head + english


def huandu(*words: str | Path) -> Answer:
    """Run `huandu WORDS` and return its exit code and what it printed."""
    arguments = [str(word) for word in words]
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", ["huandu", *arguments]), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Answer(code, out.getvalue(), err.getvalue())
