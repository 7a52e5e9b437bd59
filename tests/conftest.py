"""Fixtures that several test files use: the real model, a real index on disk, the real command."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import Assistant

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "articles"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout with real articles and public sets; the project passes without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the folder {folder}")
        pytest.skip(f"needs ../shared, which is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample articles."""
    root = tmp_path_factory.mktemp("samples") / "index"
    Assistant.open(SAMPLES, root).close()
    return root


@pytest.fixture(scope="session")
def assistant(sample_index: Path) -> Iterator[Assistant]:
    """An assistant on the sample articles, with the real model."""
    with Assistant.open(None, sample_index) as opened:
        yield opened


@pytest.fixture(scope="session")
def wenfeng(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the command in a process of its own, in an empty folder."""
    place = tmp_path_factory.mktemp("command")

    def run(*arguments: object, input: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":  # noqa: A002
        command = [sys.executable, "-m", "rag.cli", *map(str, arguments)]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment}
        return subprocess.run(
            command,
            input=input,
            capture_output=True,
            text=True,
            cwd=place,
            env=variables,
            timeout=180,
            check=False,
        )

    return run
