"""Every verdict and gate has its words in both languages, and no two verdicts share them."""

from __future__ import annotations

from sim.comparison.compare import SEVERITIES
from sim.comparison.inference import VERDICTS
from sim.labels import LANGS, catalogue


def test_every_verdict_and_gate_has_its_own_words() -> None:
    keys = [f"verdict.{token}" for token in VERDICTS]
    keys += [f"gate.{severity or 'none'}" for severity in SEVERITIES]
    for lang in LANGS:
        words = [catalogue()[key].of(lang) for key in keys]
        assert all(words)
        assert len(set(words)) == len(words)
