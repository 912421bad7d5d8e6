# Two commands matter: `make run` (to come with the page) and `make test`. Each sets up .venv by itself from nothing.

# The first Python that runs and is new enough; `make PYTHON=/path/to/python3.12 ...` takes another one.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test check format long bench clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.base ## animate a photograph that comes with the project, and say where the video is
	@mkdir -p demo
	$(BIN)/animate-bot animate docs/photos/rocket.jpg "slow push in, handheld" -o demo/rocket.mp4

test: check ## all checks and all tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into its format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev ## measure pictures, the camera engine and the encoder, and print the figures
	$(BIN)/python benchmarks/picture_decode.py
	$(BIN)/python benchmarks/camera_engine.py
	$(BIN)/python benchmarks/encode.py

clean: ## remove what these commands made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The base install, without torch: enough for the camera engine.
$(VENV)/.base: pyproject.toml constraints.txt
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null \
		|| { echo "animate-bot needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

# What the tests need besides: the tools, and LTX-Video's libraries with the CPU build of torch.
$(VENV)/.dev: $(VENV)/.base
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,ltx]'
	@touch $@
