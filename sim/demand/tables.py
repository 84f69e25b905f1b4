"""What a realised demand consists of, and the random numbers it is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

VEHICLES: Mapping[str, str] = {
    "id": "string",
    "scheduled_s": "float64",
    "type": "string",
    "vehicle_class": "string",  # car, bus, truck, motorcycle, bicycle, other
    "purpose": "string",  # through, parking, bus, leaving (LEAVING), stopping (STOPPING)
    "edges": "string",  # planned route, space-separated
    "depart_lane": "string",
    "depart_pos": "string",
    "depart_speed": "string",
    "arrival_lane": "string",
    "arrival_pos": "string",
    "stops": "string",  # JSON list of stop attributes by the simulator's names
    "speed_factor": "float64",
    "occupancy": "float64",  # persons
    "lot": "string",  # parking area wished for, empty if none
    "stay_s": "float64",  # NaN if not parking; of those leaving: from the start of the run
    "patience_s": "float64",  # gives up so long after reaching the lot without delay; NaN if not parking
    "knowledge": "float64",  # chance to know whether a lot without a sign is full; NaN if not parking
    "uniform": "float64",  # the driver's own number in [0, 1): decides alike in every arm
}
"""One row per vehicle that wants to travel, by departure, then id. Empty text: the simulator's default."""

STOPPING = "stopping"
"""Purpose of who stops on the lane where it is forbidden."""
LEAVING = "leaving"
"""Purpose of who stands in a stall when the demand begins: the trip is the drive away, from `scheduled_s`."""

WALKS: Mapping[str, str] = {
    "id": "string",
    "crossing": "string",  # approach id, e.g. J1.north
    "scheduled_s": "float64",
    "from_edge": "string",
    "to_edge": "string",
    "speed_mps": "float64",
}
"""One row per pedestrian who wants to cross a leg, sorted by departure, then id."""


@dataclass(frozen=True)
class Demand:
    """The people of one period and replicate, the same in every arm.

    `types` holds every vehicle type in use with all its attributes, by the simulator's names; empty
    attributes stand for a type that the simulator brings itself.
    """

    vehicles: pd.DataFrame
    walks: pd.DataFrame
    types: Mapping[str, Mapping[str, str]]


def departs_s(vehicles: pd.DataFrame) -> pd.Series[float]:
    """When each of VEHICLES is put into the simulation: when it wants to leave, or before, into its stall."""
    return vehicles["scheduled_s"] - vehicles["stay_s"].where(vehicles["purpose"] == LEAVING, 0.0)


def demand_digest(demand: Demand) -> str:
    """sha256 over everything in a demand; equal in every arm, since no arm has a say in it."""
    digest = hashlib.sha256(json.dumps(demand.types, sort_keys=True).encode())
    for table in (demand.vehicles, demand.walks):
        for name in table.columns:
            column = table[name]
            digest.update(f"\0{name}\0{len(column)}\0".encode())
            if column.dtype == "float64":
                digest.update((column.to_numpy().round(6) + 0.0).tobytes())  # + 0.0: no negative zero
            else:
                digest.update("\0".join(column.tolist()).encode())
    return digest.hexdigest()


def stable_hash(text: str) -> int:
    """Return a 64-bit number of a text, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def stream(site: str, replicate: int, *names: str) -> np.random.Generator:
    """Return the random stream of one named thing in one replicate.

    Streams are keyed by name, not by order, so that another entry, class or lot reshuffles nobody else.
    """
    seed = np.random.SeedSequence(
        entropy=[stable_hash(site), replicate], spawn_key=(stable_hash("/".join(names)),)
    )
    return np.random.default_rng(seed)


def own_uniforms(site: str, replicate: int, ids: Sequence[str], n: int) -> NDArray[np.float64]:
    """Return `n` (at most 8) numbers in [0, 1) per id, shape (ids, n): functions of replicate and id."""
    start = f"{site}/{replicate}/"
    digests = b"".join(hashlib.blake2b((start + id).encode(), digest_size=64).digest() for id in ids)
    # The upper 53 bits of each 64-bit word: what a float64 in [0, 1) can hold.
    words = np.frombuffer(digests, dtype=">u8").reshape(len(ids), 8)[:, :n] >> np.uint64(11)
    return words.astype(np.float64) / 2.0**53


def floored(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut times to the two decimals that are written; never up, so that nobody leaves the own quarter."""
    return np.floor(times_s * 100 + 1e-6) / 100
