"""Signal programs: between files and values without loss, stages as people see them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.signals.program import Interval, SignalControl, SignalProgram
from sim.sumo.signals import read_controls, write_controls

NET = """<net version="1.20">
{logics}
    <connection from="a" to="b" fromLane="0" toLane="0" tl="S" linkIndex="0" dir="s" state="O"/>
    <connection from="c" to="d" fromLane="0" toLane="0" tl="S" linkIndex="1" linkIndex2="2" dir="l"/>
</net>"""
OWN = (
    '<tlLogic id="S" type="static" programID="0" offset="0">'
    '<phase duration="30" state="Grr"/><phase duration="3" state="yrr"/><phase duration="27" state="rGG"/>'
    "</tlLogic>"
)


def files(folder: Path, *additionals: str, own: str = OWN) -> tuple[Path, list[Path]]:
    net = folder / "n.net.xml"
    net.write_text(NET.format(logics=own))
    paths = []
    for number, content in enumerate(additionals):
        paths.append(folder / f"{number}.add.xml")
        paths[-1].write_text(f"<additional>{content}</additional>")
    return net, paths


def refused(folder: Path, *additionals: str, own: str = OWN) -> str:
    with pytest.raises(ConfigError) as error:
        read_controls(*files(folder, *additionals, own=own))
    return str(error.value)


FULL = SignalControl(
    "S",
    {
        "day": SignalProgram(
            "S",
            "day",
            (
                Interval(30.5, "Grr", "A & B", min_s=5, max_s=50, next=(1, 2)),
                Interval(3, "yrr", extra=(("vehext", "2"), ("yellow", "3"))),
                Interval(26.25, "rGG"),
            ),
            offset_s=12.5,
            kind="actuated",
            params=(("max-gap", "2.5"), ("show-detectors", "false")),
            rules=(("condition", (("id", "c"), ("value", "z:D < 3"))),),
        ),
        "night": SignalProgram("S", "night", (Interval(60, "Ggg"),)),
    },
    active="night",
    switches=((21600, "day"), (79200, "night"), (82800, "off")),
    procedure="Stretch",
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    net, _ = files(tmp_path, own="")
    write_controls(tmp_path / "w.add.xml", {"S": FULL})
    assert read_controls(net, [tmp_path / "w.add.xml"]) == {"S": FULL}


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("delay_based", (("minTimeLoss", "1"),)),
        (
            "NEMA",
            (("ring1", "1,2"), ("ring2", "5,6"), ("barrierPhases", "2,6"), ("total-cycle-length", "90")),
        ),
        ("max_pressure", ()),
        ("coordinated_actuated", (("coordinated", "true"), ("coordinated_intervals", "0 2"))),
    ],
)
def test_every_kind_of_control_is_read_back(
    tmp_path: Path, kind: str, params: tuple[tuple[str, str], ...]
) -> None:
    program = replace(FULL.programs["day"], kind=kind, params=params)
    control = replace(FULL, programs={**FULL.programs, "day": program})
    net, _ = files(tmp_path, own="")
    write_controls(tmp_path / "w.add.xml", {"S": control})
    assert read_controls(net, [tmp_path / "w.add.xml"]) == {"S": control}


def test_the_program_loaded_last_runs(tmp_path: Path) -> None:
    one, two = OWN.replace('programID="0"', 'programID="x"'), OWN.replace('programID="0"', 'programID="a"')
    control = read_controls(*files(tmp_path, one, two))["S"]
    assert control.active == "a"
    assert sorted(control.programs) == ["0", "a", "x"]
    write_controls(tmp_path / "w.add.xml", {"S": control})
    net, _ = files(tmp_path, own="")
    assert read_controls(net, [tmp_path / "w.add.xml"])["S"].active == "a"


def test_a_logic_without_phases_moves_the_offset(tmp_path: Path) -> None:
    control = read_controls(*files(tmp_path, '<tlLogic id="S" programID="0" offset="33"/>'))["S"]
    assert control.programs["0"].offset_s == 33
    assert control.programs["0"].cycle_s == 60


def test_switching_times_count_from_the_reference(tmp_path: Path) -> None:
    plan = (
        '<WAUT id="w" refTime="1:00:00" startProg="0"><wautSwitch time="100" to="n"/></WAUT>'
        '<wautJunction wautID="w" junctionID="S"/>'
    )
    control = read_controls(*files(tmp_path, OWN.replace('programID="0"', 'programID="n"'), plan))["S"]
    assert control.active == "0"
    assert control.switches == ((3700.0, "n"),)
    assert control.running(0, 3700) == ("0",)
    assert control.running(0, 3701) == ("0", "n")


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    assert "n.net.xml: program '0' of signal 'S': has no phases" in refused(
        tmp_path, own='<tlLogic id="S" type="static" programID="0" offset="0"/>'
    )
    short = refused(tmp_path, own=OWN.replace("rGG", "rG"))
    assert "program '0' of signal 'S': has 2 letters where the signal controls 3 links" in short
    assert "signal 'T': controls no connection (known: S)" in refused(tmp_path, OWN.replace('"S"', '"T"'))
    missing = refused(
        tmp_path,
        '<WAUT id="w" startProg="0"><wautSwitch time="9" to="nacht"/></WAUT>'
        '<wautJunction wautID="w" junctionID="S"/>',
    )
    assert "switches signal 'S' to the program 'nacht', which is not there" in missing
    assert "the attribute 'state' is missing" in refused(tmp_path, own=OWN.replace('state="Grr"', ""))
    assert "not a complete XML file" in refused(tmp_path, OWN.removesuffix("</tlLogic>"))


def states(*letters: str, names: tuple[str, ...] = ()) -> SignalProgram:
    named = (*names, *([""] * len(letters)))
    return SignalProgram("S", "0", tuple(Interval(10, s, n) for s, n in zip(letters, named, strict=False)))


EARLY_CUT = states("GGr", "yGr", "rGr", "ryr", "rrG", "rry", names=("A", "", "", "", "B"))


@pytest.mark.parametrize(
    ("program", "stages"),
    [
        (states("Gr", "yr", "rG", "ry"), ["S1 0-0 10+10", "S2 2-2 10+10"]),
        (states("Gr", "Gr", "yr", "rG", "ry"), ["S1 0-1 20+10", "S2 3-3 10+10"]),
        # The free right turn at the end is always green and makes no stage of the all-red.
        (states("Grg", "yrg", "rrg", "rGg", "ryg", "rrg"), ["S1 0-0 10+20", "S2 3-3 10+20"]),
        # A name begins a stage; an early cut (yellow for one, green for another) does not end it.
        (EARLY_CUT, ["A 0-2 30+10", "B 4-4 10+10"]),
        # Two named stages with no intergreen, and an overlap that would not be told apart without names.
        (states("Gr", "GG", "yy", names=("A", "B")), ["A 0-0 10+0", "B 1-1 10+10"]),
        (states("GGr", "yGr", "rGG", "ryy", names=("A", "", "B")), ["A 0-0 10+10", "B 2-2 10+10"]),
        # The same with all-red: it belongs to the intergreen, though one light stays green; at the end too.
        (states("GGr", "yGr", "rGr", "rGG", "ryy", names=("A", "", "", "B")), ["A 0-0 10+20", "B 3-3 10+10"]),
        (
            states("Gr", "yr", "rr", "GG", "Gy", "Gr", names=("A", "", "", "B")),
            ["A 0-0 10+20", "B 3-3 10+20"],
        ),
        # Names on some intervals only: what nobody stays green through is another stage all the same.
        (states("Gr", "yr", "rG", "ry", names=("A",)), ["A 0-0 10+10", "S2 2-2 10+10"]),
        # Runs over the end of the program: the last interval belongs to the intergreen before the first
        # stage.
        (states("rr", "Gr", "yr", "rG", "ry"), ["S1 1-1 10+10", "S2 3-3 10+20"]),
        (states("GG"), ["S1 0-0 10+0"]),
    ],
)
def test_stages(program: SignalProgram, stages: list[str]) -> None:
    found = [f"{s.name} {s.first}-{s.last} {s.green_s:g}+{s.intergreen_s:g}" for s in program.stages()]
    assert found == stages


def test_retiming_never_stretches_a_yellow() -> None:
    durations_s = (2, 3, 2, 5, 9, 3)
    pairs = zip(EARLY_CUT.intervals, durations_s, strict=True)
    program = replace(EARLY_CUT, intervals=tuple(replace(i, duration_s=s) for i, s in pairs))
    assert [i.duration_s for i in program.retimed({"A": 12}).intervals] == [7, 3, 2, 5, 9, 3]


def test_retiming_keeps_the_time_pedestrians_need_to_finish() -> None:
    # Crossing (second light) 10 s, then 20 s in which who is on it finishes.
    intervals = zip((10, 20, 3, 30, 3), ("GGr", "Grr", "yrr", "rrG", "rry"), strict=True)
    program = SignalProgram("S", "0", tuple(Interval(s, state) for s, state in intervals))
    assert [i.duration_s for i in program.retimed({"S1": 40}).intervals] == [20, 20, 3, 30, 3]
    assert [i.duration_s for i in program.retimed({"S1": 22}).intervals] == [2, 20, 3, 30, 3]
    with pytest.raises(ValueError, match="leaves no room for its fixed parts"):
        program.retimed({"S1": 20})
