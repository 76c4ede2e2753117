# Everything a newcomer needs: `make run` and `make test` do the whole set-up themselves.
#
# PYTHON=/path/to/python  makes the environment with another Python (3.11 to 3.14).

BIN := .venv/bin
INSTALLED := .venv/.installed
WARMED := .venv/.warmed

KERNELS := $(shell grep -rl --include='*.py' numba risk 2>/dev/null)
SOURCES := risk pages app.py
FORMATTED := $(SOURCES) $(wildcard tests benchmarks migrations docs tools)

# Workers of the test run, each with a Postgres and a browser of its own: one more than cores, since browsers
# make them wait. WORKERS=0 runs in one process.
WORKERS ?= 3
# Bytecode is written whatever the shell says: workers, and the engines they start, import the same again and again.
RUN_TESTS = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal --doctest-modules

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run prepare test coverage check bench bench-web docs fmt lock shots browser clean

help:
	@echo "make run        start Seawall with its demonstration market on http://127.0.0.1:8050"
	@echo "make test       run all tests, browser and Postgres included"
	@echo "make coverage   run all tests and tell which lines of risk/ none of them runs; below 90 % fails"
	@echo "make check      formatting, lint, types, import rules, security"
	@echo "make bench      measure speeds and print a table"
	@echo "make bench-web  measure the web: many viewers, and what a browser has to do"
	@echo "make docs       write the reference pages from the code again"
	@echo "make shots      take the screenshots of the documentation again"
	@echo "make fmt        format the code"
	@echo "make lock       resolve the dependencies again and write the lock file"
	@echo "make clean      remove the environment and all caches"

run: $(INSTALLED) $(WARMED)
	@exec $(BIN)/python app.py

# All that the tests need before they begin.
prepare: $(INSTALLED) $(WARMED) browser

test: prepare
	$(RUN_TESTS)

# All tests once more, watched line by line: twice the work.
coverage: $(INSTALLED) $(WARMED) browser
	$(RUN_TESTS) --cov=risk --cov-branch --cov-report=term --cov-fail-under=90

check: $(INSTALLED)
	$(BIN)/ruff check $(FORMATTED)
	$(BIN)/ruff format --check $(FORMATTED)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml $(SOURCES)

bench: $(INSTALLED) $(WARMED)
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 $(BIN)/python -m benchmarks

# Forty minutes and more: an hour of watching each page is simulated. With URL=... it measures a Seawall that runs.
bench-web: $(INSTALLED) $(WARMED) browser
	$(BIN)/python -m benchmarks.load_web $(URL)
	$(BIN)/python -m benchmarks.browser_web $(URL)

docs: $(INSTALLED)
	$(BIN)/python -m docs.generate

shots: $(INSTALLED) $(WARMED) browser
	$(BIN)/python docs/screenshots.py

fmt: $(INSTALLED)
	$(BIN)/ruff check --fix-only --quiet $(FORMATTED)
	$(BIN)/ruff format $(FORMATTED)

# The extras stay with their pins: pip looks for coverage[toml] apart from coverage, and would take
# the newest of the index, for which the lock file has no hash.
lock: $(INSTALLED)
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' --extra test --group build \
		pyproject.toml -o requirements.lock

browser:
	@tools/browser

$(INSTALLED): pyproject.toml requirements.lock $(wildcard tools/setup tools/*plotly*)
	@PYTHON='$(PYTHON)' tools/setup
	@$(BIN)/python tools/fetch_plotly.py
	@touch $@

# Compiles the numeric kernels once, so that neither the first page nor a timed test waits for it.
$(WARMED): $(INSTALLED) $(KERNELS)
	@echo "seawall: compiling the numeric kernels, once; this takes a minute"
	@$(BIN)/python -m risk.measures.warm
	@touch $@

clean:
	rm -rf .venv assets/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks \
		.coverage .coverage.* htmlcov build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
