"""`huandu gather` and `huandu query`: what several studies say together."""

from __future__ import annotations

import sys
from pathlib import Path

from sim.cli.arguments import Arguments
from sim.cli.roots import ensure_writable, find_root
from sim.labels import Message


def gather(root: Path | None, words: list[str]) -> int:
    """Put studies side by side: `huandu gather results/a results/b`; every finished one if none is named."""
    from sim.report.gathered import gather as gathered  # noqa: PLC0415

    parser = Arguments("huandu gather", Message("One table and one page of several studies"))
    words_of = Message("results/<study> ...; every finished study of results/ if left out").both()
    parser.add_argument("studies", nargs="*", type=Path, help=words_of)
    parser.add_argument(
        "--to", type=Path, help=Message("folder for gather.csv and gather.html; results/ if left out").both()
    )
    options = parser.parse_args(words)
    if not options.studies:
        results = find_root(root) / "results"
        finished = results.glob("*/tables/comparison.csv")
        options.studies = sorted(path.parent.parent for path in finished) or [results]
    folders = [named if root is None or named.exists() else root / named for named in options.studies]
    target = options.to or folders[0].resolve().parent
    ensure_writable(target)
    for path in gathered(folders, target):
        print(path)
    return 0


def query(root: Path | None, words: list[str]) -> int:
    """Answer one SELECT over the tables of all studies, as CSV."""
    from sim.query import query as answered  # noqa: PLC0415

    parser = Arguments("huandu query", Message("SQL over the tables of all studies, as CSV"))
    parser.add_argument(
        "sql",
        help=Message("e.g. \"SELECT study, arm, verdict FROM comparison WHERE scope='network'\"").both(),
    )
    parser.add_argument(
        "--results", type=Path, help=Message("a results tree; the root's results/ if left out").both()
    )
    options = parser.parse_args(words)
    results = options.results or find_root(root) / "results"
    answered(results, options.sql).to_csv(sys.stdout, index=False, lineterminator="\n")
    return 0
