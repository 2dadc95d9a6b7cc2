# Everything from a bare clone: each target sets up what it needs in .venv, and again only when pyproject.toml changed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.set-up
EXTRAS := prove,report,keccak,docs,develop

NEEDS_PYTHON := import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	"settlespec needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make PYTHON=/path/to/a/newer/python3")

.PHONY: help setup audit test test-slow bench docs lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with everything in it

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "settlespec needs Python 3.11 or newer; $(PYTHON) was not found" >&2; exit 1; }
	@$(PYTHON) -c '$(NEEDS_PYTHON)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -c '$(NEEDS_PYTHON)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@

audit: setup ## run the built-in order flow through everything: does everything hold?
	$(BIN)/settlespec audit

test: setup ## the fast tests
	$(BIN)/python -m pytest -n auto

test-slow: setup ## the tests outside the fast suite
	$(BIN)/python -m pytest -m slow

bench: setup ## measure, into build/bench.json
	@mkdir -p build
	@code=0; $(BIN)/settlespec bench --format json > build/bench.json.partial || code=$$?; \
		mv build/bench.json.partial build/bench.json; cat build/bench.json; exit $$code

docs: setup ## the documentation, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lint: setup ## style, types, the one-way order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/python -m tests.house.type_canaries
	$(BIN)/python -m tests.house.layers build/import-linter.ini
	$(BIN)/lint-imports --no-logo --no-cache --config build/import-linter.ini

clean: ## remove what was built; .venv stays
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
