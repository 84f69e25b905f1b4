"""What argparse says reaches nobody in English alone."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterator

import pytest

from sim.cli import main
from sim.cli.arguments import SENTENCES, Arguments
from sim.errors import ConfigError
from sim.labels import translations, understood

HAN = re.compile("[\u4e00-\u9fff]")
SAID_OTHERWISE = {"usage: ", "positional arguments", "options", "show this help message and exit"}
"""Headings that `Arguments` has of its own."""
NEVER_SAID = {
    ".__call__() not defined",
    "'required' is an invalid argument for positionals",
    "mutually exclusive arguments must be optional",
    "%r is not callable",
    "cannot merge actions - two groups are named %r",
    "invalid option string %(option)r: must start with a character %(prefix_chars)r",
    "dest= is required for options like %r",
    "invalid conflict_resolution value: %r",
    "cannot have multiple subparser arguments",
    "conflicting option string: %s",
    "conflicting option strings: %s",
    "conflicting subparser: %s",
    "conflicting subparser alias: %s",
    "can't open '%(filename)s': %(error)s",
    'argument "-" with mode %r',
    "%(prog)s: error: %(message)s\n",
}
"""About parsers that are put together wrongly, files that argparse opens, and the frame of a refusal."""


def sentences() -> Iterator[str]:
    """Yield every sentence in the source of the installed argparse that is meant for people."""
    for node in ast.walk(ast.parse(inspect.getsource(argparse))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("_", "ngettext")
        ):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def test_every_sentence_of_argparse_is_known() -> None:
    found = set(sentences())
    assert len(found) > 25, "the sentences are no longer found"
    own = {"subcommands"} | SAID_OTHERWISE | NEVER_SAID
    said = {re.sub(r"%(\(\w+\))?[rsd]", "X", sentence) for sentence in found - own}
    assert not {sentence for sentence in said if not HAN.search(understood(sentence).of("zh"))}


def test_all_are_translated() -> None:
    assert not [message for message in SENTENCES if message.template not in translations()]


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        ("import", "the following arguments are required: source, --name", "缺少参数：source, --name"),
        ("import a --name", "argument --name: expected one argument", "参数 --name：后面应跟一个值"),
        ("import a --name b --scale c", "--scale: invalid float value: 'c'", "--scale：'c' 不是数字"),
        ("report a b", "unrecognized arguments: b", "无法识别的参数：b"),
        ("store lss", "ls|verify|gc: invalid choice: 'lss'", "参数 ls|verify|gc：'lss' 无效，可选："),
        ("store ls --json=1", "argument --json: ignored explicit argument '1'", "参数 --json：该选项不带值"),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_both(
    words: str, english: str, chinese: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("- ")]
    assert len(told) == 2
    assert chinese in told[0] and english in told[1]


def test_help_has_no_heading_in_english_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("import", "report", "template", "list", "store", "gather", "query", "regress"):
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        said = capsys.readouterr().out
        headings = [line for line in said.splitlines() if re.match(r"\w.*:", line)]
        assert headings and all(HAN.search(line) for line in headings), said


def test_another_sentence_stays_as_it_is() -> None:
    assert understood("something new").of("zh") == "something new"


def test_a_parser_refuses_by_our_own_error() -> None:
    with pytest.raises(ConfigError):
        Arguments("huandu").parse_args(["--what"])
