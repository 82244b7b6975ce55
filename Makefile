# Two commands for a newcomer: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# A folder of recorded artifacts, requests and answers: index.json, encoders/, cases/ and their right answers.
CASES ?= ../shared/conformance

.PHONY: demo demo-trees test check conformance bench clean

demo: $(VENV)/.demo
	$(BIN)/servable demo text

demo-trees: $(VENV)/.demo
	$(BIN)/servable demo trees

# bytecode is kept, or every process of the tests would compile all that it imports
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not alone" --numprocesses 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage run -m pytest -m alone
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

conformance: $(VENV)/.dev
	$(BIN)/python tests/conformance "$(CASES)"

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/serving.py
	$(BIN)/python benchmarks/records.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/verbs.py
	$(BIN)/python benchmarks/payload.py
	@if test -f demo-output/model.tar.gz; then $(BIN)/python benchmarks/text.py demo-output/model.tar.gz; \
	else echo "text: run \`make demo\` first, which makes the model"; fi

clean:
	rm -rf $(VENV) demo-output .coverage* .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.demo
