"""`huandu choose`: the best of a scenario's policies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sim.cli.arguments import Arguments
from sim.cli.roots import find_root
from sim.cli.verbs import assembled

HELP = """\
huandu choose scenario=NAME [--indifference SECONDS] [study=NAME] [resume=true|overwrite=true]
              [sweep.policies....FIELD=[a,b,c]]
              [可加与 `huandu run` 相同的覆盖项 / overrides as for `huandu run`]
从场景的多个方案（或扫描出的各变体）中选出公平出行时间最小的一个：各方案用同样的出行者，明显落后的不再仿真
（Kim–Nelson 法），以 run.confidence 的概率选对（最优者领先其余至少 SECONDS；不写则取最小有意义变化）；
选出者再用未用过的重复与现状比较。结果写入 results/<study>/choice/。
Chooses among the scenario's policies, or the variants of a sweep, the one with the least fair travel time:
the same people drive in each, and who is clearly behind is simulated no more (Kim and Nelson). The choice is
right with probability run.confidence if the best leads by SECONDS at least (left out: the smallest change
that matters); the one chosen is held against today on fresh replicates. Writes results/<study>/choice/."""


def choose(root: Path | None, words: list[str]) -> int:
    """Choose among policies: `huandu choose scenario=NAME [--indifference SECONDS] [overrides]`."""
    from sim.choosing import choose as chosen  # noqa: PLC0415

    if not {"-h", "--help"}.isdisjoint(words):
        print(HELP)
        return 0
    parser = Arguments("huandu choose")
    parser.add_argument("--indifference", type=float)
    options, rest = parser.parse_known_args(words)
    study, config = assembled(find_root(root), rest)
    name = str(config.get("study") or f"{study.scenario}_choice")
    return chosen(replace(study, name=name), config, options.indifference)
