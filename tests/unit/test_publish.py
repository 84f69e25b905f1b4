"""A published folder is complete or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.publish import publish


def test_it_is_filled_once(tmp_path: Path) -> None:
    calls = []

    def fill(folder: Path) -> None:
        calls.append(folder)
        (folder / "a").write_text("x")

    target = tmp_path / "aa" / "digest"
    assert publish(target, fill) == publish(target, fill) == target
    assert len(calls) == 1
    assert [p.name for p in target.parent.iterdir()] == ["digest"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        publish(tmp_path / "aa" / "digest", fill)
    assert list((tmp_path / "aa").iterdir()) == []


def test_who_comes_second_drops_its_own_copy(tmp_path: Path) -> None:
    target = tmp_path / "digest"

    def fill(folder: Path) -> None:
        target.mkdir()
        (target / "theirs").write_text("x")
        (folder / "mine").write_text("x")

    publish(target, fill)
    assert [p.name for p in target.iterdir()] == ["theirs"]
    assert [p.name for p in tmp_path.iterdir()] == ["digest"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        publish(tmp_path / "file" / "digest", lambda folder: None)
