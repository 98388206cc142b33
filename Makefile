.PHONY: demo test quick neural check lock lint run clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two more than there are cores: tests of processes wait for a good part of their time.
TESTERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 2 )))
# In the order of collection: the long tests of whole programs first, the quick ones last.
SPREAD = -n $(TESTERS) --dist loadgroup --no-loadscope-reorder
# Hundreds of the suite's processes begin with our source; compiled, they begin a quarter sooner, also where PYTHONDONTWRITEBYTECODE is set.
COMPILE := $(BIN)/python -m compileall -q src
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
NEURAL := $(VENV)/neural
LOCKED := --disable-pip-version-check --no-cache-dir --no-compile --no-deps --require-hashes --only-binary :all:

demo: $(VENV)/base.stamp  ## transcribe a shipped recording
	$(BIN)/tenuto demo

test: $(VENV)/dev.stamp $(VENV)/openai1.stamp  ## the whole suite
	@$(COMPILE)
	$(BIN)/python -m pytest $(SPREAD)

quick: $(VENV)/dev.stamp $(VENV)/openai1.stamp  ## the suite without its slow part
	@$(COMPILE)
	$(BIN)/python -m pytest $(SPREAD) -m "not slow"

neural: $(NEURAL)/neural.stamp  ## what needs torch, in an environment of its own; a test that cannot run fails
	TENUTO_REQUIRE_NEURAL=1 $(NEURAL)/bin/python -m pytest tests/contracts/test_demucs.py tests/contracts/test_musicgen.py \
	  tests/contracts/test_composers.py tests/contracts/test_pocket_tts.py tests/contracts/test_narrators.py

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test  ## what CI runs

lock:  ## write requirements/*.txt anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --group build pyproject.toml -o requirements/base.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --extra standard --group dev pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header requirements/openai1.in -o requirements/openai1.txt
	uv pip compile --quiet --python-platform linux --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --extra demucs --extra musicgen --extra pocket --extra slides --group neural -c requirements/base.txt pyproject.toml -o requirements/all.txt
	awk '/^[a-z]/ {list = /^(cuda|nvidia|torch==|triton)/ ? "torch" : "neural"} {print > "requirements/" list ".txt"}' requirements/all.txt
	rm requirements/all.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache demo-output

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/base.stamp: $(VENV)/bin/python requirements/base.txt pyproject.toml
	@test -f $(VENV)/dev.stamp || $(PIP) install --require-hashes --only-binary :all: -r requirements/base.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/python requirements/dev.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# An older client of OpenAI's in a folder of its own: two versions cannot lie side by side in one environment.
$(VENV)/openai1.stamp: $(VENV)/bin/python requirements/openai1.txt
	@rm -rf $(VENV)/openai1
	@$(PIP) install --require-hashes --only-binary :all: --target $(VENV)/openai1 -r requirements/openai1.txt
	@touch $@

# torch for processors alone where pip finds that build, else the usual one with the libraries of graphics cards, 5 GB.
$(NEURAL)/neural.stamp: requirements/neural.txt requirements/torch-cpu.txt requirements/torch.txt pyproject.toml
	@$(PYTHON) -m venv $(NEURAL)
	@$(NEURAL)/bin/python -m pip --quiet install $(LOCKED) -r requirements/neural.txt
	@$(NEURAL)/bin/python -m pip --quiet install $(LOCKED) -r requirements/torch-cpu.txt 2>/dev/null || \
	  $(NEURAL)/bin/python -m pip --quiet install $(LOCKED) -r requirements/torch.txt
	@$(NEURAL)/bin/python -m pip --quiet install --no-deps --no-build-isolation -e .
	@touch $@
