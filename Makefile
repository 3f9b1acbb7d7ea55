# Two commands for a fresh machine: `make demo` runs the main job with everything embedded, `make test` passes the tests.
# Needs Python 3.11 or newer with venv; everything else comes from PyPI at the versions in the lock files.
# The tests also run a real Prometheus and Alertmanager: `tools` looks for them, and installs them when root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
MINUTES ?= 5
SEED ?=
# One worker a processor, each with a PostgreSQL of its own; who is done takes over what another has not begun.
# `make test ARGS="-n 0 …"` runs in one process, as a debugger wants it.
WORKERS := -n logical --maxprocesses 8 --dist worksteal

.PHONY: demo test tools lint bench chaos reference lock clean

demo: $(VENV)/.runtime
	$(BIN)/lockstep demo $(ARGS)

test: tools $(VENV)/.dev
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

tools:
	@.ci/tools

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench $(ARGS)

# Everything goes wrong for MINUTES, then nothing may be lost or done twice; SEED makes an earlier run's choices again.
chaos: $(VENV)/.dev
	$(BIN)/python -m bench.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

# Renews what is generated for readers: the JSON Schema, and the README's tables; commit the result.
reference: $(VENV)/.dev
	$(BIN)/python .ci/reference

# Renews the lock files from pyproject.toml; commit the result.
lock: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--extra dev pyproject.toml -o requirements-dev.lock

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) build dist *.egg-info
