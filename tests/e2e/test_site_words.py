"""What `huandu check` lists of an imported site: the names and numbers that a policy has to expect."""

from __future__ import annotations

from sim.site.model import Site
from sim.site.words import names_of


def test_signals_and_approaches_are_named_as_a_policy_names_them(small_site: Site) -> None:
    lines = list(names_of(small_site, "peak"))
    (program,) = small_site.signals["peak"]["C"].programs.values()
    assert lines[0] == f"C: program 0 (static), cycle_s: {program.cycle_s:g}, offset_s: 0"
    stages = [line for line in lines if " = " in line]
    assert [line.split(":")[0].strip() for line in stages] == [stage.name for stage in program.stages()]
    assert [float(line.split(" = ")[0].split(":")[1]) for line in stages] == [
        stage.green_s for stage in program.stages()
    ]
    assert any("north.through" in line and "south.through" in line for line in stages)
    assert "  C.north (NC): [left+through, through+right]" in lines
