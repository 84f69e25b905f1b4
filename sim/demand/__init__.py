"""The same people in every arm: counts or imported trips in, explicit vehicles and pedestrians out."""

from sim.demand.counts import COUNTS, demand_table, no_counts, read_counts, without_quarter
from sim.demand.imported import ways
from sim.demand.moves import assign_lots
from sim.demand.realise import begin_s, broken_routes, realise
from sim.demand.tables import LEAVING, VEHICLES, WALKS, Demand, demand_digest, departs_s
from sim.demand.turning import balance, geh, imbalance

__all__ = [
    "COUNTS",
    "LEAVING",
    "VEHICLES",
    "WALKS",
    "Demand",
    "assign_lots",
    "balance",
    "begin_s",
    "broken_routes",
    "demand_digest",
    "demand_table",
    "departs_s",
    "geh",
    "imbalance",
    "no_counts",
    "read_counts",
    "realise",
    "ways",
    "without_quarter",
]
