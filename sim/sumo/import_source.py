"""What an import starts from: a SUMO configuration, or one network with further files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.sumo.xml_file import scan, time_s

DEPART_DEFAULTS = {"departLane": "best_prob", "departPos": "base", "departSpeed": "avg"}
"""What SUMO 1.28 takes where neither a vehicle nor an option says anything."""
ARRIVAL_DEFAULTS = {"arrivalLane": "current", "arrivalPos": "max"}

SYNONYMS = {
    "net": "net-file", "n": "net-file", "routes": "route-files", "route": "route-files", "r": "route-files",
    "additional": "additional-files", "a": "additional-files", "b": "begin", "e": "end",
}  # fmt: skip
PINNED = {
    "default.departlane": "departLane", "default.departpos": "departPos", "default.departspeed": "departSpeed"
}  # fmt: skip
"""Options that are carried over by writing their value with every vehicle that has none of its own."""
BIDI = "time-to-teleport.bidi"
"""The one teleport that is carried over, as the site fact `trains_pass_after_s`."""
BLOCKER = "ignore-junction-blocker"
"""Carried over as the site fact `passes_blocker_after_s`."""
WRITTEN_ONLY = ("output", "report", "gui_only", "traci_server", "random_number")
"""Sections of a configuration that shape no result, or only what is written."""
SAME = {
    "step-length": "1", "time-to-teleport": "-1", "collision.action": "warn", "scale": "1",
    "device.rerouting.probability": "0", "ignore-route-errors": "false",
}  # fmt: skip
"""Values with which huandu runs anyway."""
INSTEAD = {
    "step-length": Message("set run.step_length_s"),
    "time-to-teleport": Message("here nobody is teleported"),
    "scale": Message("use `huandu import --scale` or run.demand_scale"),
    "ignore-route-errors": Message("here a route that cannot be driven is refused at import"),
}


@dataclass(frozen=True)
class Source:
    """The files of a model, in the order in which SUMO loads them, and what its configuration says."""

    name: str
    net: Path
    files: tuple[Path, ...] = ()
    """Additional files, then route files."""
    begin_s: float | None = None
    end_s: float | None = None
    depart: Mapping[str, str] = field(default_factory=lambda: dict(DEPART_DEFAULTS))
    trains_pass_after_s: float | None = None
    """After how long trains that meet head-on on a single track are set past each other; None: never."""
    passes_blocker_after_s: float | None = None
    """After how long drivers pass a vehicle that stands in a junction; None: never."""
    left_out: tuple[Message, ...] = ()
    config: Path | None = None

    @property
    def originals(self) -> tuple[Path, ...]:
        """Every file of the model."""
        return tuple(path for path in (self.config, self.net, *self.files) if path is not None)


def read_source(path: Path, add: Sequence[Path] = ()) -> Source:
    """Read a `.sumocfg`, or take a network as it is; `add` are loaded last.

    Raises ConfigError naming every file that is missing.
    """
    problems = Problems()
    for extra in add:
        _check_file(extra, f"--add {extra}", problems)
    if path.suffix != ".sumocfg":
        problems.raise_if_any()
        return Source(path.name, path, tuple(add))
    options = _Options(path)
    source = options.source(tuple(add), problems)
    problems.raise_if_any()
    return source


class _Options:
    """The options of a configuration, by their long names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, str] = {}
        self.section_of: dict[str, str] = {}
        self._section = ""
        scan(path, None, self._start)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        value = attributes.get("value", attributes.get("v"))
        if value is None:
            self._section = tag
            return
        name = SYNONYMS.get(tag, tag)
        self.values[name] = value.strip()
        self.section_of[name] = self._section

    def source(self, add: tuple[Path, ...], problems: Problems) -> Source:
        nets = self._files("net-file", problems)
        if "net-file" not in self.values:
            problems.add(
                str(self.path),
                Message("names no net-file"),
                Message("a configuration has <net-file value=...>"),
            )
        files = (*self._files("additional-files", problems), *self._files("route-files", problems), *add)
        pinned = {PINNED[name]: value for name, value in self.values.items() if name in PINNED}
        return Source(
            name=self.path.name,
            net=nets[0] if nets else self.path,
            files=files,
            begin_s=self._time("begin", problems),
            end_s=self._time("end", problems),
            depart={**DEPART_DEFAULTS, **pinned},
            trains_pass_after_s=self._time(BIDI, problems) or None,
            passes_blocker_after_s=self._time(BLOCKER, problems) or None,
            left_out=self._left_out(),
            config=self.path,
        )

    def _files(self, option: str, problems: Problems) -> tuple[Path, ...]:
        names = [name.strip() for name in self.values.get(option, "").split(",") if name.strip()]
        paths = tuple(self.path.parent / name for name in names)
        for path in paths:
            _check_file(path, f"{self.path}: {option}", problems)
        return paths

    def _time(self, option: str, problems: Problems) -> float | None:
        text = self.values.get(option)
        if text is None or text.startswith("-"):
            return None
        try:
            return time_s(text)
        except ValueError:
            problems.add(
                f"{self.path}: {option}",
                Message("{text!r} is no time", text=text),
                Message('write seconds or "hh:mm:ss"'),
            )
            return None

    def _left_out(self) -> tuple[Message, ...]:
        carried = {"net-file", "route-files", "additional-files", "begin", "end", BIDI, BLOCKER, *PINNED}
        outputs = []
        lines = []
        for name, value in self.values.items():
            section = self.section_of[name]
            if name in carried or SAME.get(name) in (value, value.removesuffix(".0")):
                continue
            if section in WRITTEN_ONLY or "output" in name:
                outputs += [name] if section == "output" or "output" in name else []
                continue
            option = Message("option {option} of {file}", option=f"{name}={value}", file=self.path.name)
            instead = INSTEAD.get(name)
            lines.append(
                Message("{option} ({instead})", option=option, instead=instead) if instead else option
            )
        if outputs:
            lines.append(
                Message(
                    "outputs of {file}: {outputs} (huandu writes its own)",
                    file=self.path.name,
                    outputs=outputs,
                )
            )
        return tuple(lines)


def _check_file(path: Path, place: str, problems: Problems) -> None:
    if not path.is_file():
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        problems.add(place, Message("no such file: {path}", path=path), near(path.name, siblings))


def clock_s(text: str | None, place: str) -> float | None:
    """Read a time of the command line: seconds, "HH:MM", "HH:MM:SS" or "d:hh:mm:ss"."""
    if text is None:
        return None
    try:
        return time_s(f"{text}:00" if text.count(":") == 1 else text)
    except ValueError:
        raise ConfigError(
            [
                Problem(
                    place, Message("{text!r} is no time", text=text), Message('write "HH:MM:SS" or seconds')
                )
            ]
        ) from None
