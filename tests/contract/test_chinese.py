"""What is said in Chinese is set as Chinese: full-width punctuation, one term for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.interventions import REGISTRY
from sim.labels import catalogue, translations
from sim.measures import SPECS

HAN = re.compile("[\u4e00-\u9fff]")
AS_WRITTEN = re.compile(
    r"`[^`]*`|\{[^{}]*\}|\[[\w.,= ]+\]|\"[^\"]*\"|'[^']*'|\w+://\S+|\d\d?:\d\d(:\d\d)?"
    r"|示意数据,非该地实际|^huandu: |/\(km·h\)|[a-z_]+: (?=[a-z0-9{])|_ \. = , -"
)
"""What stays as a file or a command line has it: keys, examples, times of day, units."""
OTHER_TERMS = {
    "复演": "重复",
    "寻位": "寻泊",
    "锁死": "死锁",
    "路侧泊位": "路内泊位",
    "短车道": "展宽车道",
    "直线式": "直接式",
    "对策": "方案",
    "绿间隔": "绿灯间隔时间",
    "首要指标": "主要指标",
    "车辆集": "车辆参数集",
}
"""Words that were in use beside the term that we use, and that term."""


def said() -> Iterator[tuple[str, str]]:
    """Yield (where, Chinese) of everything that people read."""
    yield from ((key, text.zh) for key, text in catalogue().items())
    yield from translations().items()
    for name, spec in SPECS.items():
        yield from ((name, words["zh"]) for words in (spec.name, spec.definition))
    for kind, cls in REGISTRY.items():
        yield from ((kind, words.zh) for words in (cls.title, cls.watch) if words is not None)


def titles(node: Any) -> Iterator[str]:
    """Yield what stands under `zh` anywhere in a file."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from [str(value)] if key == "zh" else titles(value)
    elif isinstance(node, list):
        for item in node:
            yield from titles(item)


def faults(chinese: str) -> list[str]:
    """Return half-width punctuation and terms that are called otherwise."""
    if not HAN.search(chinese):
        return []
    plain = AS_WRITTEN.sub("", chinese)
    return re.findall(r"[,;:?!]|[(][^()]*[\u4e00-\u9fff][^()]*[)]", plain) + [
        f"{other}: {term}" for other, term in OTHER_TERMS.items() if other in chinese
    ]


def test_texts() -> None:
    found = {(where, chinese): fault for where, chinese in said() if (fault := faults(chinese))}
    assert len(dict(said())) > 1500, "the texts are no longer found"
    assert not found


def test_sites_and_policies(repo_root: Path) -> None:
    files = [*repo_root.glob("scenarios/*/site.yaml"), *repo_root.glob("scenarios/*/policies/*.yaml")]
    assert files
    found = {
        (path.name, chinese): fault
        for path in files
        for chinese in titles(yaml.safe_load(path.read_text(encoding="utf-8")))
        if (fault := faults(chinese))
    }
    assert not found


def test_the_readme(repo_root: Path) -> None:
    text = (repo_root / "README.zh.md").read_text(encoding="utf-8")
    assert not [other for other in OTHER_TERMS if other in text]


@pytest.mark.parametrize(
    "chinese", ["已停止,可继续", "应为整数(现为文本)", "绿灯: 30 s", "每时段 20 次复演", "为什么?"]
)
def test_a_fault_is_found(chinese: str) -> None:
    assert faults(chinese)
