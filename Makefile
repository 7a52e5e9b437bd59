# make run    index the sample articles and chat with them
# make test   everything the tests need, and the tests
# make faults the full figures of the failure tests: kills, full disks, flipped bits, fuzzed articles; half an hour
# make check  format, lint, types
# make eval   the tables of the README
# make fit    the rules that rank and refuse, anew
# make reader the reader's weights, anew: two and a half hours on two cores
# make bench  speed, memory and size, and search beside other projects'; an hour and a half

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: run test faults check eval fit reader bench clean

run: $(VENV)/.installed
	$(BIN)/wenfeng index data/articles
	$(BIN)/wenfeng chat

test: $(VENV)/.tested
	$(BIN)/python -m pytest -q

faults: $(VENV)/.tested
	FAULTS=full $(BIN)/python -m pytest -q tests/faults

check: $(VENV)/.tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

eval: $(VENV)/.tested
	$(BIN)/python -m eval.bench.fusion
	$(BIN)/python -m eval.reader.score --part report --all
	$(BIN)/python -m eval.run --split report
	$(BIN)/python -m eval.run eval/questions/fresh.jsonl

fit: $(VENV)/.tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fit]'
	$(BIN)/python -m eval.fit

reader: $(VENV)/.tested
	$(BIN)/python -m eval.reader.train --output .wenfeng-reader
	$(BIN)/python -m eval.reader.publish .wenfeng-reader
	$(BIN)/python -m eval.reader.score

bench: $(VENV)/.tested
	$(BIN)/python -m eval.bench.embedding
	$(BIN)/python -m eval.bench.latency
	$(BIN)/python -m eval.bench.size
	$(BIN)/python -m eval.bench.size --posts --rows 1000000
	$(BIN)/python -m eval.bench.rivals

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,check]'
	touch $@

clean:
	rm -rf $(VENV) .wenfeng .wenfeng-eval .wenfeng-reader .wenfeng-rivals
