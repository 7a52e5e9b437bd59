"""Files that a command writes: whether they can be is known before the work begins, not after."""

import os
from pathlib import Path

from rag.errors import DiskError, RagError


class OutputExistsError(RagError):
    """What would be written is there, and perhaps somebody worked on it."""


def check_output(path: Path) -> None:
    """Make sure that a file can be written, or written over; the folders that it stands in are made.

    Raises:
        DiskError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        problem = "it is a folder" if path.is_dir() else ""
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            problem = "you may not write there"
    except OSError as error:
        problem = str(error)
    if problem:
        raise DiskError(f"Cannot write {path}: {problem}. Name another file.")


def check_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, which is made.

    Raises:
        DiskError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        problem = "" if os.access(folder, os.W_OK) else "you may not write there"
    except OSError as error:
        problem = str(error)
    if problem:
        raise DiskError(f"Cannot write into {folder}: {problem}. Name another folder with --articles.")


def check_new(path: Path) -> None:
    """Make sure that nothing is lost by writing a file, or into a folder.

    Raises:
        OutputExistsError: the file is there, or the folder holds something.
    """
    if path.is_dir() and any(path.iterdir()):
        raise OutputExistsError(
            f"{path} holds files already. Name another folder, or write over them with --force."
        )
    if path.is_file():
        raise OutputExistsError(f"{path} is there already. Name another file, or write over it with --force.")


def write_text(text: str, path: Path) -> None:
    """Write a file in UTF-8.

    Raises:
        DiskError: it cannot be written.
    """
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file, and the folders that it stands in; see ``write_text``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise DiskError(f"Cannot write {path}: {error}. Name another file, or free some room.") from error
