# Everything a person types. `make help` lists it; each target says what it does while it does it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK ?= dev

# The dev stack's own engine state, so that nobody's login or stacks are touched. The passphrase is published on purpose:
# it guards fake values. Of another stack, name your backend and passphrase yourself (docs/environments.md).
ifeq ($(STACK),dev)
export PULUMI_HOME := $(CURDIR)/.devstack/pulumi
export PULUMI_BACKEND_URL := file://$(CURDIR)/.devstack/state
export PULUMI_CONFIG_PASSPHRASE := supabase-cron-dev
dev_environment = made="$$($(BIN)/python -m devstack env)"; eval "$$made";
endif
export PULUMI_SKIP_UPDATE_CHECK := true

say = @echo "==> $(1)"
in_stack = $(dev_environment) PATH="$$($(BIN)/python -m toolchain ensure):$(CURDIR)/$(BIN):$$PATH"; export PATH

# Of what pulumi prints where nobody sits at a terminal: a line for each step that is done, and its words at the end.
brief = sed -u -E -e '/^(@ .*|Previewing .*|Updating .*|Resources:|)$$/d' -e '/^ +pulumi:pulumi:Stack [^ ]+ ( |running )/d' \
	-e '/ (creat|updat|delet|read|replac|refresh)ing (replacement |original )?\([0-9]+s\)/d' \
	-e 's/ (pulumi-python:dynamic\/cron|pulumi:pulumi|supabase-cron:index):/ /'

quiet = --suppress-outputs --color never --stack $(STACK)
pulumi_quiet_preview = told="$$(pulumi preview $(quiet) 2>&1)" || { echo "$$told" | $(brief) >&2; exit 1; }

.PHONY: help python setup setup-dev packages test-packages engine shell devstack tools up preview refresh destroy verify down clean \
	test coverage test-unit bench bench-short check format schema docs pictures lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two lock files, one environment: what `make up` needs, and on top of it what the tests and checks need (some 400 MB,
# Node and Deno among it). The second holds the first's versions, so neither target undoes the other.
setup: $(VENV)/installed ## The virtual environment of what runs, from requirements.lock
	@$(BIN)/python -m compileall -q components cronctl toolchain # for where PYTHONDONTWRITEBYTECODE is set: it saves each start 40 ms
setup-dev: $(VENV)/installed-dev ## The same and the tools of tests and checks, from requirements-dev.lock

pip = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The lock files are whole. Left to resolve, Debian 12's pip takes a newer release for `package[extra]` than the one locked.
locked = --require-hashes --no-deps -r

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 …" >&2; exit 1; }

$(VENV)/installed: requirements.lock pyproject.toml | python
	$(call say,virtual environment: $(VENV) from requirements.lock (about a minute the first time))
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "make: no virtual environment; install your system's python3-venv package" >&2; exit 1; }
	@$(pip) $(locked) requirements.lock
	@$(pip) --no-build-isolation --no-deps --no-index -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(call say,virtual environment: the tools of tests and checks from requirements-dev.lock)
	@$(pip) $(locked) requirements-dev.lock
	@touch $@

packages: setup ## The system's PostgreSQL and pg_cron packages (root)
	$(call say,system packages: PostgreSQL and pg_cron)
	@$(BIN)/python -m devstack packages

test-packages: setup-dev packages ## The browser that tests look with, curl and jq (root)
	$(call say,system packages: chromium + curl + jq)
	@$(BIN)/python -m devstack packages --tests

# It needs no library, so it does not wait for the virtual environment that it may be made beside.
engine_python := $(if $(wildcard $(VENV)/installed),$(BIN)/python,$(PYTHON))

engine: python ## Pulumi: the one on PATH, its release, or built from its pinned module (minutes, once)
	$(call say,engine: pulumi)
	@$(engine_python) -m toolchain ensure >/dev/null

shell: setup engine ## A shell in which pulumi and cronctl work on the stack (dev, or STACK=name with your own backend)
	@$(in_stack); echo '==> shell: pulumi and cronctl work here on the stack $(STACK); exit leaves it'; \
		unset MAKEFLAGS MAKELEVEL MFLAGS; exec "$${SHELL:-/bin/bash}"

up: $(if $(filter dev,$(STACK)),devstack,setup engine) ## Everything: set-up, dev stack, the six jobs, and the proof that they run
	$(call say,pulumi up: the stack $(STACK))
	@$(in_stack); $(pulumi_quiet_preview); pulumi up --yes --skip-preview $(quiet) | $(brief)
	$(call say,verification: declared = stored = living?)
	@$(in_stack); cronctl verify --stack $(STACK)
ifeq ($(STACK),dev)
	$(call say,proof: the job that runs every minute has posted its request)
	@$(BIN)/python -m devstack proof notification-worker
	@echo '==> the stack dev is up and its jobs run; what to type next:'
	@echo '    make shell          # a shell in which pulumi and cronctl work on it; then, in there:'
	@echo '    cronctl status      # how each job stands; cronctl --help lists the rest'
	@echo '    pulumi preview      # what a change of examples/six-jobs.yaml would do; pulumi up does it'
endif

# The engine takes minutes to build and the rest waits for the network: they are made side by side.
side_by_side = @$(MAKE) --jobs 2

devstack:
	$(side_by_side) engine packages
	$(call say,dev stack: PostgreSQL with pg_cron + pg_net stand-in + functions receiver)
	@$(BIN)/python -m devstack up
	@mkdir -p .devstack/state .devstack/pulumi
	@$(in_stack); pulumi stack select --create --non-interactive $(STACK) >/dev/null

preview: setup engine ## What pulumi up would do
	@$(in_stack); pulumi preview --diff --stack $(STACK)

refresh: setup engine ## Read what is there into the state
	@$(in_stack); pulumi refresh --yes --stack $(STACK)

destroy: setup engine ## Remove everything the stack declares from the database
	@$(in_stack); pulumi destroy --yes --stack $(STACK)

verify: setup engine ## Hold what is declared, stored and living against each other
	@$(in_stack); cronctl verify --stack $(STACK)

down: ## Stop what `make up` started
	$(call say,dev stack: stopping)
	@test ! -x $(BIN)/python || $(BIN)/python -m devstack down

clean: ## Stop it and remove its data (the virtual environment and the engine stay)
	$(call say,dev stack: stopping and removing its data)
	@test ! -x $(BIN)/python || $(BIN)/python -m devstack clean
	@rm -rf .devstack/state .devstack/pulumi

tools:
	$(side_by_side) engine test-packages

with_engine = PATH="$$($(BIN)/python -m toolchain ensure):$$PATH"
in_parallel = --numprocesses auto --dist loadgroup

test: tools ## All tests: unit, integration on a real PostgreSQL, acceptance through the engine
	$(call say,tests: unit + integration + acceptance)
	@$(with_engine) $(BIN)/python -m pytest $(in_parallel)

coverage: tools ## The same, and which lines they leave out (half as long again)
	@$(with_engine) $(BIN)/python -m pytest $(in_parallel) --cov --cov-report=term:skip-covered

test-unit: setup-dev ## The tests that need no server
	@$(BIN)/python -m pytest tests/unit

bench: setup-dev packages engine ## What pulumi's operations cost above the engine's floor, for 6, 100 and 1000 jobs (half an hour)
	$(call say,bench: operations of pulumi at every size)
	@$(BIN)/python -m bench.engine --repeats 2

bench-short: setup-dev packages engine ## The same for 6 and 100 jobs, cronctl's commands and an idle day, once each (four minutes)
	$(call say,bench: operations of pulumi at the small sizes)
	@$(BIN)/python -m bench.engine --jobs 6 100 --repeats 1 --output bench/results/engine-short.json
	$(call say,bench: the commands of every day)
	@$(BIN)/python -m bench.daily --repeats 1 --output bench/results/daily-short.json
	$(call say,bench: a day on which nothing happens)
	@$(BIN)/python -m bench.idle --minutes 10 --output bench/results/idle-short.json

check: setup-dev ## Lint, format, types, and generated files
	$(call say,check: ruff + mypy + generated files)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m components.catalogue.jobs_file | diff -u jobs.schema.json - || \
		{ echo "make: jobs.schema.json is not what the models say; run: make schema" >&2; exit 1; }
	@$(BIN)/python -m components.catalogue.reference | \
		diff -u <(sed '1,/^<!-- the reference/d; /^<!-- end of the reference/,$$d' docs/catalogue.md) - || \
		{ echo "make: the reference in docs/catalogue.md is not what the models say; run: make docs" >&2; exit 1; }
	@$(BIN)/python -m components.security.access_table | \
		diff -u <(sed '1,/^<!-- the table/d; /^<!-- end of the table/,$$d' docs/security.md) - || \
		{ echo "make: the table in docs/security.md is not what components/security/access_table.py says; run: make docs" >&2; exit 1; }
	@made="$$(mktemp)"; trap 'rm -f "$$made"' EXIT; cp docs/scale.md "$$made"; $(BIN)/python -m bench.documents "$$made"; \
		diff -u docs/scale.md "$$made" || \
		{ echo "make: a figure in docs/scale.md is not what bench/results has; run: make docs" >&2; exit 1; }

format: setup-dev ## Lay out and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schema: setup ## Write jobs.schema.json from the models
	@$(BIN)/python -m components.catalogue.jobs_file > jobs.schema.json

docs: setup-dev ## Write the generated parts of docs/: who can do what, the reference of the catalogue, what was measured
	@$(BIN)/python -m components.security.access_table docs/security.md
	@$(BIN)/python -m components.catalogue.reference docs/catalogue.md
	@$(BIN)/python -m bench.documents docs/scale.md

pictures: test-packages ## Take the README's pictures of the running dev stack (after make up)
	$(call say,pictures: docs/images)
	@$(BIN)/python -m docs.pictures

compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock'

lock: setup-dev ## Renew the lock files from pyproject.toml and the toolchain's *.in
	@$(compile) --extra editable pyproject.toml --output-file requirements.lock
	@$(compile) --extra editable --extra dev --constraint requirements.lock pyproject.toml \
		--output-file requirements-dev.lock
	@$(compile) --no-annotate toolchain/engine/requirements.in --output-file toolchain/engine/requirements.txt
	@$(compile) --no-annotate --no-deps toolchain/language_host/requirements.in \
		--output-file toolchain/language_host/requirements.txt
