"""Who gives way at a junction without signals (次要进口)."""

from __future__ import annotations

from sim.site.network import Network


def gives_way(network: Network, approach: str) -> bool:
    """Whether every way from an approach gives way to others, U-turns aside; never so at signals."""
    ways = [
        connection
        for movement in network.approaches[approach].movements
        for connection in movement.connections
        if not movement.direction.startswith("uturn")
    ]
    return bool(ways) and all(connection.gives_way and connection.signal is None for connection in ways)
