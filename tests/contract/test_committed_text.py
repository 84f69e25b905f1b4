"""What no committed text file may name: a package registry, a private index, somebody's own folders."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# The patterns are put together from pieces, so that this file does not match itself.
FORBIDDEN = {
    "package registry host": re.compile(
        "|".join(
            [
                r"\bpypi" + r"\.(org|io|python\.org)\b",
                r"\bpython" + r"hosted\.org\b",
                r"\bnpm(js|mirror)" + r"\.(org|com)\b",
                r"\banaconda" + r"\.(org|com)\b",
                r"\b(deb|security)" + r"\.debian\.org\b",
                r"\bcrates" + r"\.io\b",
                # Mirrors: tuna, ustc, aliyun, tencent, huawei and private ones are laid out the same way.
                r"https?://[\w.:-]+/(\S*/)?" + r"(pypi|simple|npm)(/|\b)",
            ]
        )
    ),
    "private index": re.compile(r"--(extra-)?index" + r"-url|--find" + r"-links|--trusted" + r"-host"),
    "absolute path of one machine": re.compile(
        r"(?<![\w.~*}/-])(/(work|tmp|root|home|Users|private/var|var/folders)" + r"/\w|[A-Z]:\\Users\\)"
    ),
}


def forbidden_in(text: str) -> list[str]:
    """List what `text` names that it must not, as `line: what (kind)`."""
    return [
        f"{number}: {match.group()} ({kind})"
        for number, line in enumerate(text.splitlines(), start=1)
        for kind, pattern in FORBIDDEN.items()
        if (match := pattern.search(line))
    ]


def committed_texts(root: Path) -> dict[str, str]:
    """Read every tracked file that is text, by its path."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True)
    texts = {}
    for name in filter(None, listing.stdout.split("\0")):
        path = root / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            texts[name] = content.decode("utf-8")
    return texts


def test_committed_text_names_no_registry_index_or_private_path(repo_root: Path) -> None:
    if not (repo_root / ".git").exists():
        pytest.skip("not a git work tree: nothing says which files are committed")
    texts = committed_texts(repo_root)
    assert "pyproject.toml" in texts, "nothing was read"
    assert [f"{name}:{finding}" for name, text in texts.items() for finding in forbidden_in(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "pip install -i https://pypi" + ".org/simple huandu",
        "files.python" + "hosted.org",
        "registry.npm" + "js.org",
        "https://mirrors.example.cn/" + "pypi/web/simple",
        "http://10.0.0.1:8080/" + "simple",
        "--extra-index" + "-url file:///opt",
        "pip install --find" + "-links wheels",
        "see /work" + "/main/sim",
        "`/tmp" + "/huandu`",
        "path = '/home" + "/li/net.xml'",
        "C:\\Users" + "\\li",
    ],
)
def test_a_planted_name_is_found(text: str) -> None:
    assert len(forbidden_in(f"first line\n{text}\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://eclipse.dev/sumo",
        "results/work/run.json",
        "network/demand/home/x",
        "https://example.org/work/2020",
        "#!/usr/bin/env bash",
        "a simple/complex road",
    ],
)
def test_ordinary_text_passes(text: str) -> None:
    assert forbidden_in(text) == []
