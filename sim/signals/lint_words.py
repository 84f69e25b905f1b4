"""Findings of the signal check in words, with the source of the rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sim.labels import Lang, Text, label, text
from sim.signals.findings import SOURCES, LintFinding
from sim.signals.rules import TimingRules

MOST_OF_A_KIND = 3
"""Findings of one rule that a listing shows; the others are counted."""


def words(finding: LintFinding) -> Text:
    """Say where and what, with value and limit."""
    where = text(
        "lint.in_stage" if finding.stage else "lint.in_program",
        signal=finding.signal,
        program=finding.program,
        stage=finding.stage,
    )
    what = text(
        f"lint.{finding.rule}",
        movement=finding.movement,
        other=finding.other,
        value=f"{finding.value:g}",
        limit=f"{finding.limit:g}",
    )
    return Text(f"{where.zh}：{what.zh}", f"{where.en}: {what.en}")


def source(finding: LintFinding, rules: TimingRules) -> Text:
    """Name the sources of the rule and how sure they are; or say that it follows from what a signal is."""
    used = [getattr(rules, name) for name in SOURCES.get(finding.rule, ())]
    if not used:
        return text("lint.source.logic")
    return text(
        "lint.source",
        source=list(dict.fromkeys(rule.origin for rule in used)),
        confidence=list(dict.fromkeys(rule.certainty for rule in used)),
    )


def listing(
    findings: Sequence[LintFinding],
    rules: TimingRules,
    langs: Iterable[Lang],
    known: Iterable[LintFinding] = (),
) -> list[str]:
    """Lines for a terminal: worst first, a few of each rule, its source; `known` ones are only counted."""
    present = {(item.place, item.value, item.limit) for item in known}
    new = [item for item in findings if (item.place, item.value, item.limit) not in present]
    langs = tuple(langs)
    lines = [line for lang in langs for line in _lines(new, rules, lang)]
    same = len(findings) - len(new)
    if not findings:
        lines += [f"    {label('lint.none', lang)}" for lang in langs]
    elif same:
        lines += [f"    {label('lint.same', lang, n=same)}" for lang in langs]
    return lines


def _lines(findings: Sequence[LintFinding], rules: TimingRules, lang: Lang) -> Iterator[str]:
    order = ("danger", "breach", "caution")
    counts = Counter(item.rule for item in findings)
    shown: Counter[str] = Counter()
    for item in sorted(findings, key=lambda f: (order.index(f.severity), f)):
        shown[item.rule] += 1
        if shown[item.rule] > MOST_OF_A_KIND:
            continue
        yield f"    [{label(f'lint.severity.{item.severity}', lang)}] {words(item).of(lang)}"
        if shown[item.rule] < min(MOST_OF_A_KIND, counts[item.rule]):
            continue
        if counts[item.rule] > MOST_OF_A_KIND:
            yield f"      {label('lint.more', lang, n=counts[item.rule] - MOST_OF_A_KIND)}"
        yield f"      {source(item, rules).of(lang)}"
