"""Figures and tables to a page a reviewer reads."""
