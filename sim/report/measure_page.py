"""The reference page of measures and findings, written from their registries.

`python -m sim.report.measure_page docs/measures.md` writes the committed page; a test holds it to the
registries.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sim.checks.findings import SEVERITY, Finding, hint
from sim.labels import text
from sim.measures import SPECS
from sim.measures.spec import MeasureSpec

_DIRECTIONS = {
    "lower": "lower is better 越小越好",
    "higher": "higher is better 越大越好",
    "none": "neither 无方向",
}
_INTERVALS = {"t": "paired t", "bootstrap": "paired bootstrap"}
_CENSORING = {
    "optimistic": "at least as good as the truth 偏乐观(下限)",
    "exact": "unaffected 不受影响",
}


def markdown() -> str:
    """Write the page: every measure with definition, formula, unit and source, then every finding."""
    return "\n".join([*_head(), *(line for spec in SPECS.values() for line in _section(spec)), *_findings()])


def _head() -> Iterator[str]:
    yield "<!-- Written by `python -m sim.report.measure_page docs/measures.md`; change sim/measures/. -->"
    yield "# Measures of effectiveness 评价指标"
    yield ""
    yield "One file each in `sim/measures/`. Scopes: `network`, `class:bus`, `purpose:parking`,"
    yield "`junction:J1`, `approach:J1.north`, `movement:J1.north.left`, `route:R`, `parking:P`."
    yield "The window is [T0, T1); K is the cohort: everyone who wanted to leave in it."
    yield ""
    yield "| measure | 指标 | | unit | direction |"
    yield "|---|---|---|---|---|"
    for spec in SPECS.values():
        link = f"[`{spec.id}`](#{spec.id})"
        cells = [link, spec.name["zh"], spec.name["en"], _unit(spec), _DIRECTIONS[spec.direction]]
        yield f"| {' | '.join(cells)} |"


def _section(spec: MeasureSpec) -> Iterator[str]:
    # Of two parts the larger one counts.
    parts = [f"{spec.mcid_abs:g} {spec.unit}".strip()] if not math.isnan(spec.mcid_abs) else []
    parts += [f"{spec.mcid_rel:.0%} of the value before"] if not math.isnan(spec.mcid_rel) else []
    yield ""
    yield f"## {spec.id}"
    yield ""
    yield f"**{spec.name['zh']}** / {spec.name['en']}, {_unit(spec)}; {_DIRECTIONS[spec.direction]}."
    yield ""
    yield spec.definition["zh"]
    yield ""
    yield spec.definition["en"]
    yield ""
    yield f"- Formula 公式: `{spec.formula}`"
    yield f"- Smallest change that matters 有意义的最小变化: {', or if larger '.join(parts)}"
    if spec.asked:
        yield f"- Only if asked for 须另行要求: `run.{spec.asked}=true`"
    yield f"- Interval 区间: {_INTERVALS[spec.interval]}"
    yield f"- Uncleared cohort 车辆未消散时: {_CENSORING[spec.censoring]}"
    yield f"- Source 来源: {spec.source}"


def _findings() -> Iterator[str]:
    yield ""
    yield "# Findings 有效性检查"
    yield ""
    yield "Limits and sources: `configs/standards/gates.yaml`. `invalid` removes the verdict, `lower_bound`"
    yield "says that values are at least as good as the truth, `caution` is shown beside the row."
    yield ""
    yield "| finding | severity | 含义 | meaning | 怎么办 | what to do |"
    yield "|---|---|---|---|---|---|"
    for finding in Finding:
        said, advice = text(f"finding.{finding}"), hint(finding)
        cells = [f"`{finding}`", SEVERITY[finding], _open(said.zh), _open(said.en), advice.zh, advice.en]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _unit(spec: MeasureSpec) -> str:
    return spec.unit or "share or ratio"


def _open(words: str) -> str:
    """Show `{value:.0%}` as a gap to be filled."""
    return re.sub(r"\{[^}]*\}", "…", words)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8", newline="\n")
