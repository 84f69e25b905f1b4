"""A published folder is complete or absent."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.errors import ConfigError
from sim.publish import CHECKSUMS, damage, publish


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
        publish(target, lambda theirs: write(theirs / "theirs", "x"))
        (folder / "mine").write_text("x")

    publish(target, fill)
    assert sorted(p.name for p in target.iterdir()) == [CHECKSUMS, "theirs"]
    assert [p.name for p in tmp_path.iterdir()] == ["digest"]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def two_files(folder: Path) -> None:
    write(folder / "a", "one")
    write(folder / "b" / "c", "two")


def test_the_checksums_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    target = publish(tmp_path / "digest", two_files)
    assert damage(target) is None
    subprocess.run(["sha256sum", "--quiet", "-c", CHECKSUMS], cwd=target, check=True)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda folder: write(folder / "a", "onf"), "a"),
        (lambda folder: write(folder / "b" / "c", ""), "b/c"),
        (lambda folder: (folder / "a").unlink(), "a"),
        (lambda folder: write(folder / "d", "more"), "d"),
        (lambda folder: (folder / CHECKSUMS).unlink(), CHECKSUMS),
        (lambda folder: write(folder / CHECKSUMS, ""), "a"),
        (lambda folder: os.truncate(folder / CHECKSUMS, 20), "a"),
        (lambda folder: os.truncate(folder / CHECKSUMS, 68), "b/c"),
    ],
)
def test_damage_is_found_and_filled_anew(tmp_path: Path, harm: Callable[[Path], None], named: str) -> None:
    target = publish(tmp_path / "digest", two_files)
    harm(target)
    assert damage(target) == named
    assert publish(target, two_files) == target
    assert damage(target) is None
    assert (target / "a").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["digest"]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    target = publish(tmp_path / "digest", two_files)
    for path in (target / "a", target / "b" / "c", target / CHECKSUMS):
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert damage(target) is not None, (path.name, place)
        path.write_bytes(whole)
    assert damage(target) is None


def test_a_full_disk_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        write(folder / "half", "x")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "half"))

    with pytest.raises(ConfigError, match="half: cannot be written: No space left on device"):
        publish(tmp_path / "aa" / "digest", fill)
    assert list((tmp_path / "aa").iterdir()) == []


def test_many_writers_leave_one_whole_folder(tmp_path: Path) -> None:
    target = tmp_path / "digest"

    def fill(folder: Path) -> None:
        two_files(folder)
        time.sleep(0.01)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: publish(target, fill), range(40))) == {target}
    assert damage(target) is None
    assert [p.name for p in tmp_path.iterdir()] == ["digest"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        publish(tmp_path / "file" / "digest", lambda folder: None)
