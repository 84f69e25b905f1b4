"""From YAML text to typed, frozen models: strict keys, all problems at once, each with its path."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import ConfigError, Problem, near
from sim.labels import Lang, Message, Text, catalogue, message_of, text

Model = TypeVar("Model", bound=BaseModel)


class Facts(BaseModel):
    """Base of everything read from a file: immutable, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Facts):
    """A text that a person writes in both languages."""

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        """Return the text in one language."""
        return self.zh if lang == "zh" else self.en


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice and leaves `on/off/yes/no` and `7:30` as text (YAML 1.2)."""


def _mapping_without_duplicates(
    loader: yaml.SafeLoader, node: yaml.MappingNode, deep: bool = False
) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key: Hashable = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:map", _mapping_without_duplicates)
# YAML 1.1 reads 7:30 as 450, 0123 as 83 and off as False: keep only the 1.2 core forms.
_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":bool", ":int", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_UniqueKeyLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def read_yaml(path: Path) -> Any:
    """Read one YAML file; a missing file, bad syntax or a key given twice is a ConfigError with its line."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        raise ConfigError([Problem(str(path), Message("no such file"), near(path.name, siblings))]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(str(path), Message("cannot be read: {error}", error=error))]) from None
    try:
        return yaml.load(content, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error)
        raise ConfigError([Problem(place, Message("not valid YAML: {what}", what=what))]) from None


def parse(model: type[Model], data: Any, path: str) -> Model:
    """Check `data` against a model; every mismatch becomes one Problem under `path`, with a near match."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_problem(model, detail, path) for detail in error.errors()) from None


SHOWN_CHARACTERS = 60  # longer values would hide the message


def _problem(model: type[BaseModel], detail: ErrorDetails, path: str) -> Problem:
    place = ".".join([path, *(str(part) for part in detail["loc"] if part != "[key]")]).lstrip(".")
    if detail["type"] == "extra_forbidden":
        return Problem(
            place, Message("unknown key"), near(str(detail["loc"][-1]), _fields_at(model, detail["loc"][:-1]))
        )
    if detail["type"] == "string_type" and isinstance(detail["input"], bool):
        return Problem(
            place,
            Message("{input!r} is a truth value where a name is wanted", input=detail["input"]),
            Message("quote the word: bare on, off, yes and no are truth values in YAML"),
        )
    if detail["type"] == "string_type" and isinstance(detail["input"], (int, float)):
        return Problem(
            place,
            Message("{input!r} is a number where a name is wanted", input=detail["input"]),
            Message('quote it: "{input}"', input=detail["input"]),
        )
    if detail["type"] == "value_error":
        return Problem(place, message_of(detail["ctx"]["error"]))
    if detail["type"] == "missing":
        return Problem(place, Message("missing"))
    told, shown = _told(detail), repr(detail["input"])
    short = len(shown) <= SHOWN_CHARACTERS
    message = (
        Message("{told}, not {shown}", told=told, shown=shown) if short else Message("{told}", told=told)
    )
    return Problem(place, message)


def _told(detail: ErrorDetails) -> Text:
    """Say what pydantic found: by its kind as far as the catalogue knows that, else in pydantic's words."""
    fields = {name: _alternatives(value) for name, value in detail.get("ctx", {}).items()}
    if f"input.{detail['type']}" in catalogue():
        return text(f"input.{detail['type']}", **fields)
    own = str(detail["msg"])
    return Text(own, own[0].lower() + own[1:])


def _alternatives(value: object) -> object:
    """Make pydantic's `'a', 'b' or 'c'` bilingual; other values stay as they are."""
    return Text(value.replace(" or ", "、").replace(", ", "、"), value) if isinstance(value, str) else value


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the (nested) model at `loc`, for the near match; best effort."""
    current: type[BaseModel] | None = model
    for part in loc:
        annotation = (
            current.model_fields[part].annotation if current and part in current.model_fields else None
        )
        models = list(_models_in(annotation)) if annotation is not None else []
        if models:
            current = models[0]
    return [info.alias or name for name, info in current.model_fields.items()] if current else []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_in(arg)]


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Deep-merge two plain mappings; `over` wins. Lists are replaced whole."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
