"""Control laws that act while the simulation runs: plain objects, tested without SUMO."""
