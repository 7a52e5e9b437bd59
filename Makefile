# make run    index the sample articles and open the chat page
# make test   everything the tests need, and the tests
# make pictures the pictures of the README, anew
# make faults the full figures of the failure tests: kills, full disks, flipped bits, fuzzed articles; half an hour
# make check  format, lint, types
# make eval   the tables of the README
# make fit    the rules that rank and refuse, anew
# make reader the reader's weights, anew: two and a half hours on two cores
# make bench  speed, memory and size, and search beside other projects'; an hour and a half

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: run test chromium pictures faults check eval fit reader bench clean

run: $(VENV)/.installed
	$(BIN)/wenfeng index data/articles
	$(BIN)/wenfeng serve --open

test: $(VENV)/.tested chromium
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses logical --dist loadfile --no-loadscope-reorder

# The tests of the page drive Chromium. Without it, and without the right to install it, this says what to do.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; } || \
	  { echo "The tests need Chromium on the PATH. Install it: sudo apt-get install chromium fonts-noto-cjk"; exit 1; }

pictures: $(VENV)/.tested chromium
	PICTURES=$(CURDIR)/ui/pictures $(BIN)/python -m pytest -q tests/ui/test_pictures.py

faults: $(VENV)/.tested
	FAULTS=full $(BIN)/python -m pytest -q tests/faults

check: $(VENV)/.tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

eval: $(VENV)/.tested
	$(BIN)/python -m eval.bench.fusion
	$(BIN)/python -m eval.reader.score --part report --all
	$(BIN)/python -m eval.quality

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
	$(BIN)/python -m eval.bench.load

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,check]'
	touch $@

clean:
	rm -rf $(VENV) .wenfeng .wenfeng-eval .wenfeng-reader .wenfeng-rivals
