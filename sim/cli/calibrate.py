"""`huandu calibrate`: vehicles of a site from field values, flows against counts."""

from __future__ import annotations

from pathlib import Path

from sim.cli.arguments import Arguments
from sim.cli.roots import ensure_writable, find_root
from sim.cli.verbs import assembled
from sim.labels import LANGS

HELP = """\
huandu calibrate scenario=NAME [--held-out PERIOD@HH:MM]
                 [可加与 `huandu run` 相同的覆盖项 / overrides as for `huandu run`]
用现场饱和流率和起动损失时间（site.yaml 的 field_values）拟合车头时距和加速度，再仿真现状，
逐流向与建模所用流量及另一天的流量（scenarios/<site>/calibration/counts.csv）比较 GEH。
--held-out am_peak@08:00：建模不用这 15 min 的流量（由前后 15 min 推出），再用它检验。
导入的点位不拟合车辆：按 scenarios/<site>/counts.csv 从原有路径中抽取出行（SUMO routeSampler）。
结果写入 scenarios/<site>/calibration/：vehicles.yaml（此后 `huandu run` 用这组车辆参数）和 agreement.csv。
Fits headway and acceleration of the site's vehicles to its field values (field_values of site.yaml:
saturation flow, start-up loss), then simulates today and holds every movement's hourly flow against the
counts it was made from and, where there are some, those of another day
(scenarios/<site>/calibration/counts.csv): GEH.
--held-out am_peak@08:00: demand is made without this quarter's counts (from the quarters beside it), which
are what its flows are held against.
An imported site's vehicles stay as they are: trips are drawn from its own ways (SUMO's routeSampler) to
agree with scenarios/<site>/counts.csv.
Writes scenarios/<site>/calibration/: vehicles.yaml or trips.csv.gz, with which `huandu run` drives from then
on, and agreement.csv."""


def calibrate(root: Path | None, words: list[str]) -> int:
    """Calibrate a site: `huandu calibrate scenario=NAME [--held-out PERIOD@HH:MM] [overrides]`."""
    from sim.calibrating import calibrate as calibrated  # noqa: PLC0415

    if not {"-h", "--help"}.isdisjoint(words):
        print(HELP)
        return 0
    parser = Arguments("huandu calibrate")
    parser.add_argument("--held-out")
    options, rest = parser.parse_known_args(words)
    root = find_root(root)
    study, _ = assembled(root, rest)
    ensure_writable(study.site.folder)
    for said in calibrated(study, options.held_out):
        for lang in LANGS:
            print(said.of(lang), flush=True)
    return 0
