"""The words after a verb, by argparse, whose own sentences are said in both languages."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from sim.errors import ConfigError, Problem
from sim.labels import Message, understood

SENTENCES = (
    Message("argument {name}: {told}", name="", told=""),
    Message("the following arguments are required: {names}", names=""),
    Message("one of the arguments {names} is required", names=""),
    Message("unrecognized arguments: {words}", words=""),
    Message("ambiguous option: {option} could match {matches}", option="", matches=""),
    Message("invalid choice: {value} (choose from {choices})", value="", choices=""),
    Message("unknown parser {value} (choices: {choices})", value="", choices=""),
    Message("invalid float value: {value}", value=""),
    Message("invalid {type} value: {value}", type="", value=""),
    Message("expected one argument"),
    Message("expected at most one argument"),
    Message("expected at least one argument"),
    Message("expected {count} argument", count=""),
    Message("expected {count} arguments", count=""),
    Message("ignored explicit argument {value}", value=""),
    Message("not allowed with argument {name}", name=""),
    Message("unexpected option string: {option}", option=""),
)
"""What argparse says of a command line; a test holds the list to the installed one."""


class Arguments(argparse.ArgumentParser):
    """A parser whose help is bilingual and whose refusals are ConfigErrors."""

    def __init__(self, prog: str, about: Message | None = None) -> None:
        super().__init__(
            prog, description=about.both() if about else None, formatter_class=_Help, add_help=False
        )
        self._positionals.title = Message("arguments").both()
        self._optionals.title = Message("options").both()
        self.add_argument("-h", "--help", action="help", help=Message("say this").both())

    def error(self, message: str) -> Any:
        """Refuse the command line."""
        hint = Message("see `{prog} --help`", prog=self.prog)
        raise ConfigError([Problem(self.prog, Message("{told}", told=understood(message)), hint)])


class _Help(argparse.HelpFormatter):
    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        prefix = f"{Message('usage').both()}: " if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)
