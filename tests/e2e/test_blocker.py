"""Whether drivers pass a blocker is a fact of the site: drawn ones do, imports as their site.yaml says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim.demand import realise
from sim.loading import parse
from sim.runs.preflight import preflight
from sim.runs.work import laid_out, request
from sim.site.facts import SiteFacts
from sim.study import Study
from tests.crossroads import crossroads


def imported(study: Study, **facts: Any) -> SiteFacts:
    """Parse the facts of the small imported site, as a site.yaml with these more would have them."""
    kept = {"name", "title", "made_up", "imported", "periods"}
    written = study.site.facts.model_dump(include=kept)
    return parse(SiteFacts, {**written, **facts}, "site.yaml")


def test_an_import_keeps_its_authors_model_unless_it_says_otherwise(small_study: Study) -> None:
    assert crossroads().passes_blocker_after_s == 10
    assert imported(small_study).passes_blocker_after_s is None
    assert imported(small_study, passes_blocker_after_s=15).passes_blocker_after_s == 15


@pytest.mark.parametrize(("after_s", "option"), [(None, None), (12.5, "12.5")])
def test_it_holds_in_every_arm(small_study: Study, after_s: float | None, option: str | None) -> None:
    site = small_study.site
    changed = site.facts.model_copy(update={"passes_blocker_after_s": after_s})
    study = replace(small_study, site=replace(site, facts=changed))
    people = realise(study.site, "peak", 1, study.settings, study.vehicles)
    builds = preflight(study, study.root / "results" / ".store").builds
    assert {arm for arm, _ in builds} == {"baseline", "retime"}
    for built in builds.values():
        spec = request(study, "peak", 1, laid_out(study.site, built), people).spec
        assert spec.behaviour().get("ignore-junction-blocker") == option
