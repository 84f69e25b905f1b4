"""The reference page of interventions, written from their registry.

`python -m sim.report.intervention_page docs/interventions.md` writes the committed page; a test holds it to
the registry.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.edits.vocabulary import Edit
from sim.interventions import REGISTRY, Intervention
from sim.labels import catalogue

NOT_OFFERED = "not_offered."
DRAWINGS = "interventions"
"""Folder of the drawings beside the page (`sim.intervention_drawings`)."""
UNITS = {
    "kmh": "km/h", "per_km_h": "per km and hour", "wan_yuan": "万元", "yuan_per_h": "元/h", "mps": "m/s",
    "vph": "veh/h", "pct": "%", "m": "m", "s": "s",
}  # fmt: skip
WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "date"}
LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


HEAD = """
One file each in `sim/interventions/`; a policy (`scenarios/<site>/policies/*.yaml`) lists them under
`interventions`, each by an id of its own. All work on drawn sites and on imported networks. Every kind says
in `expect` what it believes is there; where something else is found it is refused with both values. After
the build the arm is held against the baseline object by object: whatever differs outside the footprint
fails it (`huandu check` prints the proof).

A policy of several stages (施工阶段) has `stages` instead, each with `interventions` of its own and, if you
like, `title` and `dates`: each is simulated and compared with today, and the worst decides on the policy.

Names: junction `J1`, approach `J1.north`, movement `J1.north.left`; edges by the id in the network. Lanes are
listed from the median to the kerb. Hours are written `"07:00-09:00"`, the end not included, and must meet a
period of the site. Vehicle classes: `car`, `bus`, `truck`, ... as on lanes.

Every example holds on [one made-up place](interventions/place/site.yaml), which the drawings show today and
then: new or changed lanes orange, new ways green, what goes or is closed pink (dashed: for a time), greens of
stages in seconds. 示例均适用于同一虚构地点:橙色为新增或改变的车道,绿色为新增流向,粉色为取消或封闭
(虚线为分时段)。

With fixed routes, an arm that closes a way that somebody drives is refused: the preflight lists the
vehicles, and the demand has to say which way they take instead. This holds for ways that are closed by the
clock too, for those who would come to them, undelayed, while they are closed.
"""
CONDITIONAL = "The result is conditional 结果有前提: it rests on people's response, and the report says so."


def markdown() -> str:
    """Write the page: what all kinds share, every kind, then the kinds that are not offered and why."""
    kinds = sorted(REGISTRY.items())
    sections = (line for kind, cls in kinds for line in _section(kind, cls))
    return "\n".join([*_head(kinds), *sections, *_not_offered()])


def _head(kinds: Iterable[tuple[str, type[Intervention]]]) -> Iterator[str]:
    yield "<!-- Written by `python -m sim.report.intervention_page docs/interventions.md`;"
    yield "change sim/interventions/. -->"
    yield "# Interventions 措施"
    yield ""
    yield HEAD.strip()
    yield ""
    yield "Fields that every kind may have:"
    yield ""
    own = {name: info for name, info in Intervention.model_fields.items() if name != "kind"}
    yield from _fields(own)
    yield "| kind | 措施 | | rests on an assumed response 假设 |"
    yield "|---|---|---|---|"
    for kind, cls in kinds:
        assumed = "yes 有" if _overrides(cls, "assumes") else ""
        yield f"| [`{kind}`](#{kind}) | {cls.title.zh} | {cls.title.en} | {assumed} |"


def _section(kind: str, cls: type[Intervention]) -> Iterator[str]:
    yield ""
    yield f"## {kind}"
    yield ""
    yield f"**{cls.title.zh}** / {cls.title.en}"
    yield ""
    yield f"![{cls.title.zh} {cls.title.en}]({DRAWINGS}/{kind}.svg)"
    yield ""
    yield inspect.cleandoc(cls.__doc__ or "")
    yield ""
    yield "```yaml"
    yield cls.example.rstrip()
    yield "```"
    yield ""
    fields = {n: i for n, i in cls.model_fields.items() if n not in Intervention.model_fields}
    yield from _fields(fields)
    yield "What may change 变动范围 (all else must stay identical):"
    yield ""
    for edit in _edits(cls):
        touched = inspect.cleandoc(edit.footprint.__doc__ or "").split("\n")[0].removeprefix("Return ")
        yield f"- `{edit.__name__}`: {touched}"
    if _overrides(cls, "eligibility"):
        said = inspect.cleandoc(cls.eligibility.__doc__ or "").split("\n")[0]
        yield ""
        yield f"Warned of 适用条件: {said}"
    if _overrides(cls, "assumes"):
        yield ""
        yield CONDITIONAL
    if cls.watch is not None:
        yield ""
        yield f"注意：{cls.watch.zh}"
        yield ""
        yield f"Watch: {cls.watch.en}"


def _fields(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    yield "| field | what | unit | if left out |"
    yield "|---|---|---|---|"
    for name, info in _flat(fields):
        if info.is_required():
            default = "must be given"
        elif info.default_factory is not None or info.default in ((), "", None):
            default = "none"
        else:
            default = f"`{_yaml(info.default)}`"
        limits = [
            f"{sign} {value:g}"
            for limit in info.metadata
            for key, sign in LIMITS.items()
            if (value := getattr(limit, key, None)) is not None
        ]
        what = ", ".join([_type(info.annotation), *limits])
        yield f"| `{name}` | {what} | {_unit(name)} | {default} |"
    yield ""


def _flat(fields: Mapping[str, FieldInfo], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield fields, those of a nested model under its name."""
    for name, info in fields.items():
        if name == "kind" and not before:
            continue
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel) and info.is_required():
            yield from _flat(inner.model_fields, f"{before}{name}.")
        else:
            yield before + name, info


def _type(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    said = getattr(annotation, "__name__", str(annotation))
    if annotation in WORDS:
        said = WORDS[annotation]
    elif origin is Literal:
        said = " or ".join(f"`{_yaml(value)}`" for value in args)
    elif origin in (types.UnionType, Union):
        said = " or ".join(_type(arg) for arg in args if arg is not type(None))
    elif origin is tuple:
        said = f"list of {_type(args[0])}"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        said = f"name: {_type(args[1])}"
    elif hasattr(annotation, "__metadata__"):
        said = _type(args[0])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        said = "fields " + ", ".join(f"`{name}`" for name in annotation.model_fields)
    return said


def _unit(name: str) -> str:
    last = name.rpartition(".")[2]
    ending = next((end for end in sorted(UNITS, key=len, reverse=True) if last.endswith("_" + end)), None)
    return UNITS[ending] if ending is not None else ""


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _edits(cls: type[Intervention]) -> list[type[Edit]]:
    """Return the edits that a kind is made of, as the annotation of its `edits` says."""
    found: dict[type[Edit], None] = {}

    def walk(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Edit):
            found[annotation] = None
        for arg in get_args(annotation):
            walk(arg)

    walk(get_type_hints(cls.edits)["return"])
    return list(found)


def _overrides(cls: type[Intervention], method: str) -> bool:
    return getattr(cls, method) is not getattr(Intervention, method)


def _not_offered() -> Iterator[str]:
    yield ""
    yield "# Not offered, and why 暂不提供"
    yield ""
    yield "A kind that has not been proved on a network someone else made is not offered."
    yield ""
    yield "| kind | 原因 | why |"
    yield "|---|---|---|"
    for key, words in sorted(catalogue().items()):
        kind = key.removeprefix(NOT_OFFERED)
        if kind != key and kind not in REGISTRY:
            yield f"| `{kind}` | {words.zh} | {words.en} |"
    yield ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8", newline="\n")
