"""Fault tests say in figures what they tried; ``make faults`` tries the full number, CI a floor of each."""

import os
from collections.abc import Callable

import pytest

FULL = os.environ.get("FAULTS") == "full"

FIGURES = pytest.StashKey[list[str]]()


def at_full(full: int, floor: int) -> int:
    """How many to try."""
    return full if FULL else floor


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Puts a line of figures under the test's name at the end of the run."""
    lines = request.config.stash.setdefault(FIGURES, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
