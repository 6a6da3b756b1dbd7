# make run: set everything up and do the default study. make test: set everything up and run all tests.
PYTHON ?= python3.11
BIN := .venv/bin
CONFIG ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-cluster test-browser docs lint lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: .venv/run.stamp ## Run the default study (CONFIG=config/quick.yaml: another); the report is results/report.html
	$(BIN)/snakemake $(if $(CONFIG),--configfile $(CONFIG))

test: .venv/test.stamp ## Run all tests, on all cores
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-cluster: .venv/test.stamp ## Run the quick study on a real SLURM, started for it; needs root on Debian
	$(BIN)/python -m pytest tests/cluster

test-browser: .venv/test.stamp ## Test the report in headless Chromium, installed where it is missing (root on Debian)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || (apt-get update -qq && apt-get install -qqy chromium)
	$(BIN)/python -m pytest tests/browser

docs: .venv/test.stamp ## Build the documentation's site, build/docs/index.html
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

lint: .venv/test.stamp ## Check style, types and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow src/neurodepth/study_folder/Snakefile
	$(BIN)/snakemake --lint

lock: ## Resolve the dependencies again; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove results and the environment
	rm -rf results build .venv .snakemake

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies (a minute or two) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-dev.lock
	@echo "Installing the tools for tests ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
