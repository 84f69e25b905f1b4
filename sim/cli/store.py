"""`huandu store ls|verify|gc`: looking after the finished runs of a root."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from sim.cli.arguments import Arguments
from sim.cli.roots import find_root
from sim.labels import Message, text
from sim.runs.housekeeping import KINDS, Entry, damaged, discard, entries, named_runs, unneeded
from sim.runs.store import Store


def store(root: Path | None, words: list[str]) -> int:
    """List, check or tidy the store; exit code 1 where `verify` has found damage."""
    parser = Arguments("huandu store", Message("Look after results/.store"))
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="ls|verify|gc")
    listing = verbs.add_parser("ls", help=Message("what is in it").both())
    listing.add_argument("--json", action="store_true", help=Message("machine-readable").both())
    check = verbs.add_parser(
        "verify", help=Message("compare every file with its checksum; remove what is damaged").both()
    )
    tidy = verbs.add_parser("gc", help=Message("remove what no study under results/ names").both())
    for verb in (check, tidy):
        verb.add_argument("--dry-run", action="store_true", help=Message("say what would be removed").both())
    options = parser.parse_args(words)
    results = find_root(root) / "results"
    where = Store(results / ".store")
    if options.verb == "ls":
        return _ls(where, results, options.json)
    if options.verb == "verify":
        return _verify(where, options.dry_run)
    return _gc(where, results, options.dry_run)


def _ls(where: Store, results: Path, as_json: bool) -> int:
    found = list(entries(where))
    if as_json:
        print(json.dumps([entry.row() for entry in found], indent=1))
        return 0
    named = named_runs(results)
    for entry in found:
        row = entry.row()
        note = (
            f"  {Message('named by no study').both()}"
            if entry.kind == "run" and entry.digest not in named
            else ""
        )
        print(f"{row['kind']:8s} {row['digest'][:16]:16s} {row['made']}  {row['bytes'] / 1e3:9.1f} kB{note}")
    _print_totals(found)
    return 0


def _verify(where: Store, dry_run: bool) -> int:
    found = list(damaged(where))
    for entry, name in found:
        changed = Message("is not as it was published")
        print(f"{entry.kind} {entry.digest}: {name} {changed.both()}")
        if not dry_run:
            discard(entry)
    if not found:
        print(Message("every file is as it was published").both())
        return 0
    told = (
        Message("{count} damaged: would be removed", count=len(found))
        if dry_run
        else Message(
            "{count} damaged: removed; `huandu run ... resume=true` makes them again", count=len(found)
        )
    )
    print(told.both())
    return 1


def _gc(where: Store, results: Path, dry_run: bool) -> int:
    found = list(unneeded(where, results))
    if not dry_run:
        for entry in found:
            discard(entry)
    print((Message("would be removed:") if dry_run else Message("removed:")).both())
    _print_totals(found)
    return 0


def _print_totals(found: list[Entry]) -> None:
    counts = Counter(entry.kind for entry in found)
    for kind in KINDS:
        if counts[kind]:
            size = sum(entry.size_bytes for entry in found if entry.kind == kind)
            said = text(f"store.{kind}").both()
            print(f"{counts[kind]:8d} {said} {size / 1e6:10.1f} MB")
    size = sum(entry.size_bytes for entry in found)
    print(f"{len(found):8d} {Message('in all').both()} {size / 1e6:10.1f} MB")
