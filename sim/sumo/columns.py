"""Attributes of what the simulator wrote, column by column: long files of lines that are nearly all alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sim.errors import ConfigError, Problem
from sim.labels import Message

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
"""The simulator puts its whole configuration into one."""
BLOCK = 1 << 24
"""Bytes taken at a time: no line is longer."""


def columns_of(text: bytes, path: Path, root: str, tag: str, names: Iterable[str]) -> dict[str, pa.Array]:
    """Return attributes of every `tag` element as columns of text; see `floats` and `texts`.

    Many times as fast as `xml_file.scan`, and as strict: ConfigError where `text`, the content of `path`, is
    truncated, has another root, or an element lacks one of the attributes.
    """
    wanted = tuple(names)
    begin = text.find(b"-->") + 3 if b"<!--" in text[:2000] else 0
    head = text[begin : begin + 2000].decode(errors="replace")
    if not re.search(rf"<{root}[\s>/]", head):
        raise ConfigError([Problem(str(path), Message("does not begin with <{root}>", root=root))])
    if not re.search(rf"(</{root}>|<{root}[^<>]*/>)\s*$", text[-2000:].decode(errors="replace")):
        raise ConfigError([Problem(str(path), Message("not a complete XML file: it is cut short"))])
    found = _alike(text, begin, tag, wanted)
    if found is None:
        body = COMMENT.sub("", _decoded(text, path))
        found = [pa.array(column, pa.string()) for column in _differing(body, path, tag, wanted)]
    if b"&" in text:
        found = [pa.array(map(unescape, column.to_pylist()), pa.string()) for column in found]
    return dict(zip(wanted, found, strict=True))


def floats(values: pa.Array | list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read a column of numbers; ValueError where one is none."""
    found: np.ndarray[Any, np.dtype[np.float64]] = (
        pa.array(values, pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    )
    return found


def texts(column: pa.Array) -> pd.arrays.ArrowStringArray:
    """Return a column of texts as a table holds it, of type `string`."""
    return pd.arrays.ArrowStringArray(column)


def _alike(text: bytes, begin: int, tag: str, wanted: tuple[str, ...]) -> list[pa.Array] | None:
    """Return columns where every element stands on a line of its own and has the attributes of the first.

    Nearly always so. Cut at the quotation marks each such line is a row of keys and values, which is what a
    reader of CSV does best. None where an element differs, or there is no such element.
    """
    mark = f"<{tag} "
    first = text.find(mark.encode(), begin)
    if first < 0 or b"<!--" in text[begin:]:
        return None
    start = text.rfind(b"\n", 0, first) + 1
    keys = text[start : text.find(b"\n", first)].decode(errors="replace").split('"')[::2]
    names = [key.rpartition(" ")[2].removesuffix("=") for key in keys[:-1]]
    if not set(wanted) <= set(names):
        return None
    at = [2 * names.index(name) for name in wanted]
    used = {str(number): pa.string() for number in sorted({0, *at, *(place + 1 for place in at)})}
    others = 0

    def passed_over(row: csv.InvalidRow) -> str:
        nonlocal others
        others += row.text is None or mark in row.text
        return "skip"

    try:
        read = csv.read_csv(
            pa.BufferReader(memoryview(text)[start:]),
            csv.ReadOptions(
                use_threads=False, block_size=BLOCK, column_names=list(map(str, range(2 * len(keys) - 1)))
            ),
            csv.ParseOptions(delimiter='"', quote_char=False, invalid_row_handler=passed_over),
            csv.ConvertOptions(column_types=used, include_columns=list(used)),
        ).combine_chunks()
    except pa.ArrowInvalid:  # not text, or a line beyond every measure
        return None
    ours = pc.equal(read["0"], keys[0])
    others += pc.sum(pc.match_substring(read.filter(pc.invert(ours))["0"], mark)).as_py() or 0
    rows = read.filter(ours)
    same = all(pc.all(pc.equal(rows[str(place)], keys[place // 2])).as_py() for place in at)
    return [rows[str(place + 1)].combine_chunks() for place in at] if same and not others else None


def _differing(body: str, path: Path, tag: str, wanted: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return columns of elements that may differ in what they have."""
    places: dict[tuple[str, ...], tuple[int, ...]] = {}
    rows = []
    for attributes in re.findall(rf"<{tag}\s([^<>]*)>", body):
        parts = attributes.split('"')  # name=, value, name=, value, ..., /
        keys = tuple(parts[::2])
        if keys not in places:
            places[keys] = _places(keys, wanted, path, tag)
        rows.append([parts[place] for place in places[keys]])
    return list(zip(*rows, strict=True)) if rows else [() for _ in wanted]


def _places(keys: tuple[str, ...], wanted: tuple[str, ...], path: Path, tag: str) -> tuple[int, ...]:
    """Return where the values of some attributes stand among the parts between quotation marks."""
    known = {key.strip().removesuffix("="): 2 * number + 1 for number, key in enumerate(keys)}
    for name in wanted:
        if name not in known:
            raise ConfigError(
                [
                    Problem(
                        str(path),
                        Message("the attribute '{name}' is missing in a <{tag}>", name=name, tag=tag),
                    )
                ]
            )
    return tuple(known[name] for name in wanted)


def _decoded(text: bytes, path: Path) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(path), Message("cannot be read: {error}", error=error))]) from None
