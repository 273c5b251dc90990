# Needs Python >= 3.11 and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?=
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test calibration faults fuzz check format bench docs clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/installed ## Run a small study on real digits and write its report
	$(BIN)/paribus run activations

test: $(VENV)/installed-test ## Run the tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

calibration: $(VENV)/installed-test ## Measure how often verdicts are false (minutes)
	PARIBUS_CALIBRATION=full $(BIN)/python -m pytest tests/calibration --numprocesses auto \
		--dist worksteal

faults: $(VENV)/installed-test ## Disturb studies in every way and count what is lost (an hour)
	PYTHONPATH=tests $(BIN)/python -m faults.campaign --record docs/faults.md

fuzz: $(VENV)/installed-fuzz ## Fuzz every parser of outside bytes, FUZZ_SECONDS each (two hours)
	PYTHONPATH=tests $(BIN)/python -m fuzzing.campaign --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

check: $(VENV)/installed-dev ## Check format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(VENV)/installed-dev ## Put the code into our format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed ## Measure speed and overhead on this machine
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/workers.py
	$(BIN)/python benchmarks/many_runs.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/probes.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/peak.py
	$(BIN)/python benchmarks/engine.py

docs: $(VENV)/installed-docs ## Write the pages of the built-in studies, and build the site
	$(BIN)/python docs/make_studies.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Paribus needs Python 3.11 or newer; this is' "$$($(PYTHON) --version)."; \
		  echo 'Name a newer one: make PYTHON=python3.12 demo'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml constraints.txt
	@echo 'Installing into $(VENV) (about 400 MB) ...'
	$(PIP) --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) --editable '.[test]'
	touch $@

$(VENV)/installed-fuzz: $(VENV)/installed-test
	$(PIP) --editable '.[fuzz]'
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(PIP) --editable '.[docs]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	touch $@
