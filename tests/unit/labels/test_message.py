"""What a message says in either language, and that it stays one through exceptions and processes."""

from __future__ import annotations

import pickle

import pytest

from sim import labels
from sim.errors import ConfigError, HuanduError, Problem, Problems, message_of, near
from sim.labels import Message, Text


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {
        "only {lanes} lanes for {uses}": "{uses}只有 {lanes} 条车道",
        "did you mean {names:or}?": "是否想写 {names:or}？",
        "write {a: 1}": "请写 {a: 1}",
        "see {what}": "见{what}",
        "two lanes": "两条车道",
    }
    monkeypatch.setattr(labels, "translations", lambda: words)


def test_it_is_english_text_that_can_be_said_in_chinese() -> None:
    message = Message("only {lanes} lanes for {uses}", lanes=2, uses=["left", "right"])
    assert message == "only 2 lanes for left, right"
    assert message.of("en") == message
    assert message.of("zh") == "left、right只有 2 条车道"


def test_fields_that_are_bilingual_are_said_in_the_language_of_the_message() -> None:
    assert Message("see {what}", what=Message("two lanes")).of("zh") == "见两条车道"
    assert (
        Message("see {what}", what=[Text("左转", "left"), Message("two lanes")]).of("zh")
        == "见左转、两条车道"
    )
    assert Message("see {what:and}", what=(Text("左转", "left"), "x")) == "see left and x"


def test_a_template_without_fields_keeps_its_braces() -> None:
    assert Message("write {a: 1}").of("zh") == "请写 {a: 1}"


def test_words_of_other_programs_stay_as_they_are() -> None:
    assert message_of(OSError("No space left")).of("zh") == "No space left"
    assert Message("nobody has translated this").of("zh") == "nobody has translated this"


def test_near_matches_are_said_in_both() -> None:
    hint = near("lanse", ["lanes", "signals"])
    assert hint == "did you mean lanes?"
    assert hint.of("zh") == "是否想写 lanes？"
    assert near("x", []) == ""


@pytest.mark.parametrize("error", [ValueError(Message("two lanes")), HuanduError(Message("two lanes"))])
def test_an_exception_keeps_its_message_also_in_another_process(error: Exception) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert message_of(there).of("zh") == "两条车道"
    assert str(there) == "two lanes"


def test_a_refusal_names_every_problem_in_one_language_also_in_another_process() -> None:
    problems = Problems()
    problems.add("site.yaml", Message("two lanes"), Message("see {what}", what="x"))
    problems.extend(ConfigError([Problem("lanes", Message("two lanes"))]), "north.")
    with pytest.raises(ConfigError) as refusal:
        problems.raise_if_any()
    there = pickle.loads(pickle.dumps(refusal.value))
    assert there.problems == refusal.value.problems
    assert str(there) == "- site.yaml: two lanes (see x)\n- north.lanes: two lanes"
    assert there.of("zh") == "- site.yaml: 两条车道（见x）\n- north.lanes: 两条车道"
