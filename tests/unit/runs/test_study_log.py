import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.runs.executors import settled
from sim.runs.run import RunRecord
from sim.runs.study_log import LOG_FILE, Tally, clock_text, study_log


def ticking(*seconds: float) -> Callable[[], float]:
    times = iter(seconds)
    last = [0.0]

    def clock() -> float:
        last[0] = next(times, last[0])
        return last[0]

    return clock


def test_rate_and_time_left_come_from_simulated_runs_alone() -> None:
    tally = Tally(20, clock=ticking(0.0, 120.0))
    states = [
        tally.count(record)
        for record in (
            *[RunRecord("a", simulated=True)] * 4,
            *[RunRecord("b")] * 5,
            RunRecord("c", "killed", simulated=True),
            RunRecord(None, "no inputs"),
        )
    ]
    assert states == ["done"] * 4 + ["cached"] * 5 + ["failed"] * 2
    assert tally.settled == 11
    assert tally.per_minute == pytest.approx(2.0)
    assert tally.remaining_s == pytest.approx(9 / 2.0 * 60)
    assert tally.said() == "4 done, 5 cached, 2 failed, 9 to go; 2.0 runs/min, 4 min left"
    assert tally.said().of("zh") == "完成 4，已有 5，失败 2，剩余 9；2.0 次/min，约需 4 min"


def test_without_a_simulated_run_nothing_is_promised() -> None:
    tally = Tally(2, clock=ticking(0.0, 5.0))
    tally.count(RunRecord("b"))
    assert tally.remaining_s is None
    assert tally.said() == "0 done, 1 cached, 0 failed, 1 to go; 0.0 runs/min"


def test_times_are_said_as_people_read_them() -> None:
    assert [clock_text(s) for s in (4.4, 89, 91, 3550, 3600, 14700)] == [
        "4 s",
        "89 s",
        "2 min",
        "59 min",
        "1 h 00 min",
        "4 h 05 min",
    ]


def test_every_invocation_adds_its_lines_and_says_how_it_ended(tmp_path: Path) -> None:
    with study_log(tmp_path / "s", 3) as log:
        log.write("run", arm="甲", state="done", digest="d")
    with pytest.raises(KeyboardInterrupt), study_log(tmp_path / "s", 3):
        raise KeyboardInterrupt
    path = tmp_path / "s" / LOG_FILE
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["begin", "run", "end", "begin", "end"]
    assert lines[1]["arm"] == "甲"
    assert lines[0]["runs"] == 3
    assert "stopped_by" not in lines[2]
    assert lines[4]["stopped_by"] == "KeyboardInterrupt"


def test_a_line_cut_short_by_a_kill_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / LOG_FILE
    path.write_text('{"event": "begin"}\n{"event": "ru')
    with study_log(tmp_path, 1):
        pass
    lines = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in (lines[0], *lines[2:])] == ["begin", "begin", "end"]


def test_every_item_is_settled_and_no_more_than_the_window_is_under_way() -> None:
    waiting: list[tuple[int, Future[int]]] = []
    most = 0

    def submit(item: int) -> Future[int]:
        nonlocal most
        future: Future[int] = Future()
        waiting.append((item, future))
        most = max(most, len(waiting))
        if len(waiting) == 3 or item == 9:
            for number, begun in waiting:
                begun.set_result(number * number)
            waiting.clear()
        return future

    found = {item: future.result() for item, future in settled(submit, range(10), window=3)}
    assert found == {n: n * n for n in range(10)}
    assert most == 3


def test_a_task_that_raises_is_settled_like_any_other() -> None:
    def task(number: int) -> int:
        return 1 // number

    with ThreadPoolExecutor(2) as pool:
        found = dict(settled(lambda n: pool.submit(task, n), [0, 1]))
    assert isinstance(found[0].exception(), ZeroDivisionError)
    assert found[1].result() == 1
