# make demo, make test, make bench, make docs, make clean

PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
export OMP_NUM_THREADS := 1

.PHONY: demo test walk check bench docs clean browser npm postgresql mosquitto nginx environments arm avr openmp
.DEFAULT_GOAL := demo

demo: .venv/.installed
	@$(BIN)/volvelle demo

# Thousands of processes are started: what one of them compiles, the others read.
walk test: export PYTHONDONTWRITEBYTECODE :=

# What takes seconds and breaks first goes first.
test: .venv/.installed-test browser npm postgresql mosquitto nginx environments arm avr walk check
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup --durations 25 --ignore tests/test_walk.py

walk: .venv/.installed-test
	@$(BIN)/python -m pytest -q -x tests/test_walk.py

check: .venv/.installed-test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .venv/imports.txt 2>&1 || { cat .venv/imports.txt; exit 1; }

bench: .venv/.installed-test
	@set -e; for file in $$(grep -l '^if __name__' bench/*.py); do echo "== $$file"; $(BIN)/python -m bench.$$(basename $$file .py); done

docs: .venv/.installed
	@$(BIN)/python -m volvelle.spec.schema
	@$(BIN)/python docs/generate.py

clean:
	@rm -rf .venv demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests bench docs examples -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Volvelle needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@echo "Making the environment in .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is needed (Debian: apt-get install python3-venv)"; exit 1; }

.venv/.installed: pyproject.toml | .venv/bin/python
	@$(PIP) install --editable .
	@$(MAKE) --no-print-directory openmp
	@touch $@

.venv/.installed-test: pyproject.toml | .venv/bin/python
	@$(PIP) install --editable '.[test]'
	@$(MAKE) --no-print-directory openmp
	@touch $@ .venv/.installed

# LightGBM's wheel takes OpenMP from the system, which the smallest images lack.
openmp:
	@$(BIN)/python -c 'import lightgbm' 2> /dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing libgomp1" \
	       && apt-get -qq update > /dev/null && apt-get -qq install --yes libgomp1 > /dev/null; } \
	  || { echo "LightGBM needs OpenMP (Debian: apt-get install libgomp1; macOS: brew install libomp)"; exit 1; }

# The report is looked at in a real browser.
browser:
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing chromium" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes chromium > /dev/null 2>&1; } \
	  || echo "There is no chromium, so the tests that look at the report in a browser are skipped (Debian: apt-get install chromium)"

# axe-core, which judges pages in the browser, comes from npm's registry.
npm:
	@command -v npm > /dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing npm" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends npm > /dev/null 2>&1; } \
	  || echo "There is no npm, so the tests that judge pages by axe-core are skipped (Debian: apt-get install npm)"

# Databases are read from a real server.
postgresql:
	@command -v initdb > /dev/null || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing postgresql" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes postgresql > /dev/null 2>&1; } \
	  || echo "There is no PostgreSQL, so the tests that read from it are skipped (Debian: apt-get install postgresql)"

# Messages come from a real broker.
mosquitto:
	@command -v mosquitto > /dev/null || ls /usr/sbin/mosquitto > /dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing mosquitto" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes mosquitto > /dev/null 2>&1; } \
	  || echo "There is no mosquitto, so the tests that listen to a broker are skipped (Debian: apt-get install mosquitto)"

# The documented server block stands before a real server.
nginx:
	@command -v nginx > /dev/null || ls /usr/sbin/nginx > /dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing nginx" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes nginx-light > /dev/null 2>&1; } \
	  || echo "There is no nginx, so the tests of a server behind it are skipped (Debian: apt-get install nginx-light)"

# Compiled models are proved a second way, by other makers' compiler and emulator.
arm:
	@{ command -v arm-none-eabi-gcc && command -v qemu-system-arm && command -v cppcheck; } > /dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing arm-none-eabi-gcc, QEMU and cppcheck" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
	         gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm cppcheck > /dev/null 2>&1; } \
	  || echo "There is no arm-none-eabi-gcc, QEMU or cppcheck, so the tests that need them are skipped (Debian: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm cppcheck)"

# Models for AVR are compiled by its own compiler and run on its own emulator.
avr:
	@{ command -v avr-gcc && ls /usr/include/simavr/sim_avr.h; } > /dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && echo "Installing avr-gcc and simavr" \
	       && apt-get -qq update > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
	         gcc-avr avr-libc libsimavr-dev > /dev/null 2>&1; } \
	  || echo "There is no avr-gcc or simavr, so the tests that need them are skipped (Debian: apt-get install gcc-avr avr-libc libsimavr-dev)"

# Runs are exported to a real MLflow, and our OpenAPI document is tried by schemathesis: each has an environment of its own.
environments: .venv/.installed-test
	@$(BIN)/python tests/own_environment.py
