"""Texts of page and figures: every key exists in both languages, and the font can draw every character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.checks.findings import Finding
from sim.comparison.inference import VERDICTS
from sim.labels import catalogue
from sim.measures import SPECS
from sim.measures.spec import MeasureSpec
from sim.plots.figures import FIGURES
from sim.plots.fonts import undrawable
from sim.plots.style import VERDICT_COLOURS, VERDICT_MARKS
from sim.report.evidence import FATE_COLUMNS
from sim.report.words import SEVERITIES

ROOM = re.compile(
    r"""["']((?:report|plot|place|bearing|turn|class|purpose|gate|verdict)\.[a-z_.]+[a-z_])["']"""
)
FILES = {"report.html", "report.md", "report.docx", "report.xlsx", "report.pdf"}
PREFIX = re.compile(r"""["']((?:report|plot)\.[a-z_.]+\.)["']|f["']((?:report|plot)\.[a-z_.]*\.)\{""")


def sources(root: Path) -> Iterator[Path]:
    for folder in ("plots", "report"):
        yield from (root / "sim" / folder).rglob("*.py")
        yield from (root / "sim" / folder).rglob("*.j2")


def test_every_label_that_is_used_exists(repo_root: Path) -> None:
    used = {
        key for path in sources(repo_root) for key in ROOM.findall(path.read_text(encoding="utf-8"))
    } - FILES
    assert len(used) > 60, "the pattern no longer finds the labels"
    assert not used - set(catalogue())


def test_every_label_that_is_put_together_exists() -> None:
    wanted = {f"verdict.{token}" for token in VERDICTS} | {f"gate.{severity}" for severity in SEVERITIES}
    wanted |= {f"plot.{module.KEY}.{part}" for module in FIGURES for part in ("title", "name", "read")}
    wanted |= {f"report.meaning.{token}" for token in VERDICTS} | {
        f"report.fate.{name}" for name in FATE_COLUMNS
    }
    wanted |= {f"report.direction.{spec.direction}" for spec in SPECS.values()}
    wanted |= {f"finding.{finding}{part}" for finding in Finding for part in ("", ".hint")}
    assert not wanted - set(catalogue())


def test_no_label_of_the_page_is_left_over(repo_root: Path) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(repo_root))
    used = set(ROOM.findall(text))
    prefixes = tuple({one or other for one, other in PREFIX.findall(text)})
    prefixes += tuple(f"plot.{module.KEY}." for module in FIGURES)
    own = {key for key in catalogue() if key.startswith(("report.", "plot."))}
    assert not {key for key in own - used if not key.startswith(prefixes)}


def test_labels_have_both_languages_and_no_missing_glyph() -> None:
    own = {
        k: v
        for k, v in catalogue().items()
        if k.split(".")[0] in ("report", "plot", "verdict", "gate", "finding")
    }
    assert all(words.zh.strip() and words.en.strip() for words in own.values())
    assert not {key: undrawable("".join(words)) for key, words in own.items() if undrawable("".join(words))}


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_measures_can_be_drawn(spec: MeasureSpec) -> None:
    words = [*spec.name.values(), *spec.definition.values(), spec.unit, spec.formula, spec.source]
    assert not undrawable("".join(words))


def test_verdicts_have_the_words_of_the_field() -> None:
    words = [catalogue()[f"verdict.{token}"].zh for token in VERDICTS]
    assert words == [
        "不可比",
        "影响可忽略",
        "改善",
        "改善但幅度不确定",
        "变差",
        "变差但幅度不确定",
        "证据不足",
    ]
    assert set(VERDICT_MARKS) == set(VERDICT_COLOURS) == set(VERDICTS)
    assert not undrawable("".join(VERDICT_MARKS.values()) + "★→·×✓—−≥≤±…\u00a0")


def test_no_text_claims_a_proof_of_effect() -> None:
    effect = {k: v for k, v in catalogue().items() if k.startswith(("report.", "plot.", "verdict."))}
    for key, words in effect.items():
        assert "证明" not in words.zh, key
        assert not re.search(r"\bproved|\bproven|\bproves", words.en), key
