"""Composing a configuration with Hydra, and Hydra's errors turned into ours.

Search order: the frame in `conf/`, the root's `configs/`, the root's `scenarios/` (a scenario names policies
as the group `SITE/policies`), then the settings shipped with huandu (`run/`: a root needs none of its own).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from hydra import compose, initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sim.errors import NOTHING, ConfigError, Problem, Problems, near
from sim.labels import Message
from sim.standard_data import STANDARD

CONF = Path(__file__).with_name("conf")
PRIMARY = "huandu"
NEW_KEYS = re.compile(r"sweep\.|policies\.[^.=]+\.|run\.\w+=|(?:periods|primary|mcid_abs|mcid_rel)=")
OF_POLICY = re.compile(r"policies\.([^.=]+)\.")
STRUCTURE_ERROR = re.compile(r"Could not (?:override|append|delete|find)[^']*'([^']+)'")
MISSING = Message("say which: scenario=NAME")


class RootSearchPath(SearchPathPlugin):
    """Shows Hydra the folders of the root; unlike an override it takes any path, blanks and quotes too."""

    folders: ClassVar[tuple[Path, ...]] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the folders, first come first served."""
        for folder in self.folders:
            search_path.append("huandu", f"file://{folder}")


def search_in(root: Path) -> None:
    """Let Hydra find what a root holds, from now on."""
    Plugins.instance().register(RootSearchPath)
    folders = dict.fromkeys((root / "configs", root / "scenarios", *STANDARD))
    RootSearchPath.folders = tuple(folder for folder in folders if folder.is_dir())


def with_new_keys(overrides: Sequence[str]) -> list[str]:
    """Mark the overrides that may be new keys to Hydra: what a file may leave out, since it has a default.

    Whether such a key exists is known to the model that reads it, which has near matches of its own.
    """
    return [f"++{word}" if NEW_KEYS.match(word) else word for word in overrides]


def composed(root: Path, overrides: Sequence[str], problems: Problems) -> tuple[str, dict[str, Any]]:
    """Compose one configuration; return the scenario's name and the plain nested mapping.

    Everything Hydra refuses (unknown groups, options, keys, words it cannot read) is added to `problems` and
    left out, so that what the rest says can be checked too. ConfigError where nothing is left to compose.
    """
    search_in(root)
    words = _meant(root, overrides, problems)
    while True:
        try:
            with hydra_errors(root, words), initialize_config_dir(str(CONF), version_base="1.3"):
                name, data = plain(compose(PRIMARY, overrides=with_new_keys(words), return_hydra_config=True))
            _check_policies(words, data["policies"])
            return name, data
        except ConfigError as error:
            # Hydra stops at the first fault: note it, leave that word out, and look for the next one.
            problems.extend(error)
            path = error.problems[0].path
            culprit = next((w for w in words if path in (w, f"override {w}", _key(w))), None)
            if culprit is None:
                problems.raise_if_any()
            words.remove(str(culprit))


def _check_policies(words: Sequence[str], policies: Mapping[str, Any]) -> None:
    """Refuse the first override of a policy that is not there: marked as new, it would make one."""
    made = [id for id, content in policies.items() if isinstance(content, Mapping) and "site" not in content]
    for word in words:
        named = OF_POLICY.match(word)
        if named is not None and named[1] in made:
            known = [id for id in policies if id not in made]
            raise ConfigError(
                [Problem(word, Message("no policy {id!r}", id=named[1]), near(named[1], known))]
            )


def _meant(root: Path, overrides: Sequence[str], problems: Problems) -> list[str]:
    """Return the overrides with the scenario that is meant.

    A misspelt one is noted; ConfigError where there is none to go on with.
    """
    known = scenario_names(root)
    named = [word.removeprefix("scenario=") for word in overrides if word.startswith("scenario=")]
    others = [word for word in overrides if not word.startswith("scenario=")]
    if not named:
        slips = [word for word in others if near(word.partition("=")[0], ["scenario"]).startswith("did")]
        for word in slips:
            problems.add(
                f"override {word.partition('=')[0]}",
                Message("unknown key"),
                near(word.partition("=")[0], ["scenario"]),
            )
        problems.add("scenario", MISSING, near("", known))
        problems.raise_if_any()
    if named[-1] in known:
        return list(overrides)
    hint = near(named[-1], known)
    problems.add(
        f"scenario={named[-1]}",
        Message("no such scenario in {folder}", folder=root / "configs" / "scenario"),
        hint,
    )
    if not hint.startswith("did you mean"):
        problems.raise_if_any()
    return [f"scenario={hint.removeprefix('did you mean ').split(' or ')[0].rstrip('?')}", *others]


def _key(word: str) -> str:
    return "override " + word.lstrip("+~").split("=")[0].split("@")[0]


def plain(config: DictConfig) -> tuple[str, dict[str, Any]]:
    """Split a composed configuration into the scenario's name and plain data without Hydra's own part.

    To be called while Hydra is initialised. A policy whose file is empty leaves no trace in what Hydra
    composes, and its arm would be missing in silence: it is in the mapping, as None.
    """
    scenario = str(config.hydra.runtime.choices["scenario"])
    data = OmegaConf.to_container(config, resolve=False)
    assert isinstance(data, dict)
    data.pop("hydra")
    for name in _empty_policies(list(config.hydra.overrides.task)):
        data["policies"].setdefault(name, None)
    resolved = OmegaConf.to_container(OmegaConf.create(data), resolve=True, throw_on_missing=True)
    return scenario, dict(_with_on(resolved))


def _empty_policies(overrides: list[str]) -> Iterator[str]:
    """Yield the ids of the policies that are asked for and whose file holds nothing."""
    loader = GlobalHydra.instance().config_loader()
    for entry in loader.compute_defaults_list(PRIMARY, overrides, RunMode.RUN).defaults:
        group, _, name = str(entry.config_path).strip("/").rpartition("/")
        if group.endswith("/policies"):
            files = (folder / group / f"{name}.yaml" for folder in RootSearchPath.folders)
            if any(file.is_file() and not OmegaConf.load(file) for file in files):
                yield name


def _with_on(node: Any) -> Any:
    """Give the key `on` back its name: Hydra reads YAML 1.1, where a bare `on:` is the truth value."""
    if isinstance(node, list):
        return [_with_on(item) for item in node]
    if not isinstance(node, dict):
        return node
    named = {"on" if key is True else key: _with_on(value) for key, value in node.items()}
    return {**named, "on": _with_on(node["on"])} if "on" in node else named  # an override wins over the file


@contextmanager
def hydra_errors(root: Path, overrides: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra and OmegaConf raise inside the block into one ConfigError."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError([_problem(root, overrides, error)]) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{mark.name}:{mark.line + 1}".removeprefix("file://") if mark else "configuration"
        what = getattr(error, "problem", None) or str(error)
        raise ConfigError([Problem(place, Message("not valid YAML: {what}", what=what))]) from None


def _problem(root: Path, overrides: Sequence[str], error: Exception) -> Problem:
    text = str(error)
    if isinstance(error, OverrideParseException):
        hint = Message("write key=value, e.g. run.replicates=20")
        return Problem(f"override {error.override}", Message("cannot be read"), hint)
    if isinstance(error, MissingConfigException):
        return _no_configuration(root, str(error.missing_cfg_file or ""))
    if "scenario" in text and ("???" in text or "must specify" in text.lower()):
        return _no_configuration(root, "scenario/???")
    found = STRUCTURE_ERROR.search(text)
    if found:
        key = found.group(1).split("@")[0]
        return Problem(f"override {key}", Message("unknown key"), _near_key(overrides, key))
    return Problem("configuration", Message("{error}", error=" ".join(text.split())))


def _no_configuration(root: Path, missing: str) -> Problem:
    group, _, option = missing.rpartition("/")
    if group == "scenario" and option == "???":
        return Problem("scenario", MISSING, near("", scenario_names(root)))
    if group == "scenario":
        told = Message("no such scenario in {folder}", folder=root / "configs" / "scenario")
        return Problem(f"scenario={option}", told, near(option, scenario_names(root)))
    files = {path.stem for folder in RootSearchPath.folders for path in (folder / group).glob("*.yaml")}
    if group.endswith("/policies"):
        return Problem(f"scenarios/{missing}.yaml", Message("no such policy file"), near(option, files))
    return Problem(
        f"{group}={option}" if group else option, Message("no such configuration"), near(option, files)
    )


def scenario_names(root: Path) -> list[str]:
    """Names of the scenarios of a root, sorted."""
    return sorted(path.stem for path in (root / "configs" / "scenario").glob("*.yaml"))


def _near_key(overrides: Sequence[str], key: str) -> Message:
    """Suggest keys beside the one that was not found, from what is composed without any key override."""
    groups = [word for word in overrides if word.split("=")[0] in ("scenario", "run")]
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose(PRIMARY, overrides=groups)
    except (HydraException, OmegaConfBaseException):
        return NOTHING
    node: Any = OmegaConf.to_container(config, resolve=False)
    walked: list[str] = []
    for part in key.lstrip("+~").split("."):
        if isinstance(node, Mapping) and part in node:
            walked.append(part)
            node = node[part]
            continue
        known = [".".join([*walked, str(name)]) for name in node] if isinstance(node, Mapping) else []
        return near(".".join([*walked, part]), known)
    return NOTHING


def override_names(words: Sequence[str], overrides: Sequence[str]) -> str:
    """Return what a multirun job adds to its study's name: the overrides in which jobs differ, `cycle_s=90`.

    `words` are those of the command line, `overrides` the job's own.
    """
    parser = OverridesParser.create()
    asked = parser.parse_overrides([word for word in words if "=" in word and not word.startswith("-")])
    swept = {override.key_or_group for override in asked if override.is_sweep_override()}
    parts = [
        f"{override.key_or_group.rsplit('.', 1)[-1]}={override.get_value_element_as_str()}"
        for override in parser.parse_overrides(list(overrides))
        if override.key_or_group in swept
    ]
    return re.sub(r"[^\w=.,-]+", "_", ",".join(parts))
