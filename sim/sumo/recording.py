"""The paths of vehicles and the states of signals during a few minutes of a run, at one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sim.errors import ConfigError, RunError
from sim.labels import Message
from sim.sumo.columns import columns_of, floats, texts
from sim.sumo.driver import RunSpec
from sim.sumo.xml_file import content, element
from sim.tables import typed

CLIP_FILE = "clip.add.xml"
PATHS_FILE = "paths.out.csv"
LIGHTS_FILE = "lights.out.xml"
STEP_S = 1
"""A position per vehicle and second."""
ROWS_AT_A_TIME = 20_000

PATHS: Mapping[str, str] = {
    "vehicle": "string",
    "time_s": "float64",
    "x_m": "float64",  # of the front bumper
    "y_m": "float64",
    "angle_deg": "float64",  # clockwise from north
}
LIGHTS: Mapping[str, str] = {"signal": "string", "time_s": "float64", "state": "string"}
"""`state`: one letter per link; it holds until the next row of that signal."""


@dataclass(frozen=True)
class Clip:
    """What is recorded: from when to when, in which frame (left, bottom, right, top), and whose lights."""

    begin_s: float
    end_s: float
    frame_m: tuple[float, float, float, float]
    signals: tuple[str, ...] = ()


def recording_spec(spec: RunSpec, clip: Clip, folder: Path) -> RunSpec:
    """Return the run that also records a clip and ends with it; a file for it is written into `folder`.

    Up to that moment it is the same run: recording draws no random number and moves nobody.
    """
    left, bottom, right, top = clip.frame_m
    corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
    shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
    lines = [element("poly", {"id": "clip", "color": "black", "shape": shape})]
    for signal in clip.signals:
        event = {"type": "SaveTLSSwitchStates", "source": signal, "dest": LIGHTS_FILE}
        lines.append(element("timedEvent", event))
    path = folder / CLIP_FILE
    path.write_text("<additional>\n" + "".join(lines) + "</additional>\n", encoding="utf-8")
    return replace(
        spec,
        end_s=clip.end_s,
        additionals=(*spec.additionals, CLIP_FILE),
        outputs={
            "fcd-output": PATHS_FILE,
            "fcd-output.attributes": "x,y,angle",
            "fcd-output.filter-shapes": "clip",
            "fcd-output.skip-empty": "true",
            "device.fcd.begin": f"{clip.begin_s:.2f}",
            "device.fcd.period": str(STEP_S),
            "person-device.fcd.probability": "0",
        },
    )


def read_recording(folder: Path, clip: Clip) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was recorded: columns `PATHS`, sorted by vehicle and time, and `LIGHTS`, sorted.

    The state of every signal at the beginning of the clip is the first of its rows. RunError where a file is
    missing or cut short.
    """
    return _paths(folder / PATHS_FILE, clip), _lights(folder / LIGHTS_FILE, clip)


def _paths(path: Path, clip: Clip) -> pd.DataFrame:
    names = {
        "timestep_time": "time_s",
        "vehicle_id": "vehicle",
        "vehicle_x": "x_m",
        "vehicle_y": "y_m",
        "vehicle_angle": "angle_deg",
    }
    kept = []
    try:
        # Each row of one kind, never inferred: a vehicle may well be called 7.
        kinds = {name: "str" if column == "vehicle" else "float64" for name, column in names.items()}
        parts = pd.read_csv(
            path, sep=";", usecols=list(names), dtype=kinds, keep_default_na=False, chunksize=ROWS_AT_A_TIME
        )
        for part in parts:
            renamed = part.rename(columns=names)
            kept.append(renamed[renamed["time_s"].between(clip.begin_s, clip.end_s)])
    except pd.errors.EmptyDataError:  # nobody was there
        pass
    except (OSError, ValueError) as error:
        raise RunError(Message("the recorded paths cannot be read: {error}", error=error)) from None
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(PATHS))
    return typed(table, PATHS).sort_values(["vehicle", "time_s"], ignore_index=True)


def _lights(path: Path, clip: Clip) -> pd.DataFrame:
    if not clip.signals:
        return typed(pd.DataFrame(columns=list(LIGHTS)), LIGHTS)
    try:
        read = columns_of(content(path), path, "tlsStates", "tlsState", ("id", "time", "state"))
    except ConfigError as error:
        raise RunError(Message("the recorded signals cannot be read: {error}", error=error)) from None
    table = pd.DataFrame(
        {"signal": texts(read["id"]), "time_s": floats(read["time"]), "state": texts(read["state"])}
    )
    before = table[table["time_s"] <= clip.begin_s].groupby("signal").tail(1)
    inside = table[(table["time_s"] > clip.begin_s) & (table["time_s"] <= clip.end_s)]
    rows = pd.concat([before.assign(time_s=float(clip.begin_s)), inside])
    return typed(rows, LIGHTS).sort_values(["signal", "time_s"], ignore_index=True)
