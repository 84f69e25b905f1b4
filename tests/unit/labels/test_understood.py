"""What stands on disk in English alone is said in Chinese too."""

from __future__ import annotations

from sim.labels import Message, Text, understood


def test_what_is_on_disk_in_english_is_understood() -> None:
    told = Message("ran longer than {timeout_s:g} s and was stopped", timeout_s=0.001)
    assert understood(str.__str__(told)) == Text("运行超过 0.001 s，已停止", told)
    assert understood(told) == understood(f"{told}")
    nested = (
        "the choice of ways could not be found: the simulator was killed by signal 9 (SIGKILL): Vehicle 'x'"
    )
    assert understood(nested).zh == "路径选择未能求得：仿真程序被系统信号 9（SIGKILL）终止：Vehicle 'x'"


def test_other_words_stay() -> None:
    for told in ("", "Vehicle 'x' has no way.", "sumo: Vehicle 'x' has no way."):
        assert understood(told) == Text(told, told)
