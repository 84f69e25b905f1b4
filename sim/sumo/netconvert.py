"""Running netconvert, and bringing a network to the form that another run leaves unchanged."""

from __future__ import annotations

import gzip
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sim.errors import BuildError
from sim.labels import Message
from sim.sumo.install import binary, environment, version

NETWORK_CODE = 2
"""Raised by hand whenever our code makes another network of the same facts; stored ones are passed by."""
PASSES = 3
"""Passes within which a network must come to rest; the last one only confirms."""
_COMMENT = re.compile(rb"<!--.*?-->\s*", re.DOTALL)


def maker() -> str:
    """Name what makes networks here, SUMO and our own code: part of every stored network's digest."""
    return f"{version()}+{NETWORK_CODE}"


def convert(args: Sequence[str], folder: Path) -> list[str]:
    """Run netconvert in `folder` and return its warnings; BuildError with its own words if it fails."""
    command = [str(binary("netconvert")), *args]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != 0:
        words = [line for line in lines if not line.startswith("Warning:")] or [
            f"exit code {done.returncode}"
        ]
        raise BuildError(Message("netconvert could not build the network:\n- {words:-}", words=words))
    return [line.removeprefix("Warning: ") for line in lines if line.startswith("Warning:")]


def normalise(net_in: Path, net_out: Path) -> None:
    """Write the form of a network that netconvert reproduces byte for byte; its header comment is stripped.

    The first pass over a network of an older release changes it (lengths, permissions, programs), the next
    does not: baseline and arms must start from the same side of that. BuildError if it has not come to rest
    within PASSES.
    """
    with tempfile.TemporaryDirectory(dir=net_out.parent, prefix=".normalise-") as name:
        folder = Path(name)
        before = _content(net_in)
        source = net_in
        for number in range(PASSES):
            target = folder / f"pass{number}.net.xml"
            convert(["-s", str(source.resolve()), "-o", target.name], folder)
            after = without_header(target.read_bytes())
            if after == before:
                net_out.write_bytes(after)
                return
            before, source = after, target
    raise BuildError(
        Message(
            "{net_in}: netconvert still changes the network after {passes} passes",
            net_in=net_in,
            passes=PASSES,
        )
    )


def reproduced(net_file: Path) -> bool:
    """Whether netconvert writes this normalised network again byte for byte."""
    with tempfile.TemporaryDirectory(prefix="huandu-again-") as name:
        folder = Path(name)
        convert(["-s", str(net_file.resolve()), "-o", "again.net.xml"], folder)
        return without_header((folder / "again.net.xml").read_bytes()) == _content(net_file)


def without_header(content: bytes) -> bytes:
    """Strip the comment at the top of SUMO's files: it holds the time and the paths of the run."""
    return _COMMENT.sub(b"", content, count=1)


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    return without_header(gzip.decompress(raw) if path.suffix == ".gz" else raw)
