"""Where people park in an arm: who changes to a new lot, and what becomes of those whose lot is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sim.demand.buses import served
from sim.demand.lots import Wishes, wishes
from sim.demand.parkers import Ways, lane_stop, settled, ways
from sim.demand.routing import Router
from sim.demand.tables import LEAVING, STOPPING
from sim.edits.vocabulary import (
    AddParking,
    ChangeParking,
    Edit,
    MoveStop,
    RemoveParking,
    SetIllegalStopping,
)
from sim.errors import Problems
from sim.labels import Message
from sim.site.model import Site
from sim.site.network import Network
from sim.site.parking import ParkingArea

OURS = AddParking | RemoveParking | ChangeParking | SetIllegalStopping


def assign_lots(vehicles: pd.DataFrame, edits: Sequence[Edit], network: Network, site: Site) -> pd.DataFrame:
    """Let people drive in an arm: VEHICLES in, VEHICLES out.

    Routes over an edge that the arm has cut lead over its parts. New parking areas take their share of those
    who wished for an old one; who chooses a lot by destination chooses among the arm's; who wished for one
    that is gone, closed or dearer than a walk looks for another, stops on the lane where the policy assumes
    so, or drives on. Fewer stop where it is forbidden where the policy says so. Buses serve a stop where it
    lies now, in a bay beside the lane.

    Who changes is decided by the driver's own `uniform`, so by nobody else's presence; only route, stop and
    lot change. Who stands in a stall at the start keeps it as long as it is there.
    `network` is the arm's: a changed route follows what the arm allows. Raises ConfigError where shares of
    one lot add up to more than 1, or a new lot cannot be reached.
    """
    if network.parts:
        routes = [" ".join(network.on_parts(edges.split())) for edges in vehicles["edges"]]
        vehicles = vehicles.assign(edges=pd.Series(routes, index=vehicles.index, dtype="string"))
    if stops := [edit for edit in edits if isinstance(edit, MoveStop)]:
        vehicles = served(vehicles, stops, network, site)
    own = [edit for edit in edits if isinstance(edit, OURS)]
    return _Moves(vehicles.copy(), own, network, site).made() if own else vehicles


@dataclass(frozen=True)
class _Moves:
    """`vehicles` is changed in place; every step sees what the ones before have made of it."""

    vehicles: pd.DataFrame
    edits: Sequence[Edit]
    network: Network
    site: Site

    def made(self) -> pd.DataFrame:
        self._stop_less()
        self._stop_illegally()
        self._taken_over()
        for name in sorted(self.site.facts.parking_demand):
            found = wishes(self.site, name, self.parking, self.network, self.ways(name).reaches)
            self._choose_again(name, found)
            self._stand_again(name, found)
        return self.vehicles

    @cached_property
    def parking(self) -> Mapping[str, ParkingArea]:
        """The areas of the arm."""
        site = self.site
        for edit in self.edits:
            site = edit.applied(site)
        return site.facts.parking

    @cached_property
    def router(self) -> Router:
        return Router(self.network)

    @property
    def stands(self) -> pd.Series[bool]:
        return self.vehicles["purpose"] == LEAVING

    def ways(self, name: str) -> Ways:
        today = ways(self.site, name)
        first, last = (self.network.on_parts([edge]) for edge in (today.origin, today.exit))
        return Ways(name, first[0], last[-1], self.router, {**self.site.facts.parking, **self.parking})

    def of(self, name: str, kind: str) -> pd.Series[bool]:
        """Which rows are the drivers of one demand: ids are `kind.name.number`."""
        return self.vehicles["id"].str.rpartition(".")[0] == f"{kind}.{name}"

    def _stop_less(self) -> None:
        for edit in self.edits:
            if isinstance(edit, SetIllegalStopping):
                kept = edit.per_km_h / edit.expected_per_km_h
                rows = self.vehicles["uniform"] >= kept
                item = self.site.facts.illegal_stopping[edit.id]
                if item.imported:
                    self._stop_less_at(item.on, rows & (self.vehicles["purpose"] != "bus"))
                else:
                    self.vehicles.loc[rows & self.of(edit.id, STOPPING), "stops"] = "[]"

    def _stop_less_at(self, street: str, rows: pd.Series[bool]) -> None:
        """Take from vehicles of an imported model their stops on lanes of a leg or edge."""
        approach = self.site.network.approaches.get(street)
        chain = approach.chain if approach else (street,)
        lanes = {lane.id for edge in chain for lane in self.site.network.edges[edge].lanes}
        for row, stops in self.vehicles.loc[rows & (self.vehicles["stops"] != "[]"), "stops"].items():
            planned = json.loads(stops)
            left = [stop for stop in planned if stop.get("lane") not in lanes]
            if len(left) < len(planned):
                self.vehicles.loc[row, "stops"] = json.dumps(left)

    def _stop_illegally(self) -> None:
        for edit in self.edits:
            if not isinstance(edit, RemoveParking) or edit.stops_illegally <= 0:
                continue
            area, kept = edit.expected, edit.kept_share
            share = edit.stops_illegally * (1 - kept)
            rows = (self.vehicles["lot"] == edit.id) & ~self.stands
            rows &= self.vehicles["uniform"] < share
            for row, uniform, stay_s in self.vehicles.loc[rows, ["uniform", "stay_s"]].itertuples():
                along_m = area.at_m + area.length_m * (kept + (1 - kept) * uniform / share)
                edge, at_m = self.network.part_at(area.on, along_m)
                stop = lane_stop(self.network, edge, at_m, min(stay_s, edit.stay_s))
                self.vehicles.loc[row, ["stops", "lot"]] = [stop, ""]

    def _taken_over(self) -> None:
        """Let new areas take the share of drivers that their policy says."""
        before, stands = self.vehicles.copy(), self.stands
        taken: dict[str, float] = {}
        problems = Problems()
        for edit in self.edits:
            if not isinstance(edit, AddParking):
                continue
            edge, _ = self.network.part_at(
                self.network.edge(edit.area.on, f"{edit.id}.on").id, edit.area.at_m
            )
            for old, share in edit.takes:
                low = taken.get(old, 0.0)
                taken[old] = low + share
                if taken[old] > 1 + 1e-9:
                    problems.add(
                        f"{edit.id}.takes.{old}",
                        Message("new areas take {taken:.0%} of those who park there", taken=taken[old]),
                    )
                changes = before["lot"] == old
                changes &= before["uniform"].ge(low) & before["uniform"].lt(taken[old])
                free = edit.area.stalls - int((stands & (self.vehicles["lot"] == edit.id)).sum())
                changes &= ~stands | ((changes & stands).astype("int64").cumsum() <= free)
                for row, route, stops in before.loc[changes, ["edges", "stops"]].itertuples():
                    first, last = route.split()[0], route.split()[-1]
                    way = (edge, last) if stands[row] else (first, edge, last)
                    edges = self.router.through(*way)
                    if edges is None:
                        problems.add(
                            f"{edit.id}.on",
                            Message(
                                "no way from {first} by {on} to {last}",
                                first=first,
                                on=edit.area.on,
                                last=last,
                            ),
                        )
                        break
                    self._set(row, edges, edit.id, _moved_stops(stops, old, edit.id))
        problems.raise_if_any()

    def _choose_again(self, name: str, found: Wishes) -> None:
        """Let those who come choose among the arm's areas, where what they wished for has changed."""
        rows = self.of(name, "parking") & (self.vehicles["stops"] != "[]")
        rows &= (self.vehicles["lot"] != "") & ~self._new(self.vehicles["lot"])
        if found.demand.destination is None:
            # They have named their lot themselves and think again only if it has changed.
            now, was = self.parking.get(str(found.demand.lot)), self.site.facts.parking[str(found.demand.lot)]
            if now is not None and (now.price_yuan_per_h, now.hours) == (was.price_yuan_per_h, was.hours):
                return
        table = self.vehicles.loc[rows, ["uniform", "stay_s", "scheduled_s", "lot"]]
        lots = found.chosen(
            table["uniform"].tolist(), table["stay_s"].to_numpy(), table["scheduled_s"].to_numpy()
        )
        ways = self.ways(name)
        for (row, _, stay_s, _, old), lot in zip(table.itertuples(), lots, strict=True):
            if lot == old:
                continue
            stop = json.dumps([{"parkingArea": lot, "duration": f"{stay_s:.2f}"}]) if lot else "[]"
            self._set(row, ways.by(lot), lot, stop)

    def _stand_again(self, name: str, found: Wishes) -> None:
        """Find another stall for those who stood where there is none any more, or let them set out there."""
        gone = self.of(name, "standing") & self._displaced()
        if not gone.any():
            return
        held = self.vehicles.loc[self.stands & ~gone, "lot"].value_counts()
        full = {str(lot): int(n) for lot, n in held.items()}
        table = self.vehicles.loc[gone, ["uniform", "stay_s", "scheduled_s", "lot"]]
        begin_s = float((table["scheduled_s"] - table["stay_s"]).min())
        lots = settled(found, table["uniform"].tolist(), table["stay_s"].to_numpy(), begin_s, full)
        ways = self.ways(name)
        for (row, _, _, leave_s, old), lot in zip(table.itertuples(), lots, strict=True):
            if lot:
                stop = json.dumps([{"parkingArea": lot, "until": f"{leave_s:.2f}"}])
                self._set(row, ways.leaving(lot), lot, stop)
            else:
                self._set(row, ways.leaving(old), "", "[]")
                self.vehicles.loc[row, "depart_pos"] = "base"
                self.vehicles.loc[row, "stay_s"] = 0.0

    def _displaced(self) -> pd.Series[bool]:
        """Who stands in a stall that the arm has not: in an area that is gone, or in one with fewer."""
        stalls = self.vehicles["lot"].map({id: area.stalls for id, area in self.parking.items()}).fillna(0)
        order = self.vehicles["uniform"].where(self.stands).groupby(self.vehicles["lot"]).rank(method="first")
        return self.stands & (order > stalls)

    def _new(self, lots: pd.Series[str]) -> pd.Series[bool]:
        """Which lots were taken over by a share that the policy says."""
        said = {edit.id for edit in self.edits if isinstance(edit, AddParking) and edit.takes}
        return lots.isin(list(said))

    def _set(self, row: int, edges: Sequence[str], lot: str, stops: str) -> None:
        self.vehicles.loc[row, ["edges", "lot", "stops"]] = [" ".join(edges), lot, stops]


def _moved_stops(stops: str, old: str, new: str) -> str:
    return json.dumps(
        [{**s, "parkingArea": new} if s.get("parkingArea") == old else s for s in json.loads(stops)]
    )
