"""The one catalogue of user-facing text: `labels/*.yaml`, key -> {zh, en}."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Literal, NamedTuple

import yaml

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, Lang] = ("zh", "en")


class Text(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        """Return the text in one language."""
        return self.zh if lang == "zh" else self.en


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Text]:
    """Read every YAML file of this folder; the same key twice is an error."""
    texts: dict[str, Text] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".yaml"):
            continue
        for key, value in (yaml.safe_load(entry.read_text(encoding="utf-8")) or {}).items():
            if key in texts:
                raise ValueError(f"label {key!r} stands twice; second time in {entry.name}")
            texts[key] = Text(zh=value["zh"], en=value["en"])
    return texts


def text(key: str, **values: object) -> Text:
    """Look up a label and fill in its `{named}` values; an unknown key is a KeyError."""
    found = catalogue()[key]
    return Text(found.zh.format(**values), found.en.format(**values)) if values else found


def label(key: str, lang: Lang, **values: object) -> str:
    """Look up a label in one language."""
    return text(key, **values).of(lang)
