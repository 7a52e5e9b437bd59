"""Fixtures that several test files use: the real model, a real index on disk, a real browser, the real command."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from rag import Assistant
from rag.cli import main

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "articles"
INSTALL = "These tests need Chromium on the PATH. Install it: apt-get install chromium fonts-noto-cjk"

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


SLOWEST = (
    "tests/eval/test_public_floors.py",
    "tests/eval/test_floors.py",
    "tests/ui/test_page.py",
    "tests/ui/test_payloads.py",
    "tests/test_cli.py",
)
"""Files of minutes, longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that no processor waits for them in the end."""
    places = {file: place for place, file in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(SLOWEST)))


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
def browser() -> Iterator[Browser]:
    """Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail(INSTALL)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def wenfeng(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in an empty folder, in this process: most of the seconds of a process of its own are imports."""
    place = tmp_path / "command"
    place.mkdir()

    def run(*arguments: object, input: str = "", **environment: str) -> Done:  # noqa: A002
        with monkeypatch.context() as patched:
            patched.chdir(place)
            patched.setattr(sys, "argv", ["wenfeng", *map(str, arguments)])
            patched.setattr(sys, "stdin", io.StringIO(input))
            for name, value in {"COLUMNS": "100", **environment}.items():
                patched.setenv(name, value)
            capsys.readouterr()
            code: object = 0
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        assert isinstance(code, int)
        return Done([*map(str, arguments)], code, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Runs the command in a process of its own, in an empty folder."""

    def run(*arguments: object) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "rag.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
            timeout=180,
            check=False,
        )

    return run
