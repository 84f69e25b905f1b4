"""Who gives way at a junction without signals (次要进口)."""

from __future__ import annotations

from sim.site.network import Network


def gives_way(network: Network, approach: str) -> bool:
    """Whether those who come along an approach give way to others, straight on or to the right.

    Left turns give way on the major street, too: they tell only where an approach has no other way. Never so
    at signals.
    """
    movements = network.approaches[approach].movements
    ways = [(m.direction.partition("_")[0], connection) for m in movements for connection in m.connections]
    onward = [connection for direction, connection in ways if direction in ("through", "right")]
    telling = onward or [connection for direction, connection in ways if direction == "left"]
    return any(connection.gives_way and connection.signal is None for connection in telling)
