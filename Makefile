# Every target is one script or one command; `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help install dev demo test e2e slow oracles lint format types chart bench lock clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

install: ## Make .venv with the command at .venv/bin/labelround
	@scripts/install.sh runtime

dev: ## Add the tools that tests, lint and types need to .venv
	@LABELROUND_QUIET=1 scripts/install.sh dev

demo: install ## Run a whole round on the example pictures, from folder to YOLO dataset
	@scripts/demo.sh

test: dev ## Run the tests, with a real S3 server and a real Kubernetes API among them
	@$(PYTHON) -m pytest -m "not oracle and not slow and not e2e"

e2e: dev ## Install it on a real node, or on the cluster of KUBECONFIG, and let things go wrong
	@$(PYTHON) -m pytest -m e2e tests/e2e

slow: dev ## Run all that takes long, also the operator over many rounds; with size=small only as long as it must
	@scripts/slow.sh $(or $(size),full)

oracles: dev ## Let independent readers check the datasets, and one train on one
	@$(PYTHON) -m pytest -m oracle tests/oracles

lint: dev ## Check style, imports and the layers of the code
	@scripts/lint.sh

format: dev ## Rewrite the code in the house style
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format .

types: dev ## Check all types, of code and tests
	@.venv/bin/mypy

chart: dev ## Write what of the Helm chart follows from its values and from the code
	@$(PYTHON) scripts/chart.py

bench: dev ## Measure, and compare with other converters
	@$(PYTHON) -m benchmarks conversion && $(PYTHON) -m benchmarks start

lock: dev ## Lock the dependencies anew; with upgrade=--upgrade at their newest versions
	@scripts/lock.sh $(upgrade)

clean: ## Remove what these targets made
	@rm -rf .venv .cache demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
