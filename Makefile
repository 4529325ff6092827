# Everything starts here. Each command sets up what it needs first; a second call finds it done.
# Extra words for the command itself: make run ARGS="--port 8001", make test ARGS="-k minutes".

ARGS ?=
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --quiet

# Two test processes and a hundred starts of `med` would each compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run journey test check format bench evidence sbom pictures lock clean

help:
	@echo "make run     the demo workplace on http://127.0.0.1:8000"
	@echo "make journey a committee's first meeting, played through the pages of a server you can then look at"
	@echo "make test    every test, on SQLite and PostgreSQL, in a real browser where there is one"
	@echo "make check   format, lint, types, imports, texts in both languages, versions, migrations, security"
	@echo "make format  put the code in the agreed form"
	@echo "make bench   the benchmarks, written to benchmarks/results.md"
	@echo "make evidence  the long figures, written to docs/evidence.md (ARGS=effects for one section)"
	@echo "make sbom    the software bill of materials, dist/bill-of-materials.json, from requirements.lock"
	@echo "make pictures  the screenshots of the README (ARGS=--all for every page, in screenshots/)"
	@echo "make lock    choose dependencies anew after a change in pyproject.toml (ARGS=--upgrade for the newest)"
	@echo "make clean   take away .venv; data stays"

run:
	@sh scripts/setup.sh run
	@$(BIN)/med demo $(ARGS)

journey:
	@sh scripts/setup.sh test
	@$(BIN)/python -m scripts.journey $(ARGS)

test:
	@sh scripts/setup.sh test
	@sh scripts/browser.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check:
	@sh scripts/setup.sh test
	@echo "format";     $(BIN)/ruff format --check --quiet --output-format concise || { echo "The files above are not in the agreed form: run make format." >&2; exit 1; }
	@echo "lint";       $(BIN)/ruff check --quiet
	@echo "types";      $(BIN)/mypy --no-error-summary med scripts
	@echo "imports";    $(BIN)/python scripts/quietly.py $(BIN)/lint-imports
	@echo "texts";      $(BIN)/python scripts/texts.py
	@echo "versions";   $(BIN)/python scripts/quietly.py $(BIN)/python -m pytest -q tests/test_house.py -k versions
	@echo "migrations"; $(BIN)/python -m med.migrations.drift
	@echo "security";   $(BIN)/bandit --quiet --recursive --severity-level medium med

format:
	@sh scripts/setup.sh test
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format

bench:
	@sh scripts/setup.sh test
	@$(BIN)/python -m benchmarks $(ARGS)

evidence:
	@sh scripts/setup.sh test
	@$(BIN)/python -m benchmarks.evidence $(ARGS)

sbom:
	@sh scripts/setup.sh test
	@$(BIN)/python -m scripts.bill $(ARGS)

pictures:
	@sh scripts/setup.sh test
	@sh scripts/browser.sh
	@$(BIN)/python -m tests.ui.pictures $(ARGS)

lock:
	@sh scripts/setup.sh test
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) $(ARGS) --output-file requirements.lock
	@$(COMPILE) $(ARGS) --constraint requirements.lock --group test --output-file requirements-test.lock
	@sh scripts/setup.sh test

clean:
	rm -rf .venv
