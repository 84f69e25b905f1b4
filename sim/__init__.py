"""huandu 缓堵: what a traffic policy changes at one congested place, simulated with Eclipse SUMO."""

__version__ = "0.1.0"
