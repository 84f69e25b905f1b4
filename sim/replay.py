"""The moving picture: one replicate, before and after, recorded for the page.

Per policy and period the replicate whose difference is nearest the median difference, its five fullest
minutes, around what the policy touches. Both sides are stored runs, simulated once more
(`sim.runs.recording`).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.policy import BASELINE
from sim.runs.campaign import Key
from sim.runs.executors import Executor, executor
from sim.runs.preflight import Preflight
from sim.runs.recording import Recording, recorded
from sim.runs.run import RunRecord
from sim.runs.store import Store
from sim.runs.work import Work, arms_laid_out
from sim.site.network import Network
from sim.street_map import lane_line, touched_by
from sim.study import Study
from sim.sumo.recording import Clip
from sim.trip_pairs import nearest_the_median, paired_changes

REPLAY_FILE = "replay.json"
CLIP_S = 300.0
MOST_PICTURES = 10
"""Policies and periods that get one, the first of the study: each costs the page some hundred kilobytes."""
MARGIN_M, LEAST_M, MOST_M = 170.0, 480.0, 2000.0
"""Around what a policy touches; width of the picture."""
ASPECT = 1.5
UNIT_M = 0.25
"""Positions are kept to this."""
TURNS = 256
"""Headings are kept to this part of a full turn."""


@dataclass(frozen=True)
class Scene:
    """What one picture is of."""

    arm: str
    period: str
    replicate: int
    pairs: int
    """Replicates it was chosen from."""
    change: float
    median: float
    clip: Clip
    digests: tuple[str, str]
    """Of the stored runs, before and after."""


def write_replay(
    study: Study,
    checked: Preflight,
    store: Store,
    runs: Mapping[Key, RunRecord],
    measures: pd.DataFrame,
    folder: Path,
) -> None:
    """Record what is not recorded yet and write replay.json into the study's `tables` folder.

    A picture whose runs could not be repeated exactly holds the reason instead. `measures`: columns MEASURES.
    """
    path = folder / REPLAY_FILE
    found = {_name(one): one for one in read_replay(path)}
    scenes = list(_scenes(study, checked, store, runs, measures))[:MOST_PICTURES]
    wanted = [scene for scene in scenes if _name(_head(scene)) not in found]
    for scene, sides in _recordings(study, checked, store, wanted):
        found[_name(_head(scene))] = picture(scene, sides, study, checked, store)
    kept = [found[_name(_head(scene))] for scene in scenes]
    text = json.dumps({"pictures": kept}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_replay(path: Path) -> list[dict[str, Any]]:
    """Return the pictures of a replay.json; none where there is no such file, or a broken one."""
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["pictures"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _name(head: Mapping[str, Any]) -> str:
    """Say what a picture is of: two pictures with the same name are the same."""
    return json.dumps([head[key] for key in ("arm", "period", "digests", "begin_s", "end_s", "frame_m")])


def _head(scene: Scene) -> dict[str, Any]:
    return {
        "arm": scene.arm,
        "period": scene.period,
        "replicate": scene.replicate,
        "pairs": scene.pairs,
        "change": round(scene.change, 3),
        "median": round(scene.median, 3),
        "digests": list(scene.digests),
        "begin_s": scene.clip.begin_s,
        "end_s": scene.clip.end_s,
        "frame_m": list(scene.clip.frame_m),
    }


def _scenes(
    study: Study, checked: Preflight, store: Store, runs: Mapping[Key, RunRecord], measures: pd.DataFrame
) -> Iterable[Scene]:
    stopping = {id: one.on for id, one in study.site.facts.illegal_stopping.items()}
    for arm in study.arms[1:]:
        for period in study.periods:
            changes = paired_changes(study, runs, measures, arm.id, period)
            chosen = nearest_the_median(changes)
            if chosen is None:
                continue
            network = checked.builds[BASELINE, period].network
            digests = tuple(str(runs[id, period, chosen].digest) for id in (BASELINE, arm.id))
            frame = frame_around(network, *touched_by(arm.applied.footprint, network, stopping))
            inside = [one for one in network.junctions.values() if _inside(one.position_m, frame)]
            signals = sorted({one.signal for one in inside if one.signal})
            begin_s, end_s = fullest(store, digests)
            yield Scene(
                arm.id,
                period,
                chosen,
                len(changes),
                changes[chosen],
                float(np.median(list(changes.values()))),
                Clip(begin_s, end_s, frame, tuple(signals)),
                (digests[0], digests[1]),
            )


def fullest(store: Store, digests: Iterable[str]) -> tuple[float, float]:
    """Return begin and end of the minutes with most vehicles on the streets, all runs taken together."""
    facts = None
    total: pd.Series[float] | None = None
    for digest in digests:
        facts = store.facts(digest)
        table = store.read(digest, "network").set_index("time_s")["running"].astype("float64")
        total = table if total is None else total.add(table, fill_value=0.0)
    assert facts is not None and total is not None
    begin_s, end_s = facts.window_begin_s, facts.window_end_s
    inside = total[(total.index >= begin_s) & (total.index < end_s)]
    starts = [start for start in inside.index if start + CLIP_S <= end_s]
    if not starts:
        return begin_s, min(end_s, begin_s + CLIP_S)
    times, values = inside.index.to_numpy(), inside.to_numpy()
    sums = [values[(times >= start) & (times < start + CLIP_S)].sum() for start in starts]
    begin_s = float(starts[int(np.argmax(sums))])
    return begin_s, begin_s + CLIP_S


def frame_around(
    network: Network, edges: Sequence[str], junctions: Sequence[str]
) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of what is shown around touched stop lines and junctions, in metres.

    Around everything where nothing is touched.
    """
    points = [network.edges[id].shape[-1] for id in edges]
    points += [network.junctions[id].position_m for id in junctions]
    if not points:
        points = [point for edge in network.edges.values() for point in edge.shape]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width = max(max(xs) - min(xs) + 2 * MARGIN_M, ASPECT * (max(ys) - min(ys) + 2 * MARGIN_M), LEAST_M)
    width = min(width, MOST_M)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    high = width / ASPECT
    return round(x - width / 2, 1), round(y - high / 2, 1), round(x + width / 2, 1), round(y + high / 2, 1)


def _inside(point: tuple[float, float], frame: Sequence[float]) -> bool:
    return frame[0] <= point[0] <= frame[2] and frame[1] <= point[1] <= frame[3]


def _recordings(
    study: Study, checked: Preflight, store: Store, scenes: Sequence[Scene]
) -> Iterable[tuple[Scene, list[Recording]]]:
    """Record both sides of every scene where the study's runs are carried out."""
    if not scenes:
        return
    work = Work(study, store, arms_laid_out(study.site, checked.builds))
    with executor(study.executor, work, study.settings.jobs) as where:
        begun = [[_begin(where, scene, side) for side in (0, 1)] for scene in scenes]
        for scene, futures in zip(scenes, begun, strict=True):
            yield scene, [future.result() for future in futures]


def _begin(where: Executor, scene: Scene, side: int) -> Future[Recording]:
    task = Task((BASELINE, scene.arm)[side], scene.period, scene.replicate, scene.digests[side], scene.clip)
    return where.submit(task)


@dataclass(frozen=True)
class Task:
    """One recording, for a worker."""

    arm: str
    period: str
    replicate: int
    digest: str
    clip: Clip

    def __call__(self, work: Work) -> Recording:
        """Carry it out."""
        return recorded(work, self.arm, self.period, self.replicate, self.digest, self.clip)


def picture(
    scene: Scene, sides: Sequence[Recording], study: Study, checked: Preflight, store: Store
) -> dict[str, Any]:
    """Return one picture as plain data, as the page's script reads it."""
    head = _head(scene)
    if reasons := [side.failure for side in sides if side.failure]:
        return {**head, "failure": reasons[0]}
    kinds: dict[str, str] = {}
    for digest in scene.digests:
        trips = store.read(digest, "trips")
        kinds |= dict(zip(trips["id"], trips["vehicle_class"], strict=True))
    shown = [
        without_parked(side.paths, store.read(digest, "parked"))
        for side, digest in zip(sides, scene.digests, strict=True)
    ]
    people = {id: n for n, id in enumerate(sorted({*shown[0]["vehicle"], *shown[1]["vehicle"]}))}
    arms = (BASELINE, scene.arm)
    return {
        **head,
        "failure": None,
        "unit_m": UNIT_M,
        "people": len(people),
        "sides": [
            {
                **streets(checked.builds[arm, scene.period].network, scene.clip.frame_m),
                "signals": {
                    str(signal): [
                        [time_s - scene.clip.begin_s, state]
                        for time_s, state in zip(own["time_s"], own["state"], strict=True)
                    ]
                    for signal, own in side.lights.groupby("signal", sort=True)
                },
                **encoded(paths, scene.clip, people, kinds),
            }
            for arm, side, paths in zip(arms, sides, shown, strict=True)
        ],
    }


def without_parked(paths: pd.DataFrame, parked: pd.DataFrame) -> pd.DataFrame:
    """Leave out who stands in a stall. `paths`: columns PATHS; `parked`: PARKED."""
    stays = parked.loc[(parked["area"] != "") & parked["vehicle"].isin(set(paths["vehicle"]))]
    both = paths[["vehicle", "time_s"]].reset_index(names="row").merge(stays, on="vehicle")
    stands = both["time_s"].between(both["started_s"], both["ended_s"].fillna(np.inf))
    return paths[~paths.index.isin(both.loc[stands, "row"])].reset_index(drop=True)


def encoded(
    paths: pd.DataFrame, clip: Clip, people: Mapping[str, int], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """Return paths as `vehicles`, each [person, class, first second, seconds], and their `points`.

    `points`: three planes one after the other, compressed (zlib) and in Base64: the steps to the right and up
    in `UNIT_M` from the frame's left bottom corner (16 bits each, little end first), then the steps of the
    heading (8 bits, `TURNS` to a full turn); a vehicle's first step is from zero. Who leaves the frame and
    comes back is two vehicles of the same person.
    """
    ordered = paths.sort_values(["vehicle", "time_s"])
    time_s = (ordered["time_s"] - clip.begin_s).round().astype("int64").to_numpy()
    person = ordered["vehicle"].map(people).to_numpy(dtype="int64")
    begins = (
        np.r_[True, (np.diff(person) != 0) | (np.diff(time_s) != 1)]
        if len(ordered)
        else np.zeros(0, dtype=bool)
    )
    starts = np.flatnonzero(begins)
    counts = np.diff(np.r_[starts, len(ordered)])
    x = np.round((ordered["x_m"].to_numpy() - clip.frame_m[0]) / UNIT_M).astype("int64")
    y = np.round((ordered["y_m"].to_numpy() - clip.frame_m[1]) / UNIT_M).astype("int64")
    heading = np.round(ordered["angle_deg"].to_numpy() * TURNS / 360).astype("int64")
    planes = [
        _steps(x, begins).astype("<i2"),
        _steps(y, begins).astype("<i2"),
        _steps(heading, begins).astype("u1"),
    ]
    raw = b"".join(plane.tobytes() for plane in planes)
    names = ordered["vehicle"].to_numpy()
    classes = [kinds.get(str(names[start]), "car") for start in starts]
    vehicles = [
        [int(person[start]), kind, int(time_s[start]), int(count)]
        for start, count, kind in zip(starts, counts, classes, strict=True)
    ]
    return {"vehicles": vehicles, "points": base64.b64encode(zlib.compress(raw, 9)).decode("ascii")}


def _steps(values: Any, begins: Any) -> Any:
    """Return differences between neighbours; where something begins, the value itself."""
    return np.where(begins, values, np.diff(values, prepend=0))


def streets(network: Network, frame: Sequence[float]) -> dict[str, Any]:
    """Return what lies in a frame: `lanes` [width, line], `ways` through junctions, `lights` at stop lines.

    A light is x1, y1, x2, y2, signal, link: each way out of a lane has its part of the stop line, the left
    turn at the left.
    """
    lanes, lines = [], {}
    for edge in sorted(network.edges.values(), key=lambda one: one.id):
        for lane in edge.lanes:
            line = lines[lane.edge, lane.index] = lane_line(edge, lane)
            if _crosses(line, frame):
                lanes.append([round(lane.width_m, 1), [[round(x, 1), round(y, 1)] for x, y in line]])
    ways, lights = set(), []
    of_lane: dict[tuple[str, int], list[Any]] = {}
    for one in network.connections:
        begin, end = lines.get((one.from_edge, one.from_lane)), lines.get((one.to_edge, one.to_lane))
        if begin and end and _inside(begin[-1], frame):
            ways.add(tuple(round(value, 1) for value in (*begin[-1], *end[0])))
            if one.signal is not None and one.link is not None:
                of_lane.setdefault((one.from_edge, one.from_lane), []).append(one)
    order = ("uturn", "left", "through", "right")
    for (edge_id, index), own in sorted(of_lane.items()):
        lane = next(lane for lane in network.edges[edge_id].lanes if lane.index == index)
        (x1, y1), (x2, y2) = lines[edge_id, index][-2:]
        length = float(np.hypot(x2 - x1, y2 - y1)) or 1.0
        right = ((y2 - y1) / length, -(x2 - x1) / length)
        turns = sorted(own, key=lambda one: order.index(one.direction) if one.direction in order else 2)
        share = lane.width_m / len(turns)
        for number, one in enumerate(turns):
            ends = (-lane.width_m / 2 + share * (number + 0.1), -lane.width_m / 2 + share * (number + 0.9))
            points = [round(c, 1) for e in ends for c in (x2 + right[0] * e, y2 + right[1] * e)]
            lights.append([*points, one.signal, one.link])
    return {"lanes": lanes, "ways": [list(way) for way in sorted(ways)], "lights": lights}


def _crosses(line: Sequence[tuple[float, float]], frame: Sequence[float]) -> bool:
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return max(xs) >= frame[0] and min(xs) <= frame[2] and max(ys) >= frame[1] and min(ys) <= frame[3]
