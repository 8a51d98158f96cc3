# Watchword's few commands. `make help` lists them.
# The environment lives in .venv/ and is built anew only when a lock file changes: every file in it is checked by hash.

PYTHON ?= python3
JOBS   ?= 3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --disable-pip-version-check --no-input -qq
CODE   := domain projections service benchmarks tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SHELLFLAGS := -ec
.PHONY: help run demo test check bench format lock clean

help: ## say what there is
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

run: $(VENV)/.run ## start the service on this machine; every WATCHWORD_* setting of the shell is its own
	@exec $(BIN)/watchword serve

demo: $(VENV)/.run ## play the story against the real service, and say whether it came out right
	@exec $(BIN)/watchword demo

test: $(VENV)/.test ## run every test; ARGS="-k passcode" for some, JOBS=0 to debug, WATCHWORD_TEST_PROFILE=deep for longer
	@exec $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.test ## style, types, import contracts, and the committed OpenAPI document
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m service.api.openapi --check

bench: $(VENV)/.test ## measure; JSON=1 for one object a line, ONLY=http,replay for a part
	@exec $(BIN)/python -m benchmarks $(if $(JSON),--json) $(if $(ONLY),--only $(ONLY))

format: $(VENV)/.test ## lay the code out as `make check` wants it
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

clean: ## remove the environment and what tools leave behind, never var/, which holds data
	@rm -rf $(VENV) $(VENV)-lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- the environment --------------------------------------------------------------------------------------------------
# pip refuses an editable project among hashed requirements. So: the build backend by hash, then the lock, both complete
# (nothing is resolved), then the project itself with nothing left to fetch. All that pip says goes to stderr.

$(VENV)/.run: requirements-build.lock requirements.lock
	@command -v $(PYTHON) >/dev/null || { \
	    echo "make: no '$(PYTHON)' on the PATH: install Python 3.11 or later, or name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "make: $(PYTHON) is too old: Watchword needs Python 3.11 or later; name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "make: $(PYTHON) cannot make environments: install its venv module (Debian, Ubuntu: the package python3-venv)" >&2; exit 1; }
	@echo "make: building $(VENV)/ from the hash-locked requirements" >&2
	@$(PYTHON) -m venv --clear $(VENV) >&2
	@$(PIP) --require-hashes --no-deps -r requirements-build.lock >&2
	@$(PIP) --require-hashes --no-deps --no-build-isolation -r requirements.lock >&2
	@$(PIP) --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test-build.lock requirements-test.lock
	@echo "make: adding the test extras to $(VENV)/" >&2
	@$(PIP) --require-hashes --no-deps -r requirements-test-build.lock >&2
	@$(PIP) --require-hashes --no-deps --no-build-isolation -r requirements-test.lock >&2
	@touch $@

# The oldest Python we support chooses, in a throwaway environment; `git diff` on the locks is what gets reviewed.
LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options --no-emit-index-url \
        --no-emit-find-links --no-emit-trusted-host $(if $(UPGRADE),--upgrade)

lock: ## choose versions within pyproject.toml's ranges; UPGRADE=1 for the newest (wants Python 3.11, takes minutes)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	    echo "make: the locks are made with Python 3.11, the oldest we support; name it with make lock PYTHON=python3.11" >&2; exit 1; }
	@rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/pip install --disable-pip-version-check -qq 'pip-tools>=7.6'
	@$(VENV)-lock/bin/pip-compile $(LOCK) -o requirements-build.lock --only-build-deps --build-deps-for editable pyproject.toml
	@$(VENV)-lock/bin/pip-compile $(LOCK) -o requirements.lock pyproject.toml
	@$(VENV)-lock/bin/pip-compile $(LOCK) -o requirements-test-build.lock requirements-test-build.in
	@$(VENV)-lock/bin/pip-compile $(LOCK) -o requirements-test.lock --extra test -c requirements.lock pyproject.toml
	@rm -rf $(VENV)-lock
