# drumroll: two commands to begin with, `make rehearse` and `make test`. Neither needs root, a server or a browser.
PYTHON ?= python3
BIN := .venv/bin
LAUNCH ?= launches/yu7.toml
EXTRAS ?= dev

.PHONY: help rehearse test serve bench check format clean

help:
	@echo "make rehearse   install into .venv and play the reference launch against a real server (about two minutes)"
	@echo "make test       run the whole test suite"
	@echo "make serve      take orders in a sandbox, a minute before the opening: http://127.0.0.1:8000"
	@echo "make bench      measure the intake against this machine's ceiling (about two minutes)"
	@echo "make check      format, lint, types"

# Compiled on all cores, ours too: then no start compiles it anew, whatever the environment says.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("drumroll needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[$(EXTRAS)]'
	$(BIN)/python -m compileall -q -j 0 -x /tests/ .venv/lib src/drumroll
	@touch $@

rehearse: .venv/installed
	$(BIN)/drumroll rehearse $(LAUNCH) $(ARGS)

test: .venv/installed
	$(BIN)/python -m pytest -n auto $(ARGS)

serve: .venv/installed
	$(BIN)/drumroll serve $(LAUNCH) --sandbox --clock 2025-06-26T21:59:00+08:00 $(ARGS)

bench: .venv/installed
	$(BIN)/drumroll bench $(ARGS)

check: .venv/installed
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/mypy

format: .venv/installed
	$(BIN)/ruff format src tests
	$(BIN)/ruff check --fix src tests

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
