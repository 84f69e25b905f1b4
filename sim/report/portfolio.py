"""All sites and policies of a results tree: ranked by what is assured, and on one map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sim.comparison.policy_verdict import BEST_FIRST, policy_verdict
from sim.labels import Text
from sim.measures import SPECS
from sim.plots.numbers import with_interval
from sim.plots.study_data import StudyData, records
from sim.plots.style import VERDICT_COLOURS
from sim.report.street_map import round_length
from sim.report.words import measure_name

KM_PER_DEGREE = 111.32
"""Of latitude."""
LEAST_KM = 2.0
WIDTH, HEIGHT = 900.0, 420.0


@dataclass(frozen=True)
class Ranked:
    """One policy of one study."""

    site: Text
    site_id: str
    study: str
    policy: Text
    verdict: str
    measure: Text
    period: Text
    """The period with the least assured effect, whose numbers these are."""
    assured: str
    change: str
    interval: str
    location: tuple[float, float] | None
    """Longitude and latitude of the site, degrees."""


def ranking(studies: Sequence[StudyData]) -> list[Ranked]:
    """Rank every policy: by its verdict over all periods, then by what is assured of its primary measure.

    Of a policy with stages the worst one stands for it.

    Assured is the less favourable end of the relative interval in the period where that is worst: who
    ranks by the estimate ranks by luck. Policies without a row of the comparison are left out.
    """
    found: list[tuple[tuple[int, float, str, str], Ranked]] = []
    for data in studies:
        spec = SPECS[data.primary]
        better = -1.0 if spec.direction == "lower" else 1.0
        for arm in data.policies:
            rows = [
                row
                for row in records(data.comparison[data.comparison["arm"] == arm["id"]])
                if (row["measure"], row["scope"]) == (data.primary, "network")
            ]
            if not rows or data.worst_stage(str(arm["id"])) not in (None, arm["id"]):
                continue
            ends = [
                (_finite(better * row["relative_ci_high" if better < 0 else "relative_ci_low"]), n)
                for n, row in enumerate(rows)
            ]
            gain, worst = min(ends)
            row = rows[worst]
            verdict = policy_verdict(data.comparison, data.primary, arm["id"]).token
            low, high = float(row["relative_ci_low"]), float(row["relative_ci_high"])
            change, interval = with_interval(row["relative"], low, high, 1, percent=True)
            written = interval.strip("[]%").split(", ")  # to the same digits as in the interval beside it
            one = Ranked(
                site=data.title,
                site_id=str(data.study["site"]["name"]),
                study=str(data.study["name"]),
                policy=data.arm_title(arm["id"]),
                verdict=verdict,
                measure=measure_name(spec),
                period=data.period_title(str(row["period"])),
                assured=written[0] if len(written) == 1 else f"{written[better < 0]}%",
                change=change,
                interval=interval,
                location=_location(data),
            )
            found.append(((BEST_FIRST.index(verdict), -gain, one.study, str(arm["id"])), one))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else -math.inf


def _location(data: StudyData) -> tuple[float, float] | None:
    found = data.study["site"].get("location")
    return (float(found["lon"]), float(found["lat"])) if found else None


def site_map(rows: Sequence[Ranked]) -> Markup | None:
    """Draw the sites where they lie, coloured by the verdict of their best policy; None if none says where.

    Kilometres are true along both axes in the middle of the map, north is up.
    """
    best: dict[str, tuple[int, Ranked]] = {}
    for rank, one in enumerate(rows, 1):
        if one.location is not None and one.site_id not in best:
            best[one.site_id] = (rank, one)
    if not best:
        return None
    places = {id: one.location or (0.0, 0.0) for id, (_, one) in best.items()}
    lons, lats = zip(*places.values(), strict=True)
    middle = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    narrow = KM_PER_DEGREE * math.cos(math.radians(middle[1]))
    width = max((max(lons) - min(lons)) * narrow, LEAST_KM)
    high = max((max(lats) - min(lats)) * KM_PER_DEGREE, LEAST_KM)
    pixels = min(0.72 * WIDTH / width, 0.72 * HEIGHT / high)
    parts = [Markup('<svg class="sites" viewBox="0 0 {} {}" role="group">').format(WIDTH, HEIGHT)]
    for id, (rank, one) in best.items():
        x = WIDTH / 2 + (places[id][0] - middle[0]) * narrow * pixels
        y = HEIGHT / 2 - (places[id][1] - middle[1]) * KM_PER_DEGREE * pixels
        parts.append(
            Markup(
                '<a href="#rank-{}"><circle cx="{:.1f}" cy="{:.1f}" r="11" fill="{}"/>'
                '<text x="{:.1f}" y="{:.1f}">{}</text></a>'
            ).format(rank, x, y, VERDICT_COLOURS[one.verdict], x + 15, y + 5, _both(one.site))
        )
    km = round_length(width / 3 * 1000) / 1000
    parts.append(
        Markup('<path d="M24 {}h{:.1f}"/><text x="24" y="{}">{:g} km</text></svg>').format(
            HEIGHT - 18, km * pixels, HEIGHT - 26, km
        )
    )
    return Markup("").join(parts)


def _both(words: Text) -> Markup:
    if words.zh == words.en:
        return Markup("{}").format(words.zh)
    return Markup('<tspan lang="zh-CN">{}</tspan><tspan lang="en">{}</tspan>').format(words.zh, words.en)
