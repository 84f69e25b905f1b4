"""Simulating a study: checks before, one run, many runs, and the store they are kept in."""
