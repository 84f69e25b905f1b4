"""The fast reader of the simulator's outputs reads what the strict one reads, and is as strict."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.sumo.columns import columns_of
from sim.sumo.xml_file import element, scan

HEAD = '<?xml version="1.0"?>\n<!-- by a program\n<intervals><interval id="no"/></intervals>\n-->\n'
NAMES = ("id", "end", "begin")
texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=0, max_size=8)


def strictly(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in NAMES}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "interval":
            for name in NAMES:
                found[name].append(attributes[name])

    scan(path, "intervals", start)
    return found


def write(path: Path, body: str) -> bytes:
    text = f"{HEAD}<intervals>\n{body}</intervals>\n".encode()
    path.write_bytes(text)
    return text


def columns(text: bytes, path: Path = Path("a.xml")) -> dict[str, list[str]]:
    found = columns_of(text, path, "intervals", "interval", NAMES)
    return {name: column.to_pylist() for name, column in found.items()}


@given(
    rows=st.lists(st.tuples(texts, texts, texts)), more=st.sampled_from([("a",), ("id", "begin", "b", "c")])
)
def test_it_reads_lines_that_are_alike(
    rows: list[tuple[str, str, str]], more: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = ""
    for begin, id, end in rows:  # between them stand others, some with as many attributes
        own = element("interval", {"begin": begin, "sub.end": "no", "id": id, "end": end}, indent=2)
        body += own + element("other", dict.fromkeys(more, begin), indent=2)
    path = tmp_path_factory.mktemp("columns") / "a.xml"
    text = write(path, body)
    assert columns(text, path) == strictly(path)


@given(rows=st.lists(st.tuples(texts, texts, texts, st.booleans())))
def test_it_reads_what_the_strict_reader_reads(
    rows: list[tuple[str, str, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = ""
    for begin, id, end, more in rows:  # attributes come and go, and their order changes
        own = {"id": id, "sub.end": "no", "end": end}
        attributes = {"begin": begin, **own, "note": "x"} if more else {**own, "begin": begin}
        body += element("interval", attributes) + element("intervals2", {"id": "no"})
    path = tmp_path_factory.mktemp("columns") / "a.xml"
    text = write(path, body)
    assert columns(text, path) == strictly(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<intervals>\n<interval id="1" begin="0" end="1"/>\n', "cut short"),
        ('<intervals>\n<interval id="1" begin="0" en', "cut short"),
        ('<intervals>\n<interval id="1" begin="0"/>\n</intervals>\n', "the attribute 'end' is missing"),
        ("<detector>\n</detector>\n", "does not begin with <intervals>"),
        ("", "does not begin with <intervals>"),
    ],
)
def test_what_is_not_whole_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        columns(text.encode())


def test_a_file_without_elements_gives_empty_columns(tmp_path: Path) -> None:
    text = write(tmp_path / "a.xml", "")
    assert columns(text) == {n: [] for n in NAMES}
    assert columns(b"<intervals/>")["id"] == []
