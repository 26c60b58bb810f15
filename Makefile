# Two commands for everybody: `make run` and `make test`. Everything they need is installed by them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

.PHONY: run test check format soak bench lock clean

run: $(VENV)/.run
	@$(BIN)/famulus serve

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: $(VENV)/.test
	$(BIN)/python -m pytest -m soak

bench: $(VENV)/.bench
	$(BIN)/python -m bench

# Pins every dependency with its hashes, and no address of the index they came from.
lock: $(VENV)/.test
	$(BIN)/python -m pip install --quiet uv
	for set in run test bench; do \
		group=""; test $$set = run || group="--group $$set"; test $$set != test || group="$$group --all-extras"; \
		$(BIN)/uv pip compile pyproject.toml $$group --universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements/$$set.txt; \
	done
	$(BIN)/uv pip compile requirements/memory.in --no-deps --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements/memory.txt

clean:
	rm -rf $(VENV) build src/*.egg-info .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Famulus needs Python 3.11 or newer: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

# The project itself is found through a .pth file: no build tool, and so no download, stands between you and it.
define install
	$(PIP_INSTALL) -r requirements/$(1).txt -r requirements/memory.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "famulus.pth").write_text(str(pathlib.Path("src").resolve()) + "\n")'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m famulus "$$@"\n' > $(BIN)/famulus && chmod +x $(BIN)/famulus
	@touch $@
endef

$(VENV)/.run: requirements/run.txt requirements/memory.txt | $(BIN)/python
	$(call install,run)

$(VENV)/.test: requirements/test.txt requirements/run.txt requirements/memory.txt | $(BIN)/python
	$(call install,test)
	@touch $(VENV)/.run

$(VENV)/.bench: requirements/bench.txt requirements/run.txt requirements/memory.txt | $(BIN)/python
	$(call install,bench)
	@touch $(VENV)/.run
