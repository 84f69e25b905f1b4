"""Composing a configuration with Hydra, and Hydra's errors turned into ours.

Search order: the root's `configs/`, the root's `scenarios/` (a scenario names policies as the group
`SITE/policies`), then the settings shipped with huandu (`run/`: a root needs none of its own).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.errors import ConfigError, Problem, Problems, near
from sim.standard_data import STANDARD

CONF = Path(__file__).with_name("conf")
PRIMARY = "huandu"
NEW_KEYS = re.compile(r"sweep\.|policies\.[^.=]+\.interventions\.[^.=]+\.")
STRUCTURE_ERROR = re.compile(r"Could not (?:override|append|delete|find)[^']*'([^']+)'")


def with_search_path(root: Path, overrides: Sequence[str]) -> list[str]:
    """Return the overrides as Hydra wants them, with the root's folders as search path.

    `sweep.X` and fields of an intervention may be new keys: whether they exist is known to the intervention,
    which checks them with near matches of its own.
    """
    folders = [root / "configs", root / "scenarios", *(place for place in STANDARD if place.is_dir())]
    entries = ",".join(f"'file://{folder}'" for folder in dict.fromkeys(folders))
    return [f"hydra.searchpath=[{entries}]", *(f"++{w}" if NEW_KEYS.match(w) else w for w in overrides)]


def composed(root: Path, overrides: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Compose one configuration; return the scenario's name and the plain nested mapping.

    Raises ConfigError with everything Hydra refuses: unknown groups, options, keys, words it cannot read.
    """
    problems = Problems()
    words = list(overrides)
    while True:
        try:
            with hydra_errors(root, words), initialize_config_dir(str(CONF), version_base="1.3"):
                config = compose(PRIMARY, overrides=with_search_path(root, words), return_hydra_config=True)
                result = plain(config)
            problems.raise_if_any()
            return result
        except ConfigError as error:
            # Hydra stops at the first fault: note it, leave that word out, and look for the next one.
            problems.extend(error)
            culprit = next(
                (w for w in words if error.problems[0].path in (w, f"override {w}", _key(w))), None
            )
            if culprit is None:
                problems.raise_if_any()
                raise
            words.remove(culprit)


def _key(word: str) -> str:
    return "override " + word.lstrip("+~").split("=")[0].split("@")[0]


def plain(config: DictConfig) -> tuple[str, dict[str, Any]]:
    """Split a composed configuration into the scenario's name and plain data without Hydra's own part."""
    scenario = str(config.hydra.runtime.choices["scenario"])
    data = OmegaConf.to_container(config, resolve=False)
    assert isinstance(data, dict)
    data.pop("hydra")
    resolved = OmegaConf.to_container(OmegaConf.create(data), resolve=True, throw_on_missing=True)
    return scenario, {str(key): value for key, value in dict(resolved).items()}  # type: ignore[arg-type]


@contextmanager
def hydra_errors(root: Path, overrides: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra and OmegaConf raise inside the block into one ConfigError."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError([_problem(root, overrides, error)]) from None


def _problem(root: Path, overrides: Sequence[str], error: Exception) -> Problem:
    if isinstance(error, OverrideParseException):
        return Problem(
            f"override {error.override}", "cannot be read", "write key=value, e.g. run.replicates=20"
        )
    if isinstance(error, MissingConfigException):
        missing = str(error.missing_cfg_file or "")
        group, _, option = missing.rpartition("/")
        if group == "scenario" or ("scenario" in str(error) and not missing):
            return _no_scenario(root, option or None)
        files = [
            path.stem
            for folder in ("configs", "scenarios")
            for path in (root / folder / group).glob("*.yaml")
        ]
        return Problem(
            f"{group}={option}" if group else missing, "no such configuration", near(option, files)
        )
    text = str(error)
    if "scenario" in text and ("???" in text or "must specify" in text.lower()):
        return _no_scenario(root, None)
    found = STRUCTURE_ERROR.search(text)
    if found:
        key = found.group(1).split("@")[0]
        return Problem(f"override {key}", "unknown key", _near_key(root, overrides, key))
    return Problem("configuration", " ".join(text.split()))


def _no_scenario(root: Path, option: str | None) -> Problem:
    known = scenario_names(root)
    if option is None or option == "???":
        return Problem("scenario", "say which: scenario=NAME", near("", known))
    return Problem(
        f"scenario={option}", f"no such scenario in {root / 'configs' / 'scenario'}", near(option, known)
    )


def scenario_names(root: Path) -> list[str]:
    """Names of the scenarios of a root, sorted."""
    return sorted(path.stem for path in (root / "configs" / "scenario").glob("*.yaml"))


def _near_key(root: Path, overrides: Sequence[str], key: str) -> str:
    """Suggest keys beside the one not found, from the configuration composed without any key override."""
    groups = [word for word in overrides if word.split("=")[0] in ("scenario", "run")]
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose(PRIMARY, overrides=with_search_path(root, groups))
    except (HydraException, OmegaConfBaseException):
        return ""
    node: Any = OmegaConf.to_container(config, resolve=False)
    walked: list[str] = []
    for part in key.lstrip("+~").split("."):
        if isinstance(node, Mapping) and part in node:
            walked.append(part)
            node = node[part]
            continue
        known = [".".join([*walked, str(name)]) for name in node] if isinstance(node, Mapping) else []
        return near(".".join([*walked, part]), known)
    return ""


def override_names(overrides: Sequence[str]) -> str:
    """Return the part of a study's name that comes from a multirun job's overrides: `demand=1.1,cycle=90`."""
    parsed = OverridesParser.create().parse_overrides([word for word in overrides if "=" in word])
    parts = [
        f"{override.key_or_group.rsplit('.', 1)[-1]}={override.get_value_element_as_str()}"
        for override in parsed
        if override.key_or_group not in ("scenario", "study", "resume", "overwrite")
        and not override.key_or_group.startswith("hydra")
    ]
    return re.sub(r"[^\w=.,-]+", "_", ",".join(parts))
