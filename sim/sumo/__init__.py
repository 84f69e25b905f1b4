"""The only room that knows SUMO: its files, binaries and run-time interfaces."""
