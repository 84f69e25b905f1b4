"""Every kind of intervention keeps the promises of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.interventions import REGISTRY
from sim.loading import parse, read_yaml


def test_the_catalogue_is_not_empty() -> None:
    assert set(REGISTRY) >= {"add_parking_area", "retime_signal", "set_lane_use"}


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_kind_is_documented_in_both_languages_with_an_example_that_holds(tmp_path: Path, kind: str) -> None:
    cls = REGISTRY[kind]
    assert cls.title.zh
    assert cls.title.en
    assert cls.__doc__
    (tmp_path / "example.yaml").write_text(cls.example, encoding="utf-8")
    example = parse(cls, read_yaml(tmp_path / "example.yaml"), kind)
    assert example.kind == kind


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_a_kind_must_say_what_it_expects(kind: str) -> None:
    field = REGISTRY[kind].model_fields["expect"]
    assert field.is_required()


@pytest.mark.parametrize("kind", sorted(REGISTRY))
def test_no_field_is_a_python_path(kind: str) -> None:
    assert "_target_" not in REGISTRY[kind].model_fields
