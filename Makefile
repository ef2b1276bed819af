# Everything a person does with this project, one word each. `make` alone lists them.
#
#   make run PYTHON=python3.12     another interpreter (3.11 or newer)
#   make run DATA=results          another output folder
#   make test ARGS='-k windows'    more arguments for pytest

PYTHON ?= python3
DATA ?= data
JOBS ?= 2
ARGS ?=
BASE_TAG ?= docker.io/library/python:3.12-slim

VENV := .venv
LOWEST := .venv-lowest
BIN := $(VENV)/bin
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
PYTEST = -m pytest -n $(JOBS) --dist loadfile $(ARGS)
# Once, rather than in every process of the tests at the same time: it takes some seconds.
COMPILE = -c 'from sweep_dask.partition.ahead import compile_ahead; compile_ahead(book=True)'

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-lowest lint types format docs bench campaign pins base-image clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed  ## run the pipeline (on data/raw, else on the built-in sample market)
	$(BIN)/python -m sweep_dask run --output $(DATA)

test: $(VENV)/.installed-test  ## run every test
	$(BIN)/python $(COMPILE)
	$(BIN)/python $(PYTEST)

test-fast: $(VENV)/.installed-test  ## run the tests that take a moment each
	$(BIN)/python $(COMPILE)
	$(BIN)/python $(PYTEST) -m "not slow"

# The tools that check the source are not what the lower bounds are about.
test-lowest: $(LOWEST)/.installed  ## run every test on the oldest dependencies allowed
	$(LOWEST)/bin/python $(COMPILE)
	$(LOWEST)/bin/python $(PYTEST) --ignore tests/test_quality.py

lint: $(VENV)/.installed-test  ## check style, formatting and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo --no-cache

types: $(VENV)/.installed-test  ## check types
	$(BIN)/mypy

format: $(VENV)/.installed-test  ## rewrite the source in the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.installed-test  ## build the documentation as a site, in build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "Open build/docs/index.html"

bench: $(VENV)/.installed-test  ## measure the numbers the README quotes
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script; done

# Hours; the small disk that becomes full needs root.
campaign: $(VENV)/.installed-test  ## kill runs and fill disks; write docs/reliability.md
	$(BIN)/python benchmarks/campaign.py --write docs/reliability.md

# Hashes of all files of a version, so that one list serves every processor; setuptools builds us.
pins: $(VENV)/.installed  ## renew requirements-image.txt: what the container image installs
	$(BIN)/python $(PIP_INSTALL) uv
	echo setuptools | $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-annotate \
		--custom-compile-command 'make pins' --python-version 3.12 --python-platform linux \
		--only-binary :all: --output-file requirements-image.txt pyproject.toml -

base-image:  ## pin the container's base image by its digest, in the Dockerfile (needs docker)
	@digest=$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' $(BASE_TAG)) \
		&& sed "s|^ARG BASE_IMAGE=.*|ARG BASE_IMAGE=$(BASE_TAG)@$$digest|" Dockerfile > Dockerfile.new \
		&& mv Dockerfile.new Dockerfile && grep '^ARG BASE_IMAGE=' Dockerfile

# Results and raw data are not ours to delete: $(DATA) stays.
clean:  ## delete environments, caches and builds (never data)
	rm -rf $(VENV) $(LOWEST) build dist ./*.egg-info
	rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than pyproject.toml exactly when the environment holds what it asks for.
$(VENV)/.installed: pyproject.toml
	$(call create_environment,$(VENV))
	$(BIN)/python $(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml
	$(call create_environment,$(VENV))
	$(BIN)/python $(PIP_INSTALL) --editable '.[test]'
	@touch $(VENV)/.installed $@

# Lower bounds for what we run on, the newest tools for testing it.
$(LOWEST)/.installed: pyproject.toml
	$(call create_environment,$(LOWEST))
	$(LOWEST)/bin/python $(PIP_INSTALL) uv
	$(LOWEST)/bin/uv pip compile --quiet --no-header --no-annotate --resolution lowest-direct \
		--python $(LOWEST)/bin/python --output-file $(LOWEST)/lowest.txt pyproject.toml
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python \
		--constraint $(LOWEST)/lowest.txt --editable '.[test]'
	@touch $@

define create_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: Python 3.11 or newer is needed, and '$(PYTHON)' is not" \
			"($$($(PYTHON) --version 2>&1))."; \
		echo "make: name another one: make PYTHON=python3.12 $(firstword $(MAKECMDGOALS))"; \
		exit 1; } >&2
	@$(PYTHON) -m venv $(1) || { \
		echo "make: '$(PYTHON) -m venv' failed; install your system's package for it" \
			"(python3-venv on Debian and Ubuntu) and try again."; \
		exit 1; } >&2
endef
