# Everything that is done with this checkout. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTHONS ?= 3.10 3.11 3.12 3.13
MARIMOS ?= 0.23.0 0.24.0
# Workers divide the tests; those that share a server or a wheel stay together. `make test WORKERS=0` for one process.
WORKERS ?= 2
PYTEST := -m pytest --numprocesses=$(WORKERS) --no-loadscope-reorder --durations=20
# Where PYTHONDONTWRITEBYTECODE is set, each of the hundreds of processes that tests start would compile daglab anew.
COMPILED := $(BIN)/python -m compileall -q daglab hatch_plugin
FLOORS := daglab/notebook daglab/pair daglab/runtime hatch_plugin/hatch_daglab
FLOOR := 95
FLOOR_OVERALL := 90
FRONT := daglab/labextension/package.json
FRONT_LINK := $(VENV)/share/jupyter/labextensions/daglab
NPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" npm

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all test-matrix check static format lint types imports unit floors bench bandit pip-audit screenshots chromium redis nginx lab front typescript clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## create .venv with daglab and all tools, everything editable

$(INSTALLED): pyproject.toml .ci/install $(wildcard hatch_build.py labextension/package.json labextension/package-lock.json)
	@if [ -L $(FRONT_LINK) ]; then rm $(FRONT_LINK); fi # pip would empty the folder behind it
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/install
	@touch $@

demo: install ## the whole main job: check, wheel, empty environment, Dagster, materialized assets
	$(BIN)/daglab demo demo

lab: install front ## JupyterLab on the demo project, with its Dagster
	@[ -d demo ] || $(BIN)/daglab init --package shop --bootstrap demo
	cd demo && $(CURDIR)/$(BIN)/daglab dev --lab

front: $(FRONT) ## build the JupyterLab front end; a reload of the page shows it

$(FRONT): $(INSTALLED) labextension/package.json $(shell find labextension/src labextension/style labextension/schema -type f)
	@$(NPM) install --silent
	@$(NPM) run --silent build:prod
	@touch $@
	@mkdir -p $(dir $(FRONT_LINK)) && rm -rf $(FRONT_LINK) && ln -s "$(CURDIR)/$(dir $(FRONT))" $(FRONT_LINK)

test: install front typescript chromium ## unit, contract, architecture, integration and browser tests, with coverage floors
	$(BIN)/coverage erase
	@$(COMPILED)
	$(BIN)/coverage run $(PYTEST) -m "not nightly"
	@$(MAKE) --no-print-directory floors

test-all: install front typescript chromium redis nginx ## everything in full, the nightly tests and the matrix of Pythons and marimos too
	$(BIN)/coverage erase
	@$(COMPILED)
	$(BIN)/coverage run $(PYTEST)
	@$(MAKE) --no-print-directory floors
	@$(MAKE) --no-print-directory test-matrix

floors:
	@$(BIN)/coverage combine --quiet
	@rm -f .coverage.* # what a killed child left half-written
	@$(BIN)/coverage report --fail-under=$(FLOOR_OVERALL)
	@for part in $(FLOORS); do \
	  printf '%s: ' $$part; \
	  $(BIN)/coverage report --include="$$part/*" --format=total --fail-under=$(FLOOR) || exit 1; \
	done

test-matrix: ## unit and contract tests on each Python from 3.10 to 3.13, with the lowest versions, and with old marimos
	@PYTHONS="$(PYTHONS)" MARIMOS="$(MARIMOS)" sh .ci/matrix

check: static unit ## all that is quick: format, lint, types, layers, unit and contract tests

static: install format lint types imports typescript # of `make check`, what `make test` doesn't repeat

format: install
	$(BIN)/ruff format --check daglab hatch_plugin tests bench

lint: install
	$(BIN)/ruff check daglab hatch_plugin tests bench

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

typescript: front
	@$(NPM) run --silent check
	@$(NPM) test --silent

unit: install front
	$(BIN)/python $(PYTEST) -q -m "not nightly" tests/unit tests/contract tests/architecture

bench: install ## measure daglab beside its peers; a table here, JSON in bench/results/
	$(BIN)/python -m bench

bandit: install ## look for known unsafe patterns in the code
	@$(BIN)/python -m pip install --quiet bandit
	# B307: eval of a notebook's cells is the purpose; ruff's S307 marks each use.
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B307 daglab hatch_plugin

pip-audit: install ## look for known vulnerabilities in what is installed
	@$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --skip-editable --progress-spinner off

screenshots: install front chromium ## make the pictures of the documentation anew, by the browser tests that pass there
	@folder=$$(mktemp -d) && DAGLAB_SCREENSHOTS=$$folder $(BIN)/python $(PYTEST) -q tests/e2e && \
	for picture in docs/images/*.png; do cp "$$folder/$$(basename "$$picture")" "$$picture"; done

chromium: ## the browser of the browser tests
	@sh .ci/chromium

redis: ## the Redis of the tests with Celery
	@sh .ci/redis

nginx: ## the reverse proxy of the tests behind one
	@sh .ci/nginx

clean: ## remove what is built here; .venv stays
	rm -rf build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf .venvs demo bench/results labextension/lib daglab/labextension
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
