# Every verb a person needs here; .ci/run calls the same ones. `make` alone lists them.
#
# PYTHON=/path/to/python3 chooses the interpreter that the first `make setup` uses (3.11 or newer).
# TESTS="tests/unit -k handles" narrows `make test`, which runs in two processes; TESTS="-n 0 ..." in one.
# PORT=9090 is where `make serve` listens.
# BENCH=warm,wake narrows `make bench` to parts of it, PEERS=asgi,fastapi to peers, QUICK=1 to a short run.

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo serve test test-slow check bench fmt lock hooks clean

BIN := .venv/bin
RUN := $(BIN)/python -m
PORT ?= 8080
export PYTHON

help:  ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup:  ## .venv with everything in it; the second run installs nothing
	@tools/setup.sh

setup-test: setup  ## PostgreSQL and the original client, which the tests need
	@$(RUN) tools.setup_test

demo: setup  ## deploy the examples to a fresh engine and walk through them
	@$(RUN) tools.demo

serve: setup  ## an engine at http://localhost:8080 that stays
	@echo 'For another terminal: export PATH="$(CURDIR)/$(BIN):$$PATH"; cd $(CURDIR)/examples/greeter; ship deploy'
	@$(BIN)/ship serve --port $(PORT)

test: setup-test  ## all tests but the slow ones
	@$(RUN) pytest -n 2 $(TESTS)

test-slow: setup-test  ## the slow ones alone
	@$(RUN) pytest -m slow --timeout 1800 $(TESTS)

check: setup  ## formatting, lint, types, layers, docs, locks, sizes
	@$(RUN) tools.check

bench: setup  ## measure the engine beside its peers: tables of ratios
	@$(RUN) benchmarks $(if $(BENCH),--parts $(BENCH)) $(if $(PEERS),--peers $(PEERS)) $(if $(QUICK),--quick)

fmt: setup  ## format, and fix what can be fixed by rule
	@$(BIN)/ruff check --fix --quiet --exit-zero .
	@$(BIN)/ruff format .

lock: setup  ## lock anew after a change of requirements; UPGRADE=1 takes the newest of everything
	@$(RUN) tools.lock $(if $(UPGRADE),--upgrade)
	@tools/setup.sh

hooks: setup  ## run fast checks before every commit
	@$(BIN)/pre-commit install

clean:  ## remove everything that `make` made
	@rm -rf .venv .venv-node .venv-original .venv-bench benchmarks/results .stamps .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -rf engine/src/steamship_engine/runtime/wheels
	@cd sdk/typescript && rm -rf node_modules dist build
