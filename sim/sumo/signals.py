"""Signal programs between SUMO's files and `SignalControl`, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sim.errors import ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.signals.adaptive import OUTSIDE
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.site.network import Connection
from sim.sumo.xml_file import OnStart, element, opening, scan, time_s

SWITCHES_UNTIL_S = 30 * 3600
"""A switching plan with a period is written out until here: no period of a site ends later."""
PREFIX = "huandu."
"""Before every program id we write: SUMO refuses a program under an id that the network itself uses."""
CONTROL = "huandu.control"
"""Parameter of a program that a law of ours runs: which one."""
OFF = "off"
"""SUMO's built-in program of a signal that is switched off."""


def read_controls(net: Path, additionals: Sequence[Path]) -> dict[str, SignalControl]:
    """Read every signal of a network: all programs, which of them runs, and the times of switching.

    As in SUMO the program loaded last runs: additional files over the network, later over earlier; a
    switching plan (WAUT) over both. ConfigError where a file is broken, a signal is unknown or a program has
    too few letters.
    """
    gather = _Gather()
    scan(net, "net", gather.start_in(net), gather.end)
    for path in additionals:
        scan(path, None, gather.start_in(path), gather.end)
    gather.problems.raise_if_any()
    return gather.controls()


def program_xml(program: SignalProgram) -> str:
    """Write one program as a `tlLogic` element; what runs it from outside is a parameter of it."""
    kind = written_kind(program)
    lines = [
        opening(
            "tlLogic",
            {"id": program.signal, "type": kind, "programID": program.id, "offset": program.offset_s},
        )
    ]
    lines += [element("phase", _phase(interval), 2) for interval in program.intervals]
    lines += [element(tag, dict(attributes), 2) for tag, attributes in program.rules]
    params = program.params if kind == program.kind else ((CONTROL, program.kind), *program.params)
    lines += [element("param", {"key": key, "value": value}, 2) for key, value in params]
    return "".join([*lines, "    </tlLogic>\n"])


def written_kind(program: SignalProgram) -> str:
    """Return the type that a program has in the file: fixed-time where a law of ours runs it."""
    return "static" if program.kind in OUTSIDE else program.kind


def write_programs(
    path: Path, controls: Mapping[str, SignalControl], added: Iterable[Connection] = ()
) -> None:
    """Write all programs as netconvert reads them beside a network, to become the network's own.

    `added` are connections that the network's signals do not control yet, or not at the waiting line.
    """
    programs = [p for _, control in sorted(controls.items()) for _, p in sorted(control.programs.items())]
    links = [
        element(
            "connection",
            {
                "from": c.from_edge, "to": c.to_edge, "fromLane": c.from_lane, "toLane": c.to_lane,
                "tl": c.signal, "linkIndex": c.link if c.entry_link is None else c.entry_link,
                "linkIndex2": None if c.entry_link is None else c.link,
            },
        )
        for c in added
    ]  # fmt: skip
    lines = ["<tlLogics>\n", *map(program_xml, programs), *links, "</tlLogics>\n"]
    path.write_text("".join(lines), encoding="utf-8")


def write_controls(path: Path, controls: Mapping[str, SignalControl]) -> None:
    """Write an additional file with every program of every signal; each runs as its control says."""
    lines = ["<additional>\n"]
    for signal, control in sorted(controls.items()):
        # The program loaded last is the one that runs.
        order = sorted(
            control.programs.values(), key=lambda program: (program.id == control.active, program.id)
        )
        lines += [program_xml(program) for program in order]
        if control.switches:
            plan = f"switching_{signal}"
            lines.append(opening("WAUT", {"id": plan, "refTime": 0, "startProg": control.active}))
            lines += [element("wautSwitch", {"time": time, "to": to}, 2) for time, to in control.switches]
            lines.append("    </WAUT>\n")
            procedure = control.procedure or None
            lines.append(
                element("wautJunction", {"wautID": plan, "junctionID": signal, "procedure": procedure})
            )
    path.write_text("".join([*lines, "</additional>\n"]), encoding="utf-8", newline="\n")


def _phase(interval: Interval) -> dict[str, object]:
    return {
        "duration": interval.duration_s,
        "state": interval.state,
        "name": interval.name or None,
        "minDur": interval.min_s,
        "maxDur": interval.max_s,
        "next": " ".join(str(index) for index in interval.next) or None,
        **dict(interval.extra),
    }


_PHASE_FIELDS = frozenset({"duration", "state", "name", "minDur", "maxDur", "next"})


def _interval(a: Mapping[str, str]) -> Interval:
    return Interval(
        duration_s=time_s(a["duration"]),
        state=a["state"],
        name=a.get("name", ""),
        min_s=time_s(a["minDur"]) if "minDur" in a else None,
        max_s=time_s(a["maxDur"]) if "maxDur" in a else None,
        next=tuple(int(index) for index in a.get("next", "").split()),
        extra=tuple((key, value) for key, value in a.items() if key not in _PHASE_FIELDS),
    )


class _Gather:
    """Collects programs and switching plans over several files, in load order."""

    def __init__(self) -> None:
        self.programs: dict[str, dict[str, SignalProgram]] = {}
        self.active: dict[str, str] = {}
        self.links: dict[str, int] = {}
        self.plans: dict[str, tuple[float, float, str, list[tuple[float, str]]]] = {}
        self.plan_of: dict[str, tuple[str, str]] = {}
        self.problems = Problems()
        self._path = Path()
        self._logic: SignalProgram | None = None
        self._plan = ""

    def start_in(self, path: Path) -> OnStart:
        self._path = path
        return self.start

    def start(self, tag: str, a: dict[str, str]) -> None:
        match tag:
            case "connection" if "tl" in a and "linkIndex" in a:
                last = max(int(a["linkIndex"]), int(a.get("linkIndex2", -1)))
                self.links[a["tl"]] = max(self.links.get(a["tl"], 0), last + 1)
            case "tlLogic":
                offset_s = time_s(a.get("offset", "0"))
                self._logic = SignalProgram(a["id"], a["programID"], (), offset_s, a.get("type", "static"))
            case "phase" if self._logic is not None:
                self._logic = replace(self._logic, intervals=(*self._logic.intervals, _interval(a)))
            case "param" if self._logic is not None and a["key"] == CONTROL:
                self._logic = replace(self._logic, kind=a["value"])
            case "param" if self._logic is not None:
                self._logic = replace(self._logic, params=(*self._logic.params, (a["key"], a["value"])))
            case "condition" | "assignment" | "function" if self._logic is not None:
                self._logic = replace(self._logic, rules=(*self._logic.rules, (tag, tuple(a.items()))))
            case "WAUT":
                self._plan = a["id"]
                period_s = time_s(a.get("period", "0"))
                self.plans[self._plan] = (time_s(a.get("refTime", "0")), period_s, a["startProg"], [])
            case "wautSwitch":
                self.plans[self._plan][3].append((time_s(a["time"]), a["to"]))
            case "wautJunction":
                self.plan_of[a["junctionID"]] = (a["wautID"], a.get("procedure", ""))

    def end(self, tag: str) -> None:
        if tag != "tlLogic" or self._logic is None:
            return
        logic, self._logic = self._logic, None
        own = self.programs.setdefault(logic.signal, {})
        if not logic.intervals and logic.id in own:  # only the offset and parameters are replaced
            old = own[logic.id]
            logic = replace(old, offset_s=logic.offset_s, params=(*old.params, *logic.params))
        elif not logic.intervals:
            self.problems.add(
                f"{self._path}: program {logic.id!r} of signal {logic.signal!r}", Message("has no phases")
            )
            return
        own[logic.id] = logic
        self.active[logic.signal] = logic.id

    def controls(self) -> dict[str, SignalControl]:
        problems = Problems()
        for signal, own in self.programs.items():
            links = self.links.get(signal)
            if links is None:
                problems.add(
                    f"{self._path}: signal {signal!r}",
                    Message("controls no connection"),
                    near(signal, self.links),
                )
                continue
            for program in own.values():
                short = min(len(interval.state) for interval in program.intervals)
                if short < links:
                    what = Message(
                        "has {short} letters where the signal controls {links} links",
                        short=short,
                        links=links,
                    )
                    problems.add(f"{self._path}: program {program.id!r} of signal {signal!r}", what)
        problems.raise_if_any()
        return {signal: self._control(signal) for signal in sorted(self.programs)}

    def _control(self, signal: str) -> SignalControl:
        programs = self.programs[signal]
        if signal not in self.plan_of:
            return SignalControl(signal, programs, self.active[signal])
        plan, procedure = self.plan_of[signal]
        if plan not in self.plans:
            what = Message(
                "signal {signal!r} follows the switching plan {plan!r}, which is not there",
                signal=signal,
                plan=plan,
            )
            raise ConfigError([Problem(str(self._path), what, near(plan, self.plans))])
        reference_s, period_s, start, switches = self.plans[plan]
        unknown = {to for _, to in switches} | {start}
        for to in sorted(unknown - {*programs, OFF}):
            what = Message(
                "plan {plan!r} switches signal {signal!r} to the program {to!r}, which is not there",
                plan=plan,
                signal=signal,
                to=to,
            )
            raise ConfigError([Problem(str(self._path), what, near(to, programs))])
        return SignalControl(
            signal, programs, start, tuple(_times(reference_s, period_s, switches)), procedure
        )


def _times(
    reference_s: float, period_s: float, switches: list[tuple[float, str]]
) -> Iterable[tuple[float, str]]:
    if not period_s:
        yield from ((reference_s + time, to) for time, to in switches)
        return
    round_s = reference_s
    while round_s < SWITCHES_UNTIL_S:
        yield from ((round_s + time, to) for time, to in switches)
        round_s += period_s
