"""Fault tests say in figures what they tried; ``make faults`` tries the full number, CI a floor of each."""

import os
from collections.abc import Callable

import pytest

FULL = os.environ.get("FAULTS") == "full"

FIGURES = "figures"


def at_full(full: int, floor: int) -> int:
    """How many to try."""
    return full if FULL else floor


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Puts a line of figures under the test's name at the end of the run."""
    return lambda line: request.node.user_properties.append((FIGURES, line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {line}"
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, line in report.user_properties
        if name == FIGURES
    ]
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
