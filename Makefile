# Two commands from a fresh clone do all set-up: `make demo` and `make test`.
# They need git, make, Python 3.11 or newer, and a package index.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
# DVC calls `python -m stages <stage>`: the environment's python must come first.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo smoke test lint bench judges base wav2lip pictures lock clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: .venv/.ready ## Make the environment in .venv from requirements.lock

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}; call: make PYTHON=/path/to/python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements.lock pyproject.toml | $(BIN)/uv
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Run the whole graph on synthtalk, the corpus the project makes itself, and print the table
	dvc repro
	@cat reports/results/report.md

smoke: setup ## Run the same stages on three tiny clips, in build/smoke
	rm -rf build/smoke && mkdir -p build/smoke
	git ls-files -z --cached --others --exclude-standard --deduplicate | xargs -0 cp --parents -t build/smoke
	cp profiles/smoke.yaml build/smoke/params.yaml
	cd build/smoke && rm -rf dvc.lock reports/results && printf '[core]\n    no_scm = true\n' > .dvc/config.local \
	  && GIT_CEILING_DIRECTORIES="$(CURDIR)/build" dvc repro  # a copy of files, which is no commit
	@cat build/smoke/reports/results/report.md

test: setup ## Run all tests
	pytest

lint: setup ## Check style, formatting and types
	ruff check .
	ruff format --check .
	mypy

bench: setup ## Measure speed, as ratios within one run
	pytest tests/bench --benchmark-enable --benchmark-columns=min,median,max,rounds -p no:jaxtyping -o addopts="--import-mode=importlib"

judges: setup ## Train the stand-in judges anew (metrics/standins); scores made with the old ones do not compare
	python -m stages.make_judges

base: setup ## Train the shipped base animator anew (tavce/methods/native/base); arms from another base do not compare
	python -m stages.make_base

wav2lip: setup ## Train the shipped small Wav2Lip anew (tavce/methods/wav2lip/base)
	python -m stages.make_wav2lip

pictures: setup ## Take the pictures of docs/report.md anew from reports/results, with Chromium
	python -m stages.make_pictures

lock: | $(BIN)/uv ## Remake requirements.lock from pyproject.toml
	uv pip compile pyproject.toml --extra demo --extra download --extra mediapipe --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

clean: ## Remove what the stages made, and build/ (the environment stays)
	rm -rf build data
