"""Every message in the source has its Chinese, with the same fields, and no translation is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from pydantic import BaseModel, Field

from sim.errors import ConfigError
from sim.labels import Message, catalogue, translations
from sim.loading import parse

READ_FROM_USERS = ("controllers", "demand", "edits", "interventions", "signals", "site", "sumo", "workbook")
"""Rooms whose ValueErrors reach a user, as refusals of what they have written."""
OURS = {"band.py", "base.py", "driver.py", "proof.py", "time_read.py"}
"""Files of those rooms in which a ValueError is a mistake of ours."""


def calls(repo_root: Path) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((repo_root / "sim").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(repo_root)), node


@pytest.fixture(scope="module")
def templates(repo_root: Path) -> dict[str, str]:
    """Template -> where it stands."""
    found: dict[str, str] = {}
    for path, call in calls(repo_root):
        if ast.unparse(call.func) != "Message" or path == "sim/labels/__init__.py":
            continue
        (template,) = call.args
        assert isinstance(template, ast.Constant), f"{path}:{call.lineno}: a template is written as a literal"
        given = {keyword.arg for keyword in call.keywords}
        wanted = fields(template.value) if given else set()
        assert given == wanted, f"{path}:{call.lineno}: fields {given}, in the template {wanted}"
        found[template.value] = f"{path}:{call.lineno}"
    return found


def fields(template: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def has_words(template: str) -> bool:
    return re.search(r"[A-Za-z]", re.sub(r"\{[^{}]*\}", "", template)) is not None


def test_every_message_has_its_chinese(templates: dict[str, str]) -> None:
    assert len(templates) > 600, "the templates are no longer found"
    missing = {t: at for t, at in templates.items() if has_words(t) and t not in translations()}
    assert not missing, "no Chinese in sim/labels/messages for:\n" + "\n".join(
        f"{at}: {template!r}" for template, at in missing.items()
    )


def test_no_translation_is_left_over(templates: dict[str, str]) -> None:
    assert not set(translations()) - set(templates)


def test_a_translation_has_the_fields_of_its_template(templates: dict[str, str]) -> None:
    with_fields = (pair for pair in translations().items() if not pair[0].startswith("write {"))
    assert [en for en, zh in with_fields if fields(en) != fields(zh)] == []


def test_what_users_wrote_is_refused_by_messages(repo_root: Path) -> None:
    plain = [
        f"{path}:{call.lineno}"
        for path, call in calls(repo_root)
        if ast.unparse(call.func) == "ValueError" and call.args
        if path.split("/")[1] in READ_FROM_USERS and path.rpartition("/")[2] not in OURS
        if ast.unparse(call.args[0]).startswith(("'", '"', "f'", 'f"'))
    ]
    assert not plain, "ValueError(Message(...)) can be said in Chinese: " + ", ".join(plain)


class _Every(BaseModel):
    whole: int = 0
    number: float = Field(1.0, gt=0, lt=9)
    limited: float = Field(1.0, ge=0, le=9)
    flag: bool = True
    word: str = Field("a", pattern="^a$")
    several: list[int] = []
    named: dict[str, int] = {}
    inner: _Every | None = None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("whole", []), ("whole", "x"), ("whole", 1.5), ("number", []), ("number", "x"), ("number", 0),
        ("number", 9), ("limited", -1), ("limited", 10), ("limited", float("inf")), ("flag", []),
        ("flag", "x"), ("word", []), ("word", "b"), ("several", 1), ("named", 1), ("inner", 1),
    ],
)  # fmt: skip
def test_what_pydantic_finds_is_said_in_chinese_too(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse(_Every, {field: value}, "file")
    (problem,) = refusal.value.problems
    assert re.search("应[为大小不符]", problem.of("zh")), problem
    assert problem.message.of("zh") != problem.message.of("en")


def test_the_english_of_what_pydantic_finds_is_its_own() -> None:
    class Model(_Every):
        pass

    for field, value in {"whole": "x", "number": 0, "word": "b"}.items():
        with pytest.raises(ValueError) as own:
            Model.model_validate({field: value})
        told = own.value.errors()[0]["msg"]  # type: ignore[attr-defined]
        with pytest.raises(ConfigError) as ours:
            parse(Model, {field: value}, "file")
        assert str(ours.value).startswith(f"- file.{field}: {told[0].lower()}{told[1:]}, not ")


def test_labels_of_input_are_used_by_kinds_of_pydantic() -> None:
    kinds = [key.removeprefix("input.") for key in catalogue() if key.startswith("input.")]
    from pydantic_core.core_schema import ErrorType  # noqa: PLC0415

    assert not set(kinds) - set(ErrorType.__args__)


def test_nothing_untranslated_is_said() -> None:
    assert Message("no such file").of("zh") == "文件不存在"
