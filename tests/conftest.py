"""Fixtures that several test files use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout with real articles and public sets; the project passes without it."""
    folder = Path(__file__).parents[1].parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the folder {folder}")
        pytest.skip(f"needs ../shared, which is not at {folder}")
    return folder
