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
UV_COMPILE = $(BIN)/uv pip compile --quiet --no-annotate --custom-compile-command 'make pins'
PYTEST = -m pytest -n $(JOBS) --dist loadfile $(ARGS)
# Once, rather than in every process of the tests at the same time: it takes some seconds.
COMPILE = -c 'from sweep_dask.partition.ahead import compile_ahead; compile_ahead(book=True)'

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-lowest test-pythons lint types format docs dist bench numbers campaign pins base-image clean

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

# Of those that are on PATH, pyenv's or uv's; minutes each, with all dependencies from the package index.
test-pythons: $(VENV)/.installed-test  ## install and run the source archive on every Python there is
	$(BIN)/python -m pytest -n 0 $(ARGS) tests/test_wheel.py --every-python

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

bench: $(VENV)/.installed-test  ## measure what single parts and whole runs cost
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script; done

# Half an hour on an otherwise idle machine; ARGS='--only sample morning' takes a minute.
numbers: $(VENV)/.installed-test  ## measure every number of the README again; fails if one has moved
	$(BIN)/python benchmarks/readme_numbers.py $(ARGS)

# Hours; the small disk that becomes full needs root.
campaign: $(VENV)/.installed-test  ## kill runs and fill disks; write docs/reliability.md
	$(BIN)/python benchmarks/campaign.py --write docs/reliability.md

dist: $(VENV)/.installed-test  ## build the source archive and the wheel, in dist/
	$(BIN)/python -m build --outdir dist .

# One choice of versions: constraints.txt has them for every system, Python and extra; the image
# installs those of them that it needs, with the hashes of all files, which serve every processor.
# setuptools builds us.
pins: $(VENV)/.installed  ## renew constraints.txt, and requirements-image.txt from it
	$(BIN)/python $(PIP_INSTALL) uv
	$(UV_COMPILE) --upgrade --universal --all-extras --python-version 3.11 \
		--output-file constraints.txt pyproject.toml
	echo setuptools | $(UV_COMPILE) --constraint constraints.txt --generate-hashes \
		--python-version 3.12 --python-platform linux --only-binary :all: \
		--output-file requirements-image.txt pyproject.toml -

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
