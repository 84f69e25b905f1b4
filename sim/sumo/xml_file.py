"""Reading and writing SUMO's XML files: streaming, plain or gzipped, with refusals instead of tracebacks."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, cast
from xml.parsers import expat

from sim.errors import ConfigError, Problem, near, reason_of
from sim.labels import Message, message_of

OnStart = Callable[[str, dict[str, str]], None]
OnEnd = Callable[[str], None]
UNSAFE = re.compile('[&<>"]')


def scan(path: Path, root: str | None, on_start: OnStart, on_end: OnEnd | None = None) -> None:
    """Call `on_start(tag, attributes)` for every element of a file, and `on_end(tag)` if given.

    Nothing is kept: a town of 20 MB needs no tree. Raises ConfigError where the file is missing, truncated,
    not XML, has another root element than `root`, or lacks an attribute that `on_start` asks for.
    """
    seen_root = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal seen_root
        if not seen_root:
            seen_root = True
            if root not in (None, tag):
                raise ConfigError(
                    [
                        Problem(
                            str(path), Message("begins with <{tag}>, expected <{root}>", tag=tag, root=root)
                        )
                    ]
                )
        on_start(tag, attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    if on_end is not None:
        parser.EndElementHandler = on_end
    try:
        with _open(path) as file:
            parser.ParseFile(file)
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        raise ConfigError([Problem(str(path), Message("no such file"), near(path.name, siblings))]) from None
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise ConfigError(
            [Problem(f"{path}:{error.lineno}", Message("not a complete XML file: {what}", what=what))]
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(
            [Problem(str(path), Message("not a complete gzip file: {error}", error=error))]
        ) from None
    except OSError as error:
        raise ConfigError(
            [Problem(str(path), Message("cannot be read: {strerror}", strerror=reason_of(error)))]
        ) from None
    except (KeyError, ValueError) as error:
        place = f"{path}:{parser.CurrentLineNumber}"
        what = (
            Message("the attribute {error} is missing", error=error)
            if isinstance(error, KeyError)
            else message_of(error)
        )
        raise ConfigError([Problem(place, what)]) from None


def content(path: Path) -> bytes:
    """Read a file that the simulator wrote; ConfigError where that cannot be done."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), Message("no such file"))]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), Message("cannot be read: {error}", error=error))]) from None


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def element(tag: str, attributes: Mapping[str, object], indent: int = 1) -> str:
    """Write one empty element on a line of its own; attributes that are None are left out."""
    return f"{'    ' * indent}<{tag}{written(attributes)}/>\n"


def opening(tag: str, attributes: Mapping[str, object], indent: int = 1) -> str:
    """Write one opening tag on a line of its own."""
    return f"{'    ' * indent}<{tag}{written(attributes)}>\n"


def written(attributes: Mapping[str, object]) -> str:
    """Write attributes as they stand in a tag, each after a blank; those that are None are left out."""
    return "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items() if value is not None)


def _escaped(value: object) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    if not UNSAFE.search(text):  # hardly any is
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def numbers(value: str) -> tuple[tuple[float, float], ...]:
    """Read a shape: `x,y x,y ...`, a third coordinate is dropped."""
    points = (point.split(",") for point in value.split())
    return tuple((float(point[0]), float(point[1])) for point in points)


def time_s(value: str) -> float:
    """Read a time: seconds, or `[d:]hh:mm:ss`."""
    if ":" not in value:
        return float(value)
    seconds = 0.0
    for part, unit_s in zip(reversed(value.split(":")), (1, 60, 3600, 86400), strict=False):
        seconds += float(part) * unit_s
    return seconds
