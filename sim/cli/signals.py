"""`huandu signals suggest`: from words to what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.errors import ConfigError, Problems, near
from sim.labels import Message
from sim.loading import parse
from sim.suggestion.targets import Request

HELP = """\
huandu signals suggest scenario=NAME [junction=ID | corridor=ID,ID,...] [period=ID]
       [rules=chinese|unconstrained] [candidates=60] [search_replicates=5] [fresh=10] [hours=H]
       [study=NAME] [resume=true|overwrite=true]
       [可加与 `huandu run` 相同的覆盖项 / overrides as for `huandu run`]
计算配时（Webster 法、关键流向绿信比、绿波），以仿真搜索，并用未用过的重复逐一与现行配时比较。
不写 junction 或 corridor 时为该点位全部定时信号。
结果写入 results/<study>/suggested/：candidates.csv、search.csv，有显著更好者另有一个方案文件：
复制到 scenarios/<site>/policies/ 并在 configs/scenario/NAME.yaml 中写明即可运行。
Computes plans (Webster, critical splits, green bands), searches by simulation, and holds each against the
present plan on fresh replicates. Without junction or corridor: every fixed-time signal of the site.
Writes results/<study>/suggested/: candidates.csv, search.csv and, where something is significantly better, a
policy. Copy it to scenarios/<site>/policies/ and name it in configs/scenario/NAME.yaml to run it."""

KINDS: Mapping[str, Callable[[str], Any]] = {
    "candidates": int,
    "search_replicates": int,
    "fresh": int,
    "hours": float,
    "corridor": lambda value: tuple(part.strip() for part in value.strip("[]").split(",") if part.strip()),
}
FRAME = ("scenario", "study", "resume", "overwrite", "run", "periods", "primary", "mcid_abs", "mcid_rel")


def request_of(words: list[str], problems: Problems) -> tuple[Request | None, list[str]]:
    """Take the words that are about the suggestion; return them typed, and the others for composing."""
    asked: dict[str, Any] = {}
    others: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in Request.model_fields:
            try:
                asked[key] = KINDS.get(key, str)(value)
            except ValueError:
                problems.add(key, Message("{value!r} is not a number", value=value))
        elif equals and key.isidentifier() and key not in FRAME:
            problems.add(
                f"override {key}", Message("unknown key"), near(key, [*Request.model_fields, *FRAME])
            )
        else:
            others.append(word)
    try:
        return parse(Request, asked, "huandu signals suggest"), others
    except ConfigError as error:
        problems.extend(error)
        return None, others
