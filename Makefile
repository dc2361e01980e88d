# Needs only make and Python 3.11 to 3.14; everything else goes into .venv.

PYTHON ?= python3
PERSONA ?= article
N ?= 20000
SEED ?= 7
OUT ?= reports

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
NBVAL := $(if $(filter lax,$(LOANPERSONA_NBVAL)),--nbval-lax,--nbval)

# Packages of another Python must not reach into .venv.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup test test-matrix fuzz mutants verify report lab notebooks copies sample bench lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo "Variables of report: PERSONA=$(PERSONA) N=$(N) SEED=$(SEED) OUT=$(OUT); of setup: PYTHON=$(PYTHON)"

setup: $(STAMP) ## install everything into .venv (about a minute, once)

test: $(STAMP) ## style, types, unit tests, doctests, notebooks (LOANPERSONA_NBVAL=lax: notebooks need only run)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n auto --dist worksteal --doctest-modules loanpersona tests
	$(BIN)/python -m pytest -n auto --dist loadfile $(NBVAL) --nbval-current-env --nbval-cell-timeout=120 -p no:cacheprovider notebooks/

test-matrix: $(STAMP) ## draw the golden populations with the oldest and newest packages, and what the core installs, Python 3.11 to 3.14
	$(BIN)/python tools/matrix.py --python "$(PYTHON)"

fuzz: $(STAMP) ## load 20,000 broken persona files: none may crash, hang or bloat
	$(BIN)/python tests/support/fuzz.py 20000

mutants: $(STAMP) ## try the statistical tests on every wrong persona there is, print those that survive (minutes)
	$(BIN)/python tests/support/teeth.py

verify: $(STAMP) ## draw 1,000 populations from fresh seeds, or from those of SEED=... (minutes)
	$(BIN)/python tests/support/verify.py $(if $(filter-out file,$(origin SEED)),--seed "$(SEED)")

report: $(STAMP) ## render every report in English and Chinese, print the path of the index page
	@$(BIN)/loanpersona report --out "$(OUT)" --persona "$(PERSONA)" --n "$(N)" --seed "$(SEED)" --lang en --lang zh

lab: $(STAMP) ## open JupyterLab in notebooks/
	$(BIN)/python -m jupyterlab --notebook-dir=notebooks

notebooks: $(STAMP) ## run the notebooks again and store their outputs
	$(BIN)/python tools/notebooks.py

copies: $(STAMP) ## write student and teacher copies of the notebooks, one language each, into copies/
	$(BIN)/python tools/copies.py

sample: $(STAMP) ## make data/sample again
	$(BIN)/python tools/sample.py

bench: $(BENCH_STAMP) ## time generator, writing, personas and reports, compare with Faker and Mimesis (installs these two, once)
	$(BIN)/python benchmarks/users.py
	$(BIN)/python benchmarks/histories.py
	$(BIN)/python benchmarks/personas.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/reports.py

lock: ## make constraints.txt again with the newest versions pyproject.toml allows
	@test -x $(BIN)/python || { $(NEW_VENV); }
	$(BIN)/python -m pip install --disable-pip-version-check -q uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra bench -o constraints.txt --upgrade \
	  --quiet --universal --python-version 3.11 --no-annotate --no-header

clean: ## remove .venv, .venv-matrix, reports/, copies/, caches and builds
	rm -rf $(VENV) .venv-matrix reports copies build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

# Without the stamp an install was never finished: start from an empty .venv. The stamp comes last.
$(STAMP): pyproject.toml constraints.txt
	@test -e $@ || { $(NEW_VENV); }
	@rm -f $@
	@echo "Installing into $(VENV), about a minute ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev]"
	@touch $@

# What only the benchmarks need, on top of the rest.
$(BENCH_STAMP): $(STAMP)
	@echo "Installing what is compared with into $(VENV) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[bench]"
	@touch $@

# One line of advice instead of a traceback when the interpreter will not do.
NEW_VENV = \
  version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo missing); \
  case $$version in \
    3.11|3.12|3.13|3.14) ;; \
    *) echo "loanpersona needs Python 3.11 to 3.14; $(PYTHON) is $$version. Name one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1;; \
  esac; \
  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
    echo "$(PYTHON) lacks ensurepip and cannot make $(VENV). Install it (Debian, Ubuntu: apt install python3-venv), or name another Python: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }; \
  $(PYTHON) -m venv --clear $(VENV)
