"""The small closed vocabulary of edits that interventions are written in, one family to a file.

Each edit says what it expects to find, which objects it may change (`footprint`) and how the site looks
afterwards (`applied`). `sim.sumo.build` writes the difference; `sim.sumo.proof` holds the built arm against
the baseline, refuses whatever differs outside the footprint, and misses what is not there.
"""

from sim.edits.base import SHARED_KINDS, Edit, LaneLink, ObjectKey, connection_key, lane_link, timing_key
from sim.edits.boxes import MarkBox
from sim.edits.closures import AddClosure
from sim.edits.connections import NewWay, SetConnections
from sim.edits.control import SetControl
from sim.edits.crossings import SplitCrossing
from sim.edits.geometry import SetLaneCount, SplitEdge
from sim.edits.lanes import SetLane
from sim.edits.parking import AddParking, ChangeParking, RemoveParking, SetIllegalStopping
from sim.edits.programs import KeyedControl, KeyedProgram, SetProgram, keyed
from sim.edits.stops import MoveStop
from sim.edits.streets import AddStreet
from sim.edits.timing import SetTiming
from sim.edits.turns import AddWaitingLine, SetTurnRules

__all__ = [
    "SHARED_KINDS",
    "AddClosure",
    "AddParking",
    "AddStreet",
    "AddWaitingLine",
    "ChangeParking",
    "Edit",
    "KeyedControl",
    "KeyedProgram",
    "LaneLink",
    "MarkBox",
    "MoveStop",
    "NewWay",
    "ObjectKey",
    "RemoveParking",
    "SetConnections",
    "SetControl",
    "SetIllegalStopping",
    "SetLane",
    "SetLaneCount",
    "SetProgram",
    "SetTiming",
    "SetTurnRules",
    "SplitCrossing",
    "SplitEdge",
    "connection_key",
    "keyed",
    "lane_link",
    "timing_key",
]
