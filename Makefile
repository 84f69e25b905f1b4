# Every job makes its own environment in .venv/; the work is in tasks.py, which also runs without make.
# A Python of another name: make PYTHON=python3.12 test
PYTHON ?= python3

.PHONY: help setup demo test lint regress bench validate clean
help:
	@echo "make demo      run the embedded scenario shiqiaopu and write its report"
	@echo "make test      run the tests"
	@echo "make lint      ruff and mypy"
	@echo "make regress   have results drifted from the accepted ones?"
	@echo "make bench     speed and memory against plain SUMO"
	@echo "make validate  the long proofs"
	@echo "make setup     only the environment in .venv/"
	@echo "make clean     remove the environment and caches; results stay"

setup demo test lint regress bench validate clean:
	@$(PYTHON) tasks.py $@
