"""Every bad fact of a drawn site gives its problem: path, words, suggestion; and all of them come at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.errors import ConfigError
from sim.site.check import check_site
from sim.sumo.site import load
from tests.crossroads import TITLE, Facts, crossroads, leg, write_site, written

J1 = "site.yaml.junctions.J1.approaches"


def legs(data: Facts) -> Facts:
    found: Facts = data["junctions"]["J1"]["approaches"]
    return found


def second_junction(data: Facts, bearing_deg: float = 270, **more: Any) -> None:
    """Add J2, 400 m east of J1, and the street between them."""
    west = leg(bearing_deg, ["left", "through", "through"])
    del west["length_m"], west["exit_lanes"]
    approaches = {"west": west, "north": leg(0, ["left+right"]), "east": leg(90, ["through", "through"])}
    j2 = {"title": TITLE, "position_m": [400, 0], "control": "priority", "approaches": approaches}
    data["junctions"]["J2"] = {**j2, **more}
    east = legs(data)["east"]
    del east["length_m"], east["exit_lanes"]
    data["streets"] = {"main": {"legs": ["J1.east", "J2.west"]}}


def change(path: str, value: Any) -> Callable[[Facts], None]:
    """Return a change that sets the value at a dotted path."""

    def set_it(data: Facts) -> None:
        *way, last = path.split(".")
        for key in way:
            data = data[int(key)] if isinstance(data, list) else data.setdefault(key, {})
        if isinstance(data, list):
            data[int(last)] = value
        else:
            data[last] = value

    return set_it


def on_leg(name: str, **fields: Any) -> Callable[[Facts], None]:
    return lambda data: legs(data)[name].update(fields)


def street(*names: str, **more: Any) -> Callable[[Facts], None]:
    def draw(data: Facts) -> None:
        second_junction(data, **more)
        data["streets"]["main"]["legs"] = list(names)

    return draw


def with_street(then: Callable[[Facts], None], **more: Any) -> Callable[[Facts], None]:
    def both(data: Facts) -> None:
        second_junction(data, **more)
        then(data)

    return both


PARKING = {"title": TITLE, "kind": "kerb", "on": "J1.north", "at_m": 50, "length_m": 60, "stalls": 10}
DEMAND = {"origin": "J1.west", "lot": "P", "exit": "J1.south", "vehicles_per_h": 10, "stay_min": 20}


def parked(**fields: Any) -> Callable[[Facts], None]:
    return change("parking", {"P": {**PARKING, **fields}})


def demanded(**fields: Any) -> Callable[[Facts], None]:
    def both(data: Facts) -> None:
        data["parking"], data["parking_demand"] = {"P": PARKING}, {"D": {**DEMAND, **fields}}

    return both


BAD: dict[str, tuple[Callable[[Facts], object], str]] = {
    "two legs on one bearing": (
        on_leg("east", bearing_deg=12),
        f"{J1}: 'north' and 'east' lie 12 degrees apart (legs need 20 degrees between them)",
    ),
    "no length": (
        lambda d: legs(d)["north"].pop("length_m"),
        f"{J1}.north.length_m: missing: the leg is not a street to another junction",
    ),
    "no exit lanes": (
        lambda d: legs(d)["north"].pop("exit_lanes"),
        f"{J1}.north.exit_lanes: missing: how many lanes leave the junction on this leg",
    ),
    "nobody on a leg": (
        on_leg("north", lanes=[], exit_lanes=0, crossing=None),
        f"{J1}.north: nobody drives on this leg (give it `lanes` or `exit_lanes`)",
    ),
    "crossing without lanes": (
        on_leg("north", lanes=[]),
        f"{J1}.north.crossing: a crossing needs a leg with lanes towards the junction",
    ),
    "exit leg closed": (
        on_leg("south", exit_lanes=0),
        f"{J1}.north.lanes[0].use: 'through' leads to no exit lane: no lane leaves J1 on its leg south",
    ),
    "exit leg missing": (
        lambda d: legs(d).pop("west"),
        f"{J1}.north.lanes[1].use: 'right' leads to no exit lane: no leg of J1 lies to the right",
    ),
    "too few exit lanes": (
        on_leg("west", exit_lanes=1),
        f"{J1}.east.lanes: 2 lanes go through, J1.west has only 1 exit lanes (each needs an exit lane",
    ),
    "all lanes short": (
        on_leg("north", lanes=[{"use": "left+through+right", "length_m": 40}]),
        f"{J1}.north.lanes: every lane is short (a full lane has no `length_m`)",
    ),
    "short lane in the middle": (
        change(
            "junctions.J1.approaches.east.lanes",
            [{"use": "left"}, {"use": "through", "length_m": 50}, {"use": "right"}],
        ),
        f"{J1}.east.lanes[1].length_m: a short lane lies at the left or right side, not between full lanes",
    ),
    "short lanes of two lengths": (
        change("junctions.J1.approaches.east.lanes.2", {"use": "right", "length_m": 40}),
        f"{J1}.east.lanes: short lanes of 40 and 60 m (all short lanes of an approach have one length)",
    ),
    "short lane too long": (
        on_leg("east", length_m=80),
        f"{J1}.east.lanes: short lanes of 60 m do not fit on a leg of 80 m (leave 30 m for the junction)",
    ),
    "solid lines longer than the leg": (
        on_leg("west", length_m=80, solid_line_m=60),
        f"{J1}.west.solid_line_m: solid lines of 60 m do not fit on a leg of 80 m (leave 30 m for the",
    ),
    "solid lines and short lanes": (
        on_leg("east", solid_line_m=45),
        f"{J1}.east.solid_line_m: says 45, but the short lanes begin 60 m before the stop line (beside short",
    ),
    "a solid line beside nothing": (
        on_leg("north", lanes=[{"use": "left+through+right"}], solid_line_m=45),
        f"{J1}.north.solid_line_m: a solid line lies between lanes towards the junction (leave it out)",
    ),
    "unknown leg in a street": (
        street("J1.east", "J2.wst"),
        "site.yaml.streets.main.legs[1]: no leg 'J2.wst' (did you mean J2.west or J2.east or J1.west?)",
    ),
    "a leg in two streets": (
        with_street(change("streets.again", {"legs": ["J1.east", "J2.east"]})),
        "site.yaml.streets.again.legs[0]: the leg 'J1.east' is in the street 'main' already",
    ),
    "street within a junction": (
        street("J1.east", "J1.west"),
        "site.yaml.streets.main.legs: both legs are at 'J1' (a street joins two junctions)",
    ),
    "junctions on one spot": (
        with_street(change("junctions.J2.position_m", [0, 0])),
        "site.yaml.streets.main.legs: J1 and J2 stand on the same spot (mind `position_m`)",
    ),
    "street leg with a length": (
        with_street(on_leg("east", length_m=300)),
        f"{J1}.east.length_m: the leg is a street, its length follows from the junctions' positions (leave",
    ),
    "street leg with other exit lanes": (
        with_street(on_leg("east", exit_lanes=2)),
        f"{J1}.east.exit_lanes: says 2, but J2.west has 3 full lanes (leave it out: it follows from",
    ),
    "street off its bearing": (
        with_street(lambda d: None, bearing_deg=225),
        "site.yaml.junctions.J2.approaches.west.bearing_deg: says 225, but the street's other junction lies",
    ),
    "street too short": (
        with_street(change("junctions.J2.position_m", [80, 0])),
        f"{J1}.east.lanes: short lanes of 60 m do not fit on a leg of 80 m (leave 30 m for the junction)",
    ),
    "one leg": (
        change("junctions.J1.approaches", {"north": leg(0, ["uturn"])}),
        f"{J1}: 1 leg is no junction (draw at least two)",
    ),
    "plan for an unknown junction": (
        change("plans.day.J11", {"stages": {"A": {"crossings": ["north"], "green_s": 10}}}),
        "site.yaml.plans.day.J11: no junction 'J11' (did you mean J1?)",
    ),
    "plan for a junction without signals": (
        with_street(change("plans.day.J2", {"stages": {"A": {"green": ["east.through"], "green_s": 10}}})),
        "site.yaml.plans.day.J2: 'J2' is controlled by 'priority' (give it `control: signals` or",
    ),
    "period without a plan": (
        change("periods.am.plan", None),
        "site.yaml.periods.am.plan: missing: signals need a plan (known: day)",
    ),
    "period with an unknown plan": (
        change("periods.am.plan", "dya"),
        "site.yaml.periods.am.plan: no plan 'dya' (did you mean day?)",
    ),
    "signals without a plan": (
        with_street(lambda d: None, control="signals"),
        "site.yaml.plans.day: no plan for the signals of 'J2', which the period 'am' needs",
    ),
    "pedestrians on an unknown leg": (
        change("periods.am.pedestrians_per_15min", {"J1.nroth": 3}),
        "site.yaml.periods.am.pedestrians_per_15min.J1.nroth: no leg 'J1.nroth' (did you mean J1.north",
    ),
    "pedestrians without a crossing": (
        on_leg("north", crossing=None),
        "site.yaml.periods.am.pedestrians_per_15min.J1.north: the leg 'J1.north' has no crossing",
    ),
    "pedestrians for other quarters": (
        change("periods.am.pedestrians_per_15min", {"J1.north": [1, 2, 3]}),
        "site.yaml.periods.am.pedestrians_per_15min.J1.north: 3 numbers for 4 quarters of an hour",
    ),
    "parking on an unknown leg": (
        parked(on="J1.nort"),
        "site.yaml.parking.P.on: no approach or edge 'J1.nort' (did you mean J1.north",
    ),
    "parking beyond the leg": (
        parked(at_m=250),
        "site.yaml.parking.P.at_m: ends at 310 m, but J1.north is 300 m long",
    ),
    "too many kerb stalls": (
        parked(stalls=11),
        "site.yaml.parking.P.stalls: 11 stalls do not fit on 60 m (a kerb stall takes 6 m)",
    ),
    "unknown lot": (
        demanded(lot="Q"),
        "site.yaml.parking_demand.D.lot: no parking area 'Q' (known: P)",
    ),
    "unknown origin": (
        demanded(origin="J1.wset"),
        "site.yaml.parking_demand.D.origin: 'J1.wset' is no leg by which vehicles enter the site (did you",
    ),
    "exit where nobody leaves": (
        demanded(exit="J2.south"),
        "site.yaml.parking_demand.D.exit: 'J2.south' is no leg by which vehicles leave the site",
    ),
    "route over an unknown leg": (
        change("routes", {"R": {"title": TITLE, "via": ["J1.west", "J2.west"]}}),
        "site.yaml.routes.R.via[1]: no approach or edge 'J2.west' (did you mean J1.west",
    ),
    "unknown measured junction": (
        change("measured_junctions", ["J3"]),
        "site.yaml.measured_junctions[0]: no junction 'J3' (known: J1)",
    ),
    "a dot in a name": (
        change("routes", {"R.1": {"title": TITLE, "via": ["J1.west"]}}),
        "site.yaml.routes: the name 'R.1' may hold letters, digits, _ and - only",
    ),
    "a line's end in a name": (
        change("routes", {"R\n": {"title": TITLE, "via": ["J1.west"]}}),
        "site.yaml.routes: the name 'R\\n' may hold letters, digits, _ and - only",
    ),
    "a warm-up of no whole minutes": (
        change("warm_up_s", 610),
        "site.yaml.warm_up_s: a warm-up of 610 s is not a whole number of minutes (write 600)",
    ),
    "a period with no room for its warm-up": (
        change("periods.am.begin", "00:10"),
        "site.yaml.periods.am.begin: begins 600 s after 00:00, within its warm-up of 900 s (count hours on",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_fact_is_named(case: str) -> None:
    damage, words = BAD[case]
    facts = crossroads(damage)
    with pytest.raises(ConfigError) as refused:
        check_site(facts)
    assert [p for p in map(str, refused.value.problems) if p.startswith(words)], str(refused.value)


def test_good_facts_pass() -> None:
    check_site(crossroads())
    check_site(crossroads(second_junction))
    check_site(crossroads(demanded()))


def test_all_problems_come_at_once() -> None:
    def ruin(data: Facts) -> None:
        for case in (
            "no length",
            "too many kerb stalls",
            "period with an unknown plan",
            "too few exit lanes",
        ):
            BAD[case][0](data)

    with pytest.raises(ConfigError) as refused:
        check_site(crossroads(ruin))
    assert len(refused.value.problems) == 4


def load_problems(folder: Path, data: Facts, cache: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(write_site(folder / str(data.get("name")), data), cache)
    return [str(problem) for problem in refused.value.problems]


def test_an_id_that_is_a_number(tmp_path: Path) -> None:
    data = written()
    data["junctions"][7] = data["junctions"].pop("J1")
    found = load_problems(tmp_path, data, tmp_path / "cache")
    assert any("7" in p and 'quote it: "7"' in p for p in found), found
    assert not (tmp_path / "cache").exists()


def test_a_cycle_that_does_not_add_up_and_a_plan_shorter_than_its_intergreens(tmp_path: Path) -> None:
    data = written(change("plans.day.J1.cycle_s", 12))
    found = load_problems(tmp_path, data, tmp_path / "cache")
    assert found == ["site.yaml.plans.day.J1: cycle_s says 12 s but the stages add up to 90 s"]
    data = written(change("plans.day.J1.stages.A.pedestrian_flash_s", 30))
    found = load_problems(tmp_path, data, tmp_path / "cache")
    assert found == ["site.yaml.plans.day.J1.stages.A: flashing green must be shorter than the green it ends"]


def test_plans_and_counts_are_named_together(tmp_path: Path) -> None:
    data = written(change("plans.day.J1.stages.B.green", ["east.left", "west.lft"]))
    folder = write_site(tmp_path / "crossroads", data)
    counts = folder / "counts.csv"
    counts.write_text(counts.read_text().replace("J1.north,left", "J1.north,lefft", 1))
    with pytest.raises(ConfigError) as refused:
        load(folder, tmp_path / "cache")
    found = [str(problem) for problem in refused.value.problems]
    assert any(
        p.startswith("site.yaml.plans.day.J1.stages.B.green[1]: no movement 'west.lft'") for p in found
    )
    assert any("lefft" in p for p in found)


def test_counts_of_further_days_are_read_and_checked_like_the_site_s_own(tmp_path: Path) -> None:
    folder = write_site(tmp_path / "crossroads", written())
    counts = (folder / "counts.csv").read_text()
    (folder / "days").mkdir()
    for day in ("monday", "friday"):
        (folder / "days" / f"{day}.csv").write_text(counts)
    site = load(folder, tmp_path / "cache")
    assert list(site.days) == ["friday", "monday"] and site.days["monday"].equals(site.counts)
    (folder / "days" / "monday.csv").write_text(counts.replace("J1.north,left", "J1.north,lefft", 1))
    with pytest.raises(ConfigError) as refused:
        load(folder, tmp_path / "cache")
    found = [str(problem) for problem in refused.value.problems]
    assert all("monday.csv" in p for p in found) and any("no movement 'lefft'" in p for p in found), found


def test_a_folder_called_otherwise(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="says 'crossroads', but the folder is called 'other'"):
        load(write_site(tmp_path / "other", written()), tmp_path / "cache")


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder should be")
    found = load_problems(tmp_path, written(), tmp_path / "cache")
    assert len(found) == 1
    assert "cannot be written" in found[0]
