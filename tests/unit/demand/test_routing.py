"""Fastest routes on connections."""

from __future__ import annotations

from dataclasses import replace

from sim.demand.routing import Router, usable
from tests.drawn_sites import network


def test_the_fastest_way_includes_both_ends() -> None:
    assert Router(network()).route("J1.west", "J2.east.exit") == ("J1.west", "J2.west", "J2.east.exit")
    assert Router(network()).route("J1.west", "J1.west") == ("J1.west",)


def test_a_banned_turn_is_not_taken() -> None:
    full = network()
    banned = replace(full, connections=tuple(c for c in full.connections if c.from_edge != "J1.west"))
    assert Router(banned).route("J1.west", "J2.east.exit") is None


def test_permissions_of_lanes_and_connections_count() -> None:
    full = network()
    link = full.connections_from["J1.west"][0]
    assert usable(full, link, "passenger")
    assert not usable(full, link, "tram")
    assert not usable(full, replace(link, allow=frozenset({"bus"})), "passenger")


def test_stations_are_passed_in_turn() -> None:
    router = Router(network())
    assert router.through("J1.west", "J2.west", "J2.north.exit") == ("J1.west", "J2.west", "J2.north.exit")
    assert router.through("J1.west", "J2.east", "J2.north.exit") is None
