"""The verbs of the command line, one function each: (root or None, words) -> exit code."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sim import measures
from sim.cli.arguments import Arguments
from sim.cli.compose import (
    CONF,
    PRIMARY,
    composed,
    hydra_errors,
    override_names,
    plain,
    scenario_names,
    search_in,
    with_new_keys,
)
from sim.cli.roots import ensure_writable, find_root
from sim.errors import ConfigError, Problem, Problems, near
from sim.evaluation import evaluate, rebuild
from sim.interventions import REGISTRY
from sim.labels import LANGS, Message
from sim.loading import parse, read_yaml
from sim.policy import BASELINE, PolicyFacts
from sim.results import StudyFolder
from sim.runs.preflight import preflight, preflight_text
from sim.scenario import assemble
from sim.stages import StageFacts
from sim.study import Study
from sim.sumo.install import environment
from sim.viewing import viewing_command

HYDRA_FLAGS = {
    "-m",
    "--multirun",
    "--cfg",
    "-c",
    "--info",
    "-i",
    "--package",
    "-p",
    "--resolve",
    "--hydra-help",
}

AS_FOR_RUN = Message("[overrides as for `huandu run`]")


def run(root: Path | None, words: list[str]) -> int:
    """Simulate: `huandu run scenario=NAME [overrides]`; with `-m` one study per job."""
    if _asks(words):
        print(
            f"{Message('simulate a scenario: baseline and every policy; writes results/<study>/').both()}\n"
            "huandu run scenario=NAME [study=NAME] [resume=true|overwrite=true]\n"
            "           [run=smoke|default|final] [run.KEY=VALUE] [~policies.POLICY]\n"
            "           [policies.POLICY.interventions.ID.FIELD=VALUE] [sweep.policies....FIELD=[a,b,c]]\n"
            f"-m         {Message('several studies, Hydra style:').both()} run.demand_scale=0.9,1.0,1.1\n"
            f"--cfg job  {Message('show the composed configuration').both()}"
        )
        return 0
    root = find_root(root)
    if HYDRA_FLAGS & set(words):
        return _hydra_application(root, words)
    return evaluate(*assembled(root, words))


def check(root: Path | None, words: list[str]) -> int:
    """Validate configuration, facts and built network; print change logs and the proof of locality."""
    if _asks(words):
        about = Message(
            "builds every arm, says in words what each policy changes, and proves that nothing else has"
        )
        print("huandu check scenario=NAME", AS_FOR_RUN.both(), *map(about.of, LANGS), sep="\n")
        return 0
    root = find_root(root)
    study, _ = assembled(root, words)
    print(preflight_text(study, preflight(study, root / "results" / ".store")))
    return 0


def report(root: Path | None, words: list[str]) -> int:
    """Rebuild tables, figures and page from stored runs, without simulating."""
    parser = Arguments("huandu report")
    parser.add_argument("study", type=Path, help="results/<study>")
    named = parser.parse_args(words).study
    folder = named if root is None or named.exists() else root / named
    if not (folder / "study.json").is_file():
        known = [path.parent.name for path in folder.parent.glob("*/study.json")]
        known += [f"results/{path.parent.name}" for path in folder.parent.glob("results/*/study.json")]
        raise ConfigError([Problem(str(folder), Message("holds no study.json"), near(folder.name, known))])
    return rebuild(StudyFolder(folder.resolve()))


def import_(root: Path | None, words: list[str]) -> int:
    """Make a site from a SUMO model, a street map or a survey workbook."""
    from sim.importing import import_site  # noqa: PLC0415 - needs SUMO's tools

    parser = Arguments("huandu import")
    parser.add_argument("source", type=Path, help=Message(".sumocfg, .net.xml[.gz], .osm or .xlsx").both())
    parser.add_argument("--name", required=True, help=Message("id of the new site, e.g. yuzhou_road").both())
    parser.add_argument("--begin", help=Message('first second taken over, "HH:MM:SS" or seconds').both())
    parser.add_argument("--end", help=Message("first second no longer taken over").both())
    parser.add_argument(
        "--scale", type=float, default=1.0, help=Message("share of the demand taken over").both()
    )
    parser.add_argument(
        "--add",
        type=Path,
        action="append",
        default=[],
        help=Message("a further SUMO additional or route file").both(),
    )
    parser.add_argument(
        "--own-parking",
        action="store_true",
        help=Message("write parking areas into site.yaml: to edit, with rerouters of huandu's own").both(),
    )
    parser.add_argument(
        "--stalls",
        action="append",
        default=[],
        metavar="WRITTEN=REAL",
        help=Message("the same, with nominal capacities corrected, e.g. 1000=30").both(),
    )
    options = parser.parse_args(words)
    root = find_root(root)
    ensure_writable(root / "scenarios")
    lines = import_site(
        options.source,
        options.name,
        root,
        begin=options.begin,
        end=options.end,
        scale=options.scale,
        add=options.add,
        stalls=_stalls(options.stalls) if options.own_parking or options.stalls else None,
    )
    for lang in LANGS:
        print(*(line.of(lang) for line in lines), sep="\n")
    return 0


def _stalls(words: list[str]) -> dict[int, int]:
    """Read `--stalls 1000=30`: capacity as written, stalls that stand there."""
    found, problems = {}, Problems()
    for word in words:
        written, _, real = word.partition("=")
        if written.isdecimal() and real.isdecimal() and int(real) > 0:
            found[int(written)] = int(real)
        else:
            what = Message("is not two whole numbers with `=` between them")
            problems.add(f"--stalls {word}", what, Message("e.g. --stalls 1000=30"))
    problems.raise_if_any()
    return found


def template(root: Path | None, words: list[str]) -> int:
    """Write the survey workbook."""
    from sim.workbook import write_template  # noqa: PLC0415

    parser = Arguments("huandu template")
    words_of = Message("file to write; survey.xlsx if left out").both()
    parser.add_argument("file", nargs="?", type=Path, default=Path("survey.xlsx"), help=words_of)
    path = parser.parse_args(words).file
    if path.exists():
        raise ConfigError([Problem(str(path), Message("is already there"), Message("name another file"))])
    ensure_writable(path.absolute().parent)
    write_template(path)
    print(path)
    return 0


def list_(root: Path | None, words: list[str]) -> int:
    """List what there is, with fields and units."""
    lists: Mapping[str, Callable[[Path | None], list[dict[str, Any]]]] = {
        "scenarios": _scenarios,
        "policies": _policies,
        "interventions": lambda _: _interventions(),
        "measures": lambda _: measures.described(),
    }
    parser = Arguments("huandu list")
    parser.add_argument("what", help=Message(" | ").both().join(lists))
    parser.add_argument("--json", action="store_true", help=Message("machine-readable").both())
    options = parser.parse_args(words)
    if options.what not in lists:
        raise ConfigError(
            [
                Problem(
                    f"huandu list {options.what}", Message("nothing of that name"), near(options.what, lists)
                )
            ]
        )
    rows = lists[options.what](root)
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        head, *rest = row.items()
        print(f"{head[1]}")
        for key, value in rest:
            print(f"    {key}: {value}")
    return 0


def signals(root: Path | None, words: list[str]) -> int:
    """Work on signal plans: `huandu signals suggest scenario=NAME [junction=ID]`."""
    from sim.cli.signals import HELP, request_of  # noqa: PLC0415
    from sim.suggestion import suggest  # noqa: PLC0415

    if not words or words[0] in ("-h", "--help") or (words[0] == "suggest" and _asks(words)):
        print(HELP)
        return 0
    if words[0] != "suggest":
        raise ConfigError(
            [Problem(f"huandu signals {words[0]}", Message("no such command"), near(words[0], ["suggest"]))]
        )
    root = find_root(root)
    problems = Problems()
    request, others = request_of(words[1:], problems)
    try:
        study, config = assembled(root, others)
    except ConfigError as error:
        problems.extend(error)
    problems.raise_if_any()
    assert request is not None
    name = str(config.get("study") or f"{study.scenario}_signals")
    return suggest(replace(study, name=name), config, request)


def view(root: Path | None, words: list[str]) -> int:
    """Open one arm in sumo-gui: `huandu view scenario=NAME [policy=ID]`."""
    if _asks(words):
        about = Message(
            "opens the first replicate of an arm's first period in sumo-gui; today's without `policy`"
        )
        print("huandu view scenario=NAME [policy=ID]", AS_FOR_RUN.both(), *map(about.of, LANGS), sep="\n")
        return 0
    root = find_root(root)
    policy = next((w.removeprefix("policy=") for w in words if w.startswith("policy=")), BASELINE)
    study, _ = assembled(root, [w for w in words if not w.startswith("policy=")])
    arm = next((arm for arm in study.arms if arm.id == policy), None)
    if arm is None:
        hint = near(policy, [a.id for a in study.arms])
        raise ConfigError([Problem(f"policy={policy}", Message("no such arm"), hint)])
    gui = viewing_command(study, arm, root / "results" / ".store")
    if not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform in ("win32", "darwin")
    ):
        print("huandu view:", Message("there is no display here; the command would be:").both(), *gui)
        return 0
    return subprocess.run(gui, check=False, env=environment()).returncode


def _asks(words: list[str]) -> bool:
    return not {"-h", "--help"}.isdisjoint(words)


def assembled(root: Path, words: list[str]) -> tuple[Study, dict[str, Any]]:
    """Compose and assemble; one ConfigError with the problems of both."""
    problems = Problems()
    scenario, data = composed(root, words, problems)
    try:
        ensure_writable(root / "results" / ".store")
        study = assemble(root, scenario, data, str(data.get("study") or scenario))
    except ConfigError as error:
        problems.extend(error)
    problems.raise_if_any()
    return study, data


def _hydra_application(root: Path, words: list[str]) -> int:
    """Hand the words to Hydra itself (multirun, --cfg); each job comes back as one study."""
    codes: list[int] = []

    def job(config: DictConfig) -> None:
        hydra_config = HydraConfig.get()
        scenario, data = plain(DictConfig({**config, "hydra": hydra_config}))
        own = override_names(words, hydra_config.overrides.task)
        name = ",".join(filter(None, [str(data.get("study") or scenario), own]))
        codes.append(evaluate(assemble(root, scenario, data, name), data))

    ensure_writable(root / "results" / ".store")
    search_in(root)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise instead of printing and exiting: we say it ourselves
    overrides = [word for word in words if ("=" in word and not word.startswith("-")) or word[:1] in "~+"]
    flags = [word for word in words if word not in overrides]  # Hydra wants them first
    sys.argv = [sys.argv[0], *flags, *with_new_keys(overrides)]
    application = hydra.main(version_base="1.3", config_path=str(CONF), config_name=PRIMARY)(job)
    with hydra_errors(root, words), contextlib.chdir(root):  # Hydra writes multirun.yaml where it stands
        application()
    return max(codes, default=0)


def _scenarios(root: Path | None) -> list[dict[str, Any]]:
    root = find_root(root)
    rows = []
    for name in scenario_names(root):
        site = str(_mapping(root / "configs" / "scenario" / f"{name}.yaml").get("site"))
        facts = root / "scenarios" / site / "site.yaml"
        title = _mapping(facts).get("title") if facts.is_file() else None
        words = title if isinstance(title, Mapping) else {}
        rows.append({"scenario": name, "site": site, "zh": words.get("zh", ""), "en": words.get("en", "")})
    return rows


def _policies(root: Path | None) -> list[dict[str, Any]]:
    root = find_root(root)
    rows = []
    problems = Problems()
    for path in sorted((root / "scenarios").glob("*/policies/*.yaml")):
        try:
            policies = {
                name: parse(PolicyFacts, data, str(path.relative_to(root)))
                for name, data in _mapping(path).items()
            }
        except ConfigError as error:
            problems.extend(error)
            continue
        for name, facts in policies.items():
            row = {"policy": name, "site": facts.site, **facts.title.model_dump()}
            if facts.stages:
                row["stages"] = {stage: _stage(one) for stage, one in facts.stages.items()}
            else:
                row["kinds"] = _kinds(facts.interventions)
            rows.append(row)
    problems.raise_if_any()
    return rows


def _stage(facts: StageFacts) -> dict[str, Any]:
    dates = {"dates": [day.isoformat() for day in facts.dates]} if facts.dates else {}
    return {
        **(facts.title.model_dump() if facts.title else {}),
        **dates,
        "kinds": _kinds(facts.interventions),
    }


def _kinds(interventions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({str(item.get("kind")) for item in interventions.values()})


def _mapping(path: Path) -> Mapping[str, Any]:
    data = read_yaml(path)
    if not isinstance(data, Mapping):
        raise ConfigError(
            [Problem(str(path), Message("holds no `key: value` lines"), Message("see docs/example.md"))]
        )
    return data


def _interventions() -> list[dict[str, Any]]:
    rows = []
    for kind, cls in sorted(REGISTRY.items()):
        fields = {
            name: f"{getattr(info.annotation, '__name__', info.annotation)}"
            + ("" if info.is_required() else " (optional)")
            for name, info in cls.model_fields.items()
            if name != "kind"
        }
        rows.append(
            {
                "intervention": kind,
                "zh": cls.title.zh,
                "en": cls.title.en,
                "fields": fields,
                "example": cls.example,
            }
        )
    return rows
