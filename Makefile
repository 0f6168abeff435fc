# driftproof: the commands of the project. `make help` lists them.
#
# Needed on the machine: Python >= 3.11, make, and a package index that pip can reach.
# Everything else is installed into .venv from requirements.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
REPORTS := build/reports
PACKAGES := derivations numerics verify notebooks

# Commands keep two cores busy with two processes; threads inside NumPy would wait for each other.
# A caller's own value wins.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install build notebooks lab verify browser test current lint format bench lock clean distclean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

install: $(INSTALLED)  ## make .venv and install the locked versions into it

# Each stamp is younger than what decides it: the environment follows the lock alone, so that an
# edited setting in pyproject.toml costs the second recipe and not the first.
$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "driftproof needs Python 3.11 or newer, and '$(PYTHON)' is not: name one, as in 'make PYTHON=python3.12 $(or $(MAKECMDGOALS),install)'" >&2; exit 2; }
	@echo "[install] $(VENV) with $$($(PYTHON) --version), locked versions with hashes; about a minute"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --require-hashes --requirement requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@echo "[install] driftproof itself, editable"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

build: install  ## regenerate kernels, LaTeX and the manifest from the declarations
	@echo "[build] kernels, LaTeX, manifest"
	@$(BIN)/python -m derivations.build

lab: install  ## open the walkthroughs in JupyterLab, installed beside the locked versions
	@mkdir -p build && grep -oE '^[a-zA-Z0-9._-]+==[^ ]+' requirements.lock > build/locked-versions.txt
	@$(PIP) --no-build-isolation --constraint build/locked-versions.txt --editable '.[notebooks]'
	@$(BIN)/jupyter lab notebooks

notebooks: install  ## run the walkthroughs and write their notebooks
	@echo "[notebooks] notebooks/*.ipynb"
	@$(BIN)/python -m notebooks.build

verify: install build  ## judge every claim and write the report
	@mkdir -p $(REPORTS)
	@echo "[verify] every claim, report in $(REPORTS)"
	@$(BIN)/python -m verify run --json $(REPORTS)/verdicts.json --report $(REPORTS)

lint: install  ## ruff (rules and format) and mypy --strict
	@echo "[lint] ruff check"
	@$(BIN)/ruff check .
	@echo "[lint] ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "[lint] mypy --strict $(PACKAGES)"
	@$(BIN)/mypy --strict $(PACKAGES)

browser:  ## install Chromium for the tests of the report (Debian, Ubuntu)
	@bash .ci/browser

# DRIFTPROOF_BROWSER=required makes a missing Chromium a failure; else its tests are skipped.
# JOBS= (nothing) runs the tests in one process, for a debugger or a profile.
JOBS ?= 2
test: install  ## everything that CI checks: lint, types, generated files, tests
	@$(MAKE) --no-print-directory --jobs=2 lint current
	@echo "[test] pytest"
	@$(BIN)/python -m pytest $(if $(JOBS),-n $(JOBS))

current: install  ## whether generated files and notebooks are what their sources give
	@echo "[current] generated files"
	@$(BIN)/python -m derivations.build --check --anew
	@echo "[current] notebooks"
	@$(BIN)/python -m notebooks.build --check

bench: install  ## the benchmarks of tests/benchmarks
	@echo "[bench] tests/benchmarks"
	@mkdir -p $(REPORTS)
	@$(BIN)/python -m pytest tests/benchmarks -s --benchmark-json=$(REPORTS)/benchmarks.json

format: install  ## let ruff put the sources in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Versions already in the lock are kept where they still fit; delete a line to let it move.
lock:  ## recompute requirements.lock from pyproject.toml
	@$(PYTHON) -m venv build/lock-venv
	@build/lock-venv/bin/python -m pip install -qq --disable-pip-version-check pip-tools==7.6.2
	@CUSTOM_COMPILE_COMMAND="make lock" build/lock-venv/bin/pip-compile --quiet --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --strip-extras \
	  --extra dev --output-file requirements.lock pyproject.toml

clean:  ## remove everything that was written, except .venv
	@rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	@rm -rf $(VENV)
