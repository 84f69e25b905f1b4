"""Tab completion: Hydra's own, told where the root's configuration lies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hydra
from omegaconf import DictConfig

from sim.cli.compose import CONF, PRIMARY, scenario_names, search_in
from sim.cli.roots import find_root, without_root


def complete(root: Path | None, words: list[str], verbs: list[str]) -> int:
    """Answer `huandu -sc query=SHELL`: the line so far is in COMP_LINE; installing is left to Hydra."""
    line = os.environ.get("COMP_LINE")
    if line is not None:
        typed_root, typed = without_root(line.split()[1:])
        if not typed or (len(typed) == 1 and not line.endswith(" ")):
            print(" ".join(verb for verb in verbs if verb.startswith(typed[0] if typed else "")))
            return 0
        if typed[0] not in ("run", "check", "view"):
            return 0
        folder = find_root(typed_root or root)
        if typed[-1].startswith("scenario=") and not line.endswith(" "):
            names = (f"scenario={name}" for name in scenario_names(folder))
            print(" ".join(word for word in names if word.startswith(typed[-1])))
            return 0
        search_in(folder)
        os.environ["COMP_LINE"] = " ".join(["huandu", *typed[1:]]) + (" " if line.endswith(" ") else "")
    sys.argv = [sys.argv[0], *words]
    hydra.main(version_base="1.3", config_path=str(CONF), config_name=PRIMARY)(_nothing)()
    return 0


def _nothing(config: DictConfig) -> None:
    """Hydra completes for an application: this is one."""
