# Needs make, Python 3.11 or newer and, the first time, a network for the Python packages.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test bench lint format lock clean

MODERN := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c '$(MODERN)' 2>/dev/null && echo "$$each" && break; done)
BIN := .venv/bin
STAMP := .venv/.keyterrain-installed
UV ?= $(firstword $(wildcard $(BIN)/uv) uv)

DEMO := runs/demo
DEMO_RUN = $(BIN)/keyterrain run qalamoun-2013 --replicates 500 --seed 1 --out $(DEMO)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: $(STAMP) ## a virtual environment with the locked packages, in .venv

$(STAMP): requirements.lock pyproject.toml
	@$(if $(PYTHON),"$(PYTHON)" -c '$(MODERN)',false) || \
		{ echo "keyterrain needs Python 3.11 or newer: install one, or name it with 'make PYTHON=/path/to/python'." >&2; exit 1; }
	@echo "Setting up .venv (once; about a minute)"
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

# A demo that was cut short is resumed; one of another version or scenario (exit code 2) is begun anew.
demo: setup ## play the flagship scenario 500 times and write its report
	@$(DEMO_RUN) --resume || { [ $$? -eq 2 ] && [ -d $(DEMO) ] && rm -rf $(DEMO) && $(DEMO_RUN); }
	@$(BIN)/keyterrain report $(DEMO)
	@echo "The report: $(CURDIR)/$(DEMO)/report.html"

test: setup ## every test (ARGS=... goes to pytest)
	@$(BIN)/python -m pytest $(ARGS)

bench: setup ## speed, start-up and memory, measured from outside (ARGS=--save keeps the figures)
	@$(BIN)/python benchmarks/bench.py $(ARGS)
	@$(BIN)/python benchmarks/displacement.py

lint: setup ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup ## lay the code out, mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## renew requirements.lock (needs uv)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		requirements/dev.in --output-file requirements.lock

clean: ## remove caches and the virtual environment; runs are kept
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
