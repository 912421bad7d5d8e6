# Two commands matter: `make run` and `make test`. Each sets up .venv by itself from nothing.

# The first Python that runs and is new enough; `make PYTHON=/path/to/python3.12 ...` takes another one.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run demo test check format long chaos bench bench-load clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.base ## set up and start the bot; its page is on this machine, at the address that it prints
	@$(BIN)/animate-bot run

demo: $(VENV)/.base ## animate a photograph that comes with the project, and say where the video is
	@mkdir -p demo
	$(BIN)/animate-bot animate docs/photos/rocket.jpg "slow push in, handheld" -o demo/rocket.mp4

test: check chromium ## all checks and all tests
	$(BIN)/python -m pytest

# The page's stories need a browser: Debian's, where this may install it; else they skip and say so.
.PHONY: chromium
chromium:
	@if ! command -v chromedriver >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		{ apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium chromium-driver; } \
			>/dev/null || echo "Chromium could not be installed: the page's stories will be skipped"; fi

check: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into its format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

long: $(VENV)/.dev chaos ## the long forms of what `make test` does briefly: about half an hour
	$(BIN)/python -m tests.service.test_invariants --sequences 10000
	$(BIN)/python -m tests.store.test_power_cut --cuts 500

chaos: $(VENV)/.dev ## kill the bot and its render server at random, again and again, and count what is lost
	$(BIN)/python -m tests.chaos.run --rounds 1000
	$(BIN)/python -m tests.chaos.discord_kills --rounds 500
	$(BIN)/python -m tests.chaos.telegram_kills --rounds 500
	$(BIN)/python -m tests.chaos.telegram_kills --rounds 100 --lost 0.5

bench-load: $(VENV)/.dev ## measure the queue, the inbox, and both chats under load, and print the figures
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.discord_acks
	$(BIN)/python -m benchmarks.inbox
	$(BIN)/python -m benchmarks.telegram_flood

bench: $(VENV)/.dev ## measure pictures, the camera engine and the encoder, and print the figures
	$(BIN)/python benchmarks/picture_decode.py docs/photos
	$(BIN)/python benchmarks/camera_engine.py
	$(BIN)/python benchmarks/encode.py

clean: ## remove what these commands made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The base install, without torch: enough for the camera engine.
$(VENV)/.base: pyproject.toml constraints.txt
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null \
		|| { echo "animate-bot needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV): about a minute, only this once"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

# What the tests need besides: the tools, and LTX-Video's libraries with the CPU build of torch.
$(VENV)/.dev: $(VENV)/.base
	@echo "Setting up what the tests need, torch among it: some minutes, only this once"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,ltx]'
	@touch $@
