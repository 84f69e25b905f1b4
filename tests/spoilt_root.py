"""A folder whose files are spoilt one way or another, and what is answered then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.command_line import Answer, huandu

SITE = "scenarios/xingfu/site.yaml"
COUNTS = "scenarios/xingfu/counts.csv"
POLICY = "scenarios/xingfu/policies/longer_main.yaml"
SCENARIO = "configs/scenario/xingfu.yaml"
J1 = f"{POLICY}.interventions.j1"
FRAME = """\
longer_main:
  site: xingfu
  title: {zh: 测试, en: Test}
  interventions:
"""
LOT = "{title: {zh: 场, en: Lot}, kind: off_street, on: J1.west, at_m: 60, stalls: 40}"

Edit = Callable[[Path], object]


def change(name: str, old: str, new: str) -> Edit:
    def edit(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return edit


def write(name: str, text: str) -> Edit:
    return lambda root: (root / name).write_text(text, encoding="utf-8")


def remove(name: str) -> Edit:
    return lambda root: (root / name).unlink()


def nothing(root: Path) -> None:
    """The files are as they should be; the words are not."""


def problems(root: Path, *words: str) -> list[str]:
    """Run with these words; return the problems named, and hold what every refusal must hold."""
    before = files(root)
    answer = huandu("run", *words, "--root", root)
    assert (answer.code, answer.out) == (2, "")
    assert {path for path in root.rglob("*") if ".store" not in path.parts} == before, (
        "something half-written"
    )
    return listed(answer, root)


def files(root: Path) -> set[Path]:
    """Return what there is, but for the store, which holds whole things only."""
    return {path for path in root.rglob("*") if ".store" not in path.parts}


def listed(answer: Answer, root: Path) -> list[str]:
    assert "Traceback" not in answer.err
    head, *lines = answer.refusal.splitlines()
    assert head == f"huandu: {len(lines)} problem{'s' if len(lines) > 1 else ''}:"
    assert all(line.startswith("- ") for line in lines)
    first, *chinese = answer.err.removesuffix(answer.refusal).splitlines()
    assert first == f"huandu: {len(lines)} 处问题："
    assert [line.split(": ")[0] for line in chinese] == [line.split(": ")[0] for line in lines]
    return [line.removeprefix("- ").replace(f"{root}/", "") for line in lines]
