"""The one catalogue of user-facing text.

`labels/*.yaml` holds what has a key: key -> {zh, en}. Refusals stand in the source in English, where they are
read; `labels/messages/*.yaml` says them in Chinese: English template -> Chinese template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import yaml

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, Lang] = ("zh", "en")


@runtime_checkable
class _Sayable(Protocol):
    """Whatever can be said in both languages."""

    def of(self, lang: Lang) -> str:
        """Say it in one of them."""
        ...


class Text(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        """Return the text in one language."""
        return self.zh if lang == "zh" else self.en

    def both(self) -> str:
        """Say it in one line in both languages: `中文 / English`."""
        return " / ".join(self)


def _read(entry: Traversable) -> Any:
    """Read a file of the catalogue, by libyaml where PyYAML has it: in a fifth of the time."""
    return yaml.load(entry.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Text]:
    """Read every YAML file of this folder; the same key twice is an error."""
    texts: dict[str, Text] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".yaml"):
            continue
        for key, value in (_read(entry) or {}).items():
            if key in texts:
                raise ValueError(f"label {key!r} stands twice; second time in {entry.name}")
            texts[key] = Text(zh=value["zh"], en=value["en"])
    return texts


def text(key: str, **values: object) -> Text:
    """Look up a label and fill in its `{named}` values; an unknown key is a KeyError."""
    found = catalogue()[key]
    return Text(*(_filled(found.of(lang), values, lang) for lang in LANGS))


def label(key: str, lang: Lang, **values: object) -> str:
    """Look up a label in one language."""
    return text(key, **values).of(lang)


class Message(str):
    """A message in English that remembers its template and fields, so that `of("zh")` can say it in Chinese.

    `Message("no lane {lane}", lane=3)`. A field is formatted as by `str.format`; one that is itself bilingual
    is said in the language of the message. Lists are joined: `{names}` by commas, `{names:or}`, `{names:and}`
    and `{names:;}` as they say, `{names:-}` one per line. A template without fields is taken as it is, braces
    too. Templates are written as literals: a test finds them and asks for their Chinese. (The design of
    gettext and zope.i18nmessageid.)
    """

    template: str
    fields: Mapping[str, object]

    def __new__(cls, template: str, /, **fields: object) -> Message:
        """Fill in the English template."""
        message = super().__new__(cls, _filled(template, fields, "en"))
        message.template, message.fields = template, fields
        return message

    def of(self, lang: Lang) -> str:
        """Say it in one language; without a translation (words of other programs) as it is."""
        template = self.template if lang == "en" else translations().get(self.template, self.template)
        return _filled(template, self.fields, lang)

    def both(self) -> str:
        """Say it in one line in both languages: `中文 / English`."""
        return " / ".join(self.of(lang) for lang in LANGS)

    def __str__(self) -> str:
        """Return itself: `str(error)` of an exception with a message is still the message."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Take template and fields along to another process."""
        return _message, (self.template, dict(self.fields))


def _message(template: str, fields: Mapping[str, object]) -> Message:
    return Message(template, **fields)


def message_of(error: BaseException) -> Message:
    """Return the Message that an exception was raised with, else its own words, which stay as they are."""
    told = error.args[0] if error.args else None
    return told if isinstance(told, Message) else Message("{error}", error=str(error))


@lru_cache(maxsize=1)
def translations() -> Mapping[str, str]:
    """Read `labels/messages/*.yaml`, English template -> Chinese; the same template twice is an error."""
    found: dict[str, str] = {}
    for entry in sorted(resources.files(__name__).joinpath("messages").iterdir(), key=lambda item: item.name):
        for template, chinese in _read(entry).items():
            if template in found:
                raise ValueError(f"message {template!r} stands twice; second time in {entry.name}")
            found[template] = chinese
    return found


FIELD = re.compile(r"\{(\w+)[^{}]*\}")


def understood(told: str) -> Text:
    """Say in Chinese what is at hand in English alone: a reason read from a file, a sentence of a library.

    It is taken for the message whose template it fits, the most literal one if several do, and what stands in
    its fields is understood in turn; so are the parts before and after a colon. Other words stay.
    """
    if isinstance(told, Message):
        return Text(told.of("zh"), told.of("en"))
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(told):
            fields = {name: understood(part).zh for name, part in found.groupdict().items()}
            parts = FIELD.split(chinese) if fields else [chinese]
            parts[1::2] = [fields[name] for name in parts[1::2]]
            return Text("".join(parts), told)
    head, colon, tail = told.partition(": ")
    first, second = (understood(head), understood(tail)) if colon else (Text(told, told), Text("", ""))
    known = colon and (first.zh, second.zh) != (head, tail)
    return Text(f"{first.zh}：{second.zh}" if known else told, told)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what tells a template with words, and its Chinese; the most literal ones first."""
    found = []
    for template, chinese in translations().items():
        parts, seen, pattern = FIELD.split(template), set[str](), ""
        literal = "".join(parts[::2])
        if sum(c.isalpha() for c in literal) < WORDS_OF_A_TEMPLATE:
            continue
        for number, part in enumerate(parts):
            again = f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            pattern += again if number % 2 else re.escape(part)
            seen |= {part} if number % 2 else set()
        found.append((len(literal), re.compile(pattern, re.DOTALL), chinese))
    return tuple((pattern, chinese) for _, pattern, chinese in sorted(found, key=lambda one: -one[0]))


WORDS_OF_A_TEMPLATE = 5
"""A template with fewer letters of its own fits anything."""

JOINTS: Mapping[Lang, Mapping[str, str]] = {
    "zh": {"": "、", "or": " 或 ", "and": " 和 ", ";": "；", "-": "\n- "},
    "en": {"": ", ", "or": " or ", "and": " and ", ";": "; ", "-": "\n- "},
}
"""What stands between the items of a list, by format spec."""


class _Listed(tuple[str, ...]):
    lang: Lang

    def __format__(self, spec: str) -> str:
        return JOINTS[self.lang][spec].join(self)


def _filled(template: str, fields: Mapping[str, object], lang: Lang) -> str:
    if not fields:
        return template
    return template.format(**{name: _said(value, lang) for name, value in fields.items()})


def _said(value: object, lang: Lang) -> object:
    if isinstance(value, BaseException):
        value = message_of(value)
    if isinstance(value, _Sayable):
        return value.of(lang)
    if isinstance(value, (list, tuple, set, frozenset)):
        items = value if isinstance(value, (list, tuple)) else sorted(value)
        listed = _Listed(str(_said(item, lang)) for item in items)
        listed.lang = lang
        return listed
    return value
