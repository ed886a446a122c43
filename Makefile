# Everything a person or a machine does with this project. `make` alone lists it.

PYTHON ?= python3
# Options of `make run`, e.g. ARGS="--port 9000"; `.venv/bin/python main.py --help` lists them.
ARGS ?=
# How many processes share the tests of parts; each has a mongod of its own.
TEST_PROCESSES ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
# Touched when an installation is complete; made again only when the requirements change.
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed

.DEFAULT_GOAL := help
.PHONY: help run test test-parts test-cluster test-browser chaos check fix bench browser promtool clean

help: ## List the commands
	@echo "Cron++ — make <command>"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run: $(RUNTIME) ## Start everything: web, API, a worker and, unless one is set, MongoDB
	@exec $(BIN)/python main.py $(ARGS)

test: check browser promtool ## Check and test everything; finds or installs a browser
	@$(MAKE) --no-print-directory --jobs 3 test-parts test-cluster test-browser

test-parts: # what one process shows
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --ignore tests/browser --ignore tests/cluster

test-cluster: # apart: mostly waiting, for leases to end and members to be elected
	$(BIN)/python -m pytest tests/cluster

test-browser: # apart: its Playwright blocks where the others await
	$(BIN)/python -m pytest tests/browser

chaos: $(DEVELOPMENT) ## Break everything under load, every way, five seeds each (about two hours)
	@mkdir -p bench/out && rm -f bench/out/chaos.jsonl
	@CRONPP_CHAOS_FIGURES=bench/out/chaos.jsonl $(BIN)/python -m pytest tests/cluster -m chaos --timeout 1200; \
		status=$$?; $(BIN)/python -m tests.cluster.figures bench/out/chaos.jsonl; exit $$status

check: $(DEVELOPMENT) ## Format, lint, types and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(DEVELOPMENT) ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEVELOPMENT) ## Measure fire times, lateness, draining, looks, waiting jobs (about 5 minutes)
	$(BIN)/python -m bench.next_fire
	$(BIN)/python -m bench.misfire
	$(BIN)/python -m bench.lateness --jobs 500 --seconds 20
	$(BIN)/python -m bench.lateness --jobs 10000 --seconds 1 --herd --workers 2
	$(BIN)/python -m bench.drain --jobs 20000 --workers 2
	$(BIN)/python -m bench.flat --sizes 10000 100000
	$(BIN)/python -m bench.idle --jobs 100000

browser: $(DEVELOPMENT) ## Find or install the browser of the tests, and axe-core
	@$(BIN)/python -m tests.browser.find_browser --install
	@$(BIN)/python -m tests.browser.npm_packages

promtool: $(DEVELOPMENT) ## Find or fetch Prometheus' checker of metrics
	@$(BIN)/python -m tests.find_promtool --install

clean: ## Remove what these commands made; the data in .cronpp stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .node bench/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no $(PYTHON). Install Python 3.11 or later, or name one: make PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$("$(PYTHON)" -V), but 3.11 or later is needed. Name one: make PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) …"
	@"$(PYTHON)" -m venv --clear $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing requirements.txt …"
	@$(PIP) -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing requirements-dev.txt …"
	@$(PIP) -r requirements-dev.txt
	@touch $(RUNTIME) $@
